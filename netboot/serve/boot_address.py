"""Moves the boot services to a new address, when the interface's address changes while netboot serves.

In this order: HTTP, TFTP, the menus that name the address, and DHCP last, so that no offer names an address that does
not answer yet. Not for: noticing the change (lan/address_watch.py), telling agents (whereabouts_service.py).
"""

import asyncio
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Final

from aiohttp import web

from netboot.boothttp.files import BootHttp
from netboot.bootmenu.boot_menu import BootMenu
from netboot.lan.interfaces import Interface
from netboot.lan.tcp_listener import BACKLOG, Listener
from netboot.serve.dhcp_mode import ServedDhcp
from netboot.tftp import TftpServer

ANSWERED: Final = b"set answered=yes\n"
"""By this GRUB's menu knows that the server answers: none of its commands tells."""


class BootAddress:
    """The boot HTTP server's place on the LAN.

    `listen` opens its port on an address, `agent` makes the agent's archive.
    """

    def __init__(
        self,
        runner: web.AppRunner,
        listen: Callable[[IPv4Address], Listener],
        *,
        boot_http: BootHttp,
        menu: BootMenu,
        agent: Callable[[Interface], bytes],
        tftp: TftpServer,
        dhcp: ServedDhcp,
    ) -> None:
        self._runner = runner
        self._listen = listen
        self._boot_http = boot_http
        self._menu = menu
        self._agent = agent
        self._tftp = tftp
        self._dhcp = dhcp
        self._site: web.SockSite | None = None
        self._address: IPv4Address | None = None

    @property
    def address(self) -> IPv4Address | None:
        """Where HTTP is served now."""
        return self._address

    async def open(self, address: IPv4Address) -> None:
        """Serve HTTP on this address of ours, and on no other. Raises NetbootError."""
        if address == self._address:
            return
        site = web.SockSite(self._runner, self._listen(address), backlog=BACKLOG)
        await site.start()
        if self._site is not None:
            await self._site.stop()
        self._site, self._address = site, address

    async def move(self, interface: Interface) -> None:
        """Serve on the interface's new address. Raises NetbootError; what was moved by then stays moved."""
        self._dhcp.must_be_able_to_move(interface)
        await self.open(interface.address)
        await self._tftp.move(str(interface.address))
        self._menu.use_address(interface.address)
        self._boot_http.rendered.update(rendered(self._menu, await asyncio.to_thread(self._agent, interface)))
        self._dhcp.use_address(interface.address)


def rendered(menu: BootMenu, agent: bytes) -> dict[str, bytes]:
    """The small boot files that are made in memory, by name."""
    return {
        "agent.img": agent,
        "ipxe": menu.ipxe_start().encode(),
        "grub/grub.cfg": menu.grub_start().encode(),
        "answered.grub": ANSWERED,
    }
