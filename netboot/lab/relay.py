"""A second subnet of the building, and the relay agent (RFC 2131's) that brings its DHCP to the lab's LAN.

    relay   dnsmasq as a relay agent, 10.77.0.4 on the LAN and 10.78.0.1 on the far side; it routes between both
    far     a host on the far side, 10.78.0.3: a PC in another classroom

dnsmasq(8), --dhcp-relay. Not for: QEMU PCs, which are on the LAN itself.
"""

from dataclasses import dataclass

from netboot.lab.building_kinds import FAR_GATEWAY, FAR_NETWORK
from netboot.lab.child import Child
from netboot.lab.network import BUILDING, INTERFACE, NETWORK, SERVER, Lan, ip, ip_in

RELAY = NETWORK[4]
FAR_HOST = FAR_NETWORK[3]
_FAR_SIDE = "eth1"


@dataclass(frozen=True, slots=True)
class Relay:
    """The relay agent while it runs; `far` is the namespace of the host behind it."""

    program: Child
    far: str


async def start_relay(lan: Lan) -> Relay:
    """Make the far side and start the relay agent, which asks the building's DHCP server and netboot."""
    here, far = lan.run.namespace("relay"), lan.run.namespace("far")
    await lan.attach(here, RELAY)
    await ip("netns", "add", far)
    await ip_in(
        here,
        f"link add name {_FAR_SIDE} type veth peer name {INTERFACE} netns {far}",
        f"address add {FAR_GATEWAY}/{FAR_NETWORK.prefixlen} broadcast + dev {_FAR_SIDE}",
        f"link set dev {_FAR_SIDE} up",
    )
    await ip_in(
        far,
        "link set dev lo up",
        f"address add {FAR_HOST}/{FAR_NETWORK.prefixlen} broadcast + dev {INTERFACE}",
        f"link set dev {INTERFACE} up",
        f"route add default via {FAR_GATEWAY}",
    )
    for namespace in (lan.building, lan.server):
        await ip_in(namespace, f"route add {FAR_NETWORK} via {RELAY}")
    forward = ["sysctl", "--quiet", "--write", "net.ipv4.ip_forward=1"]
    await (await lan.spawn(here, forward, name="forward")).wait()
    command = (
        "dnsmasq",
        "--conf-file=/dev/null",
        "--keep-in-foreground",
        "--log-facility=-",
        "--user=root",
        "--group=root",
        "--pid-file=",
        "--port=0",
        f"--dhcp-relay={FAR_GATEWAY},{BUILDING}",
        f"--dhcp-relay={FAR_GATEWAY},{SERVER}",
    )
    program = await lan.spawn(here, command, name="relay")
    await program.wait_for_output("started, ", within=10)
    return Relay(program, far)
