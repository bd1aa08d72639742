"""A BIOS PC whose loader does not start is sent the next one, in each DHCP mode, and nobody else is."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

import pytest

from netboot.dhcp.address_plan import AddressPlan
from netboot.dhcp.bios_loaders import MAX_ENTRIES, ORDER, TIMES, WITHIN, BiosLoaders
from netboot.dhcp.boot_client import BootClient, read_boot_client
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import Arrival, Remark
from netboot.dhcp.full import FullDhcp
from netboot.dhcp.leases import Leases
from netboot.dhcp.packet import NO_ADDRESS, DhcpPacket, MessageType, Option, encode
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from netboot.jobs.policy import Loader, Policy, PolicyOf, nothing_set
from tests.dhcp.conftest import FULL_IPXE

MakeClient = Callable[..., DhcpPacket]

US = IPv4Address("10.77.0.2")
ON_67 = Arrival(port=67, source=NO_ADDRESS, source_port=68)
ADDRESS = IPv4Address("10.77.0.101")
NAMES = BootFileNames(US)
PLAN = AddressPlan(US, IPv4Network("10.77.0.0/24"), IPv4Address("10.77.0.101"), IPv4Address("10.77.0.101"))


class Bench:
    """One PC before a server of our own or beside the building's; `now` goes on by a minute a start."""

    def __init__(self, make_client: MakeClient, *, full: bool, policy_of: PolicyOf = nothing_set) -> None:
        self._make = make_client
        self._xid = 0
        self.now = 0.0
        self.core = (
            FullDhcp(PLAN, Leases(PLAN), NAMES, policy_of) if full else BesideBuilding(BesideSettings(NAMES), policy_of)
        )
        self.remark: Remark | None = None
        self.news = False

    def _hear(self, packet: DhcpPacket) -> str:
        """The boot file that it is answered with, "" for none."""
        core = self.core
        if isinstance(core, BesideBuilding):
            handled = core.receive(encode(packet), ON_67, now=self.now)
        else:
            step = core.receive(encode(packet), ON_67, now=self.now)
            if step.probe is not None:
                after = core.probed(step.probe, None, now=self.now)
                assert after is not None
                step = after
            handled = step.handled
        self.remark, self.news = handled.remark, handled.news
        return handled.boot_file

    def start(self, **words: object) -> str:
        """Power on, take an address, and load the file that is named, which is returned."""
        self._xid += 1
        self.now += 60.0
        file = self._hear(self._make(xid=self._xid, **words))
        told = self.remark, self.news
        server = US if isinstance(self.core, FullDhcp) else IPv4Address("10.77.0.1")
        takes = ((Option.REQUESTED_ADDRESS, ADDRESS.packed), (Option.SERVER_ID, server.packed))
        self._hear(self._make(xid=self._xid, kind=MessageType.REQUEST, more=takes, **words))
        self.remark, self.news = told
        if isinstance(self.core, BesideBuilding):
            self.core.fetched_by(ADDRESS)
        self.core.loaded_by(ADDRESS)
        return file

    def comes_up(self) -> None:
        """iPXE asks for its script."""
        assert self.start(user_class=b"iPXE", ipxe=FULL_IPXE) == NAMES.url("/boot/ipxe")
        self.core.came_up_at(ADDRESS)


everywhere = pytest.mark.parametrize("full", [False, True])


@everywhere
def test_after_three_starts_whose_loader_was_not_heard_of_again_the_next_is_sent(
    make_client: MakeClient, full: bool
) -> None:
    bench = Bench(make_client, full=full)
    sent = [(bench.start(), bench.remark, bench.news) for _ in range(3 * TIMES + 1)]
    assert [file for file, _, _ in sent] == [
        *["undionly.kpxe"] * TIMES,
        *["ipxe.pxe"] * TIMES,
        *["undionly.kkpxe"] * TIMES,
        "undionly.kpxe",
    ]
    assert [remark for _, remark, _ in sent] == [
        *[None] * TIMES,
        *[Remark.SENT_IPXE_PXE] * TIMES,
        *[Remark.SENT_UNDIONLY_KKPXE] * TIMES,
        Remark.EACH_LOADER_TRIED,
    ]
    assert [news for _, _, news in sent] == [number > 0 and number % TIMES == 0 for number in range(len(sent))]


@everywhere
def test_a_loader_that_comes_up_is_kept(make_client: MakeClient, full: bool) -> None:
    bench = Bench(make_client, full=full)
    for _ in range(TIMES):
        bench.start()
    for _ in range(2 * TIMES):
        assert bench.start() == "ipxe.pxe"
        bench.comes_up()


@everywhere
def test_a_pc_that_comes_to_the_menu_each_time_is_sent_the_usual_loader(make_client: MakeClient, full: bool) -> None:
    bench = Bench(make_client, full=full)
    for _ in range(2 * TIMES):
        assert bench.start() == "undionly.kpxe"
        bench.comes_up()
        assert bench.remark is None


@everywhere
def test_a_pc_that_is_switched_off_before_it_has_its_loader_is_not_sent_another(
    make_client: MakeClient, full: bool
) -> None:
    bench = Bench(make_client, full=full)
    for _ in range(2 * TIMES):
        bench.core.loaded_by(IPv4Address("10.77.0.200"))  # somebody else's
        assert bench._hear(make_client(xid=bench._xid)) == "undionly.kpxe"
        bench.now += 60
        bench._xid += 1


@everywhere
def test_an_old_ipxe_in_the_adapter_is_sent_the_next_loader_too(make_client: MakeClient, full: bool) -> None:
    bench = Bench(make_client, full=full)
    assert [bench.start(user_class=b"iPXE") for _ in range(TIMES + 1)][-1] == "ipxe.pxe"


@everywhere
@pytest.mark.parametrize("loader", ORDER)
def test_what_is_set_for_a_pc_stays(make_client: MakeClient, full: bool, loader: Loader) -> None:
    bench = Bench(make_client, full=full, policy_of=lambda mac, uuid="": Policy(loader=loader))
    assert len({bench.start() for _ in range(2 * TIMES)}) == 1


@everywhere
@pytest.mark.parametrize("architecture", [6, 7])
def test_uefi_is_not_meant(make_client: MakeClient, full: bool, architecture: int) -> None:
    bench = Bench(make_client, full=full)
    assert len({bench.start(architecture=architecture) for _ in range(2 * TIMES)}) == 1


def client(make_client: MakeClient, number: int) -> BootClient:
    found = read_boot_client(make_client(mac=b"\2\0" + number.to_bytes(4)))
    assert isinstance(found, BootClient)
    return found


def test_starts_of_other_days_do_not_add_up(make_client: MakeClient) -> None:
    loaders, pc = BiosLoaders(), client(make_client, 1)
    for day in range(3 * TIMES):
        assert not loaders.note_discover(pc, Policy(), day * (WITHIN + 1))
        loaders.loaded(pc.mac)


def test_made_up_macs_fill_no_memory(make_client: MakeClient) -> None:
    loaders = BiosLoaders()
    for number in range(MAX_ENTRIES + 50):
        loaders.note_discover(client(make_client, number), Policy(), number * 0.001)
    assert len(loaders) == MAX_ENTRIES
