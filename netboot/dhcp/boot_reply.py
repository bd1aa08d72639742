"""Puts the boot file into a reply, in every mode the same: `siaddr`, `sname`, `file`, options 43, 60 and 97.

Follows PXE 2.1 §2.2 and §2.4, RFC 4578 and UEFI 2.10 §24.7. No state, no I/O.
Not for: which file it is (boot_file.py); addresses and what belongs to them (full.py, the building's server).
"""

from dataclasses import replace

from netboot.dhcp.boot_client import BootClient, BootMethod
from netboot.dhcp.boot_file import BootFile, BootFileNames
from netboot.dhcp.packet import MAX_PACKET, DhcpPacket, Option, Options, wire_size

# PXE 2.1 §2.4: tag 6 (discovery control) = 8: no boot server discovery, no menu, take the file that is named here.
_TAKE_THIS_FILE = b"\x06\x01\x08\xff"

# ipxe.org/cfg/priority: of two offers iPXE takes the later one unless it has a lower priority, and a building's that
# says PXEClient by mistake has none. Nothing helps where that one comes first.
_BEFORE_THE_BUILDINGS = b"\x01\x01\x01"


_USUAL_LIMIT = 548  # bytes of DHCP: a packet of 576 (RFC 2131 §2) without its IP and UDP headers
_HEADERS = 28  # bytes that option 57 counts and we do not


def naming_boot_file(reply: DhcpPacket, client: BootClient, names: BootFileNames, boot_file: BootFile) -> DhcpPacket:
    """The reply, with this boot file from us in it."""
    return replace(
        reply,
        siaddr=names.server_address,
        sname=str(names.server_address).encode(),
        file=boot_file.name.encode(),
        options=reply.options + boot_options(client, boot_file),
    )


def naming_boot_file_as_asked(
    reply: DhcpPacket, client: BootClient, names: BootFileNames, boot_file: BootFile
) -> DhcpPacket:
    """The same, by options 66 and 67 too, where they are asked for and fit."""
    named = naming_boot_file(reply, client, names, boot_file)
    asked = client.packet.option(Option.PARAMETER_LIST) or b""
    again = tuple(option for option in boot_file_again(client, named) if option[0] in asked)
    longer = replace(named, options=named.options + again)
    return longer if wire_size(longer) <= largest_reply(client.packet) else named


def boot_options(client: BootClient, boot_file: BootFile) -> Options:
    """The options that go with a boot file."""
    options: Options = ((Option.VENDOR_CLASS, client.method.value), *echoed(client.packet, Option.MACHINE_ID))
    if client.ipxe is not None:
        options += ((Option.IPXE, _BEFORE_THE_BUILDINGS),)
    return (*options, (Option.VENDOR_OPTIONS, _TAKE_THIS_FILE)) if boot_file.skip_discovery else options


def boot_file_again(client: BootClient, reply: DhcpPacket) -> Options:
    """Options 66 and 67, which say once more what `sname` and `file` say; nothing for HTTP boot.

    Each ends with a NUL, as dnsmasq's does: some firmware reads them as C strings, and on past their end.
    """
    if client.method is not BootMethod.PXE:
        return ()
    return ((Option.TFTP_SERVER, reply.sname + b"\0"), (Option.BOOT_FILE, reply.file + b"\0"))


def largest_reply(request: DhcpPacket) -> int:
    """Bytes of DHCP that this client takes and a frame holds, less those of option 82, which its relay takes out."""
    announced = request.option(Option.MAX_MESSAGE_SIZE) or b""
    limit = max(_USUAL_LIMIT, int.from_bytes(announced) - _HEADERS) if len(announced) == 2 else _USUAL_LIMIT
    return min(limit, MAX_PACKET) - sum(2 + len(value) for _, value in echoed(request, Option.RELAY_AGENT))


def echoed(request: DhcpPacket, code: Option) -> Options:
    """An option of the request, to be sent back as it came."""
    value = request.option(code)
    # What several pieces were joined to is nobody's machine id, and could grow the reply past a frame.
    return ((code, value),) if value is not None and len(value) <= 255 else ()
