"""A network-booting PC as its DHCP packet describes it: firmware, architecture, iPXE; parsed once.

Follows PXE 2.1 §2.2, RFC 4578 (options 93, 94, 97; architecture numbers in IANA's registry), RFC 3004 (user class),
ipxe.org's encapsulated option 175, and UEFI 2.10 §24.7 (HTTP boot).
Not for: what the PC is sent (boot_file.py, proxy_offer.py, merged.py, full.py).
"""

import re
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from netboot.dhcp.packet import DhcpPacket, MalformedPacket, Op, Option, decode_options


class Reason(Enum):
    """Why a packet gets no answer. The value is stable: the page translates it, `text` is for logs."""

    MALFORMED = "malformed"
    TOO_LONG = "too-long"
    OTHER_INTERFACE = "other-interface"
    NOT_A_REQUEST = "not-a-request"
    NOT_ETHERNET = "not-ethernet"
    NOT_A_BOOT_CLIENT = "not-a-boot-client"
    NOT_A_DISCOVER = "not-a-discover"
    NOT_A_BOOT_REQUEST = "not-a-boot-request"
    NO_RETURN_ADDRESS = "no-return-address"
    FIRMWARE_ARM = "firmware-arm"
    FIRMWARE_UNKNOWN = "firmware-unknown"
    LOOP = "loop"
    DENIED = "denied"
    OWN_RELAY = "own-relay"
    TOO_MANY_RELAYS = "too-many-relays"
    ANOTHERS_OFFER = "anothers-offer"
    NOT_OUR_RELAY = "not-our-relay"
    NOT_ASKED_FOR = "not-asked-for"
    ANOTHER_SERVER = "another-server"
    NO_ADDRESS_IN_OFFER = "no-address-in-offer"
    OTHER_NETWORK = "other-network"
    BEING_PROBED = "being-probed"
    TOO_MANY_PROBES = "too-many-probes"
    ADDRESSES_IN_USE = "addresses-in-use"
    NO_ADDRESS_LEFT = "no-address-left"
    NO_ADDRESS_ASKED = "no-address-asked"
    UNKNOWN_LEASE = "unknown-lease"
    RIVAL_SERVER = "rival-server"

    @property
    def text(self) -> str:
        """One plain sentence in English."""
        return _REASON_TEXTS[self]


_REASON_TEXTS = {
    Reason.MALFORMED: "not a DHCP packet",
    Reason.TOO_LONG: "longer than one Ethernet frame, which is all that firmware takes",
    Reason.OTHER_INTERFACE: "it came in on an interface that is not ours",
    Reason.NOT_A_REQUEST: "a server's reply, not a client's request",
    Reason.NOT_ETHERNET: "the client is not on Ethernet",
    Reason.NOT_A_BOOT_CLIENT: "neither PXEClient nor HTTPClient in option 60: not booting from the network",
    Reason.NOT_A_DISCOVER: "only a DISCOVER is for us on port 67: the rest is for the building's DHCP",
    Reason.NOT_A_BOOT_REQUEST: "only a REQUEST is for us on port 4011",
    Reason.NO_RETURN_ADDRESS: "asked on port 4011 without an address to answer to",
    Reason.FIRMWARE_ARM: "an ARM computer: the masters are for x86 PCs only",
    Reason.FIRMWARE_UNKNOWN: "a kind of firmware that netboot does not know",
    Reason.LOOP: "it was sent the same boot file too often in a short time: it seems to go round in circles",
    Reason.DENIED: "it is set to be kept away from the workshop",
    Reason.OWN_RELAY: "our own packet to the building's DHCP, heard again",
    Reason.TOO_MANY_RELAYS: "it passed too many relays to be forwarded once more",
    Reason.ANOTHERS_OFFER: "it takes the offer of another server, usually the building's: that is not for us to answer",
    Reason.NOT_OUR_RELAY: "a server's reply to another relay",
    Reason.NOT_ASKED_FOR: "a server's reply to nothing that was asked",
    Reason.ANOTHER_SERVER: "this client has taken up with another of the building's servers",
    Reason.NO_ADDRESS_IN_OFFER: "a server's reply without an address: another boot server's",
    Reason.OTHER_NETWORK: "it is in another network than the addresses that can be given",
    Reason.BEING_PROBED: "whether its address is in use is being asked for",
    Reason.TOO_MANY_PROBES: "too many addresses are being asked for at the same time",
    Reason.ADDRESSES_IN_USE: "the addresses for it are in use by others that were given none",
    Reason.NO_ADDRESS_LEFT: "every address of the pool is given: make `dhcp.full.pool` larger or the lease shorter",
    Reason.NO_ADDRESS_ASKED: "a request that names no address",
    Reason.RIVAL_SERVER: "it took the offer of another DHCP server, which has no place on this switch: unplug it",
    Reason.UNKNOWN_LEASE: "it speaks of an address that it was not given here",
}


@dataclass(frozen=True, slots=True)
class Ignored:
    """A packet that is left unanswered, why, and what in the packet made it so."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason.text} ({self.detail})" if self.detail else self.reason.text


class Firmware(Enum):
    """The kinds of firmware that matter for the choice of a loader."""

    BIOS = "bios"
    UEFI_X64 = "uefi-x64"
    UEFI_IA32 = "uefi-ia32"
    UEFI_ARM = "uefi-arm"
    UNKNOWN = "unknown"


# IANA "Processor Architecture Types". 7 is "x64 UEFI" there and EBC in RFC 4578; firmware means x64 by both 7 and 9.
_FIRMWARE_BY_ARCHITECTURE = {
    0: Firmware.BIOS,
    6: Firmware.UEFI_IA32,
    7: Firmware.UEFI_X64,
    9: Firmware.UEFI_X64,
    10: Firmware.UEFI_ARM,
    11: Firmware.UEFI_ARM,
    15: Firmware.UEFI_IA32,
    16: Firmware.UEFI_X64,
    18: Firmware.UEFI_ARM,
    19: Firmware.UEFI_ARM,
}


class BootMethod(Enum):
    """How the firmware fetches its boot file: the start of option 60."""

    PXE = b"PXEClient"
    HTTP = b"HTTPClient"


_USUAL_ARCHITECTURE = {BootMethod.PXE: 0, BootMethod.HTTP: 16}
"""What a PC is taken for that does not say: a BIOS (i386), which PXE was made for; no BIOS boots by HTTP."""

_ARCHITECTURE_IN_CLASS = re.compile(rb"Arch:(\d{1,5})")
_METHODS = tuple((method.value, method) for method in BootMethod)


class IpxeFeature(Enum):
    """Encapsulated options of option 175 by which iPXE tells what it was built with (ipxe/features.h)."""

    HTTP = 0x13
    BZIMAGE = 0x18
    EFI = 0x24
    MENU = 0x27


_IPXE_VERSION = 0xEB


@dataclass(frozen=True, slots=True)
class Ipxe:
    """What an iPXE says of its build; `version` is empty when it says nothing."""

    features: frozenset[IpxeFeature]
    version: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BootClient:
    """A PC that asks to be booted. `packet` is what a reply copies from; `ipxe` is None for the PC's own firmware.

    `architecture_told`: it said what it is; else it is taken for what most PCs of its method are.
    """

    packet: DhcpPacket
    mac: str
    uuid: UUID | None
    method: BootMethod
    architecture: int
    firmware: Firmware
    user_classes: tuple[bytes, ...]
    ipxe: Ipxe | None
    architecture_told: bool = True


def read_boot_client(packet: DhcpPacket) -> BootClient | Ignored:
    """Take out of a packet all that a decision asks for, or say why it is no boot client's."""
    if packet.op is not Op.BOOTREQUEST:
        return Ignored(Reason.NOT_A_REQUEST)
    options = dict(packet.options)
    vendor_class = options.get(Option.VENDOR_CLASS, b"")
    method = next((method for start, method in _METHODS if vendor_class.startswith(start)), None)
    if method is None:
        return Ignored(Reason.NOT_A_BOOT_CLIENT)
    if not packet.mac:
        return Ignored(Reason.NOT_ETHERNET, f"htype {packet.htype}, {len(packet.chaddr)} bytes")
    announced = _architecture(options.get(Option.ARCHITECTURE, b""), vendor_class)
    architecture = _USUAL_ARCHITECTURE[method] if announced is None else announced
    user_classes = _user_classes(options.get(Option.USER_CLASS))
    ipxe = _ipxe(user_classes, options.get(Option.IPXE))
    return BootClient(
        packet=packet,
        mac=packet.mac,
        uuid=_machine_uuid(options.get(Option.MACHINE_ID)),
        method=method,
        architecture=architecture,
        architecture_told=announced is not None,
        firmware=_FIRMWARE_BY_ARCHITECTURE.get(architecture, Firmware.UNKNOWN),
        user_classes=user_classes,
        ipxe=ipxe,
    )


def _architecture(value: bytes, vendor_class: bytes) -> int | None:
    """The first of the list (RFC 4578: the best first) that netboot knows, else of what option 60 says; None for none.

    Some firmware has the bytes of each swapped; no number of IANA's is so large.
    """
    listed = [int.from_bytes(value[at : at + 2]) for at in range(0, len(value), 2)]
    named = _ARCHITECTURE_IN_CLASS.search(vendor_class)
    if named is not None:
        listed.append(int(named[1]))
    known = (number for number in listed if number in _FIRMWARE_BY_ARCHITECTURE)
    swapped = (number >> 8 for number in listed if not number & 0xFF and number >> 8 in _FIRMWARE_BY_ARCHITECTURE)
    return next(known, next(swapped, next(iter(listed), None)))


def _user_classes(value: bytes | None) -> tuple[bytes, ...]:
    """RFC 3004's length-prefixed list when the lengths fit, else one raw class, as iPXE and others send it."""
    if not value:
        return ()
    classes = []
    at = 0
    while at < len(value):
        length = value[at]
        if length == 0 or at + 1 + length > len(value):
            return (value,)
        classes.append(value[at + 1 : at + 1 + length])
        at += 1 + length
    return tuple(classes)


def _ipxe(user_classes: tuple[bytes, ...], encapsulated: bytes | None) -> Ipxe | None:
    if encapsulated is None and b"iPXE" not in user_classes and b"gPXE" not in user_classes:
        return None
    try:
        options = dict(decode_options(encapsulated or b""))
    except MalformedPacket:
        options = {}
    # iPXE sends a feature as one byte, its version, or 0 when it was built without.
    features = frozenset(feature for feature in IpxeFeature if any(options.get(feature.value, b"")))
    return Ipxe(features, tuple(options.get(_IPXE_VERSION, b"")))


def _machine_uuid(value: bytes | None) -> UUID | None:
    if value is None or len(value) != 17 or value[0] != 0:
        return None
    # The first three fields have the low byte first, as in SMBIOS: OVMF and iPXE both send it so.
    raw = value[1:]
    if raw in (bytes(16), b"\xff" * 16):
        return None
    return UUID(bytes_le=raw)
