"""The log stays readable while a PC asks over and over."""

import logging
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest

from netboot.dhcp import log as dhcp_log
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import Arrival
from netboot.dhcp.log import AGAIN_AFTER, DhcpLog
from netboot.dhcp.packet import NO_ADDRESS, DhcpPacket, encode
from netboot.dhcp_proxy import BesideBuilding, BesideSettings

MakeClient = Callable[..., DhcpPacket]
ON_67 = Arrival(port=67, source=NO_ADDRESS, source_port=68)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was written at info or above since the last call."""
    caplog.set_level(logging.INFO, logger="netboot.dhcp.log")

    def taken() -> list[str]:
        found = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return found

    return taken


class Heard:
    """A core and its log."""

    def __init__(self) -> None:
        self.core = BesideBuilding(BesideSettings(BootFileNames(IPv4Address("10.77.0.2")), move_to_merged=False))
        self.log = DhcpLog()

    def __call__(self, packet: DhcpPacket, now: float) -> None:
        self.log.handled(self.core.receive(encode(packet), ON_67, now=now), ON_67, now)


def test_a_pc_that_asks_again_and_again_is_told_once_a_minute(
    make_client: MakeClient, lines: Callable[[], list[str]]
) -> None:
    heard = Heard()
    for second in range(int(AGAIN_AFTER)):
        heard(make_client(xid=7, secs=second), float(second))
    assert lines() == ["52:54:00:88:00:01 boots by bios: sent undionly.kpxe"]
    heard(make_client(xid=7, secs=61), AGAIN_AFTER)
    assert len(lines()) == 1


def test_made_up_pcs_fill_no_memory(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dhcp_log, "MAX_ENTRIES", 50)
    heard = Heard()
    for number in range(80):
        heard(make_client(mac=b"\2\0" + number.to_bytes(4)), number / 1000)
    assert len(heard.log) == 50


def test_firmware_that_is_not_served_and_asks_on_is_told_once(
    make_client: MakeClient, lines: Callable[[], list[str]]
) -> None:
    heard = Heard()
    for second in range(20):
        heard(make_client(architecture=11, xid=second), float(second))
    (told,) = lines()
    assert "ARM" in told
