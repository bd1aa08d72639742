"""The text of the QR code in a picture: of a paper that was photographed, or of a screen.

A picture is grey dots, a binary PGM (`P5`, 8 bits; netpbm's pgm(5)): the page's script makes one of any picture that
the browser can show, so that no decoder of pictures runs on the server. Whoever sent it, it is hostile: bounded, and
searched by a process of its own without rights or files (`picture_reader.py`).
Not for: what the text says, and whether it is whole (`seal.py`, `verify.py`).
"""

import re
import sys
from base64 import b64encode
from typing import Final

from netboot.shared.process import ProgramError, run

MOST_DOTS: Final = 4_000_000
WITHIN: Final = 20.0
"""Seconds that it may be searched."""
_HEAD: Final = re.compile(rb"P5\s(?:#[^\n]{0,100}\n)?(\d{1,5})\s(\d{1,5})\s255\s")


def text_in(content: bytes) -> str | None:
    """The text of a seal's QR code in this picture: "" where none can be read, None for what is no picture.

    Blocks for up to WITHIN seconds.
    """
    head = _HEAD.match(content[:200])
    if head is None:
        return None
    width, height = int(head[1]), int(head[2])
    dots = content[head.end() :]
    if width * height > MOST_DOTS or not width or len(dots) != width * height:
        return ""
    command = [sys.executable, "-m", "netboot.certificates.picture_reader", str(width), str(height)]
    try:
        return run(command, stdin=b64encode(dots).decode(), timeout=WITHIN).stdout
    except ProgramError:
        return ""
