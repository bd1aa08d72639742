"""Folders of a profile in an installed system on a real disk: fetched, written, read again, judged by the server."""

import asyncio
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard
from aiohttp import web
from msgspec.structs import replace

from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.parcels import Parcels, look_at_parcel, place_parcels, require_room
from netboot.agent.customise.stage import run_customise
from netboot.agent.deploy.fetch import server_source
from netboot.agent.disks.partitions import partition_device, show_partitions
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.files.parcel_folder import read_folder
from netboot.jobs.evidence import judge
from netboot.jobs.stages.rules import Known
from netboot.jobs.wifi_network import WifiNetwork, keyfile
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk
from netboot.shared.manifest import Chunk, Manifest
from netboot.shared.parcel import PIECE, Parcel, PlacedFolder
from netboot.shared.private_files import PrivateFile, PrivateFiles
from netboot.shared.stages.customise import Customise, CustomiseResult
from netboot.shared.system_settings import SystemSettings
from netboot.shared.wifi import wifi_file
from tests.agent.boot_http import PUBLIC, BootHttp
from tests.agent.installed import small_system
from tests.agent.root_on_disk import MIB, disk_with_root
from tests.agent.test_customise import loop_disk, mounted, silent, tool
from tests.agent.test_installed_tree import ACL
from tests.file_trees import unmount

pytestmark = pytest.mark.root

INSIDE = "lib/firmware/rtw89"
FIRMWARE = bytes(range(256)) * (3 * MIB // 256) + b"the rest"
WIFI = wifi_file("guests")
NETWORK = keyfile(WifiNetwork(name="guests", ssid="Atelier", password="hush hush"))
PRIVATE = PrivateFiles(key=b"k" * 32, files=(PrivateFile(path=WIFI, content=NETWORK),))


@dataclass(frozen=True, slots=True)
class Taken:
    """A folder as the server has it: its parcel, each chunk by its name, and what a profile says of it."""

    parcel: Parcel
    chunks: dict[str, bytes]
    placed: PlacedFolder

    def fetch(self, chunk: Chunk) -> bytes:
        return self.chunks[chunk.sha256]


@pytest.fixture
def taken(tmp_path: Path) -> Taken:
    folder = tmp_path / "firmware"
    (folder / "new").mkdir(parents=True)
    (folder / "fw.bin").write_bytes(FIRMWARE)
    (folder / "new/load me").write_text("#!/bin/sh\n")
    (folder / "new/load me").chmod(0o755)
    (folder / "new/empty").touch()
    chunks = dict[str, bytes]()
    parcel = read_folder(folder, lambda piece: chunks.setdefault(hashlib.sha256(piece).hexdigest(), piece))
    listing = parcel.listing
    digest = hashlib.sha256(listing).hexdigest()
    chunks[digest] = listing
    placed = PlacedFolder(path=f"/{INSIDE}", beside="firmware", parcel=digest, listed=len(listing), size=parcel.size)
    return Taken(parcel, chunks, placed)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    small_system(root)
    (root / "lib").rename(root / "usr/lib")
    (root / "lib").symlink_to("usr/lib")
    return root


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Disk, Manifest, bytes]]:
    """A PC's disk with a small system that has NetworkManager, and the manifest and first MiB of its master."""
    path = tmp_path / "pc.img"
    manifest = replace(disk_with_root(path, "ext4", 320 * MIB, ""), disk=320 * MIB)
    with loop_disk(path, 400 * MIB) as one:
        yield one, manifest, path.read_bytes()[:MIB]


async def customise(served: BootHttp, disk: Disk, settings: SystemSettings) -> tuple[Customise, CustomiseResult]:
    order = Customise(manifest=served.digest, target=disk.id, hostname="pc", settings=settings)
    async with server_source(ServerPlace(served.url), 1, patience=1) as source:
        result = await run_customise(
            order, source=source, public_key=PUBLIC, progress=silent, read_disks=lambda: [disk], private=PRIVATE
        )
    return order, result


def serving(taken: Taken, manifest: Manifest, head: bytes) -> BootHttp:
    served = BootHttp(manifest, head)
    served.frames |= {name: zstandard.ZstdCompressor().compress(data) for name, data in taken.chunks.items()}
    return served


async def test_a_whole_stage_puts_it_there_and_its_evidence_is_the_listing_as_the_disk_has_it(
    taken: Taken, disk: tuple[Disk, Manifest, bytes], tmp_path: Path
) -> None:
    one, manifest, head = disk
    show_partitions(Path("/dev", one.name), [1])
    root = partition_device(Path("/dev", one.name), 1)
    with mounted(root, tmp_path / "before", "-o", "rw", "-t", "ext4") as system:
        for program in ("NetworkManager", "wpa_supplicant"):
            (system / "usr/sbin" / program).touch()
        (system / WIFI).parent.mkdir(parents=True)
    settings = SystemSettings(folders=(taken.placed,), wifi="guests")
    async with serving(taken, manifest, head) as served:
        order, result = await customise(served, one, settings)
    with mounted(root, tmp_path / "after") as system:
        assert (system / INSIDE / "fw.bin").read_bytes() == FIRMWARE
        assert stat.S_IMODE((system / INSIDE / "new/load me").stat().st_mode) == 0o755
        assert (system / INSIDE / "new/empty").read_bytes() == b""
        assert (system / WIFI).read_bytes() == NETWORK
    found = {found.path: found.digest for found in result.found}
    assert found[INSIDE] == taken.placed.parcel
    assert found[WIFI] == PRIVATE.proof(NETWORK)
    assert not [path for path in found if path.startswith(f"{INSIDE}/")]
    known = Known(proofs=PRIVATE.proofs)
    assert judge(order, "done", None, result, known=known).problem is None
    for other in (replace(taken.placed, parcel="a" * 64), replace(taken.placed, path="/lib/firmware/other")):
        changed = replace(order, settings=replace(settings, folders=(other,)))
        problem = judge(changed, "done", None, result, known=known).problem
        assert problem is not None
        assert "firmware" in problem.technical


@pytest.mark.parametrize("gone", ["listing", "piece"])
async def test_what_the_server_has_not_is_said_by_its_name(
    taken: Taken, disk: tuple[Disk, Manifest, bytes], gone: str
) -> None:
    one, manifest, head = disk
    name = taken.placed.parcel if gone == "listing" else sorted(taken.parcel.pieces)[0]
    async with serving(taken, manifest, head) as served:
        del served.frames[name]
        with pytest.raises(StageFailed) as told:
            await customise(served, one, SystemSettings(folders=(taken.placed,)))
    assert told.value.problem.code == "customise"
    assert f"not whole on the server: {name}" in told.value.problem.technical


async def test_a_server_that_is_silent_meanwhile_is_told(taken: Taken, disk: tuple[Disk, Manifest, bytes]) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        await asyncio.sleep(1)
        return web.Response()

    one, manifest, head = disk
    async with serving(taken, manifest, head) as served:
        served.answers[sorted(taken.parcel.pieces)[0]] = hang_up
        with pytest.raises(StageFailed) as told:
            await customise(served, one, SystemSettings(folders=(taken.placed,)))
    assert told.value.problem.code == "server-silent"


def test_files_of_the_master_stay_or_are_replaced_and_folders_are_roots(root: Path, taken: Taken) -> None:
    there = root / INSIDE
    there.mkdir(parents=True)
    (there / "other.bin").write_bytes(b"the master's")
    (there / "fw.bin").write_bytes(b"the master's")
    (there / "fw.bin").chmod(0o4777)
    with InstalledTree(root) as tree:
        place_parcels(tree, Parcels({INSIDE: taken.parcel}, taken.fetch))
        assert tree.changed == {INSIDE: "folders"}
        assert look_at_parcel(tree, INSIDE, taken.parcel).digest == taken.placed.parcel
    assert (there / "other.bin").read_bytes() == b"the master's"
    assert (there / "fw.bin").read_bytes() == FIRMWARE
    assert stat.S_IMODE((there / "fw.bin").stat().st_mode) == 0o644
    assert stat.S_IMODE((there / "new").stat().st_mode) == 0o755


def test_folders_that_had_to_be_made_above_it_are_told(root: Path, taken: Taken) -> None:
    with InstalledTree(root) as tree:
        place_parcels(tree, Parcels({INSIDE: taken.parcel}, taken.fetch))
        assert tree.changed == {"lib/firmware": "folders", INSIDE: "folders"}


def test_what_is_otherwise_on_the_disk_has_another_digest_or_is_told(root: Path, taken: Taken) -> None:
    with InstalledTree(root) as tree:
        place_parcels(tree, Parcels({INSIDE: taken.parcel}, taken.fetch))
        file = root / INSIDE / "fw.bin"
        file.write_bytes(FIRMWARE[:-1] + b"?")
        assert look_at_parcel(tree, INSIDE, taken.parcel).digest != taken.placed.parcel
        file.write_bytes(FIRMWARE[:PIECE])
        assert look_at_parcel(tree, INSIDE, taken.parcel).digest != taken.placed.parcel
        file.write_bytes(FIRMWARE)
        assert look_at_parcel(tree, INSIDE, taken.parcel).digest == taken.placed.parcel
        file.chmod(0o755)
        assert look_at_parcel(tree, INSIDE, taken.parcel).digest != taken.placed.parcel
        file.chmod(0o4755)
        with pytest.raises(NetbootError, match="4755"):
            look_at_parcel(tree, INSIDE, taken.parcel)
        file.unlink()
        with pytest.raises(NetbootError, match="is not on the disk"):
            look_at_parcel(tree, INSIDE, taken.parcel)
        file.symlink_to("new/empty")
        with pytest.raises(NetbootError, match="is not on the disk"):
            look_at_parcel(tree, INSIDE, taken.parcel)


def test_what_does_not_fit_or_lies_at_a_link_is_refused_before_anything_is_written(root: Path, taken: Taken) -> None:
    (file,) = (one for one in taken.parcel.files if one.name == "fw.bin")
    huge = Parcel((replace(file, pieces=file.pieces * 100_000),))
    with InstalledTree(root) as tree:
        require_room(tree, Parcels({INSIDE: taken.parcel}))
        with pytest.raises(NetbootError, match="the system has"):
            require_room(tree, Parcels({INSIDE: huge}))
        (root / "usr/lib/firmware").symlink_to("/etc")
        with pytest.raises(NetbootError, match="is a link in the master"):
            require_room(tree, Parcels({"lib/firmware": taken.parcel}))
        assert tree.changed == {}


@contextmanager
def scarce(root: Path, free: int) -> Iterator[None]:
    """A small system on a file system with so many bytes left, in memory."""
    root.mkdir()
    tool("mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", root)
    try:
        small_system(root)
        volume = os.statvfs(root)
        used = (volume.f_blocks - volume.f_bfree) * volume.f_frsize
        tool("mount", "-o", f"remount,size={used + free}", root)
        yield
    finally:
        unmount(root)


def test_what_lies_there_from_before_the_agent_was_started_again_needs_no_room_twice(
    tmp_path: Path, taken: Taken
) -> None:
    parcels = Parcels({INSIDE: taken.parcel}, taken.fetch)
    with (
        scarce(tmp_path / "small", 16 * MIB + taken.parcel.room_in(4096) * 5 // 4),
        InstalledTree(tmp_path / "small") as tree,
    ):
        require_room(tree, parcels)
        place_parcels(tree, parcels)
        placed = tree.status(f"{INSIDE}/fw.bin")
        require_room(tree, parcels)
        place_parcels(tree, parcels)
        assert tree.status(f"{INSIDE}/fw.bin") == placed, "it is left as it lies there"
        assert look_at_parcel(tree, INSIDE, taken.parcel).digest == taken.placed.parcel


def test_what_a_killed_agent_left_of_a_file_gives_its_room_back(tmp_path: Path, taken: Taken) -> None:
    parcels, root = Parcels({INSIDE: taken.parcel}, taken.fetch), tmp_path / "small"
    with scarce(root, 16 * MIB + taken.parcel.room_in(4096) * 5 // 4), InstalledTree(root) as tree:
        (root / INSIDE).mkdir(parents=True)
        (root / INSIDE / ".fw.bin.netboot").write_bytes(FIRMWARE[: 2 * MIB])
        require_room(tree, parcels)
        place_parcels(tree, parcels)
        assert sorted(path.name for path in (root / INSIDE).iterdir()) == ["fw.bin", "new"]


def test_what_is_not_as_it_was_ordered_is_written_again(root: Path, taken: Taken) -> None:
    parcels = Parcels({INSIDE: taken.parcel}, taken.fetch)
    with InstalledTree(root) as tree:
        place_parcels(tree, parcels)
        file = root / INSIDE / "fw.bin"
        spoilers: tuple[Callable[[], object], ...] = (
            lambda: file.write_bytes(FIRMWARE[:-1] + b"?"),
            lambda: file.chmod(0o755),
            lambda: file.chmod(0o4755),
            lambda: os.chown(file, 1234, 0),
            lambda: os.setxattr(file, "system.posix_acl_access", ACL),
            file.unlink,
        )
        for spoil in spoilers:
            spoil()
            place_parcels(tree, parcels)
            assert look_at_parcel(tree, INSIDE, taken.parcel).digest == taken.placed.parcel
            assert "system.posix_acl_access" not in os.listxattr(file)
