"""One word in letters five lines high, so that it is read from the other side of the bench.

Accents stand in a line of their own above, as capitals have them in French.
"""

import unicodedata
from typing import Final

HEIGHT: Final = 6
"""Lines: one for accents, five for the letters."""
_INK: Final = "█"
_WIDE: Final = 6
"""Columns a letter takes, with the gap after it."""

_GLYPHS: Final = {
    "A": " ### |#   #|#####|#   #|#   #",
    "B": "#### |#   #|#### |#   #|#### ",
    "C": " ####|#    |#    |#    | ####",
    "D": "#### |#   #|#   #|#   #|#### ",
    "E": "#####|#    |###  |#    |#####",
    "F": "#####|#    |###  |#    |#    ",
    "G": " ####|#    |#  ##|#   #| ####",
    "H": "#   #|#   #|#####|#   #|#   #",
    "I": " ### |  #  |  #  |  #  | ### ",
    "J": "  ###|   # |   # |#  # | ##  ",
    "K": "#   #|#  # |###  |#  # |#   #",
    "L": "#    |#    |#    |#    |#####",
    "M": "#   #|## ##|# # #|#   #|#   #",
    "N": "#   #|##  #|# # #|#  ##|#   #",
    "O": " ### |#   #|#   #|#   #| ### ",
    "P": "#### |#   #|#### |#    |#    ",
    "Q": " ### |#   #|# # #|#  # | ## #",
    "R": "#### |#   #|#### |#  # |#   #",
    "S": " ####|#    | ### |    #|#### ",
    "T": "#####|  #  |  #  |  #  |  #  ",
    "U": "#   #|#   #|#   #|#   #| ### ",
    "V": "#   #|#   #|#   #| # # |  #  ",
    "W": "#   #|#   #|# # #|## ##|#   #",
    "X": "#   #| # # |  #  | # # |#   #",
    "Y": "#   #| # # |  #  |  #  |  #  ",
    "Z": "#####|   # |  #  | #   |#####",
    "0": " ### |#  ##|# # #|##  #| ### ",
    "1": "  #  | ##  |  #  |  #  | ### ",
    "2": "#### |    #| ### |#    |#####",
    "3": "#### |    #| ### |    #|#### ",
    "4": "#  # |#  # |#####|   # |   # ",
    "5": "#####|#    |#### |    #|#### ",
    "6": " ### |#    |#### |#   #| ### ",
    "7": "#####|    #|   # |  #  |  #  ",
    "8": " ### |#   #| ### |#   #| ### ",
    "9": " ### |#   #| ####|    #| ### ",
    "%": "##  #|## # |  #  | # ##|#  ##",
    "-": "     |     |#####|     |     ",
    ".": "     |     |     |     |  #  ",
    " ": "     |     |     |     |     ",
}
_ACCENTS: Final = {
    "\N{COMBINING ACUTE ACCENT}": "   # ",
    "\N{COMBINING GRAVE ACCENT}": " #   ",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "  #  ",
}


def banner(word: str, width: int) -> list[str]:
    """The word in large letters, HEIGHT lines of at most `width`; the word itself on one line where they do not fit."""
    letters = [_letter(character) for character in word.upper()]
    if not letters or len(letters) * _WIDE > width or None in letters:
        return [word[:width]] if word else []
    rows = (" ".join(row).rstrip() for row in zip(*(letter for letter in letters if letter), strict=True))
    return [row.replace("#", _INK) for row in rows]


def _letter(character: str) -> list[str] | None:
    parts = unicodedata.normalize("NFD", character)
    glyph = _GLYPHS.get(parts[0])
    return None if glyph is None else [_ACCENTS.get(parts[1:2], "     "), *glyph.split("|")]
