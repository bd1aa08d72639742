"""Writes a file onto the kit's stick, whole or not at all, wherever the stick is plugged in now.

The stick is known by the number of its data file system (udev's ID_FS_UUID), on the first partition of the disk
signature by which this PC was started (ID_PART_ENTRY_UUID), and looked for at every write: it may have been taken out
meanwhile. A copy of that file system on a disk of the PC is none, and nothing is written there. It is mounted for that
moment only, so that it can be taken out at any other. FAT keeps no journal, so a file is written under another name,
synced, renamed and synced, and then read back from a second mount.
Not for: what is written (`kit_visit.py`).
"""

import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Literal

from netboot.agent.disks.block_devices import parse_kit
from netboot.agent.disks.partitions import mounted
from netboot.agent.host import Host
from netboot.agent.udev import Database, read_database
from netboot.alone.kit_visit import LIMIT
from netboot.shared.errors import NetbootError

FOLDER: Final = "visits"
ROOM: Final = 2 * LIMIT + (1 << 20)
"""Bytes that a job may need: its file as long as it may be, the one that it replaces, the text and the folder."""

Reason = Literal["gone", "twice", "full", "refuses"]
Mount = Callable[..., AbstractContextManager[Path]]


class StickError(NetbootError):
    """Nothing new is on the stick; what was there before still is."""

    def __init__(self, reason: Reason, told: str) -> None:
        super().__init__(told)
        self.reason = reason


def find_stick(database: Database, uuid: str, kit: str = "") -> Path:
    """The device with the kit's data file system; `kit` is its disk's signature, "" where the PC was started otherwise.

    Raises StickError when there is none, or several.
    """
    found = sorted(
        known["DEVNAME"]
        for known in database.values()
        if known.get("ID_FS_UUID") == uuid
        and known.get("ID_FS_TYPE") == "vfat"
        and known.get("DEVNAME")
        and (not kit or known.get("ID_PART_ENTRY_UUID", "").lower() == f"{kit}-01")
    )
    if len(found) != 1:
        raise StickError("twice" if found else "gone", f"{len(found)} file systems {uuid}: {', '.join(found)}")
    return Path(found[0])


def write(
    uuid: str, files: dict[str, bytes], *, room: int = 0, host: Host | None = None, mount: Mount = mounted
) -> None:
    """Write these files into FOLDER, each in place of one of its name, onto the medium. Blocks; raises StickError.

    Nothing is written where less than `room` bytes are free.
    """
    here = host or Host()
    database = read_database(here)
    if not database:  # a PC always has devices: udev did not answer in time, which says nothing of the stick
        database = read_database(here)
    device = find_stick(database, uuid, parse_kit(here.text("proc/cmdline")))
    try:
        with mount(device, "vfat", "nodev", "noexec") as place:
            _require(room, place)
            for name, content in files.items():
                _write(place / FOLDER, name, content)
        with mount(device, "vfat", "nodev", "noexec", "ro") as place:
            for name, content in files.items():
                if (place / FOLDER / name).read_bytes() != content:
                    raise StickError("refuses", f"{name} was read back otherwise")
    except OSError as error:
        raise StickError("full" if error.errno == errno.ENOSPC else "refuses", f"{device}: {error}") from error
    except StickError:
        raise
    except NetbootError as error:  # it cannot be mounted, or not unmounted
        raise StickError("refuses", str(error)) from error


def _require(room: int, place: Path) -> None:
    told = os.statvfs(place)
    free = told.f_bavail * told.f_frsize
    if free < room:
        raise StickError("full", f"{free} bytes are free, and {room} may be needed")


def _write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    # Each of its own: one that a pulled stick kept, its clusters lost, is nothing to another PC's file.
    draft = folder / f"{name}.tmp"
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
    except OSError:
        draft.unlink(missing_ok=True)  # or a full stick stays full
        raise
    above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(above)
    finally:
        os.close(above)
