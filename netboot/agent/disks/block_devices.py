"""Block devices as the kernel lists them under /sys/block (Documentation/ABI/stable/sysfs-block), and who uses them.

Facts only, virtual devices and optical drives included; `listing.py` decides which of them are disks.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from netboot.agent.host import Host
from netboot.agent.text import number, one_line
from netboot.agent.udev import Database, Properties, properties

DEVICE_LIMIT: Final = 512
ID_LIMIT: Final = 256
"""Longest serial number or WWN, in characters: an NVMe name without an EUI-64 is up to 147 long."""
_USB_DEVICE: Final = re.compile(r"\d+-\d+(\.\d+)*")
KIT: Final = "kit"
"""Among a device's users: the PC was started from this stick, which is neither a target nor passed over in doubt."""
SEALS: Final = frozenset({"BitLocker", "crypto_LUKS"})
"""Of blkid's types (libblkid/src/superblocks: bitlocker.c, luks.c), those of whole volumes that are enciphered."""
_KIT_WORD: Final = re.compile(r"(?:^|\s)netboot\.kit=([0-9a-f]{8})(?=\s|$)")
_CHARACTERISTICS: Final = 0x3C
"""Bytes of page B1h behind its header."""
_SECTOR: Final = 512
"""/sys/block counts in sectors of 512 bytes, whatever the disk's own are."""


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """One whole block device, sizes in bytes.

    `rotation` is its own word on how fast it turns, `rotational` the kernel's for it.
    `kind` is an MMC card's ("MMC" or "SD"), `fabric` an NVMe controller's ("pcie", "tcp"); `nsid` is 0 where there are
    no namespaces, `sequence` where the kernel does not number its disks. `pluggable`: it hangs on a PCI port that
    people plug into (Thunderbolt). `fixed`: the MMC host, or every USB port on the way, says that what is there cannot
    be taken out. `boot_areas`: an eMMC that has some; `boot_unit`: a unit of a soldered UFS chip that is one, for
    firmware, and that nobody can write. `users` are the mounts, swap areas and stacked devices (LVM, RAID, encryption)
    on it or on one of its partitions, and KIT for the stick that this PC was started from, whatever it is plugged into:
    it is known by its own signature, so also after it was unplugged and plugged in again. `sealed`: what udev's blkid
    found of enciphered volumes on it and its partitions, by blkid's own words. `known` is udev's.
    """

    name: str
    path: str
    size: int
    logical_sector: int = 512
    physical_sector: int = 512
    rotational: bool = False
    rotation: int = 0
    read_only: bool = False
    removable: bool = False
    pluggable: bool = False
    fixed: bool = False
    hidden: bool = False
    vendor: str = ""
    model: str = ""
    revision: str = ""
    serial: str = ""
    wwid: str = ""
    kind: str = ""
    boot_areas: bool = False
    boot_unit: bool = False
    fabric: str = ""
    nsid: int = 0
    sequence: int = 0
    users: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    known: Properties = field(default_factory=dict)


def read_block_devices(host: Host, database: Database) -> tuple[BlockDevice, ...]:
    """Every device under /sys/block, in order of name."""
    names = host.names("sys/block")[:DEVICE_LIMIT]
    used = {**parse_mounts(host.text("proc/self/mountinfo")), **parse_swaps(host.text("proc/swaps"))}
    used |= _below_loops(host, names, used)
    read = [_read(host, database, name, used, boot_areas=f"{name}boot0" in names) for name in names]
    if kit := parse_kit(host.text("proc/cmdline")):
        read = [replace(one, users=(*one.users, KIT)) if _is_stick(one, kit) else one for one in read]
    return tuple(replace(one, boot_unit=one.boot_unit and _is_beside_data(one, read)) for one in read)


def _below_loops(host: Host, names: Iterable[str], used: Mapping[str, str]) -> dict[str, str]:
    """Where the devices are mounted on a part of which a mounted loop device lies, as a volume of LVM is mounted."""
    loops = [name for name in names if name.startswith("loop") and name in used]
    files = [(name, host.line(f"sys/block/{name}/loop/backing_file")) for name in loops]
    return {file.removeprefix("/dev/"): used[name] for name, file in files if file.startswith("/dev/")}


def parse_mounts(text: str) -> dict[str, str]:
    """Where each device of /proc/self/mountinfo (proc_pid_mountinfo(5)) is mounted, by number and by name.

    Both, because file systems of several devices (btrfs) give a number of their own.
    """
    mounts = {}
    for line in text.split("\n"):
        fields = line.split(" ")
        if len(fields) >= 10 and "-" in fields:
            mounts[fields[2]] = fields[4]
            source = fields[fields.index("-") + 2 :][:1]
            if source and source[0].startswith("/dev/"):
                mounts[source[0].removeprefix("/dev/")] = fields[4]
    return mounts


def parse_swaps(text: str) -> dict[str, str]:
    """The devices of /proc/swaps (proc_swaps(5)), by name."""
    words = [line.split()[0] for line in text.split("\n")[1:] if line.split()]
    return {word.removeprefix("/dev/"): "swap" for word in words if word.startswith("/dev/")}


def parse_kit(command_line: str) -> str:
    """The disk signature of the kit's stick that this PC was started from, as /proc/cmdline names it; "" for none."""
    found = _KIT_WORD.search(command_line)
    return found[1] if found else ""


def parse_unit_serial(page: bytes) -> str:
    """The serial number in SCSI's vital product data page 80h (SPC-4 §7.8.15): four bytes of header, then text."""
    return one_line(page[4:].decode("ascii", "replace"), ID_LIMIT) if page[1:2] == b"\x80" else ""


def parse_rotation(page: bytes) -> int:
    """The medium rotation rate in SCSI's Block Device Characteristics page B1h (SBC-4 §6.6.2), 0 where it is not told.

    Four bytes of header, then 60, the rate the first two of them. For an ATA disk libata makes the page, of word 217 of
    its IDENTIFY DEVICE data. A page that is another, or not whole, tells nothing.
    """
    length = int.from_bytes(page[2:4])
    is_whole = page[1:2] == b"\xb1" and length >= _CHARACTERISTICS and len(page) >= 4 + length
    return int.from_bytes(page[4:6]) if is_whole else 0


def nvme_controller(host: Host, device: str) -> str:
    """The place of a namespace's controller, by the namespace's own `device`. Where a drive could have several (nvme.h:
    NVME_CTRL_CMIC_MULTI_CTRL), the kernel puts its namespaces below a virtual subsystem, which has no PCI path itself.
    """
    for name in host.names(device):
        if name.startswith("nvme") and host.exists(f"{device}/{name}/transport"):
            return f"{device}/{name}"
    return device


def _read(host: Host, database: Database, name: str, used: Mapping[str, str], *, boot_areas: bool) -> BlockDevice:
    here = f"sys/block/{name}"
    path = host.real(here)
    queue, device = f"{here}/queue", f"{here}/device"
    controller = nvme_controller(host, device)
    return BlockDevice(
        name=name,
        path=path,
        size=min(host.number(f"{here}/size") * _SECTOR, 2**63 - 1),
        logical_sector=_bytes(host, f"{queue}/logical_block_size"),
        physical_sector=_bytes(host, f"{queue}/physical_block_size"),
        rotational=host.number(f"{queue}/rotational") == 1,
        rotation=parse_rotation(host.content(f"{device}/vpd_pgb1")),
        read_only=host.number(f"{here}/ro") == 1,
        removable=host.number(f"{here}/removable") == 1,
        pluggable=_pluggable(host, path) or _pluggable(host, host.real(controller)),
        fixed=_fixed(host, here, path),
        hidden=host.number(f"{here}/hidden") == 1,
        vendor=host.line(f"{device}/vendor"),
        model=host.line(f"{device}/model") or host.line(f"{device}/name"),
        revision=host.line(f"{device}/firmware_rev") or host.line(f"{device}/rev") or host.line(f"{device}/fwrev"),
        serial=_serial(host, here),
        wwid=one_line(host.text(f"{here}/wwid") or host.text(f"{device}/wwid"), ID_LIMIT),
        kind=host.line(f"{device}/type"),
        boot_areas=boot_areas,
        boot_unit=_is_boot_unit(host, here),
        fabric=host.line(f"{controller}/transport"),
        nsid=host.number(f"{here}/nsid"),
        sequence=host.number(f"{here}/diskseq"),
        users=_users(host, here, name, used),
        sealed=_sealed(host, database, name),
        known=properties(database, path),
    )


def _is_stick(device: BlockDevice, kit: str) -> bool:
    """Whether it is the kit's stick, or may be: of a device that udev says nothing of nobody knows."""
    return not device.known or device.known.get("ID_PART_TABLE_UUID", "").lower() == kit


def _bytes(host: Host, path: str) -> int:
    return number(host.text(path), most=1_000_000) or 512


def _serial(host: Host, here: str) -> str:
    serial = host.text(f"{here}/device/serial") or host.text(f"{here}/serial")
    return one_line(serial, ID_LIMIT) or parse_unit_serial(host.content(f"{here}/device/vpd_pg80"))


def _sealed(host: Host, database: Database, name: str) -> tuple[str, ...]:
    places = (host.real(f"sys/block/{name}"), *(host.real(f"sys/block/{name}/{part}") for part in _parts(host, name)))
    found = {properties(database, place).get("ID_FS_TYPE", "") for place in places}
    return tuple(sorted(found & SEALS))


def _parts(host: Host, name: str) -> list[str]:
    here = f"sys/block/{name}"
    return [part for part in host.names(here) if part.startswith(name) and host.exists(f"{here}/{part}/partition")]


def _users(host: Host, here: str, name: str, used: Mapping[str, str]) -> tuple[str, ...]:
    users = []
    for place, kernel_name in ((here, name), *((f"{here}/{part}", part) for part in _parts(host, name))):
        users += [used[key] for key in (host.line(f"{place}/dev"), kernel_name) if key in used]
        users += host.names(f"{place}/holders")
    return tuple(dict.fromkeys(one_line(user) for user in users))


def _is_boot_unit(host: Host, here: str) -> bool:
    """Whether a UFS unit says that it is one of the two boot units and write-protected, and the kernel agrees
    (Documentation/ABI/testing/sysfs-driver-ufs: only the UFS driver gives these)."""
    descriptor = f"{here}/device/unit_descriptor"
    is_boot = host.number(f"{descriptor}/boot_lun_id") in (1, 2)
    return is_boot and host.number(f"{descriptor}/lun_write_protect") in (1, 2) and host.number(f"{here}/ro") == 1


def _is_beside_data(unit: BlockDevice, devices: Sequence[BlockDevice]) -> bool:
    """Whether the same chip has a larger unit that takes writes."""
    chip, target, _ = unit.path.partition("/target")
    same = f"{chip}{target}{unit.path.removeprefix(chip + target).partition('/')[0]}/" if target else ""
    return bool(same) and any(
        other.path.startswith(same) and not other.read_only and other.size > unit.size for other in devices
    )


def _pluggable(host: Host, path: str) -> bool:
    """Whether any PCI port on the way says "removable" (Documentation/ABI/testing/sysfs-devices-removable)."""
    parts = path.split("/")
    return any(
        host.line("/".join((*parts[:end], "removable"))) == "removable"
        for end, part in enumerate(parts, start=1)
        if part.count(":") == 2
    )


def _fixed(host: Host, here: str, path: str) -> bool:
    """What hosts and hubs say of their ports (sysfs-devices-removable): a fixed port in a dock that is plugged in
    itself is not the PC's own.
    """
    if path.rpartition("/")[2].startswith("mmcblk"):
        return host.line(f"{here}/device/removable") == "fixed"
    parts = path.split("/")
    ports = ["/".join(parts[:end]) for end, part in enumerate(parts, start=1) if _USB_DEVICE.fullmatch(part)]
    return bool(ports) and all(host.line(f"{port}/removable") == "fixed" for port in ports)
