"""Lists the PC's disks: which block devices are whole disks, what identifies each, and what forbids writing to it.

A disk is known by serial and WWN, which udev's rules read from the device (60-persistent-storage.rules: the names of
/dev/disk/by-id), else the kernel. The order of names (sda, nvme0n1) changes from boot to boot and is never used.
Optical drives, floppies, RAM disks, loops, LVM, RAID sets and the boot areas of an eMMC are no disks.

Several properties say whether a disk is part of the PC: its bus, the kind of card, whether an eMMC shows boot areas,
and what host, port and disk say about being removable. Where they contradict each other it is in doubt
(`Disk.belonging`), and a person is asked.
Not for: which of them may be written (`jobs/disk_rules.py` on the server), which one an order means (`claim.py`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from netboot.agent.disks.block_devices import ID_LIMIT, BlockDevice, read_block_devices
from netboot.agent.host import Host
from netboot.agent.text import one_line
from netboot.agent.udev import read_database, unescaped
from netboot.shared.disk_ports import OWN_PORTS
from netboot.shared.inventory import Disk, DiskId, Seal
from netboot.shared.problems import Problem

DISK_LIMIT: Final = 64
_NO_DISK: Final = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd|nullb|drbd|bcache|pktcdvd)\d.*|mmcblk\d+(boot\d+|rpmb)")
_OUTER: Final = (
    ("usb", re.compile(r"/usb\d+/")),
    ("ieee1394", re.compile(r"/fw\d+/")),
    ("iscsi", re.compile(r"/session\d+/")),
    ("fc", re.compile(r"/rport-")),
    ("virtio", re.compile(r"/virtio\d+/")),
)
"""Parts of a device's path that decide, whatever stands behind them: a SATA disk in a USB box is USB."""
SEALED: Final[Mapping[str, Seal]] = {"BitLocker": "bitlocker", "crypto_LUKS": "luks"}
"""What blkid calls an enciphered volume, and what the inventory does."""
_BUSES: Final = (("sas", re.compile(r"/end_device-")), ("scsi", re.compile(r"/target\d+:")))


def read_disks(host: Host | None = None) -> tuple[Disk, ...]:
    """All disks of this PC, read afresh; what each can do to erase itself is not asked. Blocks."""
    here = host or Host()
    return disks_of(read_block_devices(here, read_database(here)))


def disks_of(devices: Sequence[BlockDevice]) -> tuple[Disk, ...]:
    """The disks among the block devices."""
    return tuple(disk_of(device) for device in devices if is_disk(device))[:DISK_LIMIT]


def is_disk(device: BlockDevice) -> bool:
    """Whether this is one whole disk. `hidden` are the paths below an NVMe device that is listed itself."""
    return not device.hidden and not device.boot_unit and not _NO_DISK.fullmatch(device.name)


def disk_of(device: BlockDevice) -> Disk:
    """The device as the inventory knows it."""
    transport = transport_of(device)
    return Disk(
        name=one_line(device.name),
        id=DiskId(
            serial=_serial(device),
            wwn=_wwn(device),
            size=device.size,
            path=_known(device, "ID_PATH") or one_line(device.path, ID_LIMIT),
            sequence=device.sequence,
        ),
        model=_model(device),
        firmware=_firmware(device),
        logical_sector=device.logical_sector,
        physical_sector=device.physical_sector,
        rotational=device.rotational,
        rotation=device.rotation,
        transport=transport,
        ata=_speaks_ata(device, transport),
        removable=_removable(device, transport),
        built_in=_built_in(device, transport),
        read_only=device.read_only,
        in_use=bool(device.users),
        sealed=tuple(SEALED[one] for one in device.sealed if one in SEALED),
    )


def transport_of(device: BlockDevice) -> str:
    """How the disk is attached; "" when the kernel does not show it."""
    path = device.path + "/"
    if device.name.startswith("mmcblk"):
        return "mmc-removable" if device.kind.startswith("SD") else "mmc"
    for transport, mark in _OUTER:
        if mark.search(path):
            return transport
    if device.name.startswith("nvme"):
        return "nvme"
    if re.search(r"/ata\d+/", path):
        return "ata" if device.known and "ID_ATA_SATA" not in device.known else "sata"
    return next((transport for transport, mark in _BUSES if mark.search(path)), "")


def _speaks_ata(device: BlockDevice, transport: str) -> bool:
    # Both the kernel's libata and SAT (SCSI to ATA translation, in SAS adapters) give such a disk the vendor "ATA".
    named_ata = _known(device, "ID_BUS") == "ata" or device.vendor.strip() == "ATA"
    return transport in OWN_PORTS or (named_ata and transport in ("sas", "scsi", ""))


def find(wanted: DiskId, disks: Sequence[Disk]) -> Disk | Problem:
    """The one disk of that identity; a problem when there is none, or several (two paths to one disk, or twins)."""
    matching = [disk for disk in disks if disk.id.same_as(wanted)]
    if not matching:
        return Problem("disk-gone", {"disk": wanted.text})
    return matching[0] if len(matching) == 1 else Problem("disk-without-name", {"disk": wanted.text})


def _serial(device: BlockDevice) -> str:
    # A SAS disk's ID_SERIAL_SHORT is its WWN; the number on its label is the SCSI one.
    serial = _known(device, "ID_SCSI_SERIAL") or _known(device, "ID_SERIAL_SHORT") or device.serial
    return one_line(serial, ID_LIMIT).replace(" ", "_")


def _wwn(device: BlockDevice) -> str:
    wwn = _known(device, "ID_WWN_WITH_EXTENSION") or _known(device, "ID_WWN")
    if wwn or device.name.startswith("nvme"):
        return wwn or device.wwid
    # Of the kernel's names only the NAA is a WWN; "t10." is made of vendor, model and serial.
    return f"0x{device.wwid.removeprefix('naa.')}" if device.wwid.startswith("naa.") else ""


def _model(device: BlockDevice) -> str:
    # The kernel cuts an ATA model after 16 characters, udev does not.
    if _known(device, "ID_BUS") == "ata":
        return one_line(unescaped(_known(device, "ID_MODEL_ENC"))) or device.model
    vendor = "" if device.vendor in ("ATA", "NVMe") or device.vendor.startswith("0x") else device.vendor
    return one_line(f"{vendor} {device.model}")


def _firmware(device: BlockDevice) -> str:
    # As with the model: the kernel cuts an ATA revision after 4 characters.
    return (_known(device, "ID_REVISION") if _known(device, "ID_BUS") == "ata" else "") or device.revision


def _removable(device: BlockDevice, transport: str) -> bool:
    if transport == "mmc":
        # Cards of the MMC kind have no boot areas, and eMMC that hides its own is known by its host alone.
        soldered = device.kind == "MMC" and (device.boot_areas or device.fixed)
        return device.pluggable or not soldered
    return device.removable or device.pluggable or transport == "mmc-removable" or _far(device)


def _built_in(device: BlockDevice, transport: str) -> bool:
    if transport == "mmc-removable":
        return device.fixed or device.boot_areas
    return transport == "usb" and device.fixed and not device.removable


def _far(device: BlockDevice) -> bool:
    """An NVMe disk behind a network does not belong to the PC."""
    return device.name.startswith("nvme") and device.fabric not in ("pcie", "")


def _known(device: BlockDevice, name: str) -> str:
    return one_line(device.known.get(name, ""), ID_LIMIT)
