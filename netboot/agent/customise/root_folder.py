"""Where in a file system the installed Linux lies: at its root, or in the subvolume of a btrfs that it starts from.

Installers differ: Debian's makes @rootfs, Ubuntu's and others' @, Fedora's root; openSUSE's sets a snapshot as the
default. Not for: which partition holds the system, which the manifest says.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netboot.agent.disks.partitions import mounted
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

_SUBVOLUMES: Final = ("@rootfs", "@", "root")
_DEFAULT: Final = re.compile(r"ID \d+ .*\bpath (\S.*)")
_SIGNS: Final = ("etc/os-release", "usr/lib/os-release", "etc/passwd")


@contextmanager
def mounted_root(device: Path, kind: str, *options: str) -> Iterator[tuple[Path, str]]:
    """The folder of the installed system in this file system, and where that is ("" for the file system's own root).

    Mounted meanwhile. Raises NetbootError.
    """
    whole = ("subvolid=5",) if kind == "btrfs" else ()
    with mounted(device, kind, *whole, *options) as top:
        folder = _subvolume(top) if kind == "btrfs" else ""
        yield top / folder, folder


def _subvolume(top: Path) -> str:
    output = run(["btrfs", "subvolume", "get-default", top], timeout=60).stdout
    default = _DEFAULT.search(output)
    for name in (default[1].strip() if default else "", *_SUBVOLUMES, ""):
        folder = top / name
        inside = folder.resolve().is_relative_to(top.resolve())
        if inside and (folder / "etc").is_dir() and any((folder / sign).exists() for sign in _SIGNS):
            return name
    raise NetbootError("no subvolume of the master's btrfs holds a system", hint="look at the master")
