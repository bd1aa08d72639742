"""How names follow from the address plan and the settings of a switch of our own."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from netboot.dhcp.address_plan import AddressPlan, Reservation
from netboot.dns.naming import directory, with_names
from netboot.jobs.named import Named
from netboot.settings.names import DEFAULT_DOMAIN, NamesSettings
from netboot.shared.errors import NetbootError

SERVER = IPv4Address("10.77.0.2")
MAC, OTHER = "98:fa:9b:00:00:01", "98:fa:9b:00:00:02"
PRINTER = Reservation(IPv4Address("10.77.0.9"), "Printer")


def plan(*, domain: str = "", dns: tuple[IPv4Address, ...] = ()) -> AddressPlan:
    return AddressPlan(
        server=SERVER,
        network=IPv4Network("10.77.0.0/24"),
        first=IPv4Address("10.77.0.100"),
        last=IPv4Address("10.77.0.199"),
        domain=domain,
        dns=dns,
        reservations={MAC: PRINTER},
    )


def test_pcs_are_told_of_this_name_server_and_its_domain_where_nothing_else_was_set() -> None:
    named = with_names(plan(), NamesSettings())
    assert (named.domain, named.dns) == (DEFAULT_DOMAIN, (SERVER,))
    other = IPv4Address("10.77.0.1")
    kept = with_names(plan(domain="Atelier.lan", dns=(other,)), NamesSettings())
    assert (kept.domain, kept.dns) == ("atelier.lan", (other,))
    assert with_names(plan(), NamesSettings(answer=False)) == plan()


@pytest.mark.parametrize(
    ("domain", "forward", "told"),
    [
        ("atelier.local", (), "mDNS"),
        (".".join(["long" * 15] * 4), (), "no room"),
        ("", ("10.77.0.1", "10.77.0.2"), "ask itself"),
    ],
)
def test_what_cannot_be_right_is_told_with_what_to_do(domain: str, forward: tuple[str, ...], told: str) -> None:
    with pytest.raises(NetbootError, match=told) as caught:
        with_names(plan(domain=domain), NamesSettings(forward=forward))
    assert caught.value.hint


def test_a_reservation_gives_a_name_until_a_job_gives_another() -> None:
    leases = {MAC: IPv4Address("10.77.0.9"), OTHER: IPv4Address("10.77.0.100")}
    assert set(directory(plan(), lambda: leases, ()).hosts().addresses) == {"printer"}
    known = [Named("one", "pc-1", OTHER), Named("two", "pc-2", MAC)]
    assert set(directory(plan(), lambda: leases, known).hosts().addresses) == {"pc-1", "pc-2"}
