"""One word in large letters, so that it is read from the other side of the bench. Accents stand above the letters, as
French capitals have them.
"""

import unicodedata
from typing import Final

HEIGHT: Final = 6
"""Lines at scale 1: one for accents, five for the letters."""
_WIDE: Final = 6
"""Columns a letter takes at scale 1, with the gap after it."""
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
    "\N{COMBINING ACUTE ACCENT}": ("   # ", "  #  "),
    "\N{COMBINING GRAVE ACCENT}": (" #   ", "  #  "),
    "\N{COMBINING CIRCUMFLEX ACCENT}": ("  #  ", " # # "),
}
"""Two rows, of half a line each at scale 1."""
_HALF_ROWS: Final = {"  ": " ", "# ": "'", " #": ".", "##": ":"}
"""Both halves of a line in one character: console fonts lack the half blocks."""
_NO_ACCENT: Final = ("     ", "     ")


def banner(word: str, width: int, height: int = HEIGHT) -> list[str]:
    """The word in the largest letters, up to twice the size, that fit into `width` columns and `height` lines.

    Lines above the letters that no accent needs are left out. No lines where it does not fit or has other characters.
    """
    letters = [_letter(character) for character in word.upper()]
    scale = min(2, height // HEIGHT, width // (len(letters) * _WIDE)) if letters else 0
    if scale < 1 or None in letters:
        return []
    rows = [" ".join(row) for row in zip(*(letter for letter in letters if letter), strict=True)]
    accents, body = rows[:2], rows[2:]
    if scale == 1:
        above = ["".join(_HALF_ROWS[upper + lower] for upper, lower in zip(*accents, strict=True))]
    else:
        above = [_inked(row, scale) for row in accents]
    lines = [line for line in above if line.strip()] + [_inked(row, scale) for row in body for _ in range(scale)]
    return [line.rstrip() for line in lines]


def _inked(row: str, scale: int) -> str:
    return "".join(("█" if dot == "#" else " ") * scale for dot in row)


def _letter(character: str) -> list[str] | None:
    """Seven rows: two half lines of accent, five lines of letter."""
    parts = unicodedata.normalize("NFD", character)
    glyph = _GLYPHS.get(parts[0])
    return None if glyph is None else [*_ACCENTS.get(parts[1:2], _NO_ACCENT), *glyph.split("|")]
