"""The record beside the boot files: complete, missing, damaged."""

import json
from dataclasses import fields
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netboot.bootfiles import current, load, record
from netboot.bootfiles.record import NAMES, RECORD, read_record, write_record
from netboot.dhcp.boot_file import BootFileNames
from netboot.shared.errors import NetbootError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "abc"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(name.encode())
    write_record(folder, kernel="6.12", recipe="r", loader_packages=("b=1", "c=1"), agent_packages=("a=1", "b=1"))
    current(tmp_path).symlink_to("abc")
    return tmp_path


def test_what_was_recorded_is_loaded(cache: Path) -> None:
    files = load(cache)
    assert files.packages == ("a=1", "b=1", "c=1")
    assert files.sizes["vmlinuz"] == len("vmlinuz")
    assert files.path("vmlinuz").read_bytes() == b"vmlinuz"


def test_every_file_that_dhcp_names_is_built() -> None:
    names = BootFileNames(IPv4Address("10.77.0.2"))
    assert {getattr(names, one.name) for one in fields(names) if one.name.endswith("_file")} <= set(NAMES)


def test_a_name_that_is_no_boot_file_has_no_path(cache: Path) -> None:
    with pytest.raises(KeyError):
        load(cache).path("../secret")


def test_an_empty_cache_says_which_command_fills_it(tmp_path: Path) -> None:
    with pytest.raises(NetbootError) as raised:
        load(tmp_path)
    assert raised.value.hint == "run: sudo ./run netboot bootfiles build"


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_or_missing_file_is_named(cache: Path, name: str) -> None:
    path = cache / "abc" / name
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(NetbootError, match=name):
        load(cache)
    path.unlink()
    with pytest.raises(NetbootError, match=name):
        load(cache)


def test_the_files_of_another_version_are_not_used(cache: Path) -> None:
    record = json.loads((cache / "abc" / RECORD).read_text())
    del record["files"]["ipxe.efi"]
    (cache / "abc" / RECORD).write_text(json.dumps(record))
    with pytest.raises(NetbootError, match="another version"):
        load(cache)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=80), st.text(alphabet='{}[]":,kernlpackagsfi0123', max_size=60).map(str.encode)))
def test_any_damage_to_the_record_is_one_kind_of_error(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / RECORD).write_bytes(garbage)
    with pytest.raises(NetbootError):
        read_record(tmp_path)


def test_what_another_version_of_the_code_put_in_use_is_not_served(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "code_digest", lambda _: "other")
    with pytest.raises(NetbootError, match="no boot files of this version"):
        load(cache)
    monkeypatch.undo()
    assert load(cache).folder == (cache / "abc").resolve()
