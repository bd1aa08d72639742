"""Cleans text from hardware, so that it is safe to send and to show: one line, printable, limited in length.

What a device says of itself is anybody's bytes: a drive's serial may hold control characters or never end.
"""

from typing import Final

LINE_LIMIT: Final = 120
"""Longest text that is kept of a name or a serial number, in characters; the inventory allows 256."""


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Printable characters only, runs of white space as one space, at most `limit` characters."""
    cut = text[: 16 * limit]
    return " ".join("".join(c if c.isprintable() else " " for c in cut).split())[:limit].strip()


def number(text: str, *, most: int = 2**63 - 1) -> int:
    """The whole number that `text` is (decimal, or hexadecimal after 0x), 0 when it is none or out of range."""
    word = text.strip()
    if not word or len(word) > 24 or not word.isascii() or "_" in word:
        return 0
    try:
        value = int(word, 16 if word.lower().startswith("0x") else 10)
    except ValueError:
        return 0
    return value if 0 <= value <= most else 0
