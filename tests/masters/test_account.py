"""What an import says of a disk: its system, what grows, what customising can do and cannot, how it starts."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.masters.account import account
from netboot.shared.manifest import Chunk, Manifest
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.installed_system import parse_os_release
from netboot.survey.loop import loop_device
from netboot.survey.uefi_loaders import loaders
from tests.masters.images import ESP, LINUX, LVM, MIB, ext4, gpt_disk, sized, system_tree, taken

_ZFS = 72 * MIB
Lay = Callable[[Iterable[Chunk], Store, Path, int], None]


def told(manifest: Manifest) -> str:
    return "\n".join(account(manifest))


def xfs(folder: Path) -> Path:
    """An xfs with an installed system, filled without a mount."""
    part, tree = sized(folder / "root.xfs", 320 * MIB), system_tree(folder)
    prototype = folder / "prototype"
    prototype.write_text(
        f"/stand/boot\n0 0\nd--755 0 0\netc d--755 0 0\npasswd ---644 0 0 {tree}/etc/hostname\n$\n"
        f"usr d--755 0 0\nlib d--755 0 0\nos-release ---644 0 0 {tree}/usr/lib/os-release\n$\n$\n$\n",
        encoding="utf-8",
    )
    run(["mkfs.xfs", "-q", "-p", prototype, part])
    return part


def btrfs(folder: Path) -> Path:
    part = sized(folder / "root.btrfs", 300 * MIB)
    run(["mkfs.btrfs", "-q", "-m", "dup", "-r", system_tree(folder), part])
    return part


def lvm(folder: Path) -> Path:
    """A physical volume, as pvcreate makes it."""
    part = sized(folder / "root.pv", 16 * MIB)
    device = run(["losetup", "--find", "--show", part]).stdout.strip()
    try:
        run(["pvcreate", "--yes", device])
    finally:
        run(["losetup", "--detach", device])
    return part


def under_zfs(folder: Path) -> Path:
    """An ext4 made where a ZFS had been: uberblocks of its label are left, and blkid gives no answer (status 8).

    blkid looks for ZFS from 64 MiB on.
    """
    part = ext4(folder, _ZFS)
    with part.open("r+b") as file:
        # The last label (256 KiB) of a pool, in no block that ext4 uses: its ring of uberblocks.
        for place in range(32):
            file.seek(_ZFS - 128 * 1024 + place * 1024)
            file.write((0x00BAB10C).to_bytes(8, "little") + (5000).to_bytes(8, "little") + bytes(8))
    assert run(["blkid", "--probe", part], expect=None).status == 8
    return part


@pytest.mark.root
def test_a_linux_on_ext4_is_told_whole(tmp_path: Path) -> None:
    esp = sized(tmp_path / "esp", 34 * MIB)
    run(["mkfs.vfat", "-F", "32", "-s", "1", esp])
    run(["mmd", "-i", esp, "::/EFI", "::/EFI/debian", "::/EFI/BOOT"])
    loader = tmp_path / "loader"
    loader.write_bytes(b"MZ")
    for name in ("debian/shimx64.efi", "debian/grubx64.efi", "BOOT/BOOTX64.EFI"):
        run(["mcopy", "-i", esp, loader, f"::/EFI/{name}"])
    image = gpt_disk(tmp_path, [(ESP, esp), (LINUX, ext4(tmp_path))])
    manifest = taken(image, Store(tmp_path / "store"))
    assert account(manifest) == (
        "What it is: Test Linux 1 (small), its root on partition 2 (ext4).",
        "Size: it needs a disk of 0.1 GB with sectors of 512 bytes; 0.0 GB are written to each PC.",
        "Grows: partition 2 (ext4) takes the rest of a larger disk up to 25.8 GB; what is behind stays free.",
        (
            "Customising: each PC gets its own hostname, machine-id and SSH host keys; leases, secrets and logs of the "
            "prepared PC are taken out, and what was in memory out of its swap files."
        ),
        (
            "Profiles CANNOT set: locales, keyboards, time zones, groups, accounts, scripts at the first start, "
            "a Wi-Fi network; one that does is refused before an erase."
        ),
        "Starts: by BIOS, NO: there is no boot code.",
        "Starts: by UEFI of 64 bits with /EFI/debian/shimx64.efi; without a boot entry with /EFI/BOOT/BOOTX64.EFI.",
    )
    assert manifest.not_customisable == ""


@pytest.mark.root
@pytest.mark.parametrize(
    ("make", "kind", "type_", "size"),
    [(xfs, "xfs", LINUX, 400), (btrfs, "btrfs", LINUX, 400), (lvm, "LVM2_member", LVM, 64)],
)
def test_whether_customising_reaches_the_root_is_said(
    tmp_path: Path, make: Callable[[Path], Path], kind: str, type_: str, size: int
) -> None:
    image = gpt_disk(tmp_path, [(type_, make(tmp_path))], size=size * MIB)
    manifest = taken(image, Store(tmp_path / "store"))
    if kind == "LVM2_member":
        assert manifest.not_customisable == kind
        assert f"Customising: IMPOSSIBLE, its root is on {kind}" in told(manifest)
    else:
        assert manifest.not_customisable == ""
        assert manifest.partitions[0].grow
        assert "What it is: Test Linux 1 (small), its root on partition 1" in told(manifest)


@pytest.mark.root
def test_an_ext4_over_a_left_label_is_the_one_that_is_whole(tmp_path: Path) -> None:
    image, said = gpt_disk(tmp_path, [(LINUX, under_zfs(tmp_path))], size=80 * MIB), list[str]()
    manifest = taken(image, Store(tmp_path / "store"), said)
    (root,) = manifest.partitions
    assert root.filesystem is not None
    assert (root.role, root.filesystem.kind, root.grow) == ("root", "ext4", True)
    assert len(root.filesystem.uuid) == 36
    assert "partition 1 has the signs of several file systems (ext4, zfs_member): ext4 is the one that is whole" in said
    assert manifest.not_customisable == ""


@pytest.mark.root
def test_two_labels_of_which_none_is_whole_are_no_root(tmp_path: Path) -> None:
    part = under_zfs(tmp_path)
    with part.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * 64 * 1024)
    image, said = gpt_disk(tmp_path, [(LINUX, part)], size=80 * MIB), list[str]()
    manifest = taken(image, Store(tmp_path / "store"), said)
    assert manifest.partitions[0].filesystem is None
    assert manifest.not_customisable == "?"
    assert "IMPOSSIBLE, no root file system was found" in told(manifest)
    assert any("which one is in use cannot be told" in line for line in said)


@pytest.mark.root
def test_the_root_is_where_a_system_is_not_where_most_room_is(tmp_path: Path) -> None:
    home = sized(tmp_path / "home.ext4", 34 * MIB)
    run(["mke2fs", "-q", "-F", "-t", "ext4", home])
    image = gpt_disk(tmp_path, [(LINUX, home), (LINUX, ext4(tmp_path))])
    manifest = taken(image, Store(tmp_path / "store"))
    assert [partition.role for partition in manifest.partitions] == ["other", "root"]


@pytest.mark.root
def test_an_ext4_without_a_system_is_no_root_to_customise(tmp_path: Path) -> None:
    empty = sized(tmp_path / "empty.ext4", 24 * MIB)
    run(["mke2fs", "-q", "-F", "-t", "ext4", empty])
    manifest = taken(gpt_disk(tmp_path, [(LINUX, empty)]), Store(tmp_path / "store"))
    assert manifest.not_customisable == "?"
    assert "no Linux that was found" in told(manifest)


@pytest.mark.root
def test_both_copies_of_a_btrfs_metadata_come_back(tmp_path: Path, lay: Lay) -> None:
    image = gpt_disk(tmp_path, [(LINUX, btrfs(tmp_path))], size=400 * MIB)
    store = Store(tmp_path / "store")
    manifest = taken(image, store)
    assert manifest.used < 100 * MIB
    target = tmp_path / "target.raw"
    lay(manifest.chunks, store, target, manifest.disk)
    with loop_device(target, offset=MIB, length=300 * MIB) as device:
        run(["btrfs", "check", "--readonly", device])
        tree = run(["btrfs", "inspect-internal", "dump-tree", device]).stdout
        nodes = {line.split()[1] for line in tree.splitlines() if line.startswith(("leaf ", "node "))}
        assert len(nodes) > 5
        copies = 0
        for node in nodes:
            found = []
            for mirror in ("1", "2"):
                to = tmp_path / f"copy-{mirror}"
                to.unlink(missing_ok=True)
                run(["btrfs-map-logical", "-l", node, "-b", "16384", "-c", mirror, "-o", to, device])
                found.append(to.read_bytes())
            assert found[0] == found[1], f"the second copy of {node} is another"
            copies += 1
    assert copies == len(nodes)


@pytest.mark.root
def test_a_btrfs_that_was_not_shut_down_is_taken_as_a_whole(tmp_path: Path) -> None:
    part = btrfs(tmp_path)
    with part.open("r+b") as file:
        file.seek(64 * 1024 + 0x60)
        file.write((30408704).to_bytes(8, "little"))
    image, said = gpt_disk(tmp_path, [(LINUX, part)], size=400 * MIB), list[str]()
    assert taken(image, Store(tmp_path / "store"), said).used > 300 * MIB
    assert any("taken as a whole, because it was not shut down cleanly" in line for line in said)


def test_loaders_come_in_the_order_of_choice_and_no_driver_among_them() -> None:
    esp = ["BOOT/BOOTX64.EFI", "BOOT/fbx64.efi", "BOOT/grubx64.efi", "debian/mmx64.efi", "debian/grubx64.efi"]
    esp += ["refind/drivers_x64/ext4_x64.efi", "debian/shimx64.efi", "opensuse/MokManager.efi", "debian/fwupdx64.efi"]
    esp += ["x/../shimx64.efi", "tools/shellx64.efi"]
    chosen = ["debian/shimx64.efi", "debian/grubx64.efi", "BOOT/BOOTX64.EFI", "BOOT/grubx64.efi"]
    assert loaders(f"/EFI/{name}" for name in esp) == tuple(f"/EFI/{name}" for name in chosen)


@given(st.text(max_size=300))
def test_any_os_release_gives_a_name_that_a_manifest_can_hold(text: str) -> None:
    name = parse_os_release(text)
    assert len(name) <= 120
    assert name.isprintable()


def test_an_os_release_is_read_as_the_shell_would() -> None:
    assert parse_os_release("NAME=Arch\nPRETTY_NAME='Arch Linux'\n") == "Arch Linux"
    assert parse_os_release('PRETTY_NAME="no end\nNAME=Fedora\n') == "Fedora"
    assert parse_os_release("VERSION_ID=1\n") == "Linux"
    assert parse_os_release("") == ""


@pytest.mark.root
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-b", "4096"), "takes the rest of a larger disk up to 68.7 GB; what is behind stays free"),
        (("-b", "1024"), "takes the rest of a larger disk up to 34.5 GB; what is behind stays free"),
        (("-b", "4096", "-O", "^resize_inode"), "takes the rest of a larger disk."),
        (("-O", "bigalloc"), "nothing; partition 1 (ext4) is the last one, and its file system is of a form"),
    ],
)
def test_how_far_a_small_file_system_grows_is_known_when_it_is_taken_in(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    part = sized(tmp_path / "root.ext4", 64 * MIB)
    run(["mke2fs", "-q", "-t", "ext4", *options, "-d", system_tree(tmp_path), part])
    manifest = taken(gpt_disk(tmp_path, [(LINUX, part)], size=80 * MIB), Store(tmp_path / "store"))
    assert said in told(manifest)
