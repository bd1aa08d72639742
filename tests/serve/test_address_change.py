"""A whole server whose network changes under it: what a PC gets before and after. No PC and no server is restarted."""

import asyncio
import socket
import urllib.request
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest
import pytest_asyncio

from netboot.agent.net import link as link_module
from netboot.auth.server_keys import load_key, public_key
from netboot.lab.building import start_building
from netboot.lab.network import INTERFACE, NETWORK, SERVER, Lan, ip_in, open_lan
from netboot.lab.service import Service, open_service
from tests.boot_files import BOOT_FILES
from tests.dhcp.pxe_client import NotBootedError, PxeClient, ask_boot_server, boot
from tests.namespace import inside
from tests.serve.agent_on_lan import agent_on

pytestmark = [pytest.mark.root, *BOOT_FILES, pytest.mark.asyncio(loop_scope="module")]

UEFI = PxeClient(7, b"\x52\x54\0\2\0\1")
OTHER = NETWORK[9]
TOLD_WITHIN = 20.0
FOLLOWED_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server on a LAN with a building's DHCP, and a PC's namespace."""

    lan: Lan
    service: Service
    pc: str

    async def readdress(self, address: IPv4Address) -> None:
        """Give the server's interface this one address."""
        await ip_in(
            self.lan.server,
            f"address flush dev {INTERFACE}",
            f"address add {address}/{NETWORK.prefixlen} broadcast + dev {INTERFACE}",
        )

    async def has_only(self, address: IPv4Address) -> None:
        """Give the server's interface this one address, and wait until DHCP names it."""
        since = len(self.service.log())
        await self.readdress(address)
        await self.service.wait_for_log(f"our address on {INTERFACE} is {address} now", TOLD_WITHIN, since=since)
        for _ in range(20):
            await asyncio.sleep(0.2)
            with suppress(NotBootedError):  # one that asks in the very moment of the change starts from its disk
                if boot(self.pc, UEFI).server == address:
                    return
        raise AssertionError(f"no offer names {address}")

    def over_http(self, address: IPv4Address) -> str:
        with inside(self.pc, lambda: urllib.request.urlopen(f"http://{address}/ipxe", timeout=5)) as answer:
            return str(answer.read().decode())

    def over_tftp(self, address: IPv4Address) -> str:
        def fetched() -> bytes:
            got = b""
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.settimeout(5)
                asking.sendto(b"\0\1/grub/grub.cfg\0octet\0", (str(address), 69))
                while True:
                    block, sender = asking.recvfrom(2048)
                    assert block.startswith(b"\0\3")
                    got += block[4:]
                    asking.sendto(b"\0\4" + block[2:4], sender)
                    if len(block) < 516:
                        return got

        return inside(self.pc, fetched).decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    masters = tmp_path_factory.mktemp("masters")
    (masters / "store").mkdir()
    load_key(masters)
    async with open_lan() as lan, open_service(lan, masters) as service:
        pc = lan.run.namespace("pc")
        await lan.attach(pc, NETWORK[3])
        await start_building(lan)
        await service.start()
        yield Served(lan, service, pc)


async def test_a_server_stopped_and_started_between_discover_and_4011_boots_the_pc(served: Served) -> None:
    assert boot(served.pc, UEFI).boot_file == "shimx64.efi"
    assert await served.service.stop() == 0
    await served.service.start()
    assert ask_boot_server(served.pc, UEFI, SERVER).file == b"shimx64.efi"


async def test_a_link_that_goes_and_comes_back_is_told_and_needs_no_restart(served: Served) -> None:
    await ip_in(served.lan.server, f"link set dev {INTERFACE} down")
    seen = await served.service.wait_for_log(f"{INTERFACE} has no link", TOLD_WITHIN)
    with pytest.raises(NotBootedError):
        boot(served.pc, UEFI)
    await ip_in(served.lan.server, f"link set dev {INTERFACE} up")
    await served.service.wait_for_log(f"{INTERFACE} serves PCs again", TOLD_WITHIN, since=seen)
    assert boot(served.pc, UEFI).server == SERVER
    assert f"http://{SERVER}" in served.over_http(SERVER)


async def test_a_new_address_is_told_and_used_by_dhcp_tftp_http_and_the_menus(served: Served) -> None:
    assert f"http://{SERVER}" in served.over_http(SERVER)
    try:
        await served.has_only(OTHER)
        assert f"http://{OTHER}" in served.over_http(OTHER)
        for text in (served.over_http(OTHER), served.over_tftp(OTHER)):
            assert str(OTHER) in text
            assert str(SERVER) not in text
    finally:
        await served.has_only(SERVER)
    assert f"http://{SERVER}" in served.over_http(SERVER)


async def test_an_mtu_that_changes_alone_moves_nothing_and_fails_nothing(served: Served) -> None:
    since = len(served.service.log())
    try:
        await ip_in(served.lan.server, f"link set dev {INTERFACE} mtu 1400")
        await served.service.wait_for_log(f"{INTERFACE} has packets of 1400 bytes now", TOLD_WITHIN, since=since)
        assert str(SERVER) in served.over_tftp(SERVER)
        assert boot(served.pc, UEFI).server == SERVER
        assert [entry for entry in served.service.log()[since:] if entry["level"] == "error"] == []
    finally:
        await ip_in(served.lan.server, f"link set dev {INTERFACE} mtu 1500")


async def test_an_agent_on_the_line_follows_a_server_whose_address_changes_also_while_it_is_stopped(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says hello again at the new address by itself; a server that restarts where it was is not looked for."""
    monkeypatch.setattr(link_module, "HEARTBEAT", 2.0)
    key = public_key(load_key(served.service.data))
    with agent_on(served.pc, SERVER, key) as agent:
        try:
            assert await asyncio.to_thread(agent.welcomed.get, timeout=10) == f"http://{SERVER}:80"
            await served.service.stop()
            await served.service.start()
            assert await asyncio.to_thread(agent.welcomed.get, timeout=FOLLOWED_WITHIN) == f"http://{SERVER}:80"
            assert agent.moves == []

            await served.has_only(OTHER)
            assert await asyncio.to_thread(agent.welcomed.get, timeout=FOLLOWED_WITHIN) == f"http://{OTHER}:80"

            await served.service.stop()
            await served.readdress(SERVER)
            await served.service.start()
            assert await asyncio.to_thread(agent.welcomed.get, timeout=FOLLOWED_WITHIN) == f"http://{SERVER}:80"
        finally:
            await served.readdress(SERVER)
        assert agent.moves == [f"http://{OTHER}:80", f"http://{SERVER}:80"]
