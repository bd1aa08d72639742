"""Unpacks the disk from a qcow2 file (QEMU's docs/interop/qcow2.txt), if the file is complete by itself.

A qcow2 header may name other files of this machine, or a server, as the place of its data; qemu-img would open them. So
the header is read here first, and such a file refused. What a truncated file lacks, qemu-img reads as zeros; only
`qemu-img check` notices. Not for: which format a file has (`file_format.py`).
"""

import json
import struct
from pathlib import Path
from typing import Any, Final

from netboot.masters.disk_file import DiskFile
from netboot.shared.errors import NetbootError
from netboot.shared.process import Completed, ends_with_us, run

_BACKING_NAME: Final = struct.Struct(">QI")
_NUMBER: Final = struct.Struct(">I")
_LONG: Final = struct.Struct(">Q")
_CRYPT_AT, _SIZE_AT, _INCOMPATIBLE_AT = 32, 24, 72
_EXTERNAL_DATA: Final = 1 << 2
_WHOLE: Final = "make it one file first: qemu-img convert -O qcow2 THIS WHOLE.qcow2"


def read_header(head: bytes, name: str) -> int:
    """The disk's size in bytes, from the file's first bytes. Raises NetbootError when the file is not whole by itself,
    is encrypted, or is no qcow2 that is known."""
    if len(head) < _INCOMPATIBLE_AT + 8 or head[:4] != b"QFI\xfb":
        raise NetbootError(f"{name} is cut short: it has no whole header", hint="copy it again")
    (version,) = _NUMBER.unpack_from(head, 4)
    if version not in (2, 3):
        raise NetbootError(f"{name} is a qcow2 of version {version}, which is not known", hint=_WHOLE)
    at, length = _BACKING_NAME.unpack_from(head, 8)
    if at or length:
        other = head[at : at + min(length, 200)].decode(errors="backslashreplace")
        raise NetbootError(f"{name} is not whole: it needs {other!r}", hint=_WHOLE)
    (incompatible,) = _LONG.unpack_from(head, _INCOMPATIBLE_AT) if version == 3 else (0,)
    if incompatible & _EXTERNAL_DATA:
        raise NetbootError(f"{name} is not whole: its data are in another file", hint=_WHOLE)
    (crypt,) = _NUMBER.unpack_from(head, _CRYPT_AT)
    if crypt:
        raise NetbootError(f"{name} is encrypted", hint="decrypt it first with qemu-img convert")
    (size,) = _LONG.unpack_from(head, _SIZE_AT)
    return int(size)


def require_whole(file: DiskFile) -> None:
    """Let qemu-img look whether all that the file refers to is there. Raises NetbootError."""
    checked = run(
        [
            "qemu-img",
            "check",
            "--output=json",
            "-f",
            "qcow2",
            file.path,
        ],
        expect=None,
        timeout=3600,
    )
    damage = judge_check(checked)
    if damage:
        raise NetbootError(f"{file.name} is damaged: {damage}", hint="was it cut short? Copy or download it again")


def judge_check(checked: Completed) -> str:
    """What is wrong by what `qemu-img check --output=json` said, "" when nothing is.

    Leaked clusters (status 3) are wasted space and no damage.
    """
    if checked.status in (0, 3):
        return ""
    try:
        report: dict[str, Any] = json.loads(checked.stdout)
        number = int(report.get("corruptions", 0)) + int(report.get("check-errors", 0))
    except (AttributeError, TypeError, ValueError):
        number = 0
    if number:
        return f"{number} places in it are wrong or lie behind its end"
    return (checked.stderr or "qemu-img cannot read it").strip().splitlines()[-1][-200:]


def unpack(file: DiskFile, raw: Path) -> None:
    """Write the disk to `raw`, sparse. Raises ProgramError."""
    run(
        ends_with_us(
            [
                "qemu-img",
                "convert",
                "-f",
                "qcow2",
                "-O",
                "raw",
                file.path,
                raw,
            ]
        ),
        timeout=4 * 3600,
    )
