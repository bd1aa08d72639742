"""Decides what a PXE or HTTP boot client is told, beside the DHCP that the building already has.

Follows PXE 2.1 §2.2 (proxy DHCP, the exchange on port 4011), RFC 4578 and UEFI 2.10 §24.7 (HTTP boot); where firmware
wants it otherwise, a comment names the firmware. The building's server hands out the address: the answers made here
carry none. Sockets and logs are in dhcp_socket.py.

    choose_boot_file   which loader this client needs                        no state
    decide             what is answered to one client's packet               no state
    Proxy              bytes in, decision out, with the memory that breaks boot loops
"""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from netboot.boot_client import BootClient, BootMethod, Firmware, Ignored, IpxeFeature, Reason, read_boot_client
from netboot.dhcp_packet import (
    BROADCAST_FLAG,
    NO_ADDRESS,
    DhcpPacket,
    MalformedPacket,
    MessageType,
    Op,
    Option,
    Options,
    decode,
)
from netboot.ipxe_rom import RomDialogues
from netboot.loop_guard import LoopGuard, Pass

SERVER_PORT = 67
CLIENT_PORT = 68
BOOT_SERVER_PORT = 4011
BROADCAST = IPv4Address("255.255.255.255")

# PXE 2.1 §2.4: tag 6 (discovery control) = 8: no boot server discovery, no menu, take the file that is named here.
_TAKE_THIS_FILE = b"\x06\x01\x08\xff"
_LONGEST_FILE = 127  # bytes, so that a NUL still fits into `file`


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """What the proxy is told once, at its start. Boot files are names on our TFTP; paths begin with `/` on our HTTP.

    More than `loop_limit` hand-outs of one file to one PC within `loop_seconds` are a loop.
    `plain_pxe_first` is for the virtual workshop, whose BIOS PCs carry an iPXE in their NIC's ROM: that iPXE is first
    answered as the plain PXE ROM of a real PC would be, so that option 43 and `bios_file` are walked.
    """

    interface: str
    server_address: IPv4Address
    http_port: int = 80
    script_path: str = "/boot/ipxe"
    bios_file: str = "undionly.kpxe"
    uefi_x64_file: str = "shimx64.efi"
    uefi_x64_ipxe_file: str = "snponly.efi"
    uefi_x64_http_path: str = "/shimx64.efi"
    loop_limit: int = 8
    loop_seconds: float = 120.0
    plain_pxe_first: bool = False

    def __post_init__(self) -> None:
        for name in (
            self.bios_file,
            self.uefi_x64_file,
            self.uefi_x64_ipxe_file,
            self.url(self.script_path),
            self.url(self.uefi_x64_http_path),
        ):
            if not name.isascii() or not name.isprintable() or not 0 < len(name) <= _LONGEST_FILE:
                raise ValueError(f"{name!r} does not fit into a DHCP packet: 1 to {_LONGEST_FILE} ASCII characters")

    def url(self, path: str) -> str:
        """A path on our HTTP, with the address in figures: firmware has no names to ask for yet."""
        port = "" if self.http_port == 80 else f":{self.http_port}"
        return f"http://{self.server_address}{port}{path}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a packet came from, and at which of our ports."""

    port: int
    source: IPv4Address
    source_port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A packet to send: to whom, from which of our ports, and the boot file it names."""

    packet: DhcpPacket
    from_port: int
    destination: IPv4Address
    destination_port: int
    boot_file: str


@dataclass(frozen=True, slots=True)
class BootFile:
    """What a client is to load next. `skip_discovery` is option 43's "take this file"."""

    name: str
    skip_discovery: bool


def choose_boot_file(client: BootClient, settings: ProxySettings) -> BootFile | Ignored:
    """The next loader for this client: the same choice for every way of answering."""
    match client.firmware, client.method:
        case ((Firmware.BIOS | Firmware.UEFI_X64), BootMethod.PXE) if _runs_our_script(client):
            return BootFile(settings.url(settings.script_path), skip_discovery=True)
        case Firmware.BIOS, BootMethod.PXE:
            return BootFile(settings.bios_file, skip_discovery=True)
        case Firmware.UEFI_X64, BootMethod.PXE if client.ipxe is not None:
            return BootFile(settings.uefi_x64_ipxe_file, skip_discovery=True)
        case Firmware.UEFI_X64, BootMethod.PXE:
            # Older EDK2 drops proxy offers that carry option 43.6 to 43.10 (edk2 #6944): without 43 it asks on 4011.
            return BootFile(settings.uefi_x64_file, skip_discovery=False)
        case Firmware.UEFI_X64, BootMethod.HTTP:
            return BootFile(settings.url(settings.uefi_x64_http_path), skip_discovery=False)
        case Firmware.UEFI_IA32, _:
            reason = Reason.FIRMWARE_IA32
        case Firmware.UEFI_ARM, _:
            reason = Reason.FIRMWARE_ARM
        case _:
            reason = Reason.FIRMWARE_UNKNOWN
    return Ignored(reason, f"architecture {client.architecture}, {client.method.value.decode()}")


_SCRIPT_NEEDS = {
    Firmware.BIOS: {IpxeFeature.HTTP, IpxeFeature.MENU, IpxeFeature.BZIMAGE},
    Firmware.UEFI_X64: {IpxeFeature.HTTP, IpxeFeature.MENU, IpxeFeature.EFI},
}


def _runs_our_script(client: BootClient) -> bool:
    return client.ipxe is not None and client.ipxe.features >= _SCRIPT_NEEDS[client.firmware]


def decide(client: BootClient, arrival: Arrival, settings: ProxySettings) -> Answer | Ignored:
    """Proxy mode: an offer to a DISCOVER on port 67, an acknowledgement to a REQUEST on 4011, else nothing."""
    if arrival.port == BOOT_SERVER_PORT:
        return _acknowledge(client, arrival, settings)
    return _offer(client, settings)


def _offer(client: BootClient, settings: ProxySettings) -> Answer | Ignored:
    kind = client.packet.message_type
    if kind is not MessageType.DISCOVER:
        return Ignored(Reason.NOT_A_DISCOVER, kind.name if kind else "no message type")
    boot_file = choose_boot_file(client, settings)
    if isinstance(boot_file, Ignored):
        return boot_file
    offer = _reply(client, settings, MessageType.OFFER, boot_file)
    relay = client.packet.giaddr
    return Answer(
        packet=replace(offer, flags=BROADCAST_FLAG),
        from_port=SERVER_PORT,
        destination=relay if relay != NO_ADDRESS else BROADCAST,
        destination_port=SERVER_PORT if relay != NO_ADDRESS else CLIENT_PORT,
        boot_file=boot_file.name,
    )


def _acknowledge(client: BootClient, arrival: Arrival, settings: ProxySettings) -> Answer | Ignored:
    kind = client.packet.message_type
    if kind is not MessageType.REQUEST:
        return Ignored(Reason.NOT_A_BOOT_REQUEST, kind.name if kind else "no message type")
    if arrival.source in (NO_ADDRESS, BROADCAST) or arrival.source.is_multicast or not arrival.source_port:
        return Ignored(Reason.NO_RETURN_ADDRESS)
    boot_file = choose_boot_file(client, settings)
    if isinstance(boot_file, Ignored):
        return boot_file
    ack = _reply(client, settings, MessageType.ACK, boot_file)
    return Answer(
        packet=replace(ack, ciaddr=client.packet.ciaddr, flags=client.packet.flags),
        from_port=BOOT_SERVER_PORT,
        destination=arrival.source,
        destination_port=arrival.source_port,
        boot_file=boot_file.name,
    )


def _reply(client: BootClient, settings: ProxySettings, kind: MessageType, boot_file: BootFile) -> DhcpPacket:
    request = client.packet
    options: Options = (
        (Option.MESSAGE_TYPE, bytes((kind,))),
        (Option.SERVER_ID, settings.server_address.packed),
        (Option.VENDOR_CLASS, client.method.value),
        *_echoed(request, Option.MACHINE_ID),
    )
    if boot_file.skip_discovery:
        options += ((Option.VENDOR_OPTIONS, _TAKE_THIS_FILE),)
    return DhcpPacket(
        op=Op.BOOTREPLY,
        xid=request.xid,
        chaddr=request.chaddr,
        giaddr=request.giaddr,
        siaddr=settings.server_address,
        sname=str(settings.server_address).encode(),
        file=boot_file.name.encode(),
        options=options + _echoed(request, Option.RELAY_AGENT),  # last, as RFC 3046 §2.1 has it
    )


def _echoed(request: DhcpPacket, code: Option) -> Options:
    value = request.option(code)
    # What several pieces were joined to is nobody's machine id, and could grow the reply past a frame.
    return ((code, value),) if value is not None and len(value) <= 255 else ()


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one datagram. `news`: an `Ignored` that a person should read of, not one more of the same."""

    outcome: Answer | Ignored
    client: BootClient | None = None
    news: bool = False


class Proxy:
    """The proxy without its sockets: a datagram in, a decision out.

    Its memory (who was sent what of late) is bounded and needs no saving: it starts empty after a restart.
    """

    def __init__(self, settings: ProxySettings) -> None:
        self._settings = settings
        self._guard = LoopGuard(settings.loop_limit, settings.loop_seconds)
        self._rom_dialogues = RomDialogues()

    def receive(self, payload: bytes, arrival: Arrival, *, now: float) -> Handled:
        """Decide on one datagram; `now` is in seconds on any steady clock. Raises nothing, whatever the bytes."""
        try:
            packet = decode(payload)
        except MalformedPacket as error:
            return Handled(Ignored(Reason.MALFORMED, str(error)))
        client = read_boot_client(packet)
        if isinstance(client, Ignored):
            return Handled(client)
        if self._settings.plain_pxe_first:
            client = self._as_plain_rom(client, now)
        outcome = decide(client, arrival, self._settings)
        if isinstance(outcome, Ignored):
            return Handled(outcome, client, news=outcome.reason in _FIRMWARE_NOT_SERVED)
        if arrival.port == BOOT_SERVER_PORT:
            return Handled(outcome, client)  # counted when the offer was made
        passed = self._guard.ask(client.mac, outcome.boot_file, xid=packet.xid, secs=packet.secs, now=now)
        if passed is Pass.GRANTED:
            return Handled(outcome, client)
        return Handled(Ignored(Reason.LOOP, outcome.boot_file), client, news=passed is Pass.REFUSED_FIRST)

    def _as_plain_rom(self, client: BootClient, now: float) -> BootClient:
        if client.ipxe is None or client.firmware is not Firmware.BIOS:
            return client
        if not self._rom_dialogues.is_rom(client.mac, client.packet.xid, now):
            return client
        return replace(client, ipxe=None, user_classes=())


_FIRMWARE_NOT_SERVED = {Reason.FIRMWARE_IA32, Reason.FIRMWARE_ARM, Reason.FIRMWARE_UNKNOWN}
