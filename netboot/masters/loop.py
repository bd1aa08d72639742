"""A part of an image file as a read-only block device, for programs that read devices only.

Needs root. Not for: writing; images are made with programs that write into files.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netboot.errors import NetbootError
from netboot.process import run


@contextmanager
def loop_device(image: Path, *, offset: int = 0, length: int | None = None, sector: int = 512) -> Iterator[Path]:
    """`length` bytes of `image` from `offset` on (None: to the end) as /dev/loopN. Raises NetbootError."""
    if os.geteuid() != 0:
        raise NetbootError("reading a disk image needs root", hint="start the command again with sudo")
    made = run(
        [
            "losetup",
            "--find",
            "--show",
            "--read-only",
            f"--offset={offset}",
            f"--sizelimit={length or 0}",
            f"--sector-size={sector}",
            image,
        ],
        timeout=60,
    )
    device = Path(made.stdout.strip())
    try:
        yield device
    finally:
        run(["losetup", "--detach", device], timeout=60)
