"""Who has which name: the newest wins, and nothing is given out without a lease."""

from collections.abc import Mapping
from ipaddress import IPv4Address

from netboot.dns.directory import FRESH, Directory
from netboot.jobs.named import Named
from netboot.lan.query_rate import QueryRate

ONE, TWO = "98:fa:9b:00:00:01", "98:fa:9b:00:00:02"
LEASES = {ONE: IPv4Address("10.77.0.101"), TWO: IPv4Address("10.77.0.102")}


def directory(*known: Named, leases: Mapping[str, IPv4Address] = LEASES) -> Directory:
    return Directory(lambda: leases, lambda: 0.0, known)


def test_a_pc_has_its_name_as_long_as_it_has_a_lease() -> None:
    named = Named("a", "atelier-1", ONE)
    hosts = directory(named).hosts()
    assert hosts.addresses == {"atelier-1": LEASES[ONE]}
    assert hosts.names == {LEASES[ONE]: "atelier-1"}
    assert directory(named, leases={}).hosts().addresses == {}


def test_a_name_belongs_to_the_pc_that_got_it_last() -> None:
    hosts = directory(Named("a", "atelier", ONE), Named("b", "atelier", TWO)).hosts()
    assert hosts.addresses == {"atelier": LEASES[TWO]}


def test_a_pc_and_an_adapter_have_one_name_each() -> None:
    assert directory(Named("a", "old", ONE), Named("a", "new", ONE)).hosts().addresses == {"new": LEASES[ONE]}
    assert directory(Named("a", "old", ONE), Named("b", "new", ONE)).hosts().addresses == {"new": LEASES[ONE]}


def test_a_pc_whose_disk_was_erased_has_no_name_any_more() -> None:
    assert directory(Named("a", "atelier-1", ONE), Named("a", "", ONE)).hosts().addresses == {}


def test_no_profile_can_take_the_servers_own_name() -> None:
    assert directory(Named("a", "netboot", ONE)).hosts().addresses == {}


def test_the_leases_are_looked_at_once_a_second_and_after_each_new_name() -> None:
    now = 0.0
    looks = []

    def leases() -> Mapping[str, IPv4Address]:
        looks.append(now)
        return LEASES

    shown = Directory(leases, lambda: now)
    for _ in range(5):
        shown.hosts()
    assert len(looks) == 1
    shown.learn(Named("a", "atelier-1", ONE))
    assert shown.hosts().addresses == {"atelier-1": LEASES[ONE]}
    now += FRESH
    shown.hosts()
    assert looks == [0.0, 0.0, FRESH]


def test_a_client_that_asks_too_much_is_bounded_for_that_second_alone() -> None:
    rate = QueryRate(client=3, everybody=5)
    assert [rate.allows("a", 7.2) for _ in range(4)] == [True, True, True, False]
    assert [rate.allows("b", 7.9) for _ in range(3)] == [True, True, False]
    assert rate.allows("a", 8.0)
    assert rate.refused == 2
