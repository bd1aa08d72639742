"""The sockets, in network namespaces made for the test: a server's and a PC's, with a cable between them."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from netboot.dhcp import service as dhcp_socket
from netboot.dhcp.boot_client import Firmware, Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.packet import BROADCAST_FLAG, DhcpPacket, MessageType, Option, decode, encode
from netboot.dhcp.service import BootSighting, DhcpService
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from netboot.shared.errors import NetbootError
from tests.dhcp.wire import EVERYBODY, ask, is_silent, running_service, udp_socket
from tests.namespace import inside

pytestmark = pytest.mark.root

MakeClient = Callable[..., DhcpPacket]

SERVER, PC = IPv4Address("10.79.0.2"), IPv4Address("10.79.0.100")


def service_on(interface: str = "eth0", on_boot_client: Callable[[BootSighting], None] | None = None) -> DhcpService:
    core = BesideBuilding(BesideSettings(BootFileNames(SERVER), move_to_merged=False))
    return DhcpService(core, interface=interface, address=SERVER, on_boot_client=on_boot_client)


class Wire:
    """A namespace for the server, one for the PC, and the cable between their eth0."""

    def __init__(self) -> None:
        self.server = f"netboot-dhcp-{os.getpid()}-server"
        self.pc = f"netboot-dhcp-{os.getpid()}-pc"

    def ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True, timeout=20)

    def plug(self, name: str = "eth0", network: str = "10.79.0") -> None:
        self.ip("-n", self.server, "link", "add", name, "type", "veth", "peer", "name", name, "netns", self.pc)
        for namespace, host in ((self.server, 2), (self.pc, 100)):
            self.ip("-n", namespace, "address", "add", f"{network}.{host}/24", "broadcast", "+", "dev", name)
            self.ip("-n", namespace, "link", "set", name, "up")

    def unplug(self, name: str = "eth0") -> None:
        self.ip("-n", self.server, "link", "delete", name)


def test_an_address_that_stays_is_no_news_to_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core forgets what it was asked by the old one: an MTU that changes alone is no reason."""
    told: list[IPv4Address] = []
    core = BesideBuilding(BesideSettings(BootFileNames(SERVER)))
    monkeypatch.setattr(core, "use_address", told.append)
    service = DhcpService(core, interface="eth0", address=SERVER)
    for address in (SERVER, PC, PC):
        service.use_address(address)
    assert told == [PC]


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    made = Wire()
    try:
        for namespace in (made.server, made.pc):
            made.ip("netns", "add", namespace)
            made.ip("-n", namespace, "link", "set", "lo", "up")
        made.plug()
        yield made
    finally:
        for namespace in (made.server, made.pc):
            subprocess.run(["ip", "netns", "delete", namespace], check=False, timeout=20)


@contextmanager
def second_lan(wire: Wire) -> Iterator[None]:
    wire.plug("eth1", "10.80.0")
    try:
        yield
    finally:
        wire.unplug("eth1")


@contextmanager
def serving(
    wire: Wire, interface: str = "eth0", on_boot_client: Callable[[BootSighting], None] | None = None
) -> Iterator[None]:
    """The service, started and running in the server's namespace."""
    with running_service(wire.server, lambda: service_on(interface, on_boot_client)):
        yield


@contextmanager
def pc_socket(wire: Wire, port: int, interface: str = "eth0") -> Iterator[socket.socket]:
    with udp_socket(wire.pc, port, interface) as made:
        yield made


def test_a_bios_pc_is_answered_by_broadcast_from_our_address(wire: Wire, make_client: MakeClient) -> None:
    seen: list[BootSighting] = []
    with serving(wire, on_boot_client=seen.append), pc_socket(wire, 68) as pc:
        offer, sender = ask(pc, make_client(architecture=0, xid=7))
    assert sender == (str(SERVER), 67)
    assert (offer.xid, offer.siaddr, offer.file) == (7, SERVER, b"undionly.kpxe")
    assert offer.option(Option.VENDOR_OPTIONS) == b"\x06\x01\x08\xff"
    assert [(one.mac, one.firmware, one.boot_file, one.refused) for one in seen] == [
        ("52:54:00:88:00:01", Firmware.BIOS, "undionly.kpxe", None)
    ]


def test_a_uefi_pc_goes_on_to_port_4011_and_is_answered_where_it_asked_from(
    wire: Wire, make_client: MakeClient
) -> None:
    with serving(wire), pc_socket(wire, 68) as pc, pc_socket(wire, 2048) as boot:
        offer, _ = ask(pc, make_client(architecture=7))
        assert offer.option(Option.VENDOR_OPTIONS) is None
        server_id = offer.option(Option.SERVER_ID)
        assert server_id is not None
        request = make_client(architecture=7, kind=MessageType.REQUEST, ciaddr=PC)
        ack, sender = ask(boot, request, to=str(IPv4Address(server_id)), port=4011)
    assert sender == (str(SERVER), 4011)
    assert ack.message_type is MessageType.ACK
    assert (ack.file, ack.option(Option.SERVER_ID)) == (b"shimx64.efi", server_id)


def test_a_relays_client_is_answered_through_the_relay(wire: Wire, make_client: MakeClient) -> None:
    with serving(wire), pc_socket(wire, 67) as relay:
        offer, sender = ask(relay, make_client(giaddr=PC, hops=1), to=str(SERVER))
    assert (offer.giaddr, sender) == (PC, (str(SERVER), 67))


def test_a_pc_on_another_interface_is_not_answered(wire: Wire, make_client: MakeClient) -> None:
    with second_lan(wire), serving(wire), pc_socket(wire, 68, "eth1") as other, pc_socket(wire, 68) as pc:
        other.sendto(encode(make_client()), (EVERYBODY, 67))
        assert is_silent(other)
        ask(pc, make_client())


def test_firmware_that_is_not_served_is_sighted_with_its_reason(wire: Wire, make_client: MakeClient) -> None:
    seen: list[BootSighting] = []
    with serving(wire, on_boot_client=seen.append), pc_socket(wire, 68) as pc:
        pc.sendto(encode(make_client(architecture=11)), (EVERYBODY, 67))
        pc.sendto(encode(make_client(architecture=11, method=b"a phone's DHCP")), (EVERYBODY, 67))
        assert is_silent(pc)
    assert [(one.firmware, one.refused, one.boot_file) for one in seen] == [
        (Firmware.UEFI_ARM, Reason.FIRMWARE_ARM, None)
    ]


def test_a_consumer_that_fails_does_not_stop_the_service(wire: Wire, make_client: MakeClient) -> None:
    def fail(_: BootSighting) -> None:
        raise RuntimeError("the page is gone")

    with serving(wire, on_boot_client=fail), pc_socket(wire, 68) as pc:
        for xid in (1, 2):
            offer, _ = ask(pc, make_client(xid=xid))
            assert offer.xid == xid


def test_garbage_on_both_ports_leaves_the_service_answering(wire: Wire, make_client: MakeClient) -> None:
    with serving(wire), pc_socket(wire, 68) as pc, pc_socket(wire, 2048) as boot:

        @hypothesis_settings(max_examples=150)
        @given(st.binary(max_size=2000), st.sampled_from([67, 4011]), st.integers(0, 240))
        def throw(garbage: bytes, port: int, kept: int) -> None:
            # The first bytes of a real packet lead deeper into the parser than noise alone.
            boot.sendto(encode(make_client(architecture=7))[:kept] + garbage, (str(SERVER), port))

        throw()
        for payload in (b"", bytes(5000), b"\xff" * 1500):
            boot.sendto(payload, (str(SERVER), 4011))
        offer, _ = ask(pc, make_client(xid=0xCAFE))
        assert offer.xid == 0xCAFE
        boot.settimeout(0.2)
        with suppress(TimeoutError):
            while boot.recvfrom(4096):
                pass
        boot.settimeout(5)
        ack, _ = ask(boot, make_client(architecture=7, kind=MessageType.REQUEST, xid=0xBEEF), str(SERVER), 4011)
        assert ack.xid == 0xBEEF


def test_a_cable_pulled_and_an_adapter_plugged_in_again_need_no_restart(wire: Wire, make_client: MakeClient) -> None:
    with serving(wire):
        wire.ip("-n", wire.server, "link", "set", "eth0", "down")
        wire.ip("-n", wire.server, "link", "set", "eth0", "up")
        with pc_socket(wire, 68) as pc:
            ask(pc, make_client(xid=1))
        wire.unplug()
        wire.plug()
        with pc_socket(wire, 68) as pc:
            ask(pc, make_client(xid=2))


def test_an_answer_that_cannot_be_sent_is_told_and_the_next_one_goes_out(
    wire: Wire, make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(wire), pc_socket(wire, 68) as pc:
        wire.ip("-n", wire.server, "address", "flush", "dev", "eth0")
        pc.sendto(encode(make_client(xid=1)), (EVERYBODY, 67))
        assert is_silent(pc)
        wire.ip("-n", wire.server, "address", "add", f"{SERVER}/24", "broadcast", "+", "dev", "eth0")
        ask(pc, make_client(xid=2))
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "still have the address 10.79.0.2?" in warnings[0]


def test_more_packets_than_can_wait_are_dropped_counted_and_told(
    wire: Wire, make_client: MakeClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dhcp_socket, "_DROPS_REPORTED_EVERY", 0.2)
    monkeypatch.setattr(dhcp_socket, "_RECEIVE_BUFFER", 1 << 14)
    seen: list[BootSighting] = []

    async def main(pc: socket.socket) -> None:
        service = service_on(on_boot_client=seen.append)
        await service.start()
        for number in range(100):
            await asyncio.to_thread(pc.sendto, encode(make_client(mac=number.to_bytes(6))), (EVERYBODY, 67))
        with suppress(TimeoutError):
            async with asyncio.timeout(1), asyncio.TaskGroup() as tasks:
                tasks.create_task(service.run())
                await asyncio.sleep(0.05)
                # The kernel tells of drops with the next packet that is let in.
                await asyncio.to_thread(pc.sendto, encode(make_client(mac=bytes(6))), (EVERYBODY, 67))
        service.close()

    with pc_socket(wire, 68) as pc:
        inside(wire.server, lambda: asyncio.run(main(pc)))
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert 0 < int(warning.split()[0]) == 101 - len(seen)


@pytest.mark.parametrize("port", [67, 4011])
def test_a_port_that_is_taken_is_refused_with_the_cure(wire: Wire, port: int) -> None:
    def take() -> socket.socket:
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        taken.bind(("0.0.0.0", port))
        return taken

    refusal = pytest.raises(NetbootError, match=f"UDP port {port} is taken")
    with inside(wire.server, take), refusal as refused, serving(wire):
        pass
    assert "ss --udp" in refused.value.hint
    with serving(wire):  # and nothing was left open by the refusal
        pass


def test_a_second_netboot_is_refused(wire: Wire) -> None:
    with serving(wire), pytest.raises(NetbootError, match="4011 is taken"), serving(wire):
        pass


def test_an_interface_that_is_not_there_is_named(wire: Wire) -> None:
    with (
        pytest.raises(NetbootError, match="no network interface 'eth9'"),
        serving(wire, "eth9"),
    ):
        pass


def test_without_the_right_to_its_ports_it_says_so(wire: Wire) -> None:
    program = (
        "import asyncio\n"
        "from ipaddress import IPv4Address\n"
        "from netboot.dhcp.boot_file import BootFileNames\n"
        "from netboot.dhcp_proxy import BesideBuilding, BesideSettings\n"
        "from netboot.dhcp.service import DhcpService\n"
        f"address = IPv4Address('{SERVER}')\n"
        "core = BesideBuilding(BesideSettings(BootFileNames(address)))\n"
        "asyncio.run(DhcpService(core, interface='eth0', address=address).start())\n"
    )
    weakened = ("setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-all")
    ended = subprocess.run(
        ["ip", "netns", "exec", wire.server, *weakened, sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "NetbootError: no right to open UDP port 67" in ended.stderr
    assert "start netboot as root" in ended.stderr


@contextmanager
def dnsmasq(wire: Wire, *more: str) -> Iterator[None]:
    command = ("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--no-ping")
    leases = (
        "--dhcp-range=10.79.0.50,10.79.0.60,1h",
        "--dhcp-range=10.80.0.50,10.80.0.60,1h",
        "--dhcp-leasefile=/dev/null",
    )
    process = subprocess.Popen(["ip", "netns", "exec", wire.server, *command, *leases, *more])
    try:
        time.sleep(0.5)
        assert process.poll() is None
        yield
    finally:
        process.terminate()
        process.wait(10)


def test_dnsmasq_with_its_default_settings_on_this_host_is_in_the_way(wire: Wire) -> None:
    with dnsmasq(wire), pytest.raises(NetbootError, match="UDP port 67 is taken") as refused, serving(wire):
        pass
    assert "bind-interfaces" in refused.value.hint


def test_dnsmasq_with_bind_interfaces_on_this_host_lives_beside_us(wire: Wire, make_client: MakeClient) -> None:
    with dnsmasq(wire, "--interface=eth0", "--bind-interfaces"), serving(wire), pc_socket(wire, 68) as pc:
        first, _ = ask(pc, make_client(flags=BROADCAST_FLAG))
        second = decode(pc.recvfrom(4096)[0])
    ours, buildings = sorted((first, second), key=lambda offer: offer.yiaddr)
    assert ours.file == b"undionly.kpxe"
    assert buildings.yiaddr in {IPv4Address(f"10.79.0.{host}") for host in range(50, 61)}


@pytest.mark.parametrize("dnsmasq_first", [True, False])
@pytest.mark.parametrize("interfaces", [("eth0",), ("eth0", "eth1")])
def test_a_lease_is_renewed_by_the_dnsmasq_beside_us(
    wire: Wire, make_client: MakeClient, interfaces: tuple[str, ...], dnsmasq_first: bool
) -> None:
    beside = dnsmasq(wire, "--bind-interfaces", *(f"--interface={name}" for name in interfaces))
    services = (beside, serving(wire)) if dnsmasq_first else (serving(wire), beside)
    with second_lan(wire), services[0], services[1], pc_socket(wire, 68) as pc:
        renewal = make_client(method=b"no boot client", kind=MessageType.REQUEST, ciaddr=PC, flags=BROADCAST_FLAG)
        answer, sender = ask(pc, renewal, to=str(SERVER))
    assert sender == (str(SERVER), 67)
    assert answer.message_type in (MessageType.ACK, MessageType.NAK)
