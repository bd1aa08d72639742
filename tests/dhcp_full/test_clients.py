"""Real DHCP clients, a host that sits on an address, a restart, another server: on a switch made of namespaces."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from netboot.dhcp.address_plan import AddressPlan, Reservation, Route
from netboot.dhcp.arp_probe import ArpProber
from netboot.dhcp.leases import Lease, Leases
from netboot.dhcp.packet import DhcpPacket, MessageType, Op, Option, Options, decode, encode
from netboot.dhcp.rival import refuse_beside_another
from netboot.records.record import open_record
from netboot.shared.errors import NetbootError
from tests.dhcp_full.switch import SERVER, Switch, ip, run_in, serving
from tests.namespace import inside

pytestmark = pytest.mark.root

PLAN = AddressPlan(
    server=SERVER,
    network=IPv4Network("10.81.0.0/24"),
    first=IPv4Address("10.81.0.100"),
    last=IPv4Address("10.81.0.119"),
    lease=600,
    router=IPv4Address("10.81.0.254"),
    dns=(IPv4Address("10.81.0.53"),),
    domain="atelier.lan",
    routes=(Route(IPv4Network("192.168.5.0/24"), IPv4Address("10.81.0.253")),),
)
POOL = tuple(PLAN.pool())


@pytest.fixture(scope="module")
def switch() -> Iterator[Switch]:
    made = Switch()
    try:
        made.open()
        made.host("server", SERVER)
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def nobody_has_an_address(switch: Switch) -> None:
    switch.forget_leases()


@pytest.fixture
def record_file(tmp_path: Path) -> Path:
    return tmp_path / "record.sqlite"


def first_choice(mac: str) -> IPv4Address:
    """The address that this PC is to be offered when nobody has any."""
    lease = Leases(PLAN).offer(mac, None, now=0)
    assert lease is not None
    return lease.address


def address_of(namespace: str) -> IPv4Address | None:
    links = json.loads(run_in(namespace, "ip", "-json", "-4", "address", "show", "dev", "eth0").stdout)
    found = [entry["local"] for link in links for entry in link.get("addr_info", [])]
    return IPv4Address(found[0]) if found else None


def script(folder: Path, name: str, client: str) -> Path:
    """What a client calls with its news: it notes the environment and sets the address."""
    made = folder / name
    setting = {"udhcpc": '"$ip/${mask:-24}"', "dhclient": '"$new_ip_address/24"'}[client]
    word = {"udhcpc": "$1", "dhclient": "$reason"}[client]
    made.write_text(
        f"""#!/bin/sh
env >> {folder}/{name}.{client}
case {word} in
bound|renew|BOUND|REBOOT|RENEW) ip address replace {setting} dev eth0 ;;
esac
"""
    )
    made.chmod(0o755)
    return made


def told(folder: Path, name: str, client: str) -> dict[str, str]:
    lines = (folder / f"{name}.{client}").read_text().splitlines()
    return dict(line.partition("=")[::2] for line in lines)


def udhcpc(namespace: str, folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return run_in(
        namespace, "busybox", "udhcpc", "-f", "-q", "-n", "-t", "4", "-T", "2", "-i", "eth0",
        "-O", "staticroutes", "-s", str(script(folder, "udhcpc.sh", "udhcpc")), *more,
    )  # fmt: skip


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_udhcpc_gets_an_address_with_all_that_belongs_to_it(switch: Switch, record_file: Path, tmp_path: Path) -> None:
    pc = switch.host("udhcpc")
    with serving(switch, PLAN, record_file):
        done = udhcpc(pc, tmp_path)
    assert done.returncode == 0, done.stderr
    said = told(tmp_path, "udhcpc.sh", "udhcpc")
    assert IPv4Address(said["ip"]) == address_of(pc) == first_choice(switch.mac("udhcpc"))
    assert (said["serverid"], said["lease"], said["mask"]) == (str(SERVER), "600", "24")
    assert (said["router"], said["dns"], said["domain"]) == ("10.81.0.254", "10.81.0.53", "atelier.lan")
    assert said["staticroutes"] == "192.168.5.0/24 10.81.0.253 0.0.0.0/0 10.81.0.254"
    assert said["broadcast"] == "10.81.0.255"


def test_an_acknowledged_lease_is_on_the_record_and_a_restarted_server_keeps_it(
    switch: Switch, record_file: Path, tmp_path: Path
) -> None:
    pc, other = switch.host("udhcpc"), switch.host("other")
    with serving(switch, PLAN, record_file):
        udhcpc(other, tmp_path, "-r", str(first_choice(switch.mac("udhcpc"))))
        taken = address_of(other)
        udhcpc(pc, tmp_path)
    before = address_of(pc)
    assert taken == first_choice(switch.mac("udhcpc")) != before
    with open_record(record_file) as record:
        assert {(lease.address, lease.mac) for lease in record.leases.all() if lease.bound} == {
            (str(taken), switch.mac("other")),
            (str(before), switch.mac("udhcpc")),
        }
    switch.forget_leases()
    with serving(switch, PLAN, record_file):
        udhcpc(pc, tmp_path)
        assert address_of(pc) == before


def test_udhcpc_releases_its_address_when_it_ends(switch: Switch, record_file: Path, tmp_path: Path) -> None:
    pc = switch.host("udhcpc")
    command = ["ip", "netns", "exec", pc, "busybox", "udhcpc", "-f", "-R", "-i", "eth0",
               "-s", str(script(tmp_path, "udhcpc.sh", "udhcpc"))]  # fmt: skip
    with serving(switch, PLAN, record_file), open_record(record_file) as record:
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as client:
            wait_until(lambda: address_of(pc) is not None)
            client.terminate()
        wait_until(lambda: not any(lease.bound for lease in record.leases.all()))
        assert [lease.mac for lease in record.leases.all()] == [switch.mac("udhcpc")]


def test_dhclient_gets_an_address_renews_it_and_releases_it(switch: Switch, record_file: Path, tmp_path: Path) -> None:
    pc = switch.host("dhclient")
    words = ("-4", "-v", "-sf", str(script(tmp_path, "dhclient.sh", "dhclient")), "-lf", str(tmp_path / "leases"),
             "-pf", str(tmp_path / "pid"), "-cf", "/dev/null")  # fmt: skip
    with serving(switch, PLAN, record_file):
        bound = run_in(pc, "dhclient", "-1", *words, "eth0")
        try:
            assert bound.returncode == 0, bound.stderr
            address = address_of(pc)
            assert address == first_choice(switch.mac("dhclient"))
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
            # Started again, it asks for the same address: INIT-REBOOT.
            again = run_in(pc, "dhclient", "-1", *words, "eth0")
            assert f"DHCPREQUEST for {address}" in again.stderr
            assert f"DHCPACK of {address}" in again.stderr
        finally:
            released = run_in(pc, "dhclient", "-r", *words, "eth0")
        assert "DHCPRELEASE" in released.stderr
    assert told(tmp_path, "dhclient.sh", "dhclient")["new_domain_name_servers"] == "10.81.0.53"


def test_dhcpcd_gets_an_address(switch: Switch, record_file: Path) -> None:
    pc = switch.host("dhcpcd")
    # `ip netns exec` has mounts of its own: what dhcpcd keeps of its leases stays off this machine.
    alone = "mount -t tmpfs tmpfs /var/lib/dhcpcd && mount -t tmpfs tmpfs /run && exec dhcpcd "
    words = "--ipv4only --noipv4ll --oneshot --waitip=4 --timeout 20 --config /dev/null --script /bin/true eth0"
    with serving(switch, PLAN, record_file):
        done = run_in(pc, "sh", "-c", alone + words)
        assert done.returncode == 0, done.stderr
        assert address_of(pc) == first_choice(switch.mac("dhcpcd"))


def test_a_reservation_reaches_its_pc(switch: Switch, record_file: Path, tmp_path: Path) -> None:
    pc = switch.host("udhcpc")
    kept = IPv4Address("10.81.0.20")
    plan = replace(PLAN, reservations={switch.mac("udhcpc"): Reservation(kept, "pc-seven")})
    with serving(switch, plan, record_file):
        udhcpc(pc, tmp_path, "-O", "hostname")
    assert address_of(pc) == kept
    assert told(tmp_path, "udhcpc.sh", "udhcpc")["hostname"] == "pc-seven"


def test_an_address_that_somebody_uses_without_a_lease_is_not_offered(
    switch: Switch, record_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pc = switch.host("udhcpc")
    wanted = first_choice(switch.mac("udhcpc"))
    squatter = switch.host("squatter")
    ip("-n", squatter, "address", "replace", f"{wanted}/24", "dev", "eth0")
    told: list[Lease] = []
    with caplog.at_level(logging.WARNING), serving(switch, PLAN, record_file, told.append):
        done = udhcpc(pc, tmp_path)
    assert done.returncode == 0, done.stderr
    found = address_of(pc)
    assert found in POOL
    assert found != wanted
    assert [(lease.address, lease.mac) for lease in told] == [(wanted, switch.mac("squatter"))]
    assert f"{wanted} is in use by {switch.mac('squatter')}" in caplog.text


def test_a_client_that_declines_is_given_another_address(switch: Switch, record_file: Path) -> None:
    told: list[Lease] = []
    with serving(switch, PLAN, record_file, told.append), dhcp_socket(switch, "packets") as packets:
        first = ask(packets, MessageType.DISCOVER)
        selecting: Options = ((50, first.yiaddr.packed), (54, SERVER.packed))
        assert ask(packets, MessageType.REQUEST, selecting).message_type is MessageType.ACK
        send(packets, MessageType.DECLINE, selecting)
        second = ask(packets, MessageType.DISCOVER)
    assert second.yiaddr in POOL
    assert second.yiaddr != first.yiaddr
    assert [(lease.address, lease.mac) for lease in told] == [(first.yiaddr, "")]


def test_a_probe_holds_up_nobody_else(switch: Switch, record_file: Path, tmp_path: Path) -> None:
    with serving(switch, PLAN, record_file), dhcp_socket(switch, "packets") as packets:
        known = ask(packets, MessageType.DISCOVER)
        ask(packets, MessageType.REQUEST, ((50, known.yiaddr.packed), (54, SERVER.packed)))
        for number in range(2, 12):  # ten PCs whose addresses are being asked for
            send(packets, MessageType.DISCOVER, mac=b"\2\0\0\0\7" + bytes((number,)))
        began = time.monotonic()
        offer = ask(packets, MessageType.DISCOVER)
        assert time.monotonic() - began < 0.15
        assert offer.yiaddr == known.yiaddr


def test_the_prober_finds_who_uses_an_address_also_after_its_link_was_down(switch: Switch) -> None:
    squatter = switch.host("squatter")
    used = IPv4Address("10.81.0.77")
    ip("-n", squatter, "address", "replace", f"{used}/24", "dev", "eth0")

    async def ask_for_three() -> list[str | None]:
        prober = ArpProber("eth0")
        prober.open()
        try:
            # One address is asked for twice at the same time.
            free = IPv4Address("10.81.0.78")
            return list(await asyncio.gather(*(prober.holder(address) for address in (used, free, used))))
        finally:
            prober.close()

    async def ask_when_down_and_up_again() -> str | None:
        prober = ArpProber("eth0")
        prober.open()
        try:
            ip("-n", switch.host("prober"), "link", "set", "eth0", "down")
            with pytest.raises(OSError, match="down"):
                await prober.holder(used)
            ip("-n", switch.host("prober"), "link", "set", "eth0", "up")
            return await prober.holder(used)
        finally:
            prober.close()

    mac = switch.mac("squatter")
    switch.host("prober", IPv4Address("10.81.0.9"))
    assert inside(switch.host("prober"), lambda: asyncio.run(ask_for_three())) == [mac, None, mac]
    assert inside(switch.host("prober"), lambda: asyncio.run(ask_when_down_and_up_again())) == mac


# Another server


@contextmanager
def dnsmasq(switch: Switch, host: str, address: IPv4Address) -> Iterator[None]:
    """Debian's dnsmasq as the other server; it pings before it offers, as it does by default."""
    namespace = switch.host(host, address)
    command = [
        "ip", "netns", "exec", namespace, "dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--port=0",
        "--user=root", "--pid-file=", "--leasefile-ro", "--interface=eth0",
        "--dhcp-range=10.81.0.200,10.81.0.220,255.255.255.0,1h", "--log-facility=-",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stderr is not None
            while "DHCP, IP range" not in (line := program.stderr.readline()):
                assert line, "dnsmasq did not start"
            yield
        finally:
            program.terminate()


def refuse(switch: Switch) -> None:
    inside(switch.host("server"), lambda: asyncio.run(refuse_beside_another("eth0", SERVER)))


def test_another_server_on_the_switch_is_named_with_the_cure(switch: Switch) -> None:
    with dnsmasq(switch, "rival", IPv4Address("10.81.0.3")), pytest.raises(NetbootError) as refused:
        refuse(switch)
    assert "10.81.0.3" in refused.value.message
    assert "dhcp.mode: proxy" in refused.value.hint
    assert "--beside-another-dhcp" in refused.value.hint


def test_another_server_on_this_machine_is_found_by_its_port(switch: Switch) -> None:
    with dnsmasq(switch, "server", SERVER), pytest.raises(NetbootError, match="port 67") as refused:
        refuse(switch)
    assert "ss --udp" in refused.value.hint


def test_alone_on_the_switch_nothing_is_refused(switch: Switch) -> None:
    began = time.monotonic()
    refuse(switch)
    assert time.monotonic() - began < 6


# Packets by hand


@contextmanager
def dhcp_socket(switch: Switch, host: str) -> Iterator[socket.socket]:
    def opened() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        made.bind(("0.0.0.0", 68))
        made.settimeout(5)
        return made

    namespace = switch.host(host, IPv4Address("10.81.0.8"))
    with inside(namespace, opened) as made:
        yield made


def send(to: socket.socket, kind: MessageType, more: Options = (), mac: bytes = b"\2\0\0\0\0\7") -> None:
    options: Options = ((Option.MESSAGE_TYPE, bytes((kind,))), *more)
    to.sendto(
        encode(DhcpPacket(op=Op.BOOTREQUEST, xid=int.from_bytes(mac[2:]), chaddr=mac, options=options)),
        ("255.255.255.255", 67),
    )


def ask(to: socket.socket, kind: MessageType, more: Options = (), mac: bytes = b"\2\0\0\0\0\7") -> DhcpPacket:
    send(to, kind, more, mac)
    while (reply := decode(to.recv(4096))).chaddr != mac:
        pass
    return reply
