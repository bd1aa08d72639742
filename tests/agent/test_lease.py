"""Reading what a DHCP server said, friendly and hostile."""

from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.net.lease import Lease, LeaseError, parse_lease

RECORDED = Path(__file__).parent / "recorded/udhcpc-qemu-user.env"


def _environment(**values: str) -> bytes:
    return b"\0".join(f"{name}={value}".encode() for name, value in values.items())


def test_a_recorded_answer_is_read() -> None:
    lines = [line for line in RECORDED.read_bytes().splitlines() if not line.startswith(b"#")]
    assert parse_lease(b"\0".join(lines)) == Lease(
        IPv4Interface("10.0.2.15/24"), IPv4Address("10.0.2.2"), (IPv4Address("10.0.2.3"),)
    )


def test_a_lone_switch_gives_neither_gateway_nor_name_server() -> None:
    assert parse_lease(_environment(ip="192.0.2.9", subnet="255.255.255.0")) == Lease(
        IPv4Interface("192.0.2.9/24"), None, ()
    )


@pytest.mark.parametrize(
    "router", ["198.51.100.1", "192.0.2.9", "192.0.2.0", "192.0.2.255", "0.0.0.0", "192.0.2.1;reboot", "$(reboot)"]
)
def test_a_gateway_that_cannot_be_one_is_left_out(router: str) -> None:
    assert parse_lease(_environment(ip="192.0.2.9", subnet="255.255.255.0", router=router)).gateway is None


def test_the_first_gateway_of_the_network_counts_and_name_servers_are_few() -> None:
    lease = parse_lease(
        _environment(
            ip="192.0.2.9",
            subnet="255.255.255.0",
            router="203.0.113.1 192.0.2.1 192.0.2.2",
            dns="x 192.0.2.3 127.0.0.1 192.0.2.4 192.0.2.5 192.0.2.6",
        )
    )
    assert str(lease.gateway) == "192.0.2.1"
    assert [str(address) for address in lease.dns] == ["192.0.2.3", "192.0.2.4", "192.0.2.5"]


@pytest.mark.parametrize(
    "ip", ["", "127.0.0.1", "224.0.0.1", "0.0.0.0", "255.255.255.255", "192.0.2.0", "1.2.3", "::1"]
)
def test_an_address_no_pc_can_have_is_refused(ip: str) -> None:
    with pytest.raises(LeaseError):
        parse_lease(_environment(ip=ip, subnet="255.255.255.0"))


@pytest.mark.parametrize("subnet", ["", "255.0.255.0", "0.0.0.0", "255.255.255.255", "254.0.0.0", "24; ls", "-1"])
def test_a_network_no_lan_has_is_refused(subnet: str) -> None:
    with pytest.raises(LeaseError):
        parse_lease(_environment(ip="192.0.2.9", subnet=subnet))


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=40).map(lambda tail: b"subnet=255.255.255.0\0ip=" + tail)))
def test_garbage_is_refused_by_one_kind_of_error(environment: bytes) -> None:
    try:
        lease = parse_lease(environment)
    except LeaseError:
        return
    assert 8 <= lease.address.network.prefixlen <= 30
