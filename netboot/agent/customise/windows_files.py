"""Puts a profile's folders and files into a deployed Windows, and reads them again: the evidence.

Its NTFS is mounted by lowntfs-3g (ntfs-3g 2022.10.3) as Windows would have it: names are found in whatever case, and
none is made that Windows cannot have. The files that are put there and the folders that are made for them the
administrators and the system may change, everybody may read and run (a file by ntfs-3g's 0755, a folder by
`windows_access.py`): Windows asks whether a library may be run too, and a profile's mode is a Linux's. A folder that
the master has keeps its own access. Before the file system grows, which is to be checked by Windows then; never into
one that Windows ran from and did not shut down. Blocks; needs root. Not for: which names there can be, and drivers
(`jobs/windows_folders.py`), the answer file (`windows.py`).
"""

import contextlib
import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from netboot.agent.customise.installed_tree import InstalledTree, draft_of
from netboot.agent.customise.measure import forget_read
from netboot.agent.customise.parcels import Parcels, place_parcels, require_no_link, require_room
from netboot.agent.customise.windows import require_untouched
from netboot.agent.customise.windows_access import ATTRIBUTE, FOLDER_ACCESS
from netboot.agent.disks.partitions import mounted
from netboot.shared.errors import NetbootError
from netboot.shared.parcel import PIECE, Parcel, ParcelFile, pieces_of
from netboot.shared.placed_files import WINDOWS_MODE
from netboot.shared.stages.customise import Found
from netboot.shared.system_settings import SystemSettings

_DRIVER: Final = "lowntfs-3g"
_OPTIONS: Final = ("norecover", "permissions", "ignore_case", "windows_names", "streams_interface=none")
"""Without `norecover` an unclean journal of Windows is emptied unasked, and nobody knows any more that it was there."""
_WRITTEN_OUT: Final = 600.0
"""Seconds that the file system's program has to write all out and end, once it is unmounted."""
_LONGEST: Final = 4 * 3600.0
"""Seconds that the file system may be mounted: where its program stops answering, a call of it would wait for ever."""
_AGAIN: Final = "deploy the master again"


def place_in_windows(device: Path, settings: SystemSettings, parcels: Parcels) -> None:
    """Put them there; nothing is written where Windows left the NTFS unclean. Raises NetbootError, StageFailed,
    OSError."""
    if not settings.files and not parcels.of:
        return
    require_untouched(device)
    ours = Parcels({folder: _for_all(parcel) for folder, parcel in parcels.of.items()}, parcels.fetch)
    with windows_tree(device, "rw") as tree:
        require_room(tree, ours, anew=True)
        places = (*parcels.paths, *(file.inside for file in settings.files))
        missing = [folder for folder in _folders_above(places) if not tree.is_folder(folder)]
        require_no_link(tree, missing)
        for folder in missing:
            _make_folder(tree, folder)
        # A file's own list may let one more account change it, which its owner and mode do not show.
        place_parcels(tree, ours, anew=True)
        for file in settings.files:
            tree.place_file("files", file.inside, file.content, mode=WINDOWS_MODE, owner=0, group=0)


def look_in_windows(device: Path, settings: SystemSettings, parcels: Parcels) -> tuple[Found, ...]:
    """What lies in each of their places now, read from the disk: of a folder the digest is that of its listing, whose
    modes are the profile's. Raises NetbootError, OSError."""
    if not settings.files and not parcels.of:
        return ()
    forget_read(device)
    with windows_tree(device, "ro") as tree:
        folders = tuple(_look_at_folder(tree, folder, parcel) for folder, parcel in parcels.of.items())
        return (*folders, *(tree.look("files", file.inside) for file in settings.files))


def _make_folder(tree: InstalledTree, folder: str) -> None:
    """It has its name only once it has its access: an agent that is started again leaves what is there as it is."""
    with tree.place(folder) as path:
        draft = draft_of(path)
        draft.mkdir(exist_ok=True)
        os.setxattr(draft, ATTRIBUTE, FOLDER_ACCESS, follow_symlinks=False)
        draft.rename(path)


def _folders_above(places: Iterable[str]) -> list[str]:
    """All folders that these lie in, each after those above it, and once in whatever case."""
    found = dict[str, str]()
    for place in places:
        parts = place.split("/")[:-1]
        for deep in range(1, len(parts) + 1):
            folder = "/".join(parts[:deep])
            found.setdefault(folder.lower(), folder)
    return list(found.values())


def _for_all(parcel: Parcel) -> Parcel:
    return Parcel(tuple(replace(file, mode="0755") for file in parcel.files))


def _look_at_folder(tree: InstalledTree, folder: str, parcel: Parcel) -> Found:
    found = tree.look("folders", folder)
    again = Parcel(tuple(_file_at(tree, f"{folder}/{file.name}", file) for file in parcel.files))
    return replace(found, digest=hashlib.sha256(again.listing).hexdigest())


def _file_at(tree: InstalledTree, path: str, file: ParcelFile) -> ParcelFile:
    there = tree.look("folders", path)
    if (there.what, there.mode, there.owner, there.group) != ("file", WINDOWS_MODE, 0, 0):
        raise NetbootError(f"/{path} is not on the disk as it was written", hint=_AGAIN)
    return replace(file, pieces=pieces_of(tree.parts_of(path, PIECE)))


@contextmanager
def windows_tree(device: Path, how: str) -> Iterator[InstalledTree]:
    """The Windows on this NTFS, mounted meanwhile. All of it is on the disk at the end, and not file by file, for each
    of which a rotating disk would be waited for: what a cut left of it is refused, or written again, when the stage is
    ordered again."""
    root = None
    try:
        with (
            mounted(device, _DRIVER, how, *_OPTIONS) as root,
            _ended_in_time(root),
            InstalledTree(root, each_to_disk=False) as tree,
        ):
            yield tree
    finally:
        if root is not None:
            _wait_for_its_end(root)


@contextmanager
def _ended_in_time(folder: Path) -> Iterator[None]:
    """Kill the program behind this folder after `_LONGEST`, which ends all calls that wait for it. Raises NetbootError
    then."""
    late = threading.Event()

    def end() -> None:
        late.set()
        for process in _serving(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    timer = threading.Timer(_LONGEST, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except OSError as error:
        if late.is_set():
            raise NetbootError(f"{_DRIVER} did not end within {_LONGEST:.0f} s", hint=_AGAIN) from error
        raise
    finally:
        timer.cancel()


def _wait_for_its_end(folder: Path) -> None:
    """umount does not wait until the program behind it has written all out. Raises NetbootError."""
    until = time.monotonic() + _WRITTEN_OUT
    while _serving(folder):
        if time.monotonic() > until:
            raise NetbootError(f"{_DRIVER} does not write out what was put into Windows", hint="replace the disk")
        time.sleep(0.05)


def _serving(folder: Path) -> list[int]:
    """The numbers of the processes that serve the file system mounted there."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes()
        except OSError:
            continue
        if _DRIVER.encode() in words and folder.name.encode() in words:
            found.append(int(process.parent.name))
    return found
