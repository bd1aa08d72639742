"""What keeps a value inside its place in a boot menu: the escapes of GRUB's and iPXE's scripts (pure).

Names of profiles, masters and PCs are anybody's words. Not for: which words there are (`texts.py`).
"""

import re
import unicodedata
from typing import Final


def grub_quoted(text: str) -> str:
    """`text` as one word of a GRUB script, for consoles that show ASCII only."""
    return _quoted(plain(text))


def grub_accented(text: str) -> str:
    """The same with its accents, for GRUB's own letters on a graphic screen (its font has them)."""
    whole = unicodedata.normalize("NFC", text)
    return _quoted("".join(c if c.isprintable() else " " if c.isspace() else "?" for c in whole))


def _quoted(text: str) -> str:
    """In double quotes, with the three special characters escaped."""
    return '"' + re.sub(r'(["$\\])', r"\\\1", text) + '"'


def ipxe_plain(text: str) -> str:
    """`text` as iPXE may print it: iPXE has no quoting, so what begins an expansion or a command is replaced."""
    # A leading hyphen would be read as an option of `item`.
    return " ".join(plain(text).translate(_IPXE_REPLACED).split()).lstrip("-") or "?"


def plain(text: str) -> str:
    """`text` in ASCII. iPXE's BIOS screen shows the firmware's code page byte by byte; GRUB leaves out what one of the
    firmware's consoles cannot show, and OVMF's serial console shows ASCII only: accents would leave holes."""
    folded = unicodedata.normalize("NFKD", text.translate(_SPELT_OUT))
    kept = "".join(character for character in folded if not unicodedata.combining(character))
    return "".join(c if c.isascii() and c.isprintable() else " " if c.isspace() else "?" for c in kept)


_SPELT_OUT: Final = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "’": "'", "‘": "'", "—": "-", "–": "-", "«": '"', "»": '"', "ß": "ss"}
)
_IPXE_REPLACED: Final = str.maketrans(
    {"$": "(S)", "{": "(", "}": ")", "&": "+", "|": "/", "\\": "/", "#": "No", ";": ","}
)
