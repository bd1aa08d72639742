"""qemu-img, which checks and unpacks: always told the format, since one that is guessed is somebody else's choice.

What a truncated file lacks, qemu-img reads as zeros; only `qemu-img check` notices, where the format has such a check,
and only what begins behind the file's end. Not for: whether a file may be opened by it at all (each format's header is
read before).
"""

import json
from pathlib import Path
from typing import Any

from netboot.masters.formats.bounds import damaged
from netboot.shared.process import Completed, ends_with_us, run
from netboot.survey.disk_file import DiskFile

Report = dict[str, Any]


def require_checked(file: DiskFile, driver: str) -> None:
    """Let qemu-img look whether all that the file refers to is there. Raises NetbootError."""
    checked = run(
        [
            "qemu-img",
            "check",
            "--output=json",
            "-f",
            driver,
            file.path,
        ],
        expect=None,
        timeout=3600,
    )
    damage = judge_check(checked)
    if damage:
        raise damaged(file.name, damage)


def extents(file: DiskFile, driver: str) -> list[Report]:
    """What parts of the disk are where in the file, by `qemu-img map`. Raises NetbootError."""
    mapped = run(
        [
            "qemu-img",
            "map",
            "--output=json",
            "-f",
            driver,
            file.path,
        ],
        timeout=3600,
    )
    found: list[Report] = json.loads(mapped.stdout)
    return found


def judge_check(checked: Completed) -> str:
    """What is wrong by what `qemu-img check --output=json` said, "" when nothing is.

    Leaked clusters (status 3) are wasted space and no damage.
    """
    if checked.status in (0, 3):
        return ""
    try:
        report: Report = json.loads(checked.stdout)
        number = int(report.get("corruptions", 0)) + int(report.get("check-errors", 0))
    except (AttributeError, TypeError, ValueError):
        number = 0
    if number:
        return f"{number} places in it are wrong or lie behind its end"
    return (checked.stderr or "qemu-img cannot read it").strip().splitlines()[-1][-200:]


def unpack_as(file: DiskFile, raw: Path, driver: str, **options: str) -> None:
    """Write the disk to `raw`, sparse. `options` are the driver's own. Raises ProgramError."""
    more = "".join(f",{name}={value}" for name, value in options.items())
    run(
        ends_with_us(
            [
                "qemu-img",
                "convert",
                "--image-opts",
                "-O",
                "raw",
                f"driver={driver},file.driver=file,file.filename={file.path}{more}",
                raw,
            ]
        ),
        timeout=4 * 3600,
    )
