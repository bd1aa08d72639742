"""Makes the firmware boot the PC's own disk, where the boot menu cannot: it sees no disk.

Firmware with a fast boot, or told to boot from the network only, does not connect its disks, and neither the signed
GRUB nor shim can connect them; the kernel sees them all the same. So the menu starts the agent with `netboot.home=1`:
it takes no job and says no hello, mounts each EFI system partition read-only, and tells the firmware what to boot next,
once (BootNext, UEFI 2.10 §3.3), for which the firmware connects the disk itself. Where the firmware has no entry for
the disk's system one is added; the boot order stays as it is.
The server knows whether that was tried just now (`workshop/given_starts.py`).
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.agent.boot.boot_entry import read_entries
from netboot.agent.boot.load_options import LoadOption, parse_load_option, parse_order
from netboot.agent.disks.block_devices import read_block_devices
from netboot.agent.disks.listing import disk_of, is_disk
from netboot.agent.disks.partitions import mounted, partition_device
from netboot.agent.host import Host
from netboot.agent.udev import properties, read_database
from netboot.shared.disk_loaders import BY_GRUB_CPU, DiskLoaders
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from netboot.shared.process import run

log = logging.getLogger(__name__)

LABEL: Final = "own disk (netboot)"
_VARIABLES: Final = "sys/firmware/efi/efivars"
_GLOBAL: Final = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
_NUMBERED: Final = re.compile(rf"Boot([0-9A-F]{{4}})-{_GLOBAL}")
_ATTRIBUTES: Final = 4
"""Bytes that efivarfs puts before a variable's value."""
_DEEPEST: Final = 4
_MOST_FILES: Final = 4096


@dataclass(frozen=True, slots=True)
class Esp:
    """A FAT partition of one of this PC's disks: `uuid` as in `LoadOption.partition`, `programs` in lower case."""

    disk: str
    number: int
    uuid: str
    programs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Way:
    """What the firmware is to start: its entry of this number, or, where that is "", a new one for this program."""

    entry: str
    esp: Esp
    path: str


def choose_way(
    entries: Mapping[str, LoadOption], order: Sequence[str], esps: Sequence[Esp], loaders: DiskLoaders
) -> Way | None:
    """What to start: the firmware's entry for a known loader, then any other of its order that is on a disk, then a
    known loader that has no entry, as the menu looks for it. Entries come in the firmware's order."""
    known = [path.lower() for path in (*loaders.installed, loaders.removable)]
    numbers = [number for number in order if number in entries]
    numbers += sorted(number for number in entries if number not in order)
    there = [way for number in numbers if (way := _way_of(number, entries[number], esps)) is not None]
    new = (
        Way("", esp, path)
        for path in (*loaders.installed, loaders.removable)
        for esp in esps
        if path.lower() in esp.programs
    )
    known_entries = (way for way in there if way.path.lower() in known)
    others = (way for way in there if way.entry in order)
    return next(known_entries, None) or next(others, None) or next(new, None)


def show_way(host: Host | None = None) -> str | Problem:
    """Let the firmware start the disk's system next, and return what in words; or why there is none. Blocks.

    Raises NetbootError when something cannot be read, or the firmware does not keep what it was told.
    """
    here = host or Host()
    esps, disks = read_esps(here)
    if not disks:
        return Problem("no-disk")
    entries, order = read_load_options(here)
    cpu = "i386" if here.line("sys/firmware/efi/fw_platform_size") == "32" else "x86_64"
    way = choose_way(entries, order, esps, BY_GRUB_CPU[cpu])
    if way is None:
        return Problem("own-disk", {"disks": ", ".join(disks)})
    number = way.entry or _add_entry(way)
    run(["efibootmgr", "--quiet", "--bootnext", number], timeout=60)
    if parse_order(_variable(here, "BootNext")) != (number,):
        raise NetbootError("BootNext was not kept", hint="pick the disk in the firmware's boot menu")
    return f"Boot{number} {way.esp.disk} {way.path}"


def read_load_options(host: Host) -> tuple[dict[str, LoadOption], tuple[str, ...]]:
    """The firmware's entries by number, and their order. Raises NetbootError where it shows no variables at all."""
    names = host.names(_VARIABLES)
    if not names:
        raise NetbootError("the firmware's variables cannot be read", hint="pick the disk in its boot menu")
    entries = {}
    for name in names:
        numbered = _NUMBERED.fullmatch(name)
        option = parse_load_option(_variable(host, f"Boot{numbered[1]}")) if numbered else None
        if numbered and option is not None:
            entries[numbered[1]] = option
    return entries, parse_order(_variable(host, "BootOrder"))


def read_esps(host: Host) -> tuple[list[Esp], list[str]]:
    """The FAT partitions of the PC's own disks with what they hold, and those disks by name; sticks are left out.

    Raises NetbootError when the disks cannot be told, or none of the partitions could be read.
    """
    database = read_database(host)
    if not database:
        raise NetbootError("udev does not tell the disks", hint="restart this PC")
    devices = [(device, disk_of(device)) for device in read_block_devices(host, database) if is_disk(device)]
    own = [(device, disk) for device, disk in devices if disk.belonging != "carried" and disk.id.size > 0]
    own.sort(key=lambda pair: pair[1].belonging == "doubt")
    esps, unread = [], ""
    for device, _ in own:
        for name in host.names(f"sys/block/{device.name}"):
            number = host.number(f"sys/block/{device.name}/{name}/partition")
            known = properties(database, host.real(f"sys/block/{device.name}/{name}")) if number else {}
            if known.get("ID_FS_TYPE") != "vfat":
                continue
            try:
                programs = _programs(partition_device(Path("/dev") / device.name, number))
            except (NetbootError, OSError) as error:
                log.warning("%s: %s", name, error)
                unread = f"{name}: {error}"
                continue
            esps.append(Esp(device.name, number, known.get("ID_PART_ENTRY_UUID", ""), programs))
    if unread and not any(esp.programs for esp in esps):
        raise NetbootError(unread, hint="look at this disk")
    return esps, [f"{disk.name} {disk.model}".strip() for _, disk in own]


def _programs(partition: Path) -> frozenset[str]:
    """The paths of the EFI programs on it, in lower case."""
    with mounted(partition, "vfat", "ro", "nodev", "noexec") as top:
        programs: set[str] = set()
        ahead = [folder for folder in top.iterdir() if folder.name.lower() == "efi" and folder.is_dir()]
        while ahead and len(programs) < _MOST_FILES:
            folder = ahead.pop()
            for entry in folder.iterdir():
                if entry.is_dir() and len(entry.relative_to(top).parts) <= _DEEPEST:
                    ahead.append(entry)
                elif entry.name.lower().endswith(".efi"):
                    programs.add(f"/{entry.relative_to(top).as_posix()}".lower())
        return frozenset(programs)


def _way_of(number: str, option: LoadOption, esps: Sequence[Esp]) -> Way | None:
    """Where this entry leads on the PC's own disks, when what it starts is there."""
    if not option.boots:
        return None
    place = next((esp for esp in esps if esp.uuid and esp.uuid.lower() == option.partition), None)
    return Way(number, place, option.path) if place is not None and option.path.lower() in place.programs else None


def _add_entry(way: Way) -> str:
    """An entry of ours outside of the firmware's order, which stays. Returns its number; raises NetbootError."""
    for number in read_entries().labelled(LABEL):  # leads to what is not there any more
        run(["efibootmgr", "--quiet", "--bootnum", number, "--delete-bootnum"], timeout=60)
    run(
        [
            "efibootmgr",
            "--quiet",
            "--create-only",
            "--disk",
            Path("/dev") / way.esp.disk,
            "--part",
            str(way.esp.number),
            "--label",
            LABEL,
            "--loader",
            way.path.replace("/", "\\"),
        ],
        timeout=60,
    )
    ours = read_entries().labelled(LABEL)
    if not ours:
        raise NetbootError("the firmware did not keep the entry", hint="pick the disk in its boot menu")
    return ours[0]


def _variable(host: Host, name: str) -> bytes:
    return host.content(f"{_VARIABLES}/{name}-{_GLOBAL}")[_ATTRIBUTES:]
