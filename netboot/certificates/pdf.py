"""Laid-out pages become a PDF for archives and screen readers: PDF/A-2a (ISO 19005-2), PDF/UA-1 (ISO 14289-1).

By typst (Apache-2.0), inside this process and without a network: fonts are those of this folder (Atkinson Hyperlegible,
OFL) and those that typst's wheel carries. The same pages and moment give the same bytes.
Not for: what they say (`layout.py`), signing (`signature.py`).
"""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import typst

from netboot.certificates.annex import Shown

_HERE: Final = Path(__file__).parent
_FONTS: Final = _HERE / "fonts"
_NOTHING: Final = _HERE / "fonts"
"""Where it would look for packages. None is named; if one were, it would not be fetched."""


def make_pdf(shown: Shown) -> bytes:
    """The PDF of these pages; it bears the moment that they say, not the clock's."""
    compiled = _compiler().compile(
        (_HERE / "paper.typ").read_bytes(),
        format="pdf",
        pdf_standards=["a-2a", "ua-1"],
        sys_inputs={"data": json.dumps(shown, ensure_ascii=False)},
        timestamp=_moment(shown),
    )
    assert isinstance(compiled, bytes)
    return compiled


def make_pictures(shown: Shown, *, dots: float = 72) -> list[bytes]:
    """The same pages as PNG files, at so many dots an inch: for looking at them."""
    compiled = _compiler().compile(
        (_HERE / "paper.typ").read_bytes(),
        format="png",
        ppi=dots,
        sys_inputs={"data": json.dumps(shown, ensure_ascii=False)},
    )
    return compiled if isinstance(compiled, list) else [compiled or b""]


def _moment(shown: Shown) -> datetime:
    year, month, day, hour, minute, second = shown["moment"]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _compiler() -> typst.Compiler:
    return typst.Compiler(
        root=_FONTS,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        package_path=_NOTHING,
        package_cache_path=_NOTHING,
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[_FONTS])
