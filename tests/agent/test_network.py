"""Which adapter the agent keeps, and what it says when there is none. Time is the test's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface

import pytest

from netboot.agent.net.lease import Lease
from netboot.agent.net.network import Connection, NoNetworkError, bring_up, preferred, refresh, renew
from netboot.shared.inventory import Nic

SERVER = ("192.0.2.1", 80)
ETH0, ETH1 = Nic(name="eth0", mac="52:54:00:00:00:01"), Nic(name="eth1", mac="52:54:00:00:00:02")


def _lease(address: str) -> Lease:
    return Lease(IPv4Interface(address), None, ())


@dataclass
class Lan:
    """Adapters on a LAN: each gets its lease, and reaches the server, from some second on."""

    nics: dict[float, Nic]
    leases: dict[str, tuple[float, Lease]] = field(default_factory=dict)
    reachable: dict[str, float] = field(default_factory=dict)
    cables: frozenset[str] = frozenset({"eth0", "eth1"})
    now: float = 0.0
    used: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)

    def wired(self) -> Sequence[Nic]:
        return [nic for since, nic in self.nics.items() if self.now >= since]

    def has_cable(self, interface: str) -> bool:
        return interface in self.cables

    def ask(self, interface: str) -> None:
        self.asked.append(interface)

    def answer(self, interface: str) -> Lease | None:
        since, lease = self.leases.get(interface, (float("inf"), _lease("0.0.0.0/0")))
        return lease if self.now >= since else None

    def use(self, interface: str, lease: Lease) -> None:
        self.used.append((interface, str(lease.address)))

    def reaches(self, interface: str, server: tuple[str, int]) -> bool:
        assert server == SERVER
        return self.now >= self.reachable.get(interface, float("inf"))

    def renew(self, interface: str) -> None:
        self.renewed.append(interface)

    def leave(self, interface: str) -> None:
        self.left.append(interface)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def bring_up(self, boot_mac: str = "") -> Connection:
        clock: Callable[[], float] = lambda: self.now  # noqa: E731
        return bring_up(SERVER, boot_mac, adapters=self, clock=clock, sleep=self.sleep)


def test_one_adapter_that_gets_an_answer_is_kept() -> None:
    lan = Lan({0: ETH0}, {"eth0": (2, _lease("192.0.2.9/24"))}, {"eth0": 0})
    assert lan.bring_up() == Connection("eth0", ETH0.mac, "192.0.2.9/24", "", ())
    assert lan.now < 3


def test_spanning_tree_that_opens_the_port_after_50_seconds_is_waited_for() -> None:
    lan = Lan({0: ETH0}, {"eth0": (50, _lease("192.0.2.9/24"))}, {"eth0": 50})
    assert lan.bring_up(ETH0.mac).interface == "eth0"


def test_the_adapter_that_booted_comes_first_and_the_others_are_left_alone_again() -> None:
    leases = {"eth0": (0.0, _lease("192.0.2.9/24")), "eth1": (3.0, _lease("192.0.2.10/24"))}
    lan = Lan({0: ETH0, 0.1: ETH1}, leases, {"eth0": 0, "eth1": 0})
    assert lan.bring_up("52-54-00-00-00-02").interface == "eth1"
    assert lan.left == ["eth0"]


def test_an_address_from_another_lan_is_not_kept_when_a_second_adapter_reaches_the_server() -> None:
    leases = {"eth0": (1.0, _lease("10.0.0.9/24")), "eth1": (8.0, _lease("192.0.2.10/24"))}
    lan = Lan({0: ETH0, 0.1: ETH1}, leases, {"eth1": 0})
    assert lan.bring_up().interface == "eth1"


def test_a_server_that_restarts_does_not_cost_the_address() -> None:
    lan = Lan({0: ETH0}, {"eth0": (1, _lease("192.0.2.9/24"))})
    assert lan.bring_up(ETH0.mac).interface == "eth0"
    assert 20 < lan.now < 25


def test_a_slow_port_of_the_adapter_that_booted_is_waited_for_longer_than_another_lans_address() -> None:
    leases = {"eth0": (2.0, _lease("10.0.0.9/24")), "eth1": (50.0, _lease("192.0.2.10/24"))}
    lan = Lan({0: ETH0, 0.1: ETH1}, leases, {"eth1": 50})
    assert lan.bring_up(ETH1.mac).interface == "eth1"


def test_another_adapters_address_is_kept_in_the_end_though_the_server_is_silent() -> None:
    lan = Lan({0: ETH0}, {"eth0": (1, _lease("192.0.2.9/24"))})
    assert lan.bring_up(ETH1.mac).interface == "eth0"
    assert lan.now > 60


def test_an_adapter_plugged_in_late_is_used() -> None:
    lan = Lan({40: ETH1}, {"eth1": (42, _lease("192.0.2.9/24"))}, {"eth1": 0})
    assert lan.bring_up().interface == "eth1"


def test_each_adapter_is_asked_once_and_each_lease_set_once() -> None:
    lan = Lan({0: ETH0}, {"eth0": (1, _lease("192.0.2.9/24"))}, {"eth0": 9})
    lan.bring_up()
    assert lan.asked == ["eth0"]
    assert lan.used == [("eth0", "192.0.2.9/24")]


@pytest.mark.parametrize(
    ("lan", "reason"),
    [
        (Lan({}), "no-adapter"),
        (Lan({0: ETH0}, cables=frozenset()), "no-cable"),
        (Lan({0: ETH0}), "no-address"),
    ],
)
def test_what_is_missing_is_said_in_both_languages_after_more_than_a_minute(lan: Lan, reason: str) -> None:
    with pytest.raises(NoNetworkError) as raised:
        lan.bring_up()
    assert raised.value.reason == reason
    assert raised.value.sentence("fr") != raised.value.sentence("en")
    assert lan.now > 60


def test_a_lease_that_changed_is_set_again() -> None:
    lan = Lan({0: ETH0}, {"eth0": (0, _lease("192.0.2.33/24"))})
    before = Connection("eth0", ETH0.mac, "192.0.2.9/24", "", ())
    assert refresh(before, adapters=lan).address == "192.0.2.33/24"
    assert lan.used == [("eth0", "192.0.2.33/24")]


def test_a_way_out_that_changed_is_set_again() -> None:
    address = _lease("192.0.2.9/24").address
    lan = Lan({0: ETH0}, {"eth0": (0, Lease(address, address.network[1], ()))})
    before = Connection("eth0", ETH0.mac, "192.0.2.9/24", "", ())
    assert refresh(before, adapters=lan).gateway == "192.0.2.1"
    assert lan.used == [("eth0", "192.0.2.9/24")]


def test_a_lease_that_did_not_change_is_left_alone() -> None:
    lan = Lan({0: ETH0}, {"eth0": (0, _lease("192.0.2.9/24"))})
    before = Connection("eth0", ETH0.mac, "192.0.2.9/24", "", ())
    assert refresh(before, adapters=lan) == before
    assert lan.used == []


def test_the_address_of_the_adapter_that_is_used_is_asked_for_anew() -> None:
    lan = Lan({0: ETH0})
    renew(Connection("eth0", ETH0.mac, "192.0.2.9/24", "", ()), adapters=lan)
    assert lan.renewed == ["eth0"]


def test_the_adapter_that_booted_has_a_few_seconds_for_itself() -> None:
    assert preferred([ETH0, ETH1], "", 0.0) == ["eth0", "eth1"]
    assert preferred([ETH0, ETH1], "52:54:00:00:00:99", 0.0) == []
    assert preferred([ETH0, ETH1], "52:54:00:00:00:99", 6.0) == ["eth0", "eth1"]
    assert preferred([ETH0, ETH1], ETH1.mac, 60.0) == ["eth1", "eth0"]
