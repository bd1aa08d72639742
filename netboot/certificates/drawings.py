"""The two pictures of a paper, as SVG: the seal's QR code (ISO/IEC 18004), and how fast a disk went. Pure."""

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import segno

_WIDTH: Final = 600
_HEIGHT: Final = 120
_POINTS: Final = 150
"""As many as a printed curve of this width can show; of more, each point is the slowest of its part."""


def qr_code(text: str) -> str:
    """The text as a QR code with its quiet zone of four modules; errors up to 15 % are read over (level M)."""
    out = io.BytesIO()
    segno.make_qr(text, error="m", boost_error=False).save(out, kind="svg", border=4, xmldecl=False, nl=False)
    return out.getvalue().decode()


def curve(speeds: Sequence[int]) -> str:
    """A disk's speed from its first byte to its last, from nothing at the bottom to the fastest at the top."""
    points = [min(part) for part in _parts(speeds)]
    highest = max([*points, 1])
    step = _WIDTH / max(1, len(points) - 1)
    places = " ".join(
        f"{place * step:.1f},{_HEIGHT - point / highest * (_HEIGHT - 4) - 2:.1f}" for place, point in enumerate(points)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<path d="M0,0V{_HEIGHT}H{_WIDTH}" fill="none" stroke="#888" stroke-width="2"/>'
        f'<polyline points="{places}" fill="none" stroke="#000" stroke-width="3"/></svg>'
    )


def _parts(speeds: Sequence[int]) -> list[Sequence[int]]:
    count = min(len(speeds), _POINTS)
    ends = [len(speeds) * place // count for place in range(count + 1)]
    return [speeds[begin:end] for begin, end in pairwise(ends)]
