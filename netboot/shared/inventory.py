"""The inventory of a PC: the values that the agent reads from the hardware and the server keeps.

Shapes only: reading the hardware is `agent/inventory.py` and `agent/disks/listing.py`, deciding which disks may be
written is `jobs/disk_rules.py`. Every text is bounded, because an inventory comes over the network. Sizes are bytes
unless a name says otherwise.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from netboot.shared.disk_abilities import Abilities

Text = Annotated[str, Meta(max_length=256)]
Size = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Mac = Annotated[str, Meta(pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")]


_DAY = 86_400
_CLOCK_OFF = 2 * _DAY
"""Seconds that no time zone and no slow agent explains."""


class System(Struct, frozen=True, kw_only=True):
    """The PC as its maker named it (SMBIOS type 1 and 3). `uuid` is lower case with hyphens, or empty."""

    manufacturer: Text = ""
    product: Text = ""
    version: Text = ""
    serial: Text = ""
    uuid: Text = ""
    sku: Text = ""
    chassis: Text = ""

    @property
    def models(self) -> tuple[str, ...]:
        """What the patterns of `models` are held against: the maker with the product, and of a Lenovo with the version
        too, which is the name that people know. Other makers have part numbers and revisions there."""
        product, maker = f"{self.manufacturer} {self.product}", self.manufacturer.strip()
        if maker.upper() != "LENOVO" or not self.version:
            return (product,)
        begun = self.version.upper().split()[:1] == [maker.upper()]
        return (product, self.version if begun else f"{self.manufacturer} {self.version}")


class Board(Struct, frozen=True, kw_only=True):
    """The mainboard (SMBIOS type 2)."""

    manufacturer: Text = ""
    product: Text = ""
    serial: Text = ""


class Firmware(Struct, frozen=True, kw_only=True):
    """The firmware and how this boot was made. `secure_boot` is what the kernel reports, not what a menu says.

    `uefi_bits` is the width of the firmware's own code, which its boot loaders must share; 0 on BIOS, or not told.
    `windows_licence`: the maker put a licence for Windows into it (ACPI table MSDM); of which edition is not told, and
    its key is never read.
    """

    vendor: Text = ""
    version: Text = ""
    date: Text = ""
    mode: Literal["bios", "uefi"]
    uefi_bits: Literal[0, 32, 64] = 0
    secure_boot: Literal["on", "off", "unsupported", "unknown"] = "unknown"
    windows_licence: bool = False


class Cpu(Struct, frozen=True, kw_only=True):
    """One processor package."""

    model: Text = ""
    cores: Count = 0
    threads: Count = 0
    mhz: Count = 0


class Dimm(Struct, frozen=True, kw_only=True):
    """One memory slot (SMBIOS type 17); an empty slot has `size` 0.

    `untold`: something is in it, or may be, and its size is not told.
    """

    locator: Text = ""
    size: Size = 0
    untold: bool = False
    kind: Text = ""
    mts: Count = 0
    manufacturer: Text = ""
    serial: Text = ""
    part: Text = ""


_CARRIED = frozenset({"usb", "mmc-removable", "ieee1394", "iscsi", "fc", "nbd"})

Seal = Literal["bitlocker", "luks"]
Belonging = Literal["internal", "carried", "doubt"]
"""Whether a disk is part of its PC. In doubt a person is asked; such a disk is neither written nor passed over."""


class DiskId(Struct, frozen=True, kw_only=True):
    """What identifies a disk: never its order. `path` (udev's ID_PATH) counts only where serial and WWN are empty.

    `sequence` is the number that the kernel gave this device when it appeared, never to another one in the same boot
    (/sys/block/*/diskseq). `by_place`: a person named it by where it sits, for one visit, because serial and WWN do not
    tell it apart; then it is the device at that path that has not been away since.
    """

    serial: Text = ""
    wwn: Text = ""
    size: Size
    path: Text = ""
    sequence: Size = 0
    by_place: bool = False

    @property
    def named(self) -> bool:
        """Whether the device itself says who it is."""
        return bool(self.serial or self.wwn)

    @property
    def text(self) -> str:
        """What people read of it: its serial number, else its WWN, else its place; both where only the place tells."""
        name = self.serial or self.wwn
        return f"{name} {self.path}".strip() if self.by_place or not name else name

    @property
    def placed(self) -> bool:
        """Whether its place tells it from every other disk of this boot."""
        return bool(self.path and self.sequence)

    def same_as(self, other: "DiskId") -> bool:
        """Whether both name the same device: size, and all that both know of serial and WWN; or the same place."""
        if self.size != other.size:
            return False
        if self.by_place or other.by_place:
            ours, theirs = ((disk.serial, disk.wwn, disk.path, disk.sequence) for disk in (self, other))
            return self.placed and ours == theirs
        pairs = [(a, b) for a, b in ((self.serial, other.serial), (self.wwn, other.wwn)) if a and b]
        if pairs:
            return all(a == b for a, b in pairs)
        return not self.named and not other.named and bool(self.path) and self.path == other.path


class Disk(Struct, frozen=True, kw_only=True):
    """One whole disk. `name` is the kernel's (sda), good for this boot only.

    `rotation`: how fast it turns by its own word, in revolutions a minute; 1: it does not turn; 0: not told (SBC-4,
    Medium Rotation Rate). `rotational` is the kernel's word, which takes for granted that a disk turns.
    `ata`: it speaks ATA to the PC, whatever it is attached to: a SATA disk on a SAS port has the transport "sas".
    `removable`: something says that it can be taken out, or nothing says that it cannot. `built_in`: on a bus for what
    people carry, but something says that it cannot be taken out. `said`: what a person said of a disk in doubt, put
    here for one job; no agent says it. `sealed`: enciphered volumes of former owners on it, which keep nobody from
    erasing it. `can`: what it says of erasing itself; it is no sign of which disk this is, and differs from boot to
    boot (frozen, locked).
    """

    name: Text
    id: DiskId
    model: Text = ""
    firmware: Text = ""
    logical_sector: Count = 512
    physical_sector: Count = 512
    rotational: bool = False
    rotation: Annotated[int, Meta(ge=0, le=0xFFFF)] = 0
    transport: Text = ""
    ata: bool = False
    removable: bool = False
    built_in: bool = False
    said: Literal["", "belongs", "left"] = ""
    read_only: bool = False
    in_use: bool = False
    sealed: Annotated[tuple[Seal, ...], Meta(max_length=8)] = ()
    can: Abilities = Abilities()

    @property
    def belonging(self) -> Belonging:
        """Whether it is part of the PC, by all its signs; a stick, a card or a network disk is carried."""
        if self.transport in _CARRIED and not self.built_in:
            return "carried"
        if self.transport not in _CARRIED and not self.removable:
            return "internal"
        match self.said:
            case "belongs":
                return "internal"
            case "left":
                return "carried"
            case _:
                return "doubt"

    @property
    def carried(self) -> bool:
        """Whether people carry it about, or it is not in the PC at all: a stick, a card, a network disk."""
        return self.belonging == "carried"

    @property
    def internal(self) -> bool:
        """Whether it belongs to the PC without doubt and may be written: not read-only, no empty reader."""
        return self.belonging == "internal" and not self.read_only and self.id.size > 0


class HiddenStorage(Struct, frozen=True, kw_only=True):
    """A storage controller whose disks cannot all be listed; `setting` is the firmware setting to change.

    `vouchable` is a controller that no driver of the agent knows, by PCI address, vendor and device: an operator may
    say on the page that it has no disk. "" where nobody may.
    """

    kind: Literal["rst", "vmd", "raid", "namespaces", "namespaces-unclear", "unknown"]
    controller: Text = ""
    setting: Text = ""
    vouchable: Text = ""

    @property
    def may_be_vouched_for(self) -> bool:
        """Whether a person's word can end it: never for a kind that is known to hide disks."""
        return self.kind == "unknown" and bool(self.vouchable)


BIOS_SECTOR: Final = 512
"""Bytes of the sectors that a BIOS can read (INT 13h): it starts no disk with others."""
LinkState = Literal["up", "down", "unknown"]


class Nic(Struct, frozen=True, kw_only=True):
    """One wired network adapter; `mbps` is the negotiated link speed, 0 when there is no link or it is not told.

    `link` is whether something is at the other end of its cable, by the adapter's carrier: many that work tell no
    speed, and one that is switched off tells nothing. `removable`: the kernel says that it hangs on a port outside of
    the PC, as in a Thunderbolt dock.
    """

    name: Text
    mac: Mac
    driver: Text = ""
    model: Text = ""
    mbps: Count = 0
    link: LinkState = "unknown"
    boot: bool = False
    removable: bool = False


class Battery(Struct, frozen=True, kw_only=True):
    """One battery; capacities in mWh, 0 when not told.

    `kept` is how much it still holds of what it was made for, in per cent, told in whatever unit; 0 when it is not.
    """

    model: Text = ""
    serial: Text = ""
    design: Count = 0
    full: Count = 0
    kept: Count = 0
    cycles: Count = 0


class Gpu(Struct, frozen=True, kw_only=True):
    """One display adapter, by its PCI names."""

    model: Text = ""
    pci: Text = ""


class Inventory(Struct, frozen=True, kw_only=True):
    """Everything the agent found, read once a visit.

    `clock` is what the PC's own clock, the one with a battery, said meanwhile, in seconds since 1970: 0 when that was
    no date, None when the PC has none. The server keeps it only where it was wrong (`judged_clock`).
    """

    system: System
    board: Board
    firmware: Firmware
    clock: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    memory: Size = 0
    cpus: Annotated[tuple[Cpu, ...], Meta(max_length=16)] = ()
    dimms: Annotated[tuple[Dimm, ...], Meta(max_length=128)] = ()
    disks: Annotated[tuple[Disk, ...], Meta(max_length=128)] = ()
    hidden: Annotated[tuple[HiddenStorage, ...], Meta(max_length=32)] = ()
    nics: Annotated[tuple[Nic, ...], Meta(max_length=64)] = ()
    batteries: Annotated[tuple[Battery, ...], Meta(max_length=8)] = ()
    gpus: Annotated[tuple[Gpu, ...], Meta(max_length=16)] = ()

    @property
    def fitted(self) -> int:
        """The bytes of memory in its slots; what the kernel has where a slot does not tell; 0 when nothing does."""
        told = sum(dimm.size for dimm in self.dimms)
        return self.memory if any(dimm.untold for dimm in self.dimms) else max(told, self.memory)


def judged_clock(inventory: Inventory, now: float) -> Inventory:
    """The inventory with the PC's clock only where that is wrong, to the day: one PC stays one inventory, visit after
    visit. `now` is the server's clock, in seconds since 1970."""
    clock = inventory.clock
    is_off = clock is not None and abs(clock - now) > _CLOCK_OFF
    return replace(inventory, clock=clock // _DAY * _DAY if clock is not None and is_off else None)


def label(disk: Disk) -> str:
    """A disk's name for people: model, serial, size; cut so that it fits any sentence."""
    return " ".join(part for part in (disk.model[:80], disk.id.text[:120], gigabytes(disk.id.size)) if part)


def gigabytes(size: int) -> str:
    """A size in bytes as people read it on a disk's label (powers of ten)."""
    return f"{size / 1e12:.1f} TB" if size >= 1e12 else f"{size / 1e9:.1f} GB"


def module_size(size: int) -> str:
    """So many bytes of memory as people read it on a module's label (powers of two)."""
    return f"{size / (1 << 30):.1f} GB"


def amount(size: int) -> str:
    """So many bytes of a disk, also few: rounded up, so that something is never nothing."""
    if size >= 10**9:
        return gigabytes(size)
    unit, name = (10**6, "MB") if size > 10**6 - 100 else (10**3, "kB")
    tenths = -(-size * 10 // unit)
    return f"{tenths // 10}.{tenths % 10} {name}"
