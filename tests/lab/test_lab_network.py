import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from netboot.lab.building import start_building
from netboot.lab.network import BUILDING, Lan, open_lan
from netboot.lab.runs import NAMESPACES, claim_run
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

pytestmark = pytest.mark.root

ANSWER = """
import os, socket
listener = socket.socket(fileno=3)
assert (os.environ["LISTEN_FDS"], os.environ["LISTEN_PID"]) == ("1", str(os.getpid()))
peer, _ = listener.accept()
peer.sendall(" ".join(name for _, name in socket.if_nameindex()).encode())
"""

CLIENT = """
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
client.bind(("", 68))
client.settimeout(10)
client.sendto(bytes.fromhex(sys.argv[1]), ("255.255.255.255", 67))
print(client.recv(2000).hex())
"""

OWNER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from netboot.lab.building import start_building
from netboot.lab.firmware import Firmware
from netboot.lab.machine import power_on, workshop_pc
from netboot.lab.network import open_lan

async def main():
    async with open_lan(Path(sys.argv[1])) as lan:
        building = await start_building(lan)
        async with power_on(lan, workshop_pc(1, Firmware.BIOS)) as pc:
            print(lan.run.name, building.program.pid, pc.pid, flush=True)
            await asyncio.sleep(600)

asyncio.run(main())
"""


def host_network() -> list[object]:
    """Links, addresses and routes of the host itself, without the counters and lifetimes that change."""
    links = [link["ifname"] for link in json.loads(run(["ip", "-json", "link"]).stdout)]
    addresses = [
        (link["ifname"], [(a["local"], a["prefixlen"]) for a in link["addr_info"]])
        for link in json.loads(run(["ip", "-json", "address"]).stdout)
    ]
    return [links, addresses, json.loads(run(["ip", "-json", "route"]).stdout)]


def namespaces() -> set[str]:
    return {path.name for path in NAMESPACES.glob("netboot-lab-*")} if NAMESPACES.exists() else set()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_the_lan_joins_its_hosts_and_leaves_the_real_network_as_it_was() -> None:
    before = host_network()
    async with open_lan() as lan:
        async with await lan.spawn(lan.server, ["ping", "-c", "1", "-W", "5", str(BUILDING)], name="ping") as ping:
            assert await ping.wait() == 0, ping.tail()
        assert host_network() == before
        mine = {lan.wire, lan.server, lan.building}
        assert mine <= namespaces()
    assert host_network() == before
    assert not mine & namespaces()
    assert not lan.folder.exists()


async def test_a_socket_of_the_hosts_loopback_is_served_from_inside_the_lan(lan: Lan) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await lan.spawn(lan.server, [sys.executable, "-c", ANSWER], name="answer", pass_fds=[listener.fileno()])
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        assert (await asyncio.wait_for(reader.read(), 20)).decode().split() == ["lo", "eth0"]
        writer.close()


async def test_the_buildings_dhcp_server_gives_an_address_a_gateway_and_no_boot_option(lan: Lan) -> None:
    building = await start_building(lan)
    # A packet client: DISCOVER from the server's host, as a PC without network boot sends it.
    discover = bytes([1, 1, 6, 0]) + b"\x11\x22\x33\x44" + bytes([0, 0, 0x80, 0]) + bytes(16)
    discover += (
        bytes.fromhex("525400ab0001") + bytes(10 + 192) + bytes.fromhex("63825363 350101 3707 0103 06 3c 42 43 2b ff")
    )
    asking = [sys.executable, "-c", CLIENT, discover.hex()]
    async with await lan.spawn(lan.server, asking, name="client") as asked:
        assert await asked.wait() == 0, asked.tail()
    offer = bytes.fromhex(asked.log.read_text())
    options: dict[int, bytes] = {}
    at = 240
    while offer[at] != 255:
        options[offer[at]] = offer[at + 2 : at + 2 + offer[at + 1]]
        at += 2 + offer[at + 1]
    assert options[53] == b"\x02"
    assert options[3] == BUILDING.packed
    assert not {43, 60, 66, 67} & set(options)
    assert offer[20:24] in (bytes(4), BUILDING.packed)
    assert building.leases_file.exists()


async def test_a_second_run_leaves_a_living_one_alone(lan: Lan) -> None:
    with claim_run(lan.folder.parent) as other:
        assert other.name != lan.run.name
    assert lan.folder.exists()
    assert lan.server in namespaces()


async def test_a_killed_run_takes_its_programs_along_and_the_next_run_sweeps_the_rest(tmp_path: Path) -> None:
    base = tmp_path / "lab"
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, base, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    assert owner.stdout is not None
    name, *pids = (await asyncio.wait_for(owner.stdout.readline(), 30)).decode().split()
    assert all(is_running(int(pid)) for pid in pids)
    left = {one for one in namespaces() if one.startswith(f"netboot-lab-{name}-")}
    assert len(left) == 3
    os.kill(owner.pid, signal.SIGKILL)
    await owner.wait()
    for _ in range(100):
        if not any(is_running(int(pid)) for pid in pids):
            break
        await asyncio.sleep(0.05)
    assert not any(is_running(int(pid)) for pid in pids)
    assert left <= namespaces()
    with claim_run(base) as following:
        assert not left & namespaces()
        assert [path for path in base.iterdir() if path.is_dir()] == [following.folder]
    assert [path for path in base.iterdir() if path.is_dir()] == []


async def test_a_run_that_ends_while_others_begin_is_removed_once(tmp_path: Path) -> None:
    """Its lock goes with its folder: who looked just then took it for a dead run's, and both removed it."""
    base = tmp_path / "lab"

    def runs() -> None:
        for _ in range(10):
            with claim_run(base) as own:
                for number in range(50):
                    (own.folder / str(number)).mkdir()

    await asyncio.gather(*(asyncio.to_thread(runs) for _ in range(4)))
    assert [path for path in base.iterdir() if path.is_dir()] == []


async def test_a_program_that_outlived_a_killed_run_is_ended_by_the_sweep(tmp_path: Path) -> None:
    base = tmp_path / "lab"
    with claim_run(base) as dead:
        namespace = dead.namespace("wire")
    # What a dead run looks like when one of its programs had not been told to die with it.
    (base / dead.name).mkdir()
    run(["ip", "netns", "add", namespace])
    program = await asyncio.create_subprocess_exec("nsenter", f"--net={NAMESPACES / namespace}", "sleep", "600")
    await asyncio.sleep(0.2)
    with claim_run(base):
        assert await asyncio.wait_for(program.wait(), 5) == -signal.SIGKILL
        assert namespace not in namespaces()


async def test_what_a_killed_run_left_mounted_is_let_go_of(tmp_path: Path) -> None:
    base = tmp_path / "lab"
    with claim_run(base) as dead:
        pass
    image, place = base / dead.name / "store.img", base / dead.name / "data" / "store"
    place.mkdir(parents=True)
    image.write_bytes(b"")
    os.truncate(image, 8 << 20)
    run(["mke2fs", "-q", image])
    device = run(["losetup", "--find", "--show", image]).stdout.strip()
    run(["mount", device, place])
    with claim_run(base) as following:
        assert [path for path in base.iterdir() if path.is_dir()] == [following.folder]
    assert not run(["losetup", "--associated", image]).stdout


async def test_a_run_without_room_for_its_disks_does_not_begin(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", small])
    try:
        with pytest.raises(NetbootError, match=r"0\.1 GiB free, and 2\.0 GiB are needed"), claim_run(small / "lab"):
            pass
        assert [path for path in (small / "lab").iterdir() if path.is_dir()] == []
    finally:
        run(["umount", small])


async def test_a_folder_that_belongs_to_someone_else_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    os.chown(foreign, 65534, 65534)
    with pytest.raises(Exception, match="belongs to someone else"), claim_run(foreign):
        pass
