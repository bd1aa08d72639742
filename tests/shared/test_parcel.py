"""The listing of a folder: one way to write it, and nothing believed that is written otherwise."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.shared.inventory import System
from netboot.shared.manifest import CHUNK_LIMIT
from netboot.shared.parcel import (
    BYTES,
    FILES,
    LISTING,
    PIECE,
    Parcel,
    ParcelError,
    ParcelFile,
    Piece,
    PlacedFolder,
    folders_error,
    parse_listing,
    paths_of,
    pieces_of,
)

FIRMWARE = ParcelFile("rtw89/rtw8852b_fw.bin", "0644", pieces_of([b"a" * PIECE, b"b"]))
PARCEL = Parcel((ParcelFile("a tool", "0755", ()), FIRMWARE))


def listed(*names: str) -> bytes:
    return Parcel(tuple(ParcelFile(name, "0644", ()) for name in names)).listing


def test_a_listing_is_read_as_it_was_written() -> None:
    assert parse_listing(PARCEL.listing) == PARCEL
    assert (PARCEL.size, FIRMWARE.size) == (PIECE + 1, PIECE + 1)
    assert PARCEL.pieces == {hashlib.sha256(b"a" * PIECE).hexdigest(), hashlib.sha256(b"b").hexdigest()}
    folder = PlacedFolder(path="/lib/firmware", beside="firmware")
    assert list(paths_of(folder, PARCEL)) == ["lib/firmware/a tool", "lib/firmware/rtw89/rtw8852b_fw.bin"]


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text(max_size=6), st.lists).map(msgspec.json.encode))
def test_what_is_no_listing_raises_one_error(data: bytes) -> None:
    with pytest.raises(ParcelError):
        parse_listing(data)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "..", "a/../b", "a/..", "../a", "./a", "a/./b", "a//b", "a/", "a\\b", "a\nb", "é", "x" * 201],
)
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    with pytest.raises(ParcelError):
        parse_listing(msgspec.json.encode({"files": [[name, "0644", []]]}))


@pytest.mark.parametrize("name", ["..a", "a..b", ".hidden", "a b.txt", "brcm/brcmfmac43430-sdio.AP6212,x=~+@.txt"])
def test_names_of_firmware_are_names(name: str) -> None:
    assert parse_listing(listed(name)).files[0].name == name


@pytest.mark.parametrize(
    "data",
    [
        listed("b", "a"),
        listed("a", "a"),
        listed("a", "a b", "a/c"),
        listed("a/b", "a/b/c/d"),
        listed("a").replace(b":", b": "),
        msgspec.json.encode({"files": []}),
        msgspec.json.encode({"files": [["a", "4755", []]]}),
        msgspec.json.encode({"files": [["a", "0644", [[PIECE + 1, "a" * 64]]]]}),
        msgspec.json.encode({"files": [["a", "0644", [[1, "A" * 64]]]]}),
        msgspec.json.encode({"files": [["a", "0644", []]], "more": 1}),
        listed(*(f"{number:05d}" for number in range(FILES + 1))),
        Parcel(
            tuple(ParcelFile(name, "0644", (Piece(PIECE, "a" * 64),) * (BYTES // PIECE)) for name in ("a", "b"))
        ).listing,
    ],
)
def test_a_listing_that_no_server_writes_is_refused(data: bytes) -> None:
    with pytest.raises(ParcelError):
        parse_listing(data)


def test_a_listing_and_a_piece_are_chunks_and_the_longest_listing_fits() -> None:
    assert PIECE <= LISTING <= CHUNK_LIMIT
    rest = (BYTES // PIECE - 1) // FILES
    longest = ParcelFile("x" * 200, "0644", (Piece(PIECE, "a" * 64),) * (rest + 1))
    all_pieces = ParcelFile("y" * 200, "0644", (Piece(PIECE, "a" * 64),) * (BYTES // PIECE))
    assert len(Parcel((longest,) * FILES).listing) + len(Parcel((all_pieces,)).listing) < LISTING


def test_a_folder_is_for_the_models_that_it_names() -> None:
    folder = PlacedFolder(path="/lib/firmware", beside="firmware", models=("LENOVO ThinkPad T4*",))
    assert folder.is_for("Lenovo  thinkpad t480")
    assert not folder.is_for("Dell Latitude")
    assert PlacedFolder(path="/lib/firmware", beside="firmware").is_for("Dell Latitude")


def test_folders_that_make_no_sense_are_told() -> None:
    one = PlacedFolder(path="/lib/firmware", beside="firmware")
    other = PlacedFolder(path="/lib/firmware/brcm", beside="brcm")
    assert folders_error((one, other)) == ""
    assert "is there twice" in folders_error((one, one))
    assert "is there twice" in folders_error((one, msgspec.structs.replace(one, beside="dell", models=("Dell *",))))
    assert "no `beside`" in folders_error((msgspec.structs.replace(one, beside=""),))
    assert "at most" in folders_error((one, msgspec.structs.replace(other, size=BYTES + 1)))


@pytest.mark.parametrize("length", [0, 1, 4096, 4097, 3 * PIECE + 1])
@pytest.mark.parametrize("files", [1, 700])
def test_files_take_whole_blocks_and_a_folder_no_less_room_than_its_files(length: int, files: int) -> None:
    lengths = [min(PIECE, length - start) for start in range(0, length, PIECE)]
    pieces = tuple(Piece(one, "0" * 64) for one in lengths)
    parcel = Parcel(tuple(ParcelFile(f"{number:03}"[-3:], "0644", pieces) for number in range(files)))
    assert parcel.room_in(4096) == files * {0: 0, 1: 4096, 4096: 4096, 4097: 8192}.get(length, 3 * PIECE + 4096)
    folder = PlacedFolder(path="/a", beside="a", listed=len(parcel.listing), size=parcel.size)
    assert folder.room >= parcel.room_in(4096)


def test_a_pc_is_known_by_its_makers_product_and_a_lenovo_by_its_version_too() -> None:
    # As a ThinkPad says it, in tests/agent/recorded/uefi-laptop.txt.
    thinkpad = System(manufacturer="LENOVO", product="20FMS2AB00", version="ThinkPad T460")
    for pattern, fits in (("LENOVO 20FM*", True), ("lenovo thinkpad t4*", True), ("T460", False), ("Dell *", False)):
        assert PlacedFolder(path="/a", beside="a", models=(pattern,)).is_for(*thinkpad.models) == fits
    assert System(manufacturer="HP", product="HP EliteDesk 800").models == ("HP HP EliteDesk 800",)
    assert PlacedFolder(path="/a", beside="a", models=("*",)).is_for(*System().models)


@pytest.mark.parametrize("version", ["Lenovo ideapad 330-15IKB", "LENOVO  ideapad 330-15IKB", "ideapad 330-15IKB"])
def test_a_maker_whose_name_begins_the_version_is_said_once(version: str) -> None:
    ideapad = System(manufacturer="LENOVO", product="81DE", version=version)
    assert PlacedFolder(path="/a", beside="a", models=("lenovo ideapad 330*",)).is_for(*ideapad.models)
    assert System(manufacturer="LENOVO", product="81DE").models == ("LENOVO 81DE",)


@pytest.mark.parametrize(
    ("pattern", "system"),
    [
        ("TOSHIBA P*", System(manufacturer="TOSHIBA", product="SATELLITE", version="PSCMLE-01N00NFR")),
        ("Dell* 0?", System(manufacturer="Dell Inc.", product="OptiPlex 7010", version="01")),
        ("Acer *v1*", System(manufacturer="Acer", product="Aspire E5-571", version="V1.15")),
    ],
)
def test_another_makers_part_number_or_revision_is_no_name_of_its_pc(pattern: str, system: System) -> None:
    assert not PlacedFolder(path="/a", beside="a", models=(pattern,)).is_for(*system.models)
