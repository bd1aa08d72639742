"""Finds storage controllers that hide disks from the system: a PC that has one is never called erased.

Sources: Linux 6.12, drivers/ata/ahci.c (`remapped_nvme`: NVMe drives that Intel RST moved behind the SATA controller;
commit aecec8b60422), drivers/pci/controller/vmd.c, drivers/scsi/*, drivers/scsi/raid_class.c. What NVMe drives have
beside the namespaces that the kernel lists is `nvme_namespaces.py`'s.

A RAID card is reported even when it passes some disks through: it does not say which others it hides. `setting` is a
path in the PC's own setup, which is in English on most makes. A controller without a driver is reported too, since it
may have disks; an operator who has looked inside the PC may vouch that it has none.
"""

from dataclasses import dataclass
from typing import Final, Literal

from netboot.agent.disks.block_devices import BlockDevice
from netboot.agent.disks.listing import DISK_LIMIT, disk_of, is_disk
from netboot.agent.disks.nvme_namespaces import Namespaces, read_namespaces
from netboot.agent.hardware.card_readers import is_card_reader
from netboot.agent.hardware.pci import STORAGE, PciDevice
from netboot.agent.host import Host
from netboot.shared.inventory import HiddenStorage, label

HIDDEN_LIMIT: Final = 32
Kind = Literal["rst", "vmd", "raid", "namespaces", "namespaces-unclear", "unknown"]

_INTEL: Final = 0x8086
_IDE: Final = 0x0101
_RAID: Final = 0x0104
_NVM: Final = 0x0108
_VMD_IDS: Final = frozenset({0x201D, 0x28C0, 0x467F, 0x4C3D, 0x7D0B, 0x9A0B, 0xA77F, 0xAD0B, 0xB06F, 0xB60B})
_RAID_DRIVERS: Final = frozenset(
    {
        "3w-9xxx",
        "3w-sas",
        "3w-xxxx",
        "aacraid",
        "arcmsr",
        "esas2r",
        "hpsa",
        "hptiop",
        "ipr",
        "ips",
        "megaraid",
        "megaraid_mbox",
        "megaraid_sas",
        "mpi3mr",
        "mvumi",
        "pmcraid",
        "smartpqi",
        "stex",
    }
)
_PLAIN_DRIVERS: Final = ("ahci", "ata_", "pata_", "sata_", "nvme")
"""Drivers that show each disk as it is, whatever class the firmware gives the controller."""


@dataclass(frozen=True, slots=True)
class AtaPort:
    """A SATA port: the kernel's name for it ("ata3"), whether a device has its link up, and whether one answered."""

    name: str
    linked: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class Storage:
    """All there is to know for the decision. `remapped` counts per PCI path the NVMe drives that RST took away, None
    where the kernel does not tell, as it does of each device that `ahci` drives; `raid_volumes` are the real paths of
    the kernel's raid_devices; `namespaces` goes by the controller's PCI path.
    """

    pci: tuple[PciDevice, ...]
    devices: tuple[BlockDevice, ...]
    remapped: dict[str, int | None]
    raid_volumes: tuple[str, ...]
    ata_ports: tuple[AtaPort, ...]
    namespaces: dict[str, Namespaces]


def read_storage(host: Host, pci: tuple[PciDevice, ...], devices: tuple[BlockDevice, ...]) -> Storage:
    """Read what `find_hidden` decides on."""
    return Storage(
        pci=pci,
        devices=devices,
        remapped={device.path: _read_remapped(host, device) for device in pci},
        raid_volumes=tuple(
            host.real(f"sys/class/raid_devices/{name}") for name in host.names("sys/class/raid_devices")
        ),
        ata_ports=_read_ata_ports(host),
        namespaces=read_namespaces(host),
    )


def find_hidden(storage: Storage) -> tuple[HiddenStorage, ...]:
    """Every controller that keeps disks to itself, or may; and disks beyond the number that an inventory lists."""
    entries = _beyond_limit(storage.devices)
    for device in storage.pci:
        if device.base_class == STORAGE:
            entries += [hidden for hidden in (_controller(device, storage), _namespaces(device, storage)) if hidden]
    entries += [_port(port) for port in storage.ata_ports if port.linked and not port.answered]
    entries += [_empty(device) for device in storage.devices if _has_no_capacity(device)]
    return tuple(entries[:HIDDEN_LIMIT])


def _controller(device: PciDevice, storage: Storage) -> HiddenStorage | None:
    kind = device.kind >> 8
    has_disks = any(_below(other.path, device) for other in storage.devices)
    if device.vendor == _INTEL and (device.driver == "vmd" or device.device in _VMD_IDS):
        return None if device.driver and has_disks else _hidden("vmd", device, "VMD Controller: Disabled")
    remapped = storage.remapped.get(device.path)
    if remapped or (remapped is None and device.vendor == _INTEL and device.driver == "ahci"):
        return _hidden("rst", device, "SATA Mode: AHCI")
    if device.driver in _RAID_DRIVERS or any(_below(path, device) for path in storage.raid_volumes):
        return _hidden("raid", device, "RAID Controller Mode: HBA (JBOD, IT)")
    if not device.driver:
        return _without_driver(device, kind)
    if kind == _RAID and not device.driver.startswith(_PLAIN_DRIVERS):
        return _hidden("raid", device, "RAID Controller Mode: HBA (JBOD, IT)")
    if (kind == _NVM or device.driver == "nvme") and _is_dead(device, storage):
        return _hidden("unknown", device, "NVMe (M.2): Disabled")
    return None


def _without_driver(device: PciDevice, kind: int) -> HiddenStorage | None:
    if kind == _IDE and device.vendor == _INTEL:
        return None  # Intel AMT's "IDE redirection" is a remote CD drive of the management engine, never a disk
    if is_card_reader(device.kind, device.vendor, device.device):
        return None
    if kind == _RAID and device.vendor == _INTEL:
        return _hidden("rst", device, "SATA Mode: AHCI")
    if kind == _RAID:
        return _hidden("raid", device, "SATA / NVMe RAID Mode: AHCI")
    known_by = f"{device.address} {device.ids}"
    return _hidden("unknown", device, "Storage Controller: AHCI / Disabled", vouchable=known_by)


def _namespaces(device: PciDevice, storage: Storage) -> HiddenStorage | None:
    known = storage.namespaces.get(device.path)
    if known is None or _is_dead(device, storage):
        return None
    listed = frozenset(other.nsid for other in storage.devices if _below(other.path, device) and other.nsid)
    name = f"{known.controller} {device.label}"[:256]
    missing = known.missing(listed)
    if missing is None:
        return HiddenStorage(kind="namespaces-unclear", controller=name)
    numbers = ", ".join(str(number) for number in missing[:8])
    # No setup of a PC attaches one: `hidden-namespaces` says what can be done.
    return HiddenStorage(kind="namespaces", controller=name, setting=numbers) if missing else None


def _is_dead(device: PciDevice, storage: Storage) -> bool:
    """Whether this NVMe controller shows no disk and gives no list of any."""
    known = storage.namespaces.get(device.path)
    return known is None or (
        known.attached is None and not any(_below(other.path, device) for other in storage.devices)
    )


def _port(port: AtaPort) -> HiddenStorage:
    return HiddenStorage(kind="unknown", controller=f"SATA {port.name}", setting=f"SATA Port ({port.name}): Disabled")


def _beyond_limit(devices: tuple[BlockDevice, ...]) -> list[HiddenStorage]:
    """The disks that `disks_of` leaves out, so that nobody takes them for erased."""
    more = sum(1 for device in devices if is_disk(device)) - DISK_LIMIT
    if more <= 0:
        return []
    controller = f"{DISK_LIMIT} + {more} disks"
    return [HiddenStorage(kind="unknown", controller=controller, setting=f"SATA / SAS Ports: {DISK_LIMIT} enabled")]


def _has_no_capacity(device: BlockDevice) -> bool:
    """A disk of the PC's own that answers but has no size, as flash does when it dies, on whatever bus it is. Card
    readers without a card have none either; they are no disk of the PC's own."""
    return is_disk(device) and not device.size and disk_of(device).belonging == "internal"


def _empty(device: BlockDevice) -> HiddenStorage:
    return HiddenStorage(kind="unknown", controller=label(disk_of(device)), setting="SATA / NVMe Port: Disabled")


def _hidden(kind: Kind, device: PciDevice, setting: str, *, vouchable: str = "") -> HiddenStorage:
    return HiddenStorage(kind=kind, controller=device.label[:256], setting=setting, vouchable=vouchable[:256])


def _below(path: str, device: PciDevice) -> bool:
    return path.startswith(device.path + "/")


def _read_remapped(host: Host, device: PciDevice) -> int | None:
    said = host.line(f"{device.path}/remapped_nvme")
    return int(said) if said.isdecimal() and len(said) < 10 else None


def _read_ata_ports(host: Host) -> tuple[AtaPort, ...]:
    answering = [host.real(f"sys/class/scsi_device/{name}") for name in host.names("sys/class/scsi_device")]
    ports = []
    for name in host.names("sys/class/ata_link"):
        path = host.real(f"sys/class/ata_link/{name}")
        port = path.partition(f"/{name}/")[0]
        ports.append(
            AtaPort(
                name=port.rpartition("/")[2],
                linked=host.line(f"{path}/sata_spd").endswith("Gbps"),
                answered=any(device.startswith(port + "/") for device in answering),
            )
        )
    return tuple(ports)
