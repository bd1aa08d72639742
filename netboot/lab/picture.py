"""Judges a picture of a PC's screen (ppm(5), as QMP's screendump writes it): is it a desktop, or text, or nothing?

A desktop is large and has hundreds of colours: icons, smooth letters, a wallpaper. A console has sixteen at most, also
in a frame buffer; a screen that is off has one. Pure. Not for: which desktop it is; that is asked for on
the console.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

_HEADER: Final = re.compile(rb"P6\s+(\d{1,5})\s+(\d{1,5})\s+255\s")


@dataclass(frozen=True, slots=True)
class Picture:
    """Its size in pixels, how many colours it has, and how much of it is black (0 to 1)."""

    width: int
    height: int
    colours: int
    black: float

    @property
    def is_desktop(self) -> bool:
        """Whether it cannot be a console, a boot loader's menu or a screen that is off."""
        return self.width >= 800 and self.height >= 600 and self.colours >= 300 and self.black < 0.98


def picture(ppm: bytes) -> Picture:
    """Read a picture of three bytes a pixel. Raises ValueError for anything else."""
    header = _HEADER.match(ppm)
    width, height = (int(header[1]), int(header[2])) if header is not None else (0, 0)
    pixels = ppm[header.end() :] if header is not None else b""
    if not pixels or len(pixels) != 3 * width * height:
        raise ValueError("this is no PPM with three bytes a pixel")
    counted = Counter(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True))
    return Picture(width, height, len(counted), counted[0, 0, 0] / (width * height))
