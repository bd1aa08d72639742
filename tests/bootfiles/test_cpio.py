"""The cpio writer, against GNU cpio and zstd as Debian has them."""

import subprocess
from pathlib import Path

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from netboot.bootfiles import cpio

TREE = [
    cpio.directory("a"),
    cpio.file("a/empty", b""),
    cpio.file("a/program", b"#!/bin/sh\n", 0o755),
    cpio.link("a/z", "program"),
    cpio.file("é", b"12345"),
]


def _extract(archive: bytes, folder: Path) -> None:
    command = ["cpio", "--extract", "--make-directories", "--no-absolute-filenames", "--quiet"]
    subprocess.run(command, input=archive, cwd=folder, check=True, capture_output=True)


def test_gnu_cpio_extracts_what_was_put_in(tmp_path: Path) -> None:
    _extract(cpio.archive(TREE, mtime=1_000_000_000), tmp_path)
    assert (tmp_path / "a/empty").read_bytes() == b""
    assert (tmp_path / "a/program").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "a/z").readlink() == Path("program")
    assert (tmp_path / "é").read_bytes() == b"12345"


def test_gnu_cpio_sees_the_given_time_and_root_as_owner() -> None:
    listed = subprocess.run(
        ["cpio", "--list", "--verbose", "--numeric-uid-gid", "--quiet"],
        input=cpio.archive(TREE, mtime=1_000_000_000),
        check=True,
        capture_output=True,
        env={"TZ": "UTC", "LC_ALL": "C"},
    ).stdout.decode()
    assert all(" 0        0 " in line and "Sep  9  2001" in line for line in listed.splitlines())
    assert len(listed.splitlines()) == len(TREE)


@settings(max_examples=15)
@given(st.lists(st.binary(max_size=70), min_size=1, max_size=8))
def test_any_content_comes_back_whole(contents: list[bytes]) -> None:
    archive = cpio.archive([cpio.file(f"f{number}", content) for number, content in enumerate(contents)], mtime=0)
    back = subprocess.run(
        ["cpio", "--extract", "--to-stdout", "--quiet"], input=archive, capture_output=True, check=True
    )
    assert back.stdout == b"".join(contents)
    assert len(archive) % 4 == 0


def test_compressed_archives_may_follow_one_another(tmp_path: Path) -> None:
    frame = cpio.compress(cpio.archive(TREE, mtime=0), level=3)
    assert len(frame) % 4 == 0
    assert subprocess.run(["zstd", "--test", "--quiet"], input=frame.rstrip(b"\0"), check=False).returncode == 0
    assert zstandard.ZstdDecompressor().decompressobj().decompress(frame) == cpio.archive(TREE, mtime=0)


def test_a_tree_on_disk_is_read_sorted_with_its_folders_and_without_set_user_id(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/mount").write_bytes(b"x")
    (tmp_path / "usr/bin/mount").chmod(0o4755)
    (tmp_path / "usr/bin/a").symlink_to("mount")
    entries = list(cpio.read_tree(tmp_path, ["usr/bin/mount", "usr/bin/a"]))
    assert [entry.name for entry in entries] == ["usr", "usr/bin", "usr/bin/a", "usr/bin/mount"]
    assert entries[-1].mode & 0o7777 == 0o755
    assert entries[2].content == b"mount"
