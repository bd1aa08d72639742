"""Decides whether two inventories are of the same PC. Pure.

A PC is recognised by what its firmware says (UUID, serial numbers) and by its hardware (adapters, disks). Makers leave
the same text or UUID in thousands of PCs, and all boards with one faulty firmware share all of their texts: however
many of them agree, they count once. So firmware texts count only if some hardware agrees too, and hardware that differs
means two PCs. The best known placeholder texts are ignored from the start, as inventory programs have met them in the
field; no such list is ever complete:
  - GLPI, src/Blacklist.php, `getDefaults()` (serials, UUIDs, MAC addresses seen in more than one PC);
  - Rockstor's documentation, “Fake Appliance ID examples” (UUIDs, with the boards that carry them), and its issues
    #1964, #2143; fusioninventory-for-glpi #689; oshi #2417;
  - SMBIOS (DMTF DSP0134) §7.2.1: all 00 is “no UUID”, all FF is “not set”.

Hardware alone says little: a dongle, a dock, a card or a disk moves from PC to PC (fogproject #336, #518). Adapters
identify only a PC that has nothing better; a USB adapter or a disk never does. In doubt they count as two PCs: a number
too many is a nuisance that an operator can end (`records/merging.py`), but one history for two PCs is a false proof.
Not for: remembering machines (`records/`).
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeVar

from netboot.shared.inventory import Disk, DiskId, Inventory, Nic

Name = TypeVar("Name")
KeyKind = Literal["uuid", "system", "board", "mac"]

STRONG: Final[tuple[KeyKind, ...]] = ("uuid", "system", "board")
"""The kinds that belong to the PC itself, strongest first."""


@dataclass(frozen=True, slots=True)
class Key:
    """One name of a PC. `value` is normalised: compare keys for equality, show them as they are."""

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True)
class Signs:
    """All that one PC is told from others by: its keys, and the disks that are fitted in it."""

    keys: frozenset[Key]
    disks: tuple[DiskId, ...] = ()


# Each also in the other byte order: SMBIOS before 2.6 did not say which one a UUID has (dmidecode(8), “UUID”).
_NO_UUID: Final = frozenset(
    str(value)
    for text in (
        "03000200-0400-0500-0006-000700080009",  # American Megatrends' default: many ASRock, NEC, Zotac, no-name boards
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "01020304-0506-0708-090a-0b0c0d0e0f10",
        "01234567-89ab-cdef-0123-456789abcdef",
        "00000000-0000-0000-0807-060504030201",
        "4c4c4544-0000-2010-8020-80c04f202020",  # Dell, its service tag never set (“DELL” and blanks)
        "4c4c4544-0020-2010-8020-a0c04f202020",  # the same in an Inspiron 545
        "5c4606fa-192f-453a-b299-7b088c63bb9b",  # Giada N70E-DR
        "31393138-3538-5a43-3135-353130323750",  # HPE MicroServer Gen8
        "6ab5b300-538d-1014-9fb5-b0684d007b53",  # HP
        "a5000288-6462-4524-986a-9b7737e315cf",  # EDK2's Vlv2TbltDevicePkg: MinnowBoard
    )
    for value in (uuid.UUID(text), uuid.UUID(bytes_le=uuid.UUID(text).bytes))
)

_NO_TEXT: Final = frozenset(
    {
        "(null string)", "0123456789abcdef", "123456789000", "asset", "base board serial number",
        "chassis serial number", "default", "default string", "empty", "eval", "iatpass", "insyde", "invalid", "n/a",
        "na", "nil", "nnnnnnn", "no asset tag", "none", "not applicable", "not available", "not defined",
        "not present", "not provided", "not settable", "not specified", "null", "o.e.m.", "oem", "oem_serial",
        "product name", "serial", "serial number", "serial number xxxxxx", "sn-12345", "standard", "sys-9876543210",
        "system name", "system product name", "system serial number", "system version", "systemserialnumb",
        "type1 - serial number", "type2 - board serial number", "unknow", "unknown", "unspecified",
    }
)  # fmt: skip

_NO_MAC: Final = frozenset(
    {
        "00:00:00:00:00:00",
        "00:0b:ca:fe:00:00",
        "00:a0:c6:00:00:00",  # Qualcomm Gobi 2000
        "20:41:53:59:4e:ff",  # “RAS Async adapter”: its name, read as an address
        "24:b6:20:52:41:53",
    }
)

_MAC: Final = r"[0-9a-f]{2}(:[0-9a-f]{2}){5}"

# The kernel's USB network drivers (drivers/net/usb): what hangs on them is a dongle or a dock.
_USB_DRIVERS: Final = frozenset(
    {
        "aqc111", "asix", "ax88179_178a", "catc", "cdc_eem", "cdc_ether", "cdc_mbim", "cdc_ncm", "cdc_subset", "ch9200",
        "dm9601", "int51x1", "ipheth", "kaweth", "lan78xx", "mcs7830", "net1080", "pegasus", "plusb", "r8152",
        "r8153_ecm", "rndis_host", "rtl8150", "smsc75xx", "smsc95xx", "sr9700", "sr9800", "usbnet",
    }
)  # fmt: skip


def keys_of(inventory: Inventory) -> tuple[Key, ...]:
    """The keys this PC really has, strongest first; empty when it has none at all."""
    system, board = inventory.system, inventory.board
    keys = []
    if real := real_uuid(system.uuid):
        keys.append(Key("uuid", real))
    if serial := real_text(system.serial):
        keys.append(Key("system", f"{real_text(system.product)}/{serial}"))
    if serial := real_text(board.serial):
        keys.append(Key("board", f"{real_text(board.product)}/{serial}"))
    macs = sorted({nic.mac for nic in inventory.nics if not is_carried(nic) and _real_mac(nic.mac)})
    keys += [Key("mac", mac) for mac in macs]
    return tuple(keys)


def is_carried(nic: Nic) -> bool:
    """Whether this adapter goes from PC to PC: a USB dongle or a dock."""
    return nic.removable or nic.driver in _USB_DRIVERS


def signs_of(inventory: Inventory) -> Signs:
    """What this PC is told from others by, as its agent read it."""
    return Signs(frozenset(keys_of(inventory)), tuple(disk.id for disk in inventory.disks if _is_fitted(disk)))


def same_machine(one: Signs, other: Signs) -> bool:
    """Whether both are one PC's signs.

    The strongest text that both sides know decides whether they may be: where it differs, they are not. `texts` is
    how many texts agree beyond those that differ. The more of them, the less that is fitted must bear them out; but
    adapters that are known and all others, with no disk in common, part even PCs whose every text is the same.
    """
    texts = _texts_agreeing(one, other)
    if texts is None:
        return False
    adapters, disks = _adapters(one, other), _disks(one, other)
    match adapters:
        case "same":
            return True
        case "some":
            return texts >= 2 or disks != "others"
        case "others":
            return texts >= 2 and disks == "some"
        case "none" if disks == "others":
            return texts == len(STRONG)  # as of a laptop whose only disk was replaced
        case "one side" | "none":
            return disks != "others" and texts >= (1 if disks == "some" else 2)


def stand_apart(one: Signs, other: Signs) -> bool:
    """Whether two PCs that are on the line at one time are told apart by what is fitted, whatever their texts say."""
    adapters, disks = _adapters(one, other), _disks(one, other)
    return adapters not in ("same", "some") and disks != "some" and "others" in (adapters, disks)


def contradicts(one: Signs, other: Signs) -> bool:
    """Whether anything but disks that both know says another PC: no proof that there are two, but reason to ask."""
    kinds: tuple[KeyKind, ...] = (*STRONG, "mac")
    known = ((_values(one, kind), _values(other, kind)) for kind in kinds)
    return any(mine and theirs and not mine & theirs for mine, theirs in known)


def find_machines(signs: Signs, known: Mapping[Name, Signs]) -> tuple[Name, ...]:
    """Which of the known machines this PC is: those that are most alike of all that it can be. Mostly one or none."""
    alike = {name: _likeness(signs, theirs) for name, theirs in known.items() if same_machine(signs, theirs)}
    best = max(alike.values(), default=None)
    return tuple(name for name, likeness in alike.items() if likeness == best)


def boot_keys(*, mac: str, uuid_text: str) -> frozenset[Key]:
    """The keys that a boot loader can tell: any one of them is this PC's. With a real UUID, adapters tell nothing.

    A UUID comes in both byte orders: loader and kernel may read firmware older than SMBIOS 2.6 differently.
    """
    if real := real_uuid(uuid_text):
        return frozenset({Key("uuid", real), Key("uuid", str(uuid.UUID(bytes_le=uuid.UUID(real).bytes)))})
    mac = mac.lower()
    return frozenset({Key("mac", mac)}) if re.fullmatch(_MAC, mac) and _real_mac(mac) else frozenset()


def real_uuid(text: str) -> str:
    """A UUID in lower case with hyphens, or "" when it is none or not this PC's own."""
    try:
        value = uuid.UUID(text.strip())
    except ValueError:
        return ""
    # 00…, FF…, 0101…, FEFE…: a pattern, not a number.
    if len(set(value.bytes)) <= 2 or str(value) in _NO_UUID:
        return ""
    return str(value)


def real_text(text: str) -> str:
    """A serial number or product name in one spelling (lower case, single blanks), or "" for a placeholder."""
    value = " ".join(text.casefold().split())
    bare = re.sub(r"[^0-9a-z]", "", value)
    if value in _NO_TEXT or len(bare) < 3 or len(set(bare)) <= 1 or set(bare) <= {"0", "1"}:
        return ""
    if re.search(r"filled by|o\.e\.m|default.string|serial.?number|^\d\.\d(\.\d)?$", value):
        return ""
    if _counts_up(bare) or (len(bare) >= 10 and _counts_up(bare.lstrip("abcdefghijklmnopqrstuvwxyz"))):
        return ""
    return value


def _counts_up(digits: str) -> bool:
    """12345…, 0123456789, 1234567890: what a keyboard gives, not what a maker counts."""
    if len(digits) < 4 or not digits.isdecimal():
        return False
    return all((int(b) - int(a)) % 10 == 1 for a, b in pairwise(digits))


def _real_mac(mac: str) -> bool:
    octets = bytes.fromhex(mac.replace(":", ""))
    # IEEE 802: bit 0 is a group address, bit 1 an address somebody set or drew at random.
    if octets[0] & 0b11 or mac in _NO_MAC:
        return False
    # 88:88:88:88:87:88, 00:11:22:33:44:55: what an adapter has whose own address was never written.
    steps = {(b - a) % 256 for a, b in pairwise(octets)}
    return len(set(octets)) > 2 and len(steps) > 1


def _is_fitted(disk: Disk) -> bool:
    """Whether this disk is a sign of the PC: fitted in it, and with a serial number or WWN that is its own."""
    return disk.belonging == "internal" and bool(real_text(disk.id.serial) or real_text(disk.id.wwn))


def _texts_agreeing(one: Signs, other: Signs) -> int | None:
    """How many texts agree beyond those that differ; None where texts say that these are two PCs.

    0 is for two PCs that have none. One that has lost its texts, or only now got some, is in doubt: two.
    """
    agreements = [
        bool(mine & theirs)
        for mine, theirs in ((_values(one, kind), _values(other, kind)) for kind in STRONG)
        if mine and theirs
    ]
    if not agreements:
        return None if any(key.kind in STRONG for key in one.keys | other.keys) else 0
    beyond = agreements.count(True) - agreements.count(False)
    return beyond if agreements[0] and beyond > 0 else None


def _adapters(one: Signs, other: Signs) -> Literal["same", "some", "others", "one side", "none"]:
    """How the fitted adapters compare: `same` where one side has all of the other's, `some` where each has more.

    `one side` alone has any, or `none` has.
    """
    mine, theirs = _values(one, "mac"), _values(other, "mac")
    if not mine or not theirs:
        return "one side" if mine or theirs else "none"
    if mine <= theirs or theirs <= mine:
        return "same"
    return "some" if mine & theirs else "others"


def _disks(one: Signs, other: Signs) -> Literal["some", "others", "unknown"]:
    """Whether the fitted disks have one in common."""
    if not one.disks or not other.disks:
        return "unknown"
    return "some" if _shared_disks(one, other) else "others"


def _shared_disks(one: Signs, other: Signs) -> int:
    return sum(any(disk.same_as(there) for there in other.disks) for disk in one.disks)


def _likeness(one: Signs, other: Signs) -> tuple[bool, int, int, int]:
    """The greater, the more alike. A card or a disk may have come from another PC: that all adapters fit says most."""
    texts = sum(len(_values(one, kind) & _values(other, kind)) for kind in STRONG)
    shared = len(_values(one, "mac") & _values(other, "mac"))
    return _adapters(one, other) == "same", _shared_disks(one, other), shared, texts


def _values(signs: Signs, kind: KeyKind) -> set[str]:
    return {key.value for key in signs.keys if key.kind == kind}
