"""The DHCP options beside the address in a `full` mode offer or acknowledgement: those set and asked for.

RFC 2132 (1, 3, 6, 12, 15, 28, 51, 54, 58, 59), RFC 3442 (121, classless routes). A client that sends a list of what it
wants (option 55) gets that much of what is set, in our order; one without a list gets what every client understands.
Not for: what belongs to network boot (boot_file.py).
"""

from netboot.dhcp.address_plan import AddressPlan, Route
from netboot.dhcp.packet import DhcpPacket, MessageType, Option, Options

ALWAYS = frozenset({Option.SUBNET_MASK})
"""A few firmwares keep the mask of their last boot when their list does not name it and none is sent."""

WITHOUT_A_LIST = frozenset({Option.SUBNET_MASK, Option.ROUTER, Option.DNS_SERVER, Option.DOMAIN_NAME})


def lease_options(request: DhcpPacket, plan: AddressPlan, name: str) -> Options:
    """The options of an answer to `request`; without the lease's times for an INFORM (RFC 2131 §4.3.5).

    `name` is the PC's own, "" when it has none.
    """
    asked = request.option(Option.PARAMETER_LIST)
    wanted = ALWAYS | set(asked) if asked else WITHOUT_A_LIST
    return tuple((code, value) for code, value in _set(plan, name) if value and code in wanted)


def lease_times(plan: AddressPlan) -> Options:
    """How long, when to ask this server again (half of it), and when any server (seven eighths): RFC 2131 §4.4.5."""
    return (
        (Option.LEASE_TIME, plan.lease.to_bytes(4)),
        (Option.RENEWAL_TIME, (plan.lease // 2).to_bytes(4)),
        (Option.REBINDING_TIME, (plan.lease * 7 // 8).to_bytes(4)),
    )


def identity(plan: AddressPlan, kind: MessageType) -> Options:
    """The options that every answer begins with: its type, and who sends it."""
    return ((Option.MESSAGE_TYPE, bytes((kind,))), (Option.SERVER_ID, plan.server.packed))


def host_name(packet: DhcpPacket) -> str:
    """What the PC calls itself (option 12): its first label, "" when it is none that DNS would take."""
    name = (packet.option(Option.HOST_NAME) or b"").rstrip(b"\0").partition(b".")[0].decode("ascii", "replace")
    fits = 0 < len(name) <= 63 and all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in name)
    return name.lower() if fits and not name.startswith("-") and not name.endswith("-") else ""


def _set(plan: AddressPlan, name: str) -> Options:
    return (
        (Option.SUBNET_MASK, plan.network.netmask.packed),
        # RFC 3442: who takes 121 ignores 3, so that 121 has the default route as well.
        (Option.CLASSLESS_ROUTES, _classless(plan)),
        (Option.ROUTER, plan.router.packed if plan.router else b""),
        (Option.DNS_SERVER, b"".join(address.packed for address in plan.dns)),
        (Option.HOST_NAME, name.encode("ascii", "ignore")),
        (Option.DOMAIN_NAME, plan.domain.encode("ascii")),
        (Option.BROADCAST_ADDRESS, plan.network.broadcast_address.packed),
    )


def _classless(plan: AddressPlan) -> bytes:
    if not plan.routes:
        return b""
    default = b"\0" + plan.router.packed if plan.router else b""
    return b"".join(map(_route, plan.routes)) + default


def _route(route: Route) -> bytes:
    """RFC 3442: the prefix's length, as many bytes of the network as it has, the gateway."""
    significant = (route.network.prefixlen + 7) // 8
    return bytes((route.network.prefixlen,)) + route.network.network_address.packed[:significant] + route.gateway.packed
