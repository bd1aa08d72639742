"""Names are made safe, a folder cannot be left, files are read whole."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.tftpd.source import (
    LETTERS_BEHIND,
    READ_AHEAD,
    Content,
    ContentError,
    FolderSource,
    clean_name,
    names_within,
)


@pytest.mark.parametrize(
    ("asked", "clean"),
    [
        ("shimx64.efi", "shimx64.efi"),
        ("//grubx64.efi", "grubx64.efi"),
        ("/grub/./grub.cfg", "grub/grub.cfg"),
        ("\\EFI\\BOOT\\bootx64.efi", "EFI/BOOT/bootx64.efi"),
        ("../etc/passwd", None),
        ("grub\\..\\..\\etc", None),
        ("a\nb", None),
        ("/", None),
        ("", None),
        ("x" * 256, None),
    ],
)
def test_a_name_becomes_one_relative_path_or_none(asked: str, clean: str | None) -> None:
    assert clean_name(asked) == clean


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("shimx64.efi\xff", ["shimx64.efi", "shimx64.ef"]),
        ("/EFI/shimx64.efi\x1b\x04next", ["EFI/shimx64.efi", "EFI/shimx64.ef"]),
        ("shimx64.efia\x11", ["shimx64.efia", "shimx64.efi"]),
        ("a/\xff", ["a"]),
        ("vmlinuz.sig", []),
        ("grub/grub.cfg-01-52-54-00-12-34-56", []),
        ("\xff", []),
        ("", []),
    ],
)
def test_what_may_have_been_meant_is_what_stands_before_the_junk(asked: str, found: list[str]) -> None:
    assert list(names_within(asked))[: len(found) or None] == found


@given(st.text(max_size=300), st.text(max_size=300))
def test_what_may_have_been_meant_is_clean_and_the_list_is_short(before: str, behind: str) -> None:
    meant = list(names_within(before + behind))
    assert len(meant) <= LETTERS_BEHIND
    assert all(clean_name(name) == name for name in meant)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "boot"
    (root / "grub").mkdir(parents=True)
    (root / "grub/grub.cfg").write_text("menu")
    (root / "link").symlink_to("grub/grub.cfg")
    (tmp_path / "secret").write_text("secret")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "fifo")
    return root


@pytest.mark.parametrize("name", ["/grub/grub.cfg", "link"])
def test_regular_files_inside_the_folder_are_found(folder: Path, name: str) -> None:
    assert FolderSource(folder)(name) == folder / "grub/grub.cfg"


@pytest.mark.parametrize("name", ["out", "loop", "fifo", "grub", "missing", "../secret", "grub/grub.cfg/x", "n" * 255])
def test_nothing_else_is_found(folder: Path, name: str) -> None:
    assert FolderSource(folder)(name) is None


@given(st.text(max_size=60))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    found = FolderSource(Path(__file__).parent)(name)
    assert found is None or found.is_relative_to(Path(__file__).parent)


def test_a_file_and_bytes_in_memory_read_alike_in_any_order(tmp_path: Path) -> None:
    data = os.urandom(READ_AHEAD * 2 + 77)
    path = tmp_path / "f"
    path.write_bytes(data)
    for content in (Content(path), Content(data)):
        assert content.size == len(data)
        for offset in (0, READ_AHEAD - 10, READ_AHEAD * 2, 5, len(data) - 1, len(data)):
            assert content.read(offset, 1468) == data[offset : offset + 1468]
        content.close()
        content.close()


def test_a_file_that_becomes_shorter_is_an_error_and_never_a_short_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(bytes(READ_AHEAD * 2))
    content = Content(path)
    os.truncate(path, READ_AHEAD + 10)
    with pytest.raises(ContentError, match="shorter"):
        content.read(READ_AHEAD, 100)
    content.close()


def test_a_file_that_grows_keeps_the_size_it_had(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"four")
    content = Content(path)
    path.write_bytes(b"four and more")
    assert content.read(0, 512) == b"four"
    content.close()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: None])
def test_what_is_no_regular_file_cannot_be_opened(tmp_path: Path, make: object) -> None:
    path = tmp_path / "x"
    assert callable(make)
    make(path)
    with pytest.raises(ContentError):
        Content(path)
