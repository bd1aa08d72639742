"""Which PC has which name and address now, on a switch where netboot gives the addresses (no I/O).

Names come from the record and from jobs as they end, addresses from the leases. Nobody on the LAN can claim a name: the
name that a PC gives itself (DHCP options 12 and 81) is ignored.
"""

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address
from typing import Final

from netboot.dns.responder import SERVER_LABEL, Hosts
from netboot.jobs.named import Named

Leases = Callable[[], Mapping[str, IPv4Address]]
"""The address that each MAC address (lower case, with colons) has now. Called in the event loop: from memory."""

FRESH: Final = 1.0
"""Seconds for which the same picture is shown, so that a flood of queries costs one."""


class Directory:
    """The PCs' names. A name belongs to the PC that got it last, a PC and an adapter have one name each."""

    def __init__(self, leases: Leases, clock: Callable[[], float], known: Iterable[Named] = ()) -> None:
        self._leases = leases
        self._clock = clock
        self._named: dict[str, Named] = {}
        self._hosts = Hosts({}, {})
        self._until = float("-inf")
        for named in known:
            self.learn(named)

    def learn(self, named: Named) -> None:
        """A PC was imaged, or lost its name with its disk's content."""
        gone = [m for m, n in self._named.items() if n.hostname == named.hostname or n.mac == named.mac]
        for machine in {named.machine, *gone}:
            self._named.pop(machine, None)
        # The server's own name is never a PC's, whatever a profile says.
        if named.hostname not in ("", SERVER_LABEL):
            self._named[named.machine] = named
        self._until = float("-inf")

    def hosts(self) -> Hosts:
        """Names and addresses as they are now, at most a second old."""
        now = self._clock()
        if now >= self._until:
            leases = self._leases()
            hosts = {n.hostname: leases[n.mac] for n in self._named.values() if n.mac in leases}
            self._hosts = Hosts(hosts, {address: name for name, address in hosts.items()})
            self._until = now + FRESH
        return self._hosts
