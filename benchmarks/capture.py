"""A capture over the network beside partclone: seconds, and bytes on the wire, of the same disk in the same run.

The disk is a loop device over Debian as the lab's PCs get it. It is captured three times: into an empty store, into one
that has the master that the PC was imaged with, and so once more after a lesson of 24 MB was put into its file system.
netboot's side is the agent's own stage and the boot HTTP server with its store, each a process of its own; the seconds
are from the order to the published master, the survey of the file systems with them.

The peer is what workshops do by hand: partclone of each file system it knows (dd of the others), packed by zstd -3 -T0,
sent by nc to a listener that writes a file and syncs it. It sends all each time, whatever is there already.

Both run in a network namespace of their own, whose loopback counts the bytes: all of TCP, both ways. A figure is the
median of the rounds; ratios are above 1 where netboot is better. Prints one JSON object on stdout; progress goes to
stderr. Needs root.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from subprocess import PIPE
from typing import Final

from aiohttp import ClientSession, web

from netboot.agent.capture.stage import FLIGHTS, run_capture
from netboot.agent.capture.upload import capture_server
from netboot.agent.net.server_place import ServerPlace
from netboot.auth.server_keys import KEY_FILE, load_key, public_key
from netboot.boothttp.files import BootHttp, boot_application
from netboot.bootmenu.boot_menu import BootMenu
from netboot.bootmenu.password import MenuPassword
from netboot.bootmenu.ticket import Picked
from netboot.jobs.profile import Profile
from netboot.lab.demo import MASTER, prepare
from netboot.masters.capturing import CaptureDesk
from netboot.records.record import open_record
from netboot.settings.config import Settings
from netboot.shared.inventory import Board, Disk, DiskId, Firmware, Inventory, Nic, System
from netboot.shared.manifest import Manifest
from netboot.shared.process import run
from netboot.shared.protocol import (
    VERSION,
    FromServer,
    Hello,
    RunStage,
    StageFinished,
    Welcome,
    decode_from_server,
    encode,
)
from netboot.shared.stages import StageName
from netboot.shared.stages.capture import Capture, CaptureResult
from netboot.shared.stages.check import CheckResult
from netboot.store import Store
from netboot.store.laid_out import lay_out
from netboot.survey.loop import loop_device
from netboot.workshop.greeting import Workshop
from netboot.workshop.live_board import LiveBoard

MIB: Final = 1024 * 1024
TARGET: Final = 1.0
LESSON: Final = 24 * MIB
PORT, PEERS_PORT = 8080, 8081
URL: Final = f"http://127.0.0.1:{PORT}"
MAC: Final = "52:54:00:77:00:01"
UUID: Final = "4c1bb2a8-7e52-11ea-9d7a-0862664a0001"
CAPTURE: Final = Profile(
    id="capture",
    name={"fr": "Capturer", "en": "Capture"},
    stages=("check", "capture", "finish"),
    options={"capture": {"name": "captured", "title": "Captured", "licence": "LicenseRef-Debian-main"}},
)
SIZED: Final = {"ext2": "extfs", "ext3": "extfs", "ext4": "extfs", "vfat": "fat", "xfs": "xfs", "btrfs": "btrfs"}
"""partclone's programs, by blkid's name of the file system."""

Figure = tuple[float, int]
"""Seconds, and bytes on the wire."""


# ── netboot's server, a process of its own ──────────────────────────────────────────────────────────────────────────


async def serve(folder: Path) -> None:
    """The boot HTTP server with the store of this folder, until it is killed. Prints the menu's ticket for the PC."""
    key = load_key(folder)
    store = Store(folder / "store", accepts=public_key(key))
    with open_record(folder / "record.sqlite") as record:
        workshop = Workshop(
            record, LiveBoard(time.time), [CAPTURE], lambda _: None, wait=600, capture_desk=CaptureDesk(store, key)
        )
        digits = MenuPassword(lambda: None)
        menus = BootMenu(
            (CAPTURE,),
            Settings(),
            IPv4Address("127.0.0.1"),
            offer_of=workshop.menu_offer,
            digits_asked=lambda: False,
            prove=workshop.prove,
        )
        runner = web.AppRunner(
            boot_application(BootHttp({}, {}, menus, digits, store.blobs), workshop), access_log=None
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", PORT).start()
        print(workshop.prove(Picked(CAPTURE.id, MAC, UUID, digest=CAPTURE.digest)), flush=True)
        await asyncio.Event().wait()


# ── netboot's agent ─────────────────────────────────────────────────────────────────────────────────────────────────


async def captured(disk: Disk, ticket: str) -> tuple[CaptureResult, float]:
    """Say hello with this pick, be captured, and report it; and the seconds from the order to the master."""
    inventory = Inventory(
        system=System(uuid=UUID),
        board=Board(),
        firmware=Firmware(mode="uefi"),
        disks=(disk,),
        nics=(Nic(name="eth0", mac=MAC),),
    )
    token, number = "", 0
    stage: StageName
    async with ClientSession() as session, session.ws_connect(f"{URL}/agent/link") as line:
        hello = Hello(
            version=VERSION, boot="bench", profile=CAPTURE.id, ticket=ticket, menu_mac=MAC, inventory=inventory
        )
        await line.send_str(encode(hello))
        while True:
            heard: FromServer = decode_from_server(await line.receive_str(timeout=60))
            if isinstance(heard, Welcome):
                token = heard.token
            if not isinstance(heard, RunStage):
                continue
            result: CheckResult | CaptureResult = CheckResult(inventory=inventory)
            began = time.monotonic()
            if isinstance(heard.stage, Capture):
                result = await sent(heard.stage, disk, token)
            seconds = time.monotonic() - began
            number += 1
            stage = "capture" if isinstance(result, CaptureResult) else "check"
            await line.send_str(
                encode(StageFinished(number=number, job=heard.job, stage=stage, at=1.0, outcome="done", result=result))
            )
            if isinstance(result, CaptureResult):
                return result, seconds


async def sent(order: Capture, disk: Disk, token: str) -> CaptureResult:
    """What the agent's stage does."""

    def progress(done: int, total: int, part: str = "") -> None: ...

    async with capture_server(ServerPlace(URL), order.job, lambda: token, FLIGHTS) as server:
        return await run_capture(order, server=server, progress=progress, read_disks=lambda: (disk,))


async def netboot(folder: Path, device: Path, size: int) -> tuple[Figure, CaptureResult]:
    """One capture into the store of this folder."""
    words = (sys.executable, __file__, "--serve", folder)
    server = await asyncio.create_subprocess_exec(*words, stdout=PIPE)
    try:
        assert server.stdout is not None
        ticket = (await server.stdout.readline()).decode().strip()
        disk = Disk(name=device.name, id=DiskId(serial="BENCH", size=size), transport="ata")
        before = on_the_wire()
        result, seconds = await captured(disk, ticket)
        return (seconds, on_the_wire() - before), result
    finally:
        server.kill()
        await server.wait()


# ── the peer ────────────────────────────────────────────────────────────────────────────────────────────────────────


def by_hand(device: Path, manifest: Manifest, folder: Path) -> Figure:
    """partclone, zstd and nc of each partition, one after the other, as a script would."""
    before, began = on_the_wire(), time.monotonic()
    for partition in manifest.partitions:
        kind = SIZED.get(partition.filesystem.kind if partition.filesystem is not None else "")
        with loop_device(device, offset=partition.start, length=partition.length) as part:
            read = (
                f"partclone.{kind} --clone --quiet --logfile /dev/null --source {part} --output -"
                if kind
                else f"dd if={part} bs=1M status=none"
            )
            send = f"{read} | zstd -3 -T0 --quiet | busybox nc 127.0.0.1 {PEERS_PORT}"
            with received(folder / f"{partition.number}.zst"):
                run(["bash", "-o", "pipefail", "-c", send], timeout=1800)
    return time.monotonic() - began, on_the_wire() - before


@contextmanager
def received(into: Path) -> Iterator[None]:
    """What is sent meanwhile is in this file at the end, and on the disk."""

    def receive(listening: socket.socket) -> None:
        peer, _ = listening.accept()
        with peer, into.open("wb") as file:
            while part := peer.recv(MIB):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())

    with socket.create_server(("127.0.0.1", PEERS_PORT), reuse_port=True) as listening:
        thread = threading.Thread(target=receive, args=(listening,), daemon=True)
        thread.start()
        yield
        thread.join()


# ── the disk ────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def imaged(folder: Path, store: Store, manifest: Manifest) -> Iterator[Path]:
    """A PC's disk as a deploy leaves it, as a loop device."""
    image = folder / "disk.img"
    image.unlink(missing_ok=True)  # the round's before
    lay_out(store, manifest, image)
    device = Path(run(["losetup", "--find", "--show", image]).stdout.strip())
    try:
        yield device
    finally:
        run(["losetup", "--detach", device])


def put_lesson(device: Path, manifest: Manifest, folder: Path) -> None:
    """What somebody prepared on the PC: a file that nothing else has."""
    lesson = folder / "lesson"
    lesson.write_bytes(os.urandom(LESSON))
    assert manifest.root is not None
    run(["debugfs", "-w", "-R", f"write {lesson} /lesson", f"{device}?offset={manifest.root.partition.start}"])


def fresh(folder: Path, key: Path, store: Path | None) -> Path:
    """A server's data, its store empty, or with what this one has, whose files never change."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    shutil.copy2(key, folder / key.name)
    if store is not None:
        shutil.copytree(store, folder / "store", copy_function=os.link)
    return folder


def on_the_wire() -> int:
    """Bytes that the loopback of this namespace has carried."""
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[9]) for line in lines if line.strip().startswith("lo:"))


def measure(masters: Path, manifest: Manifest, folder: Path, rounds: int) -> dict[str, object]:
    """Every round: into an empty store, into one that has its master, with a lesson more, and the peer."""
    figures: dict[str, list[Figure]] = {name: [] for name in ("empty", "known", "lesson", "partclone")}
    results: dict[str, CaptureResult] = {}
    key, store = masters / KEY_FILE, masters / "store"
    for number in range(1, rounds + 1):
        with imaged(folder, Store(store), manifest) as device:
            for name, has in (("empty", None), ("known", store), ("lesson", store)):
                if name == "lesson":
                    put_lesson(device, manifest, folder)
                data = fresh(folder / "data", key, has)
                figure, results[name] = asyncio.run(netboot(data, device, manifest.disk))
                figures[name].append(figure)
            figures["partclone"].append(by_hand(device, manifest, folder))
        said = ", ".join(f"{name} {each[-1][0]:.1f} s {each[-1][1] / 1e6:.1f} MB" for name, each in figures.items())
        print(f"round {number}: {said}", file=sys.stderr, flush=True)
    theirs = figures["partclone"]
    ratios = {
        f"{name}_{what}": round(statistics.median(b[at] / a[at] for a, b in zip(figures[name], theirs, strict=True)), 2)
        for name in ("empty", "known", "lesson")
        for at, what in enumerate(("seconds", "bytes"))
    }
    return {
        "used": results["empty"].used,
        "seconds": {name: round(statistics.median(one[0] for one in each), 2) for name, each in figures.items()},
        "bytes_on_the_wire": {name: statistics.median_low(one[1] for one in each) for name, each in figures.items()},
        "chunks_sent": {name: [result.sent_chunks, result.chunks] for name, result in results.items()},
        "ratios": ratios,
    }


def main() -> int:
    """Run and print; 0 when every ratio is what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="where the disk and the stores are made")
    parser.add_argument("--masters", type=Path, help="a folder with a key and a store that has debian-minimal")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        asyncio.run(serve(asked.serve))
        return 0
    if not asked.inside:
        # Built before: in the namespace there is no way to a mirror.
        masters = asked.masters or prepare(lambda said: print(said, file=sys.stderr, flush=True))[0]
        inner = 'ip link set lo up && exec "$@"'
        words = (sys.executable, __file__, "--inside", *sys.argv[1:], "--masters", os.fspath(masters))
        os.execvp("unshare", ["unshare", "--net", "sh", "-c", inner, "sh", *words])
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    masters = asked.masters
    manifest = Store(masters / "store").current(MASTER)
    if manifest is None:
        raise SystemExit(f"{masters} has no {MASTER}")
    with tempfile.TemporaryDirectory(prefix="netboot-bench-capture-", dir=asked.folder or masters) as folder:
        figures = measure(masters, manifest, Path(folder), asked.rounds)
    ratios = figures["ratios"]
    assert isinstance(ratios, dict)
    met = all(ratio >= TARGET for ratio in ratios.values())
    load = round(os.getloadavg()[0], 1)
    report = {"benchmark": "capture", "rounds": asked.rounds, "load": load, **figures, "target": TARGET, "met": met}
    print(json.dumps(report, indent=2))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
