"""A text that stands where it is read, on a page or a terminal: nothing invisible in it, and none of it moves another.

A serial number is anybody's bytes. A right-to-left mark in it (UAX #9) would show two disks in each other's places
where an erase is confirmed, a zero-width character two names as one, an escape sequence whatever its author likes. So
whatever no eye sees is named, as ⟨U+202E⟩, and each run of right-to-left letters stands between isolates: the letters
are read as their readers read, digits and Latin letters beside them stay in the order that the tools gave them in.
"""

import json
import re
from typing import Final

_UNSEEN: Final = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u070f\u0890\u0891\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bcaf\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
    "\u0600-\u0605\u06dd\u08e2"
    "]"
)
"""Controls but tab and line feed, format characters, what Unicode says to show as nothing (DerivedCoreProperties'
Default_Ignorable_Code_Point), empty letters, private use and surrogates."""

_TO_THE_LEFT: Final = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
"""Where letters go to the left, now or when they will be assigned (DerivedBidiClass's defaults)."""
_RUN: Final = re.compile(f"[{_TO_THE_LEFT}](?:[{_TO_THE_LEFT} ]*[{_TO_THE_LEFT}])?")


def visible(text: str) -> str:
    """The text as it is shown; tabs and line feeds stay."""
    if text.isascii() and text.isprintable():
        return text
    return _RUN.sub("\u2068\\g<0>\u2069", _UNSEEN.sub(_name_of, text))


def visible_json(text: str) -> str:
    """JSON of the same values, in which whatever no eye sees is escaped."""
    return _UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _name_of(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"
