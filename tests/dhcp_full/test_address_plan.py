"""Settings that are wrong are told with their line; what does not fit the interface's network is told at the start."""

from ipaddress import IPv4Address, IPv4Interface

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from netboot.dhcp.address_plan import LARGEST_POOL, plan_addresses
from netboot.lan.interfaces import Interface
from netboot.settings.config import parse_settings
from netboot.settings.dhcp_full import DhcpFullSettings, ReservationSettings, RouteSettings
from netboot.shared.errors import NetbootError


def interface(address: str = "10.0.0.1/24", *, dynamic: bool = False) -> Interface:
    both = IPv4Interface(address)
    return Interface(name="eth1", address=both.ip, network=both.network, dynamic=dynamic)


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("pool: 10.0.0.100", 3, "first and the last address"),
        ("pool: 10.0.0.200-10.0.0.100", 3, "first and the last address"),
        ("lease: 60", 3, "120"),
        ("router: gateway", 3, "10.0.0.254"),
        ("dns: [10.0.0.1, ns.lan]", 3, "list of addresses"),
        ("dns: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5]", 3, "length"),
        ("domain: -lan", 3, "atelier.lan"),
        ("routes: [{to: 192.168.5.0, via: 10.0.0.9}]", 3, "192.168.5.0/24"),
        (
            "routes:\n      - {to: 10.5.0.0/24, via: 10.0.0.9}\n      - {to: 10.5.0.1/24, via: 10.0.0.9}",
            5,
            "`to`",
        ),
        ("reservations:\n      - {mac: '52:54:00:12:34', address: 10.0.0.9}", 4, "52:54:00:12:34:56"),
        ("reservations:\n      - {mac: '52:54:00:12:34:56', name: a.b}", 4, "letters, digits, hyphens"),
        ("reservations:\n      - {mac: '52:54:00:12:34:56'}", 4, "`address` or a `name`"),
        (
            "reservations:\n      - {mac: '52:54:00:12:34:56', name: a}\n      - {mac: 52-54-00-12-34-56, name: b}",
            3,
            "52:54:00:12:34:56",
        ),
        ("reservation: []", 3, "reservation"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line_and_what_was_expected(text: str, line: int, expected: str) -> None:
    with pytest.raises(NetbootError) as refused:
        parse_settings(f"dhcp:\n  full:\n    {text}\n", source="netboot.yaml")
    assert f"netboot.yaml, line {line}:" in refused.value.message
    assert expected in refused.value.message


@pytest.mark.parametrize(
    ("address", "first", "last"),
    [
        ("10.0.0.1/24", "10.0.0.128", "10.0.0.254"),
        ("192.168.1.2/29", "192.168.1.4", "192.168.1.6"),
        ("192.168.1.1/30", "192.168.1.2", "192.168.1.2"),
        ("192.168.1.2/30", "192.168.1.1", "192.168.1.2"),
        ("10.0.0.1/16", "10.0.128.0", "10.0.143.255"),
    ],
)
def test_without_a_pool_the_upper_half_of_the_network_is_given(address: str, first: str, last: str) -> None:
    plan = plan_addresses(DhcpFullSettings(), interface(address))
    assert (str(plan.first), str(plan.last)) == (first, last)


@hypothesis_settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(8, 30))
def test_a_pool_of_no_settings_never_holds_what_must_not_be_given(number: int, prefix: int) -> None:
    ours = interface(f"{IPv4Address(number)}/{prefix}")
    if ours.address in (ours.network.network_address, ours.network.broadcast_address) or ours.address.is_link_local:
        return
    pool = tuple(plan_addresses(DhcpFullSettings(), ours).pool())
    assert 0 < len(pool) <= LARGEST_POOL
    assert all(address in ours.network for address in (pool[0], pool[-1]))
    assert not {ours.address, ours.network.network_address, ours.network.broadcast_address} & set(pool)


@pytest.mark.parametrize(
    ("address", "pool"),
    [("10.0.0.1/23", ""), ("192.168.4.1/22", ""), ("10.0.0.1/16", ""), ("10.0.0.1/23", "10.0.0.200-10.0.1.50")],
)
def test_a_pool_gives_no_address_that_looks_like_a_networks_own_or_its_broadcast(address: str, pool: str) -> None:
    plan = plan_addresses(DhcpFullSettings(pool=pool), interface(address))
    assert not {int(given) & 0xFF for given in plan.pool()} & {0x00, 0xFF}
    assert len(tuple(plan.pool())) > 100


def test_a_reservation_may_name_such_an_address() -> None:
    one = ReservationSettings(mac="98-FA-9B-12-34-56", address="10.0.0.255")
    plan = plan_addresses(DhcpFullSettings(reservations=(one,)), interface("10.0.0.1/23"))
    assert plan.reserved("98:fa:9b:12:34:56") == IPv4Address("10.0.0.255")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (DhcpFullSettings(pool="192.168.0.10-192.168.0.20"), "192.168.0.10 is not an address for a PC"),
        (DhcpFullSettings(pool="10.0.0.10-10.0.0.255"), "10.0.0.255 is not an address for a PC"),
        (DhcpFullSettings(pool="10.0.0.1-10.0.0.1"), "leaves no address"),
        (DhcpFullSettings(router="192.168.0.1"), "`dhcp.full.router`"),
        (DhcpFullSettings(routes=(RouteSettings(to="192.168.5.0/24", via="10.9.0.1"),)), "`dhcp.full.routes`"),
        (
            DhcpFullSettings(reservations=(ReservationSettings(mac="52:54:00:12:34:56", address="10.9.0.1"),)),
            "`dhcp.full.reservations`",
        ),
        (
            DhcpFullSettings(reservations=(ReservationSettings(mac="52:54:00:12:34:56", address="10.0.0.1"),)),
            "own address",
        ),
    ],
)
def test_what_does_not_fit_the_network_is_told_at_the_start(settings: DhcpFullSettings, expected: str) -> None:
    with pytest.raises(NetbootError) as refused:
        plan_addresses(settings, interface())
    assert expected in refused.value.message
    assert refused.value.hint


def test_a_pool_that_is_too_large_is_refused() -> None:
    with pytest.raises(NetbootError, match=str(LARGEST_POOL)):
        plan_addresses(DhcpFullSettings(pool="10.0.0.2-10.0.20.1"), interface("10.0.0.1/16"))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (interface("10.0.0.1/31"), "no room"),
        (interface("169.254.7.7/16"), "made up for itself"),
        (interface(dynamic=True), "another DHCP server"),
    ],
)
def test_an_interface_that_cannot_give_addresses_is_told_how_to_get_one_that_can(
    where: Interface, expected: str
) -> None:
    with pytest.raises(NetbootError) as refused:
        plan_addresses(DhcpFullSettings(), where)
    assert expected in refused.value.message
    assert "give the interface" in refused.value.hint


def test_a_mac_may_be_written_either_way_and_a_reserved_address_is_nobody_elses() -> None:
    one = ReservationSettings(mac="98-FA-9B-12-34-56", address="10.0.0.200", name="printer")
    plan = plan_addresses(DhcpFullSettings(reservations=(one,)), interface())
    assert plan.reserved("98:fa:9b:12:34:56") == IPv4Address("10.0.0.200")
    assert IPv4Address("10.0.0.200") not in set(plan.pool())
    assert len(set(plan.pool())) == 126


def test_beside_another_server_ours_is_not_authoritative() -> None:
    assert plan_addresses(DhcpFullSettings(), interface()).authoritative
    assert not plan_addresses(DhcpFullSettings(beside_another=True), interface()).authoritative
