"""Takes the prepared PC's memory out of a deployed Windows' page files, which stay: zeros in place of what they hold.

Windows makes what it wants of them at its start, and reads nothing of what it had before. They are written to by the
way that a profile's files go (`windows_files.py`), so before the NTFS grows and never where Windows left it unclean;
unread, since what an NTFS calls not initialised reads as zeros whatever is on the disk there. Blocks; needs root. Not
for: `hiberfil.sys` (a hibernated Windows is in no master), page files that Windows keeps on another partition.
"""

import os
import re
from pathlib import Path
from typing import Final

from netboot.agent.customise.measure import forget_read
from netboot.agent.customise.windows import require_untouched
from netboot.agent.customise.windows_files import windows_tree
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.shared.stages.customise import Forgotten
from netboot.survey.file_reader import list_folder

_NAMES: Final = ("pagefile.sys", "swapfile.sys")
_PART: Final = 1 << 20
_ZEROS: Final = bytes(_PART)
_DATA: Final = r"^Dumping attribute \$DATA \(0x80\).*\n"
"""Of ntfsinfo's answer what it says of a file's own content."""
_SIZES: Final = re.compile(
    _DATA + r"(?:\t.*\n)*?\tData size:\s+(?P<size>\d+) .*\n(?:\t.*\n)*?\tInitialized size:\s+(?P<initialised>\d+) ",
    re.MULTILINE,
)
_INSIDE: Final = re.compile(_DATA + r"(?:\t.*\n)*?\tResident:\s+Yes", re.MULTILINE)
"""So small that the NTFS keeps it in its list of files, all of it."""


def clear_page_files(device: Path) -> None:
    """Overwrite them. Raises NetbootError, OSError."""
    names = _page_files(device)
    if not names:
        return
    require_untouched(device)
    with windows_tree(device, "rw") as tree:
        for name in names:
            with tree.opened(name, os.O_RDWR) as fd:
                _overwrite(fd)


def look_at_page_files(device: Path) -> Forgotten:
    """How many there are, and how many of them hold something, read from the disk. Raises NetbootError, OSError."""
    forget_read(device)
    names, left = _page_files(device), 0
    if names:
        with windows_tree(device, "ro") as tree:
            held = {name for name in names if any(part != _ZEROS[: len(part)] for part in tree.parts_of(name, _PART))}
        left = sum(name in held or not _is_initialised(device, name) for name in names)
    return Forgotten(what="swap", files=len(names), left=left)


def _page_files(device: Path) -> list[str]:
    """Looked for without a mount: most of the time there is nothing to do."""
    there = list_folder(device, "ntfs", "/")
    if not there:
        raise NetbootError(f"{device.name}: what is in this NTFS cannot be read", hint="deploy the master again")
    return [name for name in there if name.lower() in _NAMES]


def _is_initialised(device: Path, name: str) -> bool:
    """Whether all of it was ever written to, by the NTFS's own account. Raises NetbootError."""
    # Forced: what has grown is to be checked by Windows.
    told = run(["ntfsinfo", "--force", "--file", name, device], timeout=600).stdout
    if sizes := _SIZES.search(told):
        return int(sizes["initialised"]) >= int(sizes["size"])
    if _INSIDE.search(told):
        return True
    raise NetbootError(f"{device.name}: where /{name} lies is not told", hint="deploy the master again")


def _overwrite(fd: int) -> None:
    told, size = os.fstatvfs(fd), os.fstat(fd).st_size
    if size > told.f_blocks * told.f_frsize:
        raise NetbootError("a page file of the master is larger than its file system", hint="look at the master")
    for start in range(0, size, _PART):
        os.pwrite(fd, _ZEROS[: size - start], start)
    os.fsync(fd)
