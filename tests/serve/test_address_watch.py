"""An interface that loses its link or its address, or gets another one: each is logged once, and acted on."""

import asyncio
import logging
from ipaddress import IPv4Address, IPv4Network

import pytest
from msgspec.structs import replace

from netboot.lan.address_watch import AddressWatch, Trouble, interface_now
from netboot.lan.interfaces import Address, Interface, Link
from netboot.shared.errors import NetbootError
from netboot.tftp import TftpServer, TftpSettings

SERVED = Interface(name="eth0", address=IPv4Address("10.77.0.2"), network=IPv4Network("10.77.0.0/24"))
UP = ("BROADCAST", "UP", "LOWER_UP")


def link(*addresses: str, flags: tuple[str, ...] = UP) -> Link:
    infos = tuple(Address(family="inet", local=one, prefixlen=24, scope="global") for one in addresses)
    return Link(ifname="eth0", flags=flags, link_type="ether", addr_info=infos)


def test_the_address_that_is_served_is_kept_while_it_is_there() -> None:
    assert interface_now([link("10.77.0.9", "10.77.0.2")], SERVED) == SERVED


def test_another_address_is_taken_when_it_went() -> None:
    assert interface_now([link("10.77.0.9")], SERVED) == replace(SERVED, address=IPv4Address("10.77.0.9"))


@pytest.mark.parametrize(
    ("links", "trouble"),
    [
        ([], "gone"),
        ([link("10.77.0.2", flags=("BROADCAST",))], "no-cable"),
        ([link("10.77.0.2", flags=("NO-CARRIER", "BROADCAST", "UP"))], "no-cable"),
        ([link()], "no-address"),
    ],
)
def test_what_keeps_pcs_from_being_served_is_named(links: list[Link], trouble: Trouble) -> None:
    assert interface_now(links, SERVED) == trouble


class Watched:
    """A watch over links that a test sets."""

    def __init__(self) -> None:
        self.links = [link("10.77.0.2")]
        self.moved: list[str] = []
        self.troubles: list[Trouble | None] = []
        self.refuse = False
        self.watch = AddressWatch(SERVED, on_move=self._move, on_trouble=self.troubles.append, read=lambda: self.links)

    async def _move(self, found: Interface) -> None:
        if self.refuse:
            raise NetbootError("port 80 is taken", hint="stop it")
        self.moved.append(str(found.address))

    def look(self, *links: Link) -> None:
        self.links = list(links)
        asyncio.run(self.watch.look_again())


def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    watched = Watched()
    for _ in range(3):
        watched.look(link("10.77.0.2", flags=("UP",)))
    for _ in range(3):
        watched.look(link("10.77.0.2"))
    assert watched.troubles == ["no-cable", None]
    assert watched.moved == []
    assert ["no link" in caplog.messages[0], "serves PCs again" in caplog.messages[1]] == [True, True]
    assert len(caplog.messages) == 2


def test_a_new_address_is_moved_to_once_and_tried_again_where_that_failed() -> None:
    watched = Watched()
    watched.refuse = True
    watched.look(link("10.77.0.9"))
    assert watched.moved == []
    watched.refuse = False
    for _ in range(2):
        watched.look(link("10.77.0.9"))
    assert watched.moved == ["10.77.0.9"]
    watched.look(link("10.77.0.2"))
    assert watched.moved == ["10.77.0.9", "10.77.0.2"]


async def test_tftp_that_has_moved_already_is_moved_once_more_without_a_word() -> None:
    tftp = TftpServer(TftpSettings(address="127.0.0.1", port=0), lambda name: None)
    await tftp.start()
    port = tftp.port
    try:
        for _ in range(2):
            await tftp.move("127.0.0.2")
        assert tftp.port == port
    finally:
        tftp.close()
