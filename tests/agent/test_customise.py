"""Customising a real disk: GPT and ext4 on a loop device, deployed from a boot HTTP server, then grown and named."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from netboot.agent.customise.grow import grow, stretched
from netboot.agent.customise.stage import run_customise
from netboot.agent.deploy.fetch import server_source
from netboot.agent.deploy.stage import FLIGHTS, run_deploy
from netboot.agent.disks.partitions import partition_device
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.jobs.evidence import judge
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.manifest import FileSystem, Manifest, Partition, UefiLoader, Understood
from netboot.shared.problems import Problem
from netboot.shared.stages.customise import Customise, CustomiseResult
from netboot.shared.stages.deploy import Deploy, Named
from tests.agent.boot_http import PUBLIC, BootHttp, manifest_of, root_partition
from tests.agent.installed import SWAP_UUID, small_system
from tests.agent.root_on_disk import disk_with_root, leave_a_zfs_label

MIB = 1024 * 1024
BIOS_BOOT = "21686148-6449-6e6f-744e-656564454649"
MASTER = 40 * MIB
ROOT = (8 * MIB, 31 * MIB)
LOGICAL = """label: dos
1 : start=2048, size=16384, type=83
2 : start=18432, size=40960, type=5
5 : start=20480, size=38912, type=83
"""
LOADER = UefiLoader(partition=2, path="/EFI/debian/shimx64.efi", label="Test master")


def tool(*words: str | Path, stdin: str | None = None) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, input=stdin).stdout


def silent(done: int, total: int, part: str = "") -> None:
    """Progress that nobody looks at."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A master's disk: BIOS boot, ESP, and an ext4 root with an ssh-keygen that runs."""
    folder = tmp_path_factory.mktemp("master")
    root = folder / "root"
    small_system(root)
    path = folder / "master.img"
    with path.open("wb") as file:
        file.truncate(MASTER)
    tool(
        "sfdisk",
        "--quiet",
        path,
        stdin="label: gpt\nstart=2048, size=1MiB, type=21686148-6449-6E6F-744E-656564454649\n"
        "size=4MiB, type=U\nstart=16384, size=31MiB, type=L\n",
    )
    tool("mke2fs", "-q", "-t", "ext4", "-d", root, "-E", f"offset={ROOT[0]}", path, f"{ROOT[1] // 1024}k")
    return path


@pytest.fixture(scope="module")
def manifest(image: Path) -> Manifest:
    return manifest_of(
        image.read_bytes(),
        (
            Partition(number=1, start=MIB, length=MIB, type=BIOS_BOOT, role="bios-boot"),
            Partition(number=2, start=2 * MIB, length=4 * MIB, type="c12a7328-f81f-11d2-ba4b-00a0c93ec93b", role="esp"),
            root_partition(*ROOT, number=3),
        ),
        used=[(0, MASTER)],
        length=MIB,
        uefi=LOADER,
    )


@contextmanager
def loop_disk(path: Path, size: int) -> Iterator[Disk]:
    with path.open("ab") as file:
        file.truncate(size)
    device = Path(tool("losetup", "--find", "--show", "--partscan", path).strip())
    try:
        yield Disk(name=device.name, id=DiskId(serial="LOOP", size=size), model="Loop")
    finally:
        subprocess.run(["partx", "--delete", device], check=False, capture_output=True)
        tool("losetup", "--detach", device)


async def deploy_and_customise(boot_http: BootHttp, disk: Disk, hostname: str) -> CustomiseResult:
    async with server_source(ServerPlace(boot_http.url), FLIGHTS) as source:
        await run_deploy(
            Deploy(manifest=boot_http.digest, name="Test master", target=disk.id),
            source=source,
            public_key=PUBLIC,
            progress=silent,
            read_disks=lambda: [disk],
        )
    return await customise(boot_http, disk, hostname)


async def customise(
    boot_http: BootHttp, disk: Disk, hostname: str, *, as_is: bool = False, grow: Named | UnsetType = UNSET
) -> CustomiseResult:
    async with server_source(ServerPlace(boot_http.url), 1) as source:
        return await run_customise(
            Customise(manifest=boot_http.digest, target=disk.id, hostname=hostname, as_is=as_is, grow=grow),
            source=source,
            public_key=PUBLIC,
            progress=silent,
            read_disks=lambda: [disk],
        )


@contextmanager
def mounted(device: Path, folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir()
    tool("mount", "-o", "ro", *options, device, folder)
    try:
        yield folder
    finally:
        tool("umount", folder)
        folder.rmdir()


def contents(root: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(root)): (path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def geometry(device: Path) -> tuple[int, int]:
    """The blocks of an ext4 file system, and their size in bytes."""
    fields = dict(line.split(":", 1) for line in tool("dumpe2fs", "-h", device).splitlines() if ":" in line)
    return int(fields["Block count"]), int(fields["Block size"])


@pytest.mark.root
async def test_a_larger_disk_is_filled_and_the_system_is_its_own(
    image: Path, manifest: Manifest, tmp_path: Path
) -> None:
    size = 120 * MIB
    with loop_disk(tmp_path / "pc.img", size) as disk:
        device = Path("/dev", disk.name)
        root = partition_device(device, 3)
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            result = await deploy_and_customise(boot_http, disk, "pc-042")
        table = json.loads(tool("sfdisk", "--json", device))["partitiontable"]
        assert "No errors detected" in tool("sfdisk", "--verify", device)
        tool("e2fsck", "-f", "-n", root)
        blocks, block_size = geometry(root)
        before = tmp_path / "before"
        (before / "image").mkdir(parents=True)
        tool("mount", "-o", f"ro,loop,offset={ROOT[0]}", image, before / "image")
        try:
            old = contents(before / "image")
        finally:
            tool("umount", before / "image")
        with mounted(root, tmp_path / "after") as after:
            new = contents(after)
            assert (after / "etc/hostname").read_text() == "pc-042\n"
            assert "127.0.1.1\tpc-042\n" in (after / "etc/hosts").read_text()
            keys = sorted(path.name for path in (after / "etc/ssh").iterdir())
            public = (after / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
            identity = (after / "etc/machine-id").read_text()
    assert table["lastlba"] == size // 512 - 34, "the copy of the table stands at the end of the disk"
    end = (table["partitions"][2]["start"] + table["partitions"][2]["size"]) * 512
    assert size - end <= MIB + 33 * 512
    assert blocks * block_size > 100 * MIB
    assert {name for name in old | new if old.get(name) != new.get(name)} == set(result.changed)
    kinds = ("ecdsa", "ed25519", "rsa")
    assert keys == sorted(f"ssh_host_{kind}_key{end}" for kind in kinds for end in ("", ".pub"))
    assert public.startswith("ssh-ed25519 ")
    assert public.endswith(" root@pc-042\n")
    assert identity != "0" * 32 + "\n"
    assert (result.hostname, result.boot_entry, result.warning) == ("pc-042", "", None)
    assert not [line for line in Path("/proc/mounts").read_text().splitlines() if f"/{disk.name}" in line]


@pytest.mark.root
async def test_two_pcs_from_one_master_share_no_key_and_no_machine_id(
    image: Path, manifest: Manifest, tmp_path: Path
) -> None:
    seen = []
    async with BootHttp(manifest, image.read_bytes()) as boot_http:
        for number in range(2):
            with loop_disk(tmp_path / f"{number}.img", MASTER) as disk:
                result = await deploy_and_customise(boot_http, disk, f"pc-{number}")
                with mounted(partition_device(Path("/dev", disk.name), 3), tmp_path / "look") as root:
                    seen.append({name: (root / name).read_bytes() for name in result.changed if (root / name).exists()})
    assert seen[0].keys() == seen[1].keys()
    assert [name for name in seen[0] if seen[0][name] == seen[1][name]] == []


@pytest.mark.root
async def test_a_system_that_may_stay_as_it_is_only_grows(image: Path, manifest: Manifest, tmp_path: Path) -> None:
    """Also where nothing is known of the system: by the manifest it is on no partition."""
    unknown = msgspec.structs.replace(
        manifest, partitions=(*manifest.partitions[:2], msgspec.structs.replace(manifest.partitions[2], role="data"))
    )
    assert unknown.not_customisable
    with loop_disk(tmp_path / "pc.img", 64 * MIB) as disk:
        async with BootHttp(unknown, image.read_bytes()) as boot_http:
            with pytest.raises(StageFailed):
                await deploy_and_customise(boot_http, disk, "pc-1")
            result = await customise(boot_http, disk, "pc-1", as_is=True)
        root = partition_device(Path("/dev", disk.name), 3)
        tool("e2fsck", "-f", "-n", root)
        with mounted(root, tmp_path / "look") as folder:
            assert (folder / "etc/hostname").read_text() == "debian\n"
            assert (folder / "etc/machine-id").read_text() == "0" * 32 + "\n"
    assert result.grown > 50 * MIB
    assert msgspec.structs.replace(result, grown=0) == CustomiseResult(hostname="pc-1", as_is=True)


@pytest.mark.root
async def test_customising_twice_is_as_good_as_once(image: Path, manifest: Manifest, tmp_path: Path) -> None:
    with loop_disk(tmp_path / "pc.img", 64 * MIB) as disk:
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            await deploy_and_customise(boot_http, disk, "first")
            await customise(boot_http, disk, "second")
        root = partition_device(Path("/dev", disk.name), 3)
        tool("e2fsck", "-f", "-n", root)
        with mounted(root, tmp_path / "look") as folder:
            assert (folder / "etc/hostname").read_text() == "second\n"


@pytest.mark.root
async def test_a_root_that_does_not_mount_is_told_and_nothing_stays_mounted(
    image: Path, manifest: Manifest, tmp_path: Path
) -> None:
    broken = bytearray(image.read_bytes())
    broken[ROOT[0] : ROOT[0] + 4096] = bytes(4096)
    fixed = manifest_of(bytes(broken), manifest.partitions, used=[(0, MASTER)], length=MIB)
    without = msgspec.structs.replace(fixed, partitions=(*fixed.partitions[:2], plain(fixed.partitions[2])))
    for master, code in ((fixed, "filesystem"), (without, "customise")):
        with loop_disk(tmp_path / "pc.img", 64 * MIB) as disk:
            async with BootHttp(master, bytes(broken)) as boot_http:
                with pytest.raises(StageFailed) as caught:
                    await deploy_and_customise(boot_http, disk, "pc")
            problem = caught.value.problem
            assert problem.code == code
            assert {"filesystem": "no superblock", "customise": "mount ended with status 32"}[code] in problem.technical
            assert not [word for word in ("superblock", "mount", "status") if word in problem.sentence("en")]
            assert not [line for line in Path("/proc/mounts").read_text().splitlines() if f"/{disk.name}" in line]


def plain(partition: Partition) -> Partition:
    return msgspec.structs.replace(partition, grow=False)


@pytest.mark.root
async def test_a_boot_entry_that_the_firmware_refuses_is_a_warning(
    image: Path, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(disk: Path, loader: UefiLoader) -> str:
        assert (disk.name, loader) == (wanted.name, LOADER)
        raise NetbootError("efibootmgr ended with status 5", hint="Could not prepare Boot variable: No space left")

    monkeypatch.setattr("netboot.agent.customise.stage.started_by_uefi", lambda: True)
    monkeypatch.setattr("netboot.agent.customise.stage.write_boot_entry", refuse)
    removable = Understood(system="Debian", loaders=(LOADER.path, "/EFI/BOOT/BOOTX64.EFI"))
    with loop_disk(tmp_path / "pc.img", MASTER) as wanted:
        async with BootHttp(msgspec.structs.replace(manifest, understood=removable), image.read_bytes()) as boot_http:
            result = await deploy_and_customise(boot_http, wanted, "pc")
        assert result.boot_entry == ""
        assert isinstance(result.warning, Problem)
        assert result.warning.code == "boot-entry"
        assert "No space left" in result.warning.technical
        assert "No space left" not in result.warning.sentence("en"), "the tool's words are the administrator's"
        # This master's ESP holds nothing: no entry, and no fallback path that could be made.
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            with pytest.raises(StageFailed) as caught:
                await customise(boot_http, wanted, "pc")
    assert caught.value.problem.code == "no-start"
    assert isinstance(caught.value.result, CustomiseResult)
    assert caught.value.result.own == ("hostname", "machine-id", "ssh-host-keys")


@pytest.mark.root
@pytest.mark.parametrize(
    ("kind", "folder"),
    [("ext4", ""), ("xfs", ""), ("btrfs", ""), ("btrfs", "@"), ("btrfs", "@rootfs"), ("btrfs", "root")],
)
async def test_a_system_becomes_a_pcs_own_on_whatever_file_system_its_root_is(
    tmp_path: Path, kind: str, folder: str
) -> None:
    path = tmp_path / "pc.img"
    manifest = msgspec.structs.replace(disk_with_root(path, kind, 320 * MIB, folder), disk=320 * MIB)
    if kind == "ext4":
        leave_a_zfs_label(path, manifest.partitions[0])
    with loop_disk(path, 600 * MIB) as disk:
        async with BootHttp(manifest, path.read_bytes()[:MIB]) as boot_http:
            result = await customise(boot_http, disk, "pc-7")
        device = partition_device(Path("/dev", disk.name), 1)
        with mounted(device, tmp_path / "look", *(["-t", kind])) as top:
            root = top / folder
            assert (root / "etc/hostname").read_text() == "pc-7\n"
            assert (root / "etc/machine-id").read_text() != "0" * 32 + "\n"
            assert (root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().endswith(" root@pc-7\n")
            assert not (root / "etc/ssh/ssh_host_dsa_key").exists()
            assert not (root / "var/lib/NetworkManager/secret_key").exists()
            assert (root / "var/log/syslog").read_text() == ""
            assert (root / "swap.img").read_bytes()[4096:] == bytes(MIB - 4096)
            assert SWAP_UUID in tool("blkid", "-p", root / "swap.img")
            for one in result.found:
                content = (root / one.path).read_bytes() if one.what == "file" else None
                assert one.digest == (hashlib.sha256(content).hexdigest() if content is not None else "")
                assert one.what == "gone" or one.mode == (root / one.path).stat().st_mode & 0o7777
    assert (tmp_path / "letter").read_text() == "not the system's\n"
    assert {one.what: one.files for one in result.forgotten if one.files} == {
        "dhcp-leases": 1,
        "network-secret": 1,
        "logs": 1,
        "swap": 1,
    }
    assert (result.root, result.filesystem, result.folder) == (device.name, kind, folder)
    assert result.own == ("hostname", "machine-id", "ssh-host-keys")
    assert result.grown > 590 * MIB
    stage = Customise(manifest=boot_http.digest, target=disk.id, hostname="pc-7")
    assert judge(stage, "done", None, result).state == "done"


@pytest.mark.root
@pytest.mark.parametrize("kind", ["LVM2_member", "f2fs", "crypto_LUKS"])
async def test_a_system_that_cannot_be_changed_is_not_called_done(tmp_path: Path, kind: str) -> None:
    root = msgspec.structs.replace(root_partition(MIB, MIB, kind=kind), grow=False)
    manifest = manifest_of(bytes(2 * MIB), (root,), used=[(0, MIB)], length=MIB)
    disk = Disk(name="none", id=DiskId(serial="LOOP", size=2 * MIB))
    async with BootHttp(manifest, bytes(2 * MIB)) as boot_http:
        with pytest.raises(StageFailed) as caught:
            await customise(boot_http, disk, "pc")
    assert caught.value.problem.code == "customise"
    assert kind in caught.value.problem.values["error"]


@pytest.mark.root
def test_a_logical_partition_of_a_dos_table_grows_with_the_extended_one_around_it(tmp_path: Path) -> None:
    path = tmp_path / "dos.img"
    with loop_disk(path, 64 * MIB) as disk:
        device = Path("/dev", disk.name)
        tool("sfdisk", "--quiet", device, stdin=LOGICAL)
        tool("partx", "--update", "--nr", "5", device)
        tool("mke2fs", "-q", "-t", "ext4", partition_device(device, 5))
        partitions = (
            Partition(number=1, start=MIB, length=8 * MIB, type="83"),
            Partition(number=2, start=9 * MIB, length=20 * MIB, type="05", role="extended"),
            Partition(
                number=5,
                start=10 * MIB,
                length=19 * MIB,
                type="83",
                role="root",
                grow=True,
                filesystem=FileSystem(kind="ext4"),
            ),
        )
        manifest = msgspec.structs.replace(
            manifest_of(bytes(32 * MIB), partitions, used=[(0, MIB)], length=MIB), table="dos"
        )
        assert stretched(manifest, partitions[2]) == (2, 5)
        assert grow(device, manifest).partition == f"{disk.name}p5"
        tool("e2fsck", "-f", "-n", partition_device(device, 5))
        blocks, block_size = geometry(partition_device(device, 5))
    assert blocks * block_size > 50 * MIB


def test_a_partitions_device_is_named_as_the_kernel_names_it() -> None:
    assert partition_device(Path("/dev/sda"), 2) == Path("/dev/sda2")
    assert partition_device(Path("/dev/nvme0n1"), 2) == Path("/dev/nvme0n1p2")
    assert partition_device(Path("/dev/mmcblk0"), 1) == Path("/dev/mmcblk0p1")
