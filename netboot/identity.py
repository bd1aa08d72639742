"""Is this the same PC? Pure: the keys an inventory offers, strongest first, and how two sets of keys compare.

A key counts only where it is real: makers leave the same text or UUID in thousands of PCs. Which ones do is taken from
what inventory programs have met in the field:
  - GLPI, src/Blacklist.php, `getDefaults()` (serials, UUIDs, MAC addresses seen in more than one PC);
  - Rockstor's documentation, “Fake Appliance ID examples” (UUIDs, with the boards that carry them), and its issues
    #1964, #2143; fusioninventory-for-glpi #689; oshi #2417;
  - SMBIOS (DMTF DSP0134) §7.2.1: all 00 is “no UUID”, all FF is “not set”.

An adapter says the least: a dongle or a dock goes from PC to PC (fogproject #336, #518). So adapters identify only a PC
that has nothing better, and a USB adapter never does. When in doubt, two PCs are two: one number too many is a
nuisance, one history given to two PCs is a false proof. Not for: remembering machines (`records/`).
"""

import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeVar

from netboot.inventory import Inventory, Nic

Name = TypeVar("Name")
KeyKind = Literal["uuid", "system", "board", "mac"]

STRONG: Final[tuple[KeyKind, ...]] = ("uuid", "system", "board")
"""The kinds that belong to the PC itself, strongest first."""


@dataclass(frozen=True, slots=True)
class Key:
    """One name of a PC. `value` is normalised: compare keys for equality, show them as they are."""

    kind: KeyKind
    value: str


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
    return nic.driver in _USB_DRIVERS


def same_machine(one: Collection[Key], other: Collection[Key]) -> bool:
    """Whether both sets of keys are one PC's.

    The strongest kind that both sides know decides. Where it agrees, it is still refused when every further kind that
    both know says otherwise: then it is a placeholder that no list has yet. A UUID that nothing further can bear out
    is one as well where both sides have adapters and share none. Adapters alone decide only where neither side has
    anything stronger.
    """
    agreements = {
        kind: bool(mine & theirs)
        for kind, mine, theirs in ((kind, _values(one, kind), _values(other, kind)) for kind in STRONG)
        if mine and theirs
    }
    fitted, there = _values(one, "mac"), _values(other, "mac")
    if agreements:
        first, *further = agreements.values()
        if not further and "uuid" in agreements and fitted and there and not fitted & there:
            return False
        return first and (not further or any(further))
    if any(key.kind in STRONG for key in (*one, *other)):
        return False
    return bool(fitted & there)


def find_machine(keys: Collection[Key], known: Mapping[Name, Collection[Key]]) -> Name | None:
    """Which of the known machines this is, or None. Of several, the one with most keys in common; of equals, none."""
    shared = {name: len({*keys} & {*theirs}) for name, theirs in known.items() if same_machine(keys, theirs)}
    best = max(shared.values(), default=0)
    found = [name for name, count in shared.items() if count == best]
    return found[0] if len(found) == 1 else None


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
    if len(digits) < 4 or not digits.isascii() or not digits.isdecimal():
        return False
    return all((int(b) - int(a)) % 10 == 1 for a, b in pairwise(digits))


def _real_mac(mac: str) -> bool:
    first = int(mac[:2], 16)
    # IEEE 802: bit 0 is a group address, bit 1 an address somebody set or drew at random.
    return not first & 0b11 and mac not in _NO_MAC


def _values(keys: Iterable[Key], kind: KeyKind) -> set[str]:
    return {key.value for key in keys if key.kind == kind}
