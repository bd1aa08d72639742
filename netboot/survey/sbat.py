"""SBAT, Secure Boot's revocation by generations: a boot loader's own generations, and the level a shim demands (pure).

Each shim carries a level, and writes it into the variable `SbatLevel` at every start under Secure Boot when the PC's is
older; it is never lowered while Secure Boot stays on. A loader whose generation is below the PC's level is refused.
Follows rhboot/shim's SBAT.md and sbat_var.S (16.1), and Microsoft's PE format for the sections.
Not for: reading loaders out of an image (`loader_generations.py`), Windows' loaders, which carry no generations.
"""

import struct
from collections.abc import Mapping
from typing import Final

LOADER_LIMIT: Final = 16 << 20
"""Longest boot loader that is read, in bytes: Debian's GRUB has 3 MB."""
_SECTIONS_MOST: Final = 96
_TEXT_LIMIT: Final = 4096
_SYMBOL: Final = 18
"""Bytes of one COFF symbol; the texts of long section names stand behind the last."""

Generations = Mapping[str, int]
"""By component ("shim", "grub", "grub.debian"): a loader's own generation, or the lowest that a level takes."""


def section(loader: bytes, name: str) -> bytes | None:
    """The bytes of this section of a PE file; None when it has none, or is no PE file that can be read."""
    try:
        (at,) = struct.unpack_from("<I", loader, 0x3C)
        signature, count, symbols, symbol_count, optional = struct.unpack_from("<4s2xH4xIIH2x", loader, at)
        if loader[:2] != b"MZ" or signature != b"PE\0\0" or count > _SECTIONS_MOST:
            return None
        names = symbols + symbol_count * _SYMBOL
        for number in range(count):
            title, length, _, stored, offset = struct.unpack_from("<8sIIII", loader, at + 24 + optional + 40 * number)
            if _title(loader, title, names) == name.encode("ascii"):
                return loader[offset : offset + min(length, stored)]
    except struct.error:
        pass
    return None


def generations(loader: bytes) -> Generations | None:
    """What a loader's `.sbat` section tells; None when it has none: Windows', and whatever is older than March 2021."""
    text = section(loader, ".sbat")
    return None if text is None else levels(text)


def level(shim: bytes) -> Generations | None:
    """The level that this shim writes by itself; None when it carries none (before 15.8 in another form)."""
    data = section(shim, ".sbatlevel")
    if data is None or len(data) < 12:
        return None
    form, automatic = struct.unpack_from("<II", data)
    # Counted from behind the first number.
    return levels(data[4 + automatic :]) if form == 0 else None


def revoked(loader: Generations, required: Generations) -> str:
    """The component that a PC of this level refuses the loader for ("grub 4, needs 5"), or "" when it is taken."""
    for component, least in required.items():
        generation = loader.get(component)
        if generation is not None and generation < least:
            return f"{component} {generation}, needs {least}"
    return ""


def _title(loader: bytes, title: bytes, names: int) -> bytes:
    """A section's name; one of more than eight letters stands elsewhere, and "/" and its place here (PE/COFF §4)."""
    title = title.rstrip(b"\0")
    if not title.startswith(b"/") or not title[1:].isdigit():
        return title
    at = names + int(title[1:])
    return loader[at : at + 64].partition(b"\0")[0]


def levels(text: bytes) -> dict[str, int]:
    """The first two columns of each line; a line that is none is passed over, as shim does with its own."""
    numbers = {}
    for line in text[:_TEXT_LIMIT].partition(b"\0")[0].decode("ascii", "replace").splitlines():
        component, _, rest = line.partition(",")
        number = rest.partition(",")[0].strip()
        if component and number.isascii() and number.isdecimal() and len(number) < 10:
            numbers[component.strip()] = int(number)
    return numbers
