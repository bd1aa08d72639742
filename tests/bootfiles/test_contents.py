"""What enters the base, and what the loader says it needs."""

from pathlib import Path

import pytest

from netboot.bootfiles import contents
from netboot.bootfiles.recipe import Choice
from netboot.shared.errors import NetbootError

TREE = ["etc/mke2fs.conf", "usr/bin/nvme", "usr/sbin/sfdisk", "usr/lib/p/a.py", "usr/lib/p/__pycache__/a.pyc"]

# `ld-linux-x86-64.so.2 --list /usr/bin/kmod`, and a line of /usr/bin/udevadm's, recorded from Debian 13's glibc 2.41.
LISTED = """\
	linux-vdso.so.1 (0x00007f2954890000)
	libcrypto.so.3 => /lib/x86_64-linux-gnu/libcrypto.so.3 (0x00007f2954200000)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f295400c000)
	/lib64/ld-linux-x86-64.so.2 => /usr/lib64/ld-linux-x86-64.so.2 (0x00007f2954892000)
	libsystemd-shared-257.so => /usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so (0x00007f6685200000)
"""


def test_programs_are_found_in_both_folders() -> None:
    assert contents.choose_programs(["nvme", "sfdisk"], TREE) == {"usr/bin/nvme", "usr/sbin/sfdisk"}


def test_every_program_that_is_missing_is_named() -> None:
    with pytest.raises(NetbootError, match="gone, lost"):
        contents.choose_programs(["gone", "nvme", "lost"], TREE)


def test_a_pattern_without_a_file_is_named() -> None:
    with pytest.raises(NetbootError, match=r"etc/nothing\*"):
        contents.choose_files(["etc/nothing*", "etc/mke2fs.conf"], TREE)


def test_python_never_keeps_the_cache_of_the_building_machine() -> None:
    assert contents.choose_python(Choice(("usr/lib/p/*",)), TREE) == {"usr/lib/p/a.py"}


def test_links_are_followed_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/libz.so.1.3").write_bytes(b"")
    (tmp_path / "usr/lib/libz.so.1").symlink_to("libz.so.1.3")
    (tmp_path / "usr/lib/libz.so").symlink_to("/lib/libz.so.1")
    names = {"usr/lib/libz.so", "usr/lib/libz.so.1", "usr/lib/libz.so.1.3"}
    assert contents.follow_links(tmp_path, ["usr/lib/libz.so"]) == names


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr/a").symlink_to("b")
    (tmp_path / "usr/b").symlink_to("a")
    assert contents.follow_links(tmp_path, ["usr/a"]) == {"usr/a", "usr/b"}


def test_a_link_to_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr/a").symlink_to("gone")
    with pytest.raises(NetbootError, match="usr/gone"):
        contents.follow_links(tmp_path, ["usr/a"])


def test_libraries_are_read_from_what_the_loader_prints() -> None:
    assert contents.parse_loader_list(LISTED) == {
        "usr/lib/x86_64-linux-gnu/libcrypto.so.3",
        "usr/lib/x86_64-linux-gnu/libc.so.6",
        "usr/lib64/ld-linux-x86-64.so.2",
        "usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so",
    }


def test_a_library_that_is_missing_stops_the_build() -> None:
    with pytest.raises(NetbootError, match="libgone"):
        contents.parse_loader_list("\tlibgone.so.1 => not found\n")


@pytest.mark.parametrize("name", ["../../etc/shadow", "/../x", "lib/../../y"])
def test_no_path_leads_out_of_the_tree(name: str) -> None:
    assert ".." not in contents.inside(f"/{name}")
