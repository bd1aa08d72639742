"""The lab's LAN: a bridge in a namespace of its own, one namespace a host, one tap a PC.

    wire      the switch: the bridge, the taps, and the QEMU processes that own them
    server    where `netboot serve` runs, 10.77.0.2
    building  where the building's DHCP server runs, 10.77.0.1

Links are made inside the namespaces, so the host's own never holds an address, a route or even a link of them,
and no packet can reach the real LAN. Not for: limits of speed; those are the benchmarks' to set with tc.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from netboot.lab import child, runs
from netboot.lab.child import Child
from netboot.lab.runs import Run
from netboot.shared.errors import NetbootError
from netboot.shared.process import Command
from netboot.shared.process import run as run_program

NETWORK = IPv4Network("10.77.0.0/24")
BUILDING = IPv4Address("10.77.0.1")
SERVER = IPv4Address("10.77.0.2")
BRIDGE = "lan0"
INTERFACE = "eth0"
TUN = Path("/dev/net/tun")


class Lan:
    """One LAN while it stands; made by `open_lan`."""

    def __init__(self, run: Run, children: AsyncExitStack) -> None:
        self.run = run
        self.folder = run.folder
        self.wire = run.namespace("wire")
        self.server = run.namespace("server")
        self.building = run.namespace("building")
        self._children = children
        self._taps = 0
        (self.folder / "logs").mkdir()

    async def attach(self, namespace: str, address: IPv4Address, *, gateway: IPv4Address | None = None) -> None:
        """Make a host: a namespace whose eth0 hangs on the bridge and has `address` in NETWORK."""
        port = f"p{int(address) - int(NETWORK.network_address)}"
        await ip("netns", "add", namespace)
        await ip_in(
            self.wire,
            f"link add name {port} type veth peer name {INTERFACE} netns {namespace}",
            f"link set dev {port} master {BRIDGE} up",
        )
        await ip_in(
            namespace,
            "link set dev lo up",
            f"address add {address}/{NETWORK.prefixlen} broadcast + dev {INTERFACE}",
            f"link set dev {INTERFACE} up",
            *((f"route add default via {gateway}",) if gateway else ()),
        )

    async def tap(self) -> str:
        """Make a free port for a PC on the switch and return its name in the `wire` namespace."""
        self._taps += 1
        name = f"tap{self._taps}"
        await ip_in(self.wire, f"tuntap add dev {name} mode tap", f"link set dev {name} master {BRIDGE} up")
        return name

    async def remove_tap(self, name: str) -> None:
        """Take one PC's port out of the switch."""
        await ip_in(self.wire, f"link delete dev {name}")

    async def set_cable(self, tap: str, state: str) -> None:
        """Pull a PC's cable out of the switch ("down") or plug it in again ("up")."""
        await ip_in(self.wire, f"link set dev {tap} {state}")

    def log_path(self, name: str) -> Path:
        """Where the output of a program of that name goes."""
        return self.folder / "logs" / f"{name}.log"

    async def spawn(
        self,
        namespace: str,
        command: Command,
        *,
        name: str,
        pass_fds: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
    ) -> Child:
        """Start a program in one of the LAN's namespaces; it is ended, at the latest, with the LAN.

        `pass_fds` are open sockets that the program gets as fd 3 and up, by systemd's LISTEN_FDS convention:
        a socket made on the host's loopback keeps listening there whatever namespace its holder runs in.
        Its output is added to `log_path(name)`.
        """
        started = await child.start(namespace, command, name=name, log=self.log_path(name), pass_fds=pass_fds, env=env)
        await self._children.enter_async_context(started)
        return started


@asynccontextmanager
async def open_lan(base: Path = runs.BASE) -> AsyncIterator[Lan]:
    """Sweep what dead runs left, make the switch, the server's and the building's hosts; remove all at exit.

    `base` is the folder that holds a folder a run: disks, sockets, logs. Raises NetbootError.
    """
    if not await asyncio.to_thread(TUN.exists):
        raise NetbootError(f"this kernel has no {TUN}", hint="load it with: modprobe tun")
    with runs.claim_run(base) as run:
        async with AsyncExitStack() as children:
            lan = Lan(run, children)
            await ip("netns", "add", lan.wire)
            await ip_in(
                lan.wire,
                "link set dev lo up",
                f"link add name {BRIDGE} type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
                f"link set dev {BRIDGE} up",
            )
            await lan.attach(lan.building, BUILDING)
            await lan.attach(lan.server, SERVER, gateway=BUILDING)
            yield lan


async def ip(*words: str) -> None:
    """Run ip(8) on the host. Raises NetbootError."""
    await asyncio.to_thread(run_program, ["ip", *words], timeout=30)


async def ip_in(namespace: str, *lines: str) -> None:
    """Run lines of ip(8) inside a namespace. Raises NetbootError."""
    batch = "\n".join(lines) + "\n"
    await asyncio.to_thread(run_program, ["ip", "-netns", namespace, "-batch", "-"], stdin=batch, timeout=30)
