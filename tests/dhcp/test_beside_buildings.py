"""Packet clients of every kind of firmware beside every kind of building's DHCP server, in both modes.

The building's servers are real: dnsmasq, ISC dhcpd and Kea, each once as it should be and once with stray boot options.
The PC's port on the LAN is a namespace of its own; a further PC is behind a relay.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import pytest_asyncio

from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import Remark
from netboot.dhcp.packet import NO_ADDRESS, wire_size
from netboot.dhcp.service import BootSighting, DhcpService
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from netboot.jobs.policy import DhcpMode, nothing_set
from netboot.lab.building import start_building, start_server
from netboot.lab.building_kinds import FAR_GATEWAY, FAR_NETWORK, Kind, StrayOptions
from netboot.lab.network import BUILDING, INTERFACE, NETWORK, SERVER, Lan, open_lan
from netboot.lab.relay import start_relay
from netboot.lan.interfaces import Interface
from netboot.records.record import open_record
from netboot.serve.dhcp_mode import ServedDhcp
from netboot.settings.config import DhcpSettings, Settings
from netboot.shared.errors import NetbootError
from tests.dhcp.pxe_client import NotBootedError, PxeClient, ask_boot_server, boot, choose, offers_to
from tests.dhcp.wire import running_service
from tests.namespace import inside

pytestmark = [pytest.mark.root, pytest.mark.asyncio(loop_scope="module")]

PC = NETWORK[3]
STRAY = StrayOptions(
    class_identifier="PXEClient", server_name="10.77.0.66", boot_file="pxelinux.0", next_server=NETWORK[66]
)
FIRMWARES = {
    "bios": (PxeClient(0, b"\x52\x54\0\1\0\0"), "undionly.kpxe"),
    "uefi": (PxeClient(7, b"\x52\x54\0\1\0\1"), "shimx64.efi"),
    "ia32": (PxeClient(6, b"\x52\x54\0\1\0\4"), "grubnetia32.efi"),
    "ia32-http": (PxeClient(15, b"\x52\x54\0\1\0\5", method=b"HTTPClient"), f"http://{SERVER}/grubnetia32.efi"),
    "ipxe": (PxeClient(0, b"\x52\x54\0\1\0\2", ipxe=True), f"http://{SERVER}/boot/ipxe"),
    "http": (PxeClient(16, b"\x52\x54\0\1\0\3", method=b"HTTPClient"), f"http://{SERVER}/shimx64.efi"),
}


@dataclass(frozen=True, slots=True)
class Street:
    """A LAN with its building's DHCP server, a PC on it, and one behind a relay."""

    lan: Lan
    pc: str
    far: str


@asynccontextmanager
async def open_street(kind: Kind, stray: StrayOptions) -> AsyncIterator[Street]:
    async with open_lan() as lan:
        pc = lan.run.namespace("pc")
        await lan.attach(pc, PC)
        await start_building(lan, stray, kind)
        yield Street(lan, pc, (await start_relay(lan)).far)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Kind))
async def street(request: pytest.FixtureRequest) -> AsyncIterator[Street]:
    """A building whose DHCP knows nothing of network boot."""
    async with open_street(request.param, StrayOptions()) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Kind))
async def stray_street(request: pytest.FixtureRequest) -> AsyncIterator[Street]:
    """A building whose DHCP says PXEClient to everybody, and names a boot server of its own."""
    async with open_street(request.param, STRAY) as made:
        yield made


@contextmanager
def serving(street: Street, mode: DhcpMode, seen: list[BootSighting] | None = None) -> Iterator[None]:
    sightings = [] if seen is None else seen

    def service() -> DhcpService:
        core = BesideBuilding(BesideSettings(BootFileNames(SERVER), mode=mode))
        return DhcpService(core, interface="eth0", address=SERVER, on_boot_client=sightings.append)

    with running_service(street.lan.server, service):
        yield


both_modes = pytest.mark.parametrize("mode", ["proxy", "merged"])
each_firmware = pytest.mark.parametrize("firmware", FIRMWARES)


@both_modes
@each_firmware
async def test_a_pc_gets_the_buildings_address_and_our_boot_file(street: Street, mode: DhcpMode, firmware: str) -> None:
    client, boot_file = FIRMWARES[firmware]
    with serving(street, mode):
        booted = boot(street.pc, client)
    assert booted.address in NETWORK
    assert (booted.router, booted.server, booted.boot_file) == (BUILDING, SERVER, boot_file)
    assert booted.merged is (mode == "merged")


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
async def test_a_sloppy_pc_boots_by_merged_offers_of_the_size_that_every_pc_takes(
    street: Street, firmware: str
) -> None:
    client, boot_file = FIRMWARES[firmware]
    with serving(street, "merged"):
        heard = offers_to(street.pc, replace(client, sloppy=True))
        booted = boot(street.pc, replace(client, sloppy=True))
    assert (booted.server, booted.boot_file, booted.merged) == (SERVER, boot_file, True)
    (offer,) = [offer for offer in heard if offer.siaddr == SERVER]
    assert wire_size(offer) <= 548
    assert [offer.option(code) for code in (66, 67)] == [f"{SERVER}\0".encode(), f"{boot_file}\0".encode()]


@both_modes
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
async def test_a_pc_behind_a_relay_gets_an_address_of_its_own_subnet(
    street: Street, mode: DhcpMode, firmware: str
) -> None:
    client, boot_file = FIRMWARES[firmware]
    with serving(street, mode):
        booted = boot(street.far, client)
    assert booted.address in FAR_NETWORK
    assert (booted.router, booted.server, booted.boot_file) == (FAR_GATEWAY, SERVER, boot_file)
    assert booted.merged is (mode == "merged")


@pytest.mark.parametrize("firmware", ["bios", "uefi", "http"])
async def test_merged_offers_are_free_of_the_buildings_stray_options(stray_street: Street, firmware: str) -> None:
    client, boot_file = FIRMWARES[firmware]
    with serving(stray_street, "merged"):
        booted = boot(stray_street.pc, client)
    assert booted.address in NETWORK
    assert (booted.server, booted.boot_file, booted.merged) == (SERVER, boot_file, True)


@pytest.mark.parametrize("firmware", ["bios", "http"])
async def test_a_pc_that_stray_options_do_not_concern_boots_at_its_first_try(
    stray_street: Street, firmware: str
) -> None:
    client, boot_file = FIRMWARES[firmware]
    with serving(stray_street, "proxy"):
        booted = boot(stray_street.pc, client)
    assert booted.address in NETWORK
    assert (booted.server, booted.boot_file, booted.merged) == (SERVER, boot_file, False)


async def test_an_ipxe_beside_a_stray_option_60_keeps_our_offer_unless_the_buildings_comes_first(
    stray_street: Street,
) -> None:
    client, boot_file = FIRMWARES["ipxe"]
    with serving(stray_street, "proxy"):
        offers = {offer.siaddr: offer for offer in offers_to(stray_street.pc, client)}
    ours, theirs = offers.pop(SERVER), offers.pop(STRAY.next_server or NO_ADDRESS)
    assert not offers
    assert ours.file.decode() == boot_file
    assert choose(client, [ours, theirs]) == (theirs, ours)
    assert choose(client, [theirs, ours]) == (theirs, None)


async def test_a_uefi_pc_that_a_stray_option_60_leads_astray_is_moved_to_merged_and_boots(stray_street: Street) -> None:
    client, boot_file = FIRMWARES["uefi"]
    with serving(stray_street, "proxy"):
        with pytest.raises(NotBootedError, match=f"4011 of {BUILDING}"):
            boot(stray_street.pc, client)
        booted = boot(stray_street.pc, client)
    assert (booted.server, booted.boot_file, booted.merged) == (SERVER, boot_file, True)


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
async def test_a_pc_that_drops_offers_without_an_address_is_moved_to_merged_and_boots(
    street: Street, firmware: str
) -> None:
    client, boot_file = FIRMWARES[firmware]
    stubborn = replace(client, split_offers=False)
    seen: list[BootSighting] = []
    with serving(street, "proxy", seen):
        with pytest.raises(NotBootedError, match="PXE-E53"):
            boot(street.pc, stubborn)
        booted = boot(street.pc, stubborn)
    assert (booted.server, booted.boot_file, booted.merged) == (SERVER, boot_file, True)
    assert [one.remark for one in seen] == [None, *[Remark.MOVED_TO_MERGED] * 3]


async def test_a_server_started_again_between_discover_and_4011_answers_there(street: Street) -> None:
    client, boot_file = FIRMWARES["uefi"]
    with serving(street, "proxy"):
        assert boot(street.pc, client).boot_file == boot_file
    with serving(street, "proxy"):
        assert ask_boot_server(street.pc, client, IPv4Address(SERVER)).file.decode() == boot_file


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_dhcp_server_on_the_same_machine_lives_beside_proxy_and_merged_is_refused_with_the_cure(
    kind: Kind, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_lan() as lan:
        pc = lan.run.namespace("pc")
        await lan.attach(pc, PC)
        await start_server(lan, lan.server, StrayOptions(), kind)
        with serving(Street(lan, pc, ""), "proxy"):
            for firmware in ("bios", "uefi"):
                client, boot_file = FIRMWARES[firmware]
                booted = boot(pc, client)
                assert (booted.address in NETWORK, booted.server, booted.boot_file) == (True, SERVER, boot_file)
        with pytest.raises(NetbootError) as refused:
            inside(lan.server, lambda: asyncio.run(start_and_stop("merged", tmp_path)))
        assert "set `dhcp.mode: proxy`" in refused.value.hint
        caplog.clear()
        inside(lan.server, lambda: asyncio.run(start_and_stop("proxy", tmp_path)))
        assert "PCs behind a relay will not be answered" in caplog.text
        assert "no PC is moved to `merged`" in caplog.text


async def start_and_stop(mode: DhcpMode, folder: Path) -> None:
    """Start what `dhcp.mode` names, as the server does."""
    dhcp = ServedDhcp(
        Settings(dhcp=DhcpSettings(mode=mode)),
        Interface(name=INTERFACE, address=SERVER, network=NETWORK),
        nothing_set,
        building=None,
        plan=None,
        on_boot_client=lambda sighting: None,
    )
    with open_record(folder / "record.sqlite") as record:
        async with AsyncExitStack() as stack:
            await dhcp.start(stack, record)
