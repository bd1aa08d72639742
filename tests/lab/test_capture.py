"""A PC that was imaged, changed and captured, its power cut in the middle; another PC gets what it had.

The first PC's own system makes the change and shuts down. The masters are a copy of the lab's: what is captured stays
out of the lab's store.
"""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from netboot.auth.server_keys import KEY_FILE, load_key, public_key
from netboot.lab.building import start_building
from netboot.lab.demo import job_of, keys_for_profile, prepare
from netboot.lab.disks import create_empty
from netboot.lab.firmware import Firmware
from netboot.lab.journey import BOOT_WITHIN, STAGE_WITHIN, press, reach_menu, start_from_disk
from netboot.lab.machine import RunningPc, power_on, workshop_pc
from netboot.lab.network import Lan, open_lan
from netboot.lab.pc import BootOrder, Bus, DiskSpec, PcSpec
from netboot.lab.service import Service, open_service
from netboot.lab.witness import unit
from netboot.shared.manifest import Manifest
from netboot.shared.process import run
from netboot.shared.stages.capture import CaptureResult
from netboot.store import Store
from netboot.store.upkeep import verify

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(3000)]

MIB = 1 << 20
SLOW = 8 * MIB
"""Bytes a second of the disk before the power goes."""
PREPARED = "prepared at the bench"
SWAP = "/swap.img"
SWAP_UUID = "b6a7e0c1-3d0b-4c2a-9f57-2f7c3c1d9e11"
CHANGE = f"""
[Unit]
Description=Prepare this PC as a person would, then shut it down
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo "{PREPARED}" > /etc/prepared; \
setfattr -n user.lab -v kept /etc/prepared 2>/dev/null; ln /etc/prepared /etc/prepared-too; \
dd if=/dev/urandom of=/home/lesson bs=1M count=24; \
umask 077; fallocate -l 24M {SWAP}; mkswap -U {SWAP_UUID} {SWAP}; echo "{SWAP} none swap sw 0 0" >> /etc/fstab; \
dd if=/etc/prepared of={SWAP} bs=4096 seek=2 conv=notrunc; swapon {SWAP}; systemctl poweroff --no-block'
"""
PROFILES = {
    "90-capture.yaml": """
id: capture-prepared
name: {fr: Capturer ce PC, en: Capture this PC}
stages: [check, capture, finish]
options:
  capture: {name: prepared, title: Prepared by hand, licence: LicenseRef-Debian-main, version: "1"}
""",
    "91-prepared.yaml": """
id: write-prepared
name: {fr: Installer le système préparé, en: Install the prepared system}
stages: [check, deploy, customise, finish]
master: prepared
unerased: waive
""",
}
OWN = {
    "/etc/hostname", "/etc/hosts", "/etc/machine-id", "/var/lib/dbus/machine-id", "/var/lib/systemd/random-seed",
    *(f"/etc/ssh/ssh_host_{kind}_key{end}" for kind in ("rsa", "ecdsa", "ed25519") for end in ("", ".pub")),
}  # fmt: skip
"""What makes a system one PC's own."""
LEFTOVER = re.compile(r"/var/log/.*")
"""What customising takes out of a prepared system, or empties."""


def own_masters(tmp_path: Path) -> tuple[Path, Manifest]:
    """A folder with the lab's key and masters; the files are never changed in place, so they need no room twice."""
    masters, manifest = prepare(print)
    (tmp_path / "masters").mkdir(mode=0o700)
    shutil.copy2(masters / KEY_FILE, tmp_path / "masters" / KEY_FILE)
    shutil.copytree(masters / "store", tmp_path / "masters/store", copy_function=os.link)
    (tmp_path / "masters/store/.lock").unlink()
    return tmp_path / "masters", manifest


async def picked(lan: Lan, service: Service, spec: PcSpec, profile: str) -> None:
    """The PC does what this line of its menu says, and switches itself off."""
    since = len(service.log())
    async with power_on(lan, spec) as pc:
        await reach_menu(service, pc, since=since)
        await press(pc, keys_for_profile(service, profile))
        await pc.wait_off(STAGE_WITHIN)


async def cut_in_the_middle(service: Service, pc: RunningPc, store: Store, least: int) -> None:
    """Wait until so many chunks of the capture are in the store."""
    await service.wait_for_log("capture of .* begins", STAGE_WITHIN)
    before = len(store.blobs.list("chunks"))
    async with asyncio.timeout(STAGE_WITHIN):
        while len(store.blobs.list("chunks")) < before + least:
            assert pc.is_on
            await asyncio.sleep(0.5)


@contextmanager
def mounted(spec: PcSpec, folder: Path) -> Iterator[Path]:
    """The root of this PC's disk, read-only."""
    (disk,) = spec.disks
    table = json.loads(run(["sfdisk", "--json", disk.path]).stdout)["partitiontable"]["partitions"]
    root = max(table, key=lambda partition: int(partition["size"]))
    folder.mkdir()
    run(["mount", "-o", f"ro,noload,loop,offset={root['start'] * 512}", disk.path, folder])
    try:
        yield folder
    finally:
        run(["umount", folder])


def contents(root: Path) -> dict[str, tuple[object, ...]]:
    """What each file is: mode, owner, links, size, time, attributes, and its bytes or where it leads."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            path = Path(folder, name)
            status = path.lstat()
            attributes = {
                key: os.getxattr(path, key, follow_symlinks=False) for key in os.listxattr(path, follow_symlinks=False)
            }
            inside: object = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else ""
            size = status.st_size if path.is_file() else 0
            times = status.st_mtime_ns if path.is_file() else 0
            what = (status.st_mode, status.st_uid, status.st_gid, status.st_nlink, size, times)
            found[f"/{path.relative_to(root)}"] = (*what, sorted(attributes.items()), inside)
    return found


async def test_what_was_prepared_on_one_pc_is_captured_over_a_power_cut_and_another_pc_has_the_same(
    tmp_path: Path,
) -> None:
    masters, manifest = await asyncio.to_thread(own_masters, tmp_path)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    for name, text in PROFILES.items():
        (profiles / name).write_text(text, encoding="utf-8")
    public = public_key(load_key(masters))
    store = Store(masters / "store", accepts=public)
    async with open_lan() as lan, open_service(lan, masters, profiles=[profiles], menu_timeout=300) as service:
        await start_building(lan)
        await service.start()
        specs = []
        for number, firmware, more in ((1, Firmware.BIOS, 256), (2, Firmware.UEFI, 512)):
            disk = DiskSpec(Bus.SATA, lan.folder / f"{number}.img", manifest.disk + more * MIB, f"DISK{number}")
            create_empty(disk.path, disk.size)
            specs.append(workshop_pc(number, firmware, disk))
        first, second = specs
        await picked(lan, service, first, "debian-new-disk")
        changing = replace(first, network=False, boot=BootOrder.FIRMWARE, extra=unit("prepare", CHANGE))
        async with power_on(lan, changing) as pc:
            await pc.wait_off(STAGE_WITHIN)
        untouched = first.disks[0].path.read_bytes()

        since = len(service.log())
        async with power_on(lan, first) as pc:
            await reach_menu(service, pc, since=since)
            await press(pc, keys_for_profile(service, "capture-prepared"))
            await pc.console.wait_for("netboot: stage capture started", BOOT_WITHIN)
            await pc.throttle("DISK1", SLOW)
            await cut_in_the_middle(service, pc, store, least=8)
        assert "prepared" not in store.names(), "nothing is offered of a capture that broke off"
        sent_before = len(store.blobs.list("chunks"))
        await picked(lan, service, first, "capture-prepared")
        job = await job_of(service, first.mac)
        (captured,) = (row.result for row in job.stages if row.stage == "capture")
        assert isinstance(captured, CaptureResult)
        prepared = store.manifest(captured.manifest)
        lacked = len({chunk.sha256 for chunk in prepared.chunks} - {chunk.sha256 for chunk in manifest.chunks})
        print(
            json.dumps(
                {"captured": prepared.used, "chunks": len(prepared.chunks), "not in debian-minimal": lacked,
                 "sent after the cut": captured.sent_chunks, "bytes on the wire": captured.sent}
            )
        )  # fmt: skip
        assert captured.sent_chunks <= lacked - 8
        assert len(store.blobs.list("chunks")) == sent_before + captured.sent_chunks
        assert not verify(store, public)
        assert first.disks[0].path.read_bytes() == untouched, "it was only read"

        await picked(lan, service, second, "write-prepared")
        with mounted(first, tmp_path / "first") as one, mounted(second, tmp_path / "second") as other:
            was, now = contents(one), contents(other)
        assert was["/etc/prepared"][-1] == f"{PREPARED}\n".encode()
        assert was["/etc/prepared"][3] == 2
        differing = {path for path in was.keys() | now.keys() if was.get(path) != now.get(path)}
        assert {"/etc/hostname", "/etc/machine-id"} <= differing
        memory, cleared = was[SWAP][-1], now[SWAP][-1]
        assert isinstance(memory, bytes)
        assert PREPARED.encode() in memory[4096:], "as if it had been in memory"
        assert cleared == memory[:4096] + bytes(24 * MIB - 4096)
        taken_out = differing - OWN - {SWAP}
        assert all(LEFTOVER.fullmatch(path) for path in taken_out), taken_out
        assert all(path not in now or now[path][-1] == b"" for path in taken_out), "nothing of it is on the other PC"
        start = await start_from_disk(lan, second, (await job_of(service, second.mac)).hostname, "own entry")
        assert start.problem == ""
