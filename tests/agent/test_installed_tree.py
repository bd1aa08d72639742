"""The tree of an installed system on real file systems: links that lead out, pipes, locked files, labels."""

import ctypes
import errno
import hashlib
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netboot.agent.customise import installed_tree
from netboot.agent.customise.installed_tree import TEXT_LIMIT, InstalledTree
from netboot.shared.errors import NetbootError
from netboot.shared.stages.customise import Found

MIB = 1024 * 1024
LIBC = ctypes.CDLL(None, use_errno=True)
NOBODY = 0xFFFFFFFF
LABEL = b"system_u:object_r:etc_t:s0\0"

# acl(5) as xattr: version 2; the owner rw, user 9 r, the group rw, the mask rw, others nothing.
ACL = struct.pack("<I" + "HHI" * 5, 2, 1, 6, NOBODY, 2, 4, 9, 4, 6, NOBODY, 16, 6, NOBODY, 32, 0, NOBODY)


def tool(*words: str | Path) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.fixture(params=["ext4", "xfs", "btrfs"])
def volume(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A real file system, mounted."""
    image, folder = tmp_path / "volume.img", tmp_path / "volume"
    with image.open("wb") as file:
        file.truncate(320 * MIB)
    tool(f"mkfs.{request.param}", "-q", image)
    folder.mkdir()
    tool("mount", "-o", "loop", image, folder)
    try:
        (folder / "etc").mkdir()
        yield folder
    finally:
        tool("umount", folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/etc").mkdir(parents=True)
    return tmp_path / "root"


@pytest.mark.root
def test_a_locked_labelled_file_is_replaced_with_its_owner_mode_attributes_and_locks(volume: Path) -> None:
    path = volume / "etc/hostname"
    path.write_text("old\n")
    os.setxattr(path, "security.selinux", LABEL)
    os.setxattr(path, "user.note", b"kept")
    os.chown(path, 7, 8)
    path.chmod(0o660)
    os.setxattr(path, "system.posix_acl_access", ACL)
    tool("chattr", "+i", path)
    tool("chattr", "+a", volume / "etc")
    with InstalledTree(volume) as tree:
        tree.write("hostname", "etc/hostname", "pc-1\n")
        assert tree.changed == {"etc/hostname": "hostname"}
        seen = tree.look("hostname", "etc/hostname")
    digest = hashlib.sha256(b"pc-1\n").hexdigest()
    assert seen == Found(part="hostname", path="etc/hostname", what="file", mode=0o660, owner=7, group=8, digest=digest)
    assert os.getxattr(path, "security.selinux") == LABEL
    assert os.getxattr(path, "user.note") == b"kept"
    assert os.getxattr(path, "system.posix_acl_access") == ACL
    assert [name.name for name in (volume / "etc").iterdir()] == ["hostname"]
    locks = {line.split()[1]: line.split()[0] for line in tool("lsattr", "-d", path, volume / "etc").splitlines()}
    assert "i" in locks[str(path)]
    assert "a" in locks[str(volume / "etc")]
    tool("chattr", "-i", path)
    tool("chattr", "-a", volume / "etc")


@pytest.mark.root
def test_locked_logs_are_emptied_and_locked_files_removed(volume: Path) -> None:
    log, gone = volume / "etc/log", volume / "etc/gone"
    for path in (log, gone):
        path.write_text("of the prepared PC\n")
        tool("chattr", "+a", path)
    with InstalledTree(volume) as tree:
        tree.empty("etc/log")
        tree.remove(None, "etc/gone")
        assert tree.changed == {}
    assert log.read_bytes() == b""
    assert not gone.exists()
    assert "a" in tool("lsattr", log).split()[0]
    tool("chattr", "-a", log)


@pytest.mark.root
def test_no_path_crosses_to_another_mount(volume: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter").write_text("not the system's")
    (volume / "mnt").mkdir()
    tool("mount", "--bind", other, volume / "mnt")
    try:
        with InstalledTree(volume) as tree:
            with pytest.raises(NetbootError, match="leads out"):
                tree.names("mnt")
            with pytest.raises(NetbootError, match="leads out"):
                tree.write("hostname", "mnt/letter", "")
    finally:
        tool("umount", volume / "mnt")
    assert (other / "letter").read_text() == "not the system's"


def test_links_mean_what_they_mean_to_the_installed_system(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("the agent's own\n")
    (root / "absolute").symlink_to("/etc")
    (root / "up").symlink_to("../../../../../..")
    (root / "out").symlink_to(outside)
    (root / "circle").symlink_to("circle")
    (root / "proc").symlink_to("/proc/self/root")
    with InstalledTree(root) as tree:
        tree.write("hostname", "absolute/hostname", "pc-1\n")
        tree.write("hostname", "up/etc/hosts", "local\n")
        assert tree.read("etc/hostname") == "pc-1\n"
        assert tree.read("absolute/hosts") == "local\n"
        assert (tree.names("out"), tree.names("circle"), tree.names("proc")) == ((), (), ())
        assert tree.names("up") == tree.names(".")
        for folder in ("out", "circle", "proc/etc", f"up{outside}"):
            assert not tree.is_folder(folder)
            with pytest.raises(NetbootError, match="has no"):
                tree.write("hostname", f"{folder}/secret", "overwritten")
        for name in ("etc/..", "..", "", "etc/"):
            with pytest.raises(NetbootError, match="names no file"):
                tree.write("hostname", name, "overwritten")
    assert (outside / "secret").read_text() == "the agent's own\n"


def test_a_link_in_a_files_place_is_neither_read_nor_emptied_but_replaced(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("the agent's own\n")
    link = root / "etc/hostname"
    link.symlink_to(outside)
    with InstalledTree(root) as tree:
        assert tree.read("etc/hostname") == ""
        assert not tree.is_file("etc/hostname")
        with pytest.raises(OSError, match="symbolic"):
            tree.empty("etc/hostname")
        seen = tree.look("hostname", "etc/hostname")
        assert (seen.what, seen.digest) == ("link", hashlib.sha256(os.fsencode(outside)).hexdigest())
        tree.write("hostname", "etc/hostname", "pc\n")
        assert tree.look("hostname", "etc/hostname").what == "file"
        tree.remove("hostname", "etc/hostname")
        assert tree.look("hostname", "etc/hostname") == Found(part="hostname", path="etc/hostname", what="gone")
    assert outside.read_text() == "the agent's own\n"


def test_pipes_sockets_and_folders_are_not_read_and_nothing_waits_for_them(root: Path) -> None:
    os.mkfifo(root / "etc/pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "etc/socket"))
    (root / "etc/folder").mkdir()
    with InstalledTree(root) as tree:
        assert tree.look("hostname", "etc/folder").what == "folder"
        for name in ("etc/pipe", "etc/socket"):
            assert tree.read(name) == ""
            with pytest.raises(NetbootError, match="is no file"):
                tree.look("hostname", name)
        tree.write("hostname", "etc/pipe", "a file now")
        assert tree.read("etc/pipe") == "a file now"


def test_a_file_is_read_whole_or_not_at_all(root: Path) -> None:
    os.truncate(os.open(root / "etc/hosts", os.O_CREAT | os.O_WRONLY), TEXT_LIMIT + 1)
    with InstalledTree(root) as tree:
        with pytest.raises(NetbootError, match="longer than 16 MiB"):
            tree.read("etc/hosts")
        os.truncate(root / "etc/hosts", TEXT_LIMIT)
        assert len(tree.read("etc/hosts")) == TEXT_LIMIT


def test_a_file_of_several_names_loses_the_one_that_was_to_be_emptied(root: Path) -> None:
    (root / "etc/shadow").write_text("root:*:::::::\n")
    os.link(root / "etc/shadow", root / "etc/log")
    with InstalledTree(root) as tree:
        tree.empty("etc/log")
    assert (root / "etc/shadow").read_text() == "root:*:::::::\n"
    assert not (root / "etc/log").exists()


@pytest.mark.root
@pytest.mark.parametrize("lost", ["empty", "remove", "write", "link"])
def test_a_locked_file_stays_locked_under_its_other_name(volume: Path, lost: str) -> None:
    kept, log = volume / "etc/kept", volume / "etc/log"
    kept.write_text("anything\n")
    log.hardlink_to(kept)
    tool("chattr", "+i", kept)
    with InstalledTree(volume) as tree:
        match lost:
            case "empty":
                tree.empty("etc/log")
            case "remove":
                tree.remove(None, "etc/log")
            case "write":
                tree.write("hostname", "etc/log", "new")
            case "link":
                tree.link("timezone", "etc/log", "elsewhere")
    assert (kept.read_text(), kept.stat().st_nlink) == ("anything\n", 1)
    assert "i" in tool("lsattr", kept).split()[0]
    if lost == "write":
        assert (log.read_text(), "i" in tool("lsattr", log).split()[0]) == ("new", True)
        tool("chattr", "-i", log)
    tool("chattr", "-i", kept)


class Restless:
    """A kernel in which something is renamed each time that a folder is opened, so many times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def syscall(self, *words: object) -> int:
        self.times -= 1
        if self.times < 0:
            return int(LIBC.syscall(*words))
        ctypes.set_errno(errno.EAGAIN)
        return -1


def test_a_folder_that_does_not_come_to_rest_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "etc/hosts").write_text("localhost\n")
    with InstalledTree(root) as tree:
        monkeypatch.setattr(installed_tree, "_libc", Restless(99))
        assert tree.names("etc") == ("hosts",)
        monkeypatch.setattr(installed_tree, "_libc", Restless(10**9))
        with pytest.raises(NetbootError, match="does not come to rest"):
            tree.names("etc")


@given(st.lists(st.sampled_from(["..", ".", "etc", "up", "abs", "outside", "/", "x"]), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_whatever_the_path_nothing_outside_is_written(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    root, outside = folder / "root", folder / "outside"
    (root / "etc").mkdir(parents=True)
    outside.mkdir()
    (root / "up").symlink_to("../..")
    (root / "abs").symlink_to(folder)
    with InstalledTree(root) as tree:
        try:
            tree.write("hostname", "/".join(words), "here")
        except (NetbootError, OSError):
            assert tree.changed == {}
    assert sorted(path.name for path in folder.iterdir()) == ["outside", "root"]
    assert list(outside.iterdir()) == []
