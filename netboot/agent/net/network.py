"""Brings the PC onto the LAN: every wired adapter asks for an address, and the first that reaches the server is kept.

Switches with spanning tree pass nothing for up to 50 s after the cable comes up, so the asking goes on for longer;
an adapter plugged in meanwhile (USB, a dock) joins in. The asking is done by busybox's udhcpc, which then holds the
lease for as long as the visit lasts; what it is told is read by netboot/agent/net/lease.py alone.
Not for: wireless, IPv6, name service.
"""

import logging
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from netboot.agent.host import Host
from netboot.agent.net.lease import LONGEST, Lease, LeaseError, parse_lease
from netboot.agent.net.nics import normal_mac, read_nics
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Nic
from netboot.shared.language import Language
from netboot.shared.process import run

log = logging.getLogger(__name__)

FOLDER: Final = Path("/run/netboot")
SCRIPT: Final = Path("/usr/lib/netboot/dhcp-event")
PATIENCE: Final = 90.0
"""Seconds to ask for before giving up: spanning tree (50 s), then a DHCP server that answers late."""

BOOT_ADAPTER_FIRST: Final = 5.0
"""Seconds the adapter that booted is given before another is tried."""

SILENT_SERVER: Final = 20.0
"""Seconds after which the address of the adapter that booted is kept though the server does not answer by it: it may be
restarting. Another adapter's is kept so only when all patience is used up: it may lead to another LAN."""

_CONNECT_SECONDS: Final = 2.0

Reason = Literal["no-adapter", "no-cable", "no-address"]

SENTENCES: Final[dict[Reason, dict[Language, str]]] = {
    "no-adapter": {
        "fr": "Aucune carte réseau filaire n'a été trouvée. Branchez un adaptateur réseau USB.",
        "en": "No wired network adapter was found. Plug in a USB network adapter.",
    },
    "no-cable": {
        "fr": "Le câble réseau n'est pas branché, ou l'autre bout est éteint. Vérifiez le câble et le switch.",
        "en": "The network cable is not plugged in, or its other end is off. Check the cable and the switch.",
    },
    "no-address": {
        "fr": "Le réseau ne donne pas d'adresse à ce PC. Vérifiez que le serveur DHCP (la box) est allumé.",
        "en": "The network gives this PC no address. Check that the DHCP server (the router) is on.",
    },
}


@dataclass(frozen=True, slots=True)
class Connection:
    """How this PC is on the LAN. `address` carries its prefix ("192.0.2.17/24"); `gateway` is "" on a lone switch."""

    interface: str
    mac: str
    address: str
    gateway: str
    dns: tuple[str, ...]


class NoNetworkError(NetbootError):
    """No adapter got an address in time. `reason` says how far it came."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(SENTENCES[reason]["en"])
        self.reason = reason

    def sentence(self, language: Language) -> str:
        """What to do, for the person at the PC."""
        return SENTENCES[self.reason][language]


class Adapters(Protocol):
    """What is done to the PC's adapters; tests give another."""

    def wired(self) -> Sequence[Nic]: ...
    def has_cable(self, interface: str) -> bool: ...
    def ask(self, interface: str) -> None: ...
    def answer(self, interface: str) -> Lease | None: ...
    def use(self, interface: str, lease: Lease) -> None: ...
    def reaches(self, interface: str, server: tuple[str, int]) -> bool: ...
    def renew(self, interface: str) -> None: ...
    def leave(self, interface: str) -> None: ...


def bring_up(
    server: tuple[str, int],
    boot_mac: str = "",
    *,
    adapters: Adapters | None = None,
    patience: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Connection:
    """Get onto the LAN by the adapter that reaches `server` (address, TCP port), first by the one that booted.

    Blocks for `patience` seconds at most; may be called again. Raises NoNetworkError.
    """
    here = adapters or LinuxAdapters()
    boot = normal_mac(boot_mac)
    started = clock()
    asked: dict[str, Nic] = {}
    leases: dict[str, Lease] = {}
    while True:
        waited = clock() - started
        for nic in here.wired():
            if nic.name not in asked:
                asked[nic.name] = nic
                here.ask(nic.name)
        for name in preferred(asked.values(), boot, waited):
            lease = here.answer(name)
            if lease is None:
                continue
            if leases.get(name) != lease:
                here.use(name, lease)
                leases[name] = lease
            patient = SILENT_SERVER if asked[name].mac == boot else patience
            if here.reaches(name, server) or waited > patient:
                for other in asked:
                    if other != name:
                        here.leave(other)
                return _connection(name, asked[name].mac, lease)
        if waited > patience:
            cable = any(here.has_cable(name) for name in asked)
            raise NoNetworkError("no-address" if cable else "no-cable" if asked else "no-adapter")
        sleep(0.3)


def refresh(connection: Connection, *, adapters: Adapters | None = None) -> Connection:
    """The connection as the lease is now, set on the adapter if it changed; for when the line to the server broke.

    Raises NetbootError when the address cannot be set.
    """
    here = adapters or LinuxAdapters()
    lease = here.answer(connection.interface)
    if lease is None:
        return connection
    now = _connection(connection.interface, connection.mac, lease)
    if now != connection:
        here.use(connection.interface, lease)
    return now


def renew(connection: Connection, *, adapters: Adapters | None = None) -> None:
    """Ask for the address anew, for when the server stays silent: the LAN may have changed as a whole.

    `refresh` takes what comes of it; without an answer the address that there is stays in use. Raises NetbootError.
    """
    (adapters or LinuxAdapters()).renew(connection.interface)


def preferred(nics: Iterable[Nic], boot_mac: str, waited: float) -> list[str]:
    """The adapters to look at now, best first: for the first seconds only the one that booted, there or not yet."""
    ordered = sorted(nics, key=lambda nic: nic.mac != boot_mac)
    only_booted = bool(boot_mac) and waited < BOOT_ADAPTER_FIRST
    return [nic.name for nic in ordered if not only_booted or nic.mac == boot_mac]


def _connection(interface: str, mac: str, lease: Lease) -> Connection:
    dns = tuple(str(address) for address in lease.dns)
    return Connection(interface, mac, str(lease.address), str(lease.gateway or ""), dns)


class LinuxAdapters:
    """The adapters of the running PC, by sysfs, busybox's `ip` and `udhcpc`."""

    def wired(self) -> Sequence[Nic]:
        return read_nics(Host(), {})

    def has_cable(self, interface: str) -> bool:
        return Host().number(f"sys/class/net/{interface}/carrier") == 1

    def ask(self, interface: str) -> None:
        """Switch the adapter on and start udhcpc on it, unless one runs already (the agent may have been restarted)."""
        FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        run(["ip", "link", "set", "dev", interface, "up"], expect=None)
        # Busybox has short options only: 3 discovers, 2 s apart, then 3 s of rest, for ever.
        client = ("-f", "-i", interface, "-s", SCRIPT, "-t", "3", "-T", "2", "-A", "3")
        daemon = ("start-stop-daemon", "-S", "-b", "-o", "-m", "-p", _pid_file(interface), "-x", "/usr/bin/udhcpc")
        run((*daemon, "--", *client), expect=None)

    def answer(self, interface: str) -> Lease | None:
        try:
            with (FOLDER / f"{interface}.lease").open("rb") as file:
                return parse_lease(file.read(LONGEST))
        except FileNotFoundError:
            return None
        except LeaseError as error:
            log.warning("%s: %s", interface, error)
            return None

    def use(self, interface: str, lease: Lease) -> None:
        run(["ip", "-4", "addr", "flush", "dev", interface], expect=None)
        broadcast = str(lease.address.network.broadcast_address)
        run(["ip", "addr", "add", str(lease.address), "broadcast", broadcast, "dev", interface])
        if lease.gateway is not None:
            run(["ip", "route", "replace", "default", "via", str(lease.gateway), "dev", interface], expect=None)

    def reaches(self, interface: str, server: tuple[str, int]) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
            line.settimeout(_CONNECT_SECONDS)
            try:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
                line.connect(server)
            except OSError:
                return False
        return True

    def renew(self, interface: str) -> None:
        # Busybox 1.37 renews by unicast, then by broadcast, and begins anew when nobody answers (tried: 11 s from one
        # subnet into another). Left alone it would ask at half of its lease.
        signal = ("start-stop-daemon", "-K", "-o", "-q", "-s", "USR1")
        run((*signal, "-p", _pid_file(interface), "-x", "/usr/bin/udhcpc"), expect=None)

    def leave(self, interface: str) -> None:
        run(["start-stop-daemon", "-K", "-o", "-p", _pid_file(interface)], expect=None)
        run(["ip", "-4", "addr", "flush", "dev", interface], expect=None)


def _pid_file(interface: str) -> Path:
    return FOLDER / f"{interface}.pid"
