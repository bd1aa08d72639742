"""A folder on the server's disk becomes a listing: of regular files alone, and the same while nothing changes."""

import hashlib
import os
from pathlib import Path

import pytest

from netboot.files.parcel_folder import read_folder
from netboot.shared.errors import NetbootError
from netboot.shared.parcel import BYTES, FILES, PIECE, parse_listing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "firmware"
    (folder / "rtw89").mkdir(parents=True)
    (folder / "rtw89/fw.bin").write_bytes(bytes(range(256)) * 8192 + b"rest")
    (folder / "load").write_text("#!/bin/sh\n")
    (folder / "load").chmod(0o700)
    (folder / "empty").touch(mode=0o600)
    return folder


def test_every_file_is_read_in_pieces_that_are_given_away(folder: Path) -> None:
    kept = dict[str, bytes]()
    parcel = read_folder(folder, lambda piece: kept.setdefault(hashlib.sha256(piece).hexdigest(), piece))
    assert [(file.name, file.mode, file.size) for file in parcel.files] == [
        ("empty", "0644", 0),
        ("load", "0755", 10),
        ("rtw89/fw.bin", "0644", 2 * PIECE + 4),
    ]
    assert b"".join(kept[piece.sha256] for piece in parcel.files[2].pieces) == (folder / "rtw89/fw.bin").read_bytes()
    assert parcel.pieces == kept.keys()
    assert parse_listing(parcel.listing) == parcel
    assert read_folder(folder, len) == parcel
    (folder / "empty").write_bytes(b"\0")
    assert read_folder(folder, len) != parcel


def test_what_is_no_regular_file_is_refused(folder: Path) -> None:
    for make in (
        lambda path: path.symlink_to("load"),
        lambda path: path.symlink_to("/etc"),
        lambda path: os.mkfifo(path),
    ):
        make(folder / "rtw89/odd")
        with pytest.raises(NetbootError, match="rtw89/odd is no file"):
            read_folder(folder, len)
        (folder / "rtw89/odd").unlink()
    (folder / "rtw89/an\nodd name").touch()
    with pytest.raises(NetbootError, match="cannot be put into a system"):
        read_folder(folder, len)


def test_a_folder_of_nothing_or_of_too_much_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(NetbootError, match="holds no file"):
        read_folder(tmp_path / "nothing", len)
    for wrong in (tmp_path / "none", folder / "load"):
        with pytest.raises(NetbootError, match="is no folder"):
            read_folder(wrong, len)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(NetbootError, match="is no folder"):
        read_folder(tmp_path / "link", len)
    with (folder / "large").open("wb") as file:
        file.truncate(BYTES)
    with pytest.raises(NetbootError, match="256 MiB"):
        read_folder(folder, len)
    (folder / "large").unlink()
    for number in range(FILES):
        (folder / f"{number}").touch()
    with pytest.raises(NetbootError, match="2000 files"):
        read_folder(folder, len)


def test_a_file_that_is_too_large_is_not_read_nor_one_that_grows_beyond_it(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(BYTES + 1)
    read: list[int] = []
    with pytest.raises(NetbootError, match="256 MiB"):
        read_folder(tmp_path, lambda piece: read.append(len(piece)))
    assert read == []
    os.truncate(tmp_path / "large", BYTES)

    def grows(piece: bytes) -> None:
        os.truncate(tmp_path / "large", 2 * BYTES)
        read.append(len(piece))

    with pytest.raises(NetbootError, match="256 MiB"):
        read_folder(tmp_path, grows)
    assert sum(read) == BYTES
