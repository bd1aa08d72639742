"""Format NVM on an NVMe lab drive over its socket: SES 0, 1 and 2 in the data, sectors, what goes wrong."""

import struct
from pathlib import Path

import pytest

from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.control import tell
from netboot.lab.drives.journal import read_journal
from tests.lab_unit.drives.conftest import NvmeMaker
from tests.lab_unit.drives.nvme_host import nvme_pc

SLOW = 600.0


def test_without_secure_erase_settings_every_byte_stays(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme()) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.format(secure=0) == 0
        assert host.read(9, 8).data == old[9 * 512 : 17 * 512]
    assert (tmp_path / "disk.img").read_bytes() == old
    assert read_journal(tmp_path / "disk.img")[-1]["dword10"] == 0


def test_a_user_data_erase_leaves_the_drives_pattern(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(erase_seconds=0.2, leaves="ff"))) as host:
        assert host.format(secure=1) == 0
        assert host.read(9, 8).data == b"\xff" * 4096
    assert (tmp_path / "disk.img").read_bytes() == b"\xff" * (1 << 20)


def test_a_crypto_erase_leaves_noise(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme()) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.format(secure=2) == 0
        new = host.read(0, 1024).data
    assert not any(new[at : at + 64] in (old[at : at + 64], bytes(64)) for at in range(0, len(new), 64))


def test_it_is_answered_only_at_its_end(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(erase_seconds=SLOW), namespaces=2)) as host:
        host.submit(0, 0x80, nsid=1, words=(1 << 9,))
        assert host.nothing_comes(0, 0.2)
        refused = host.read(0, 1)
        assert (refused.status, refused.retry) == (0x84, True)
        assert host.read(0, 1, nsid=2).status == 0  # the other goes on
        left = host.identify(0, 1).data[32]
        assert left & 0x80
        assert 90 <= left & 0x7F <= 100
        assert host.format(nsid=2) == 0x84
        assert host.sanitize(2) == 0x84
        assert tell(tmp_path / "drive", do="status")["formatting"] == [1]


@pytest.mark.parametrize(
    ("fields", "nsid", "secure", "touched"),
    [
        ({}, 1, 1, {1}),
        ({}, 2, 1, {2}),
        ({}, 0xFFFFFFFF, 1, {1, 2}),
        ({"erase_all": True}, 1, 1, {1, 2}),
        ({"format_all": True}, 1, 1, {1}),
    ],
)
def test_which_namespaces_it_is_about(
    nvme: NvmeMaker, tmp_path: Path, fields: dict[str, object], nsid: int, secure: int, touched: set[int]
) -> None:
    with nvme_pc(nvme(namespaces=2, **fields)) as host:
        assert host.format(secure=secure, nsid=nsid) == 0
    images = {1: tmp_path / "disk.img", 2: tmp_path / "disk2.img"}
    assert {number for number, image in images.items() if not image.read_bytes().strip(b"\0")} == touched


def test_another_format_changes_the_sectors_for_good(nvme: NvmeMaker, tmp_path: Path) -> None:
    path = nvme(namespaces=2)
    with nvme_pc(path) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.format(number=1) == 0
        assert struct.unpack_from("<Q", host.identify(0, 1).data)[0] == 256
        assert host.identify(0, 1).data[26] == 1
        assert host.read(1, 1, sector=4096).data == old[4096:8192]
        assert host.read(256, 1).status == 0x80
        assert host.identify(0, 2).data[26] == 0
    with nvme_pc(path) as host:
        assert host.identify(0, 1).data[26] == 1
        assert host.format(number=2) == 0x10A
        assert host.format(nsid=3) == 0x0B
        assert host.format(secure=3) == 0x02


def test_what_the_drive_cannot_do_is_refused(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(format_crypto=False)) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.identify(1).data[524] == 0
        assert host.format(secure=2) == 0x02
        tell(tmp_path / "drive", do="behave", behaviour={"erase": "refuses"})
        assert host.format(secure=1) == 0x15
    assert (tmp_path / "disk.img").read_bytes() == old


def test_one_that_has_no_user_data_erase_takes_the_other(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(erase_seconds=0.1), format_user_data=False)) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.format(secure=1) == 0x02
        assert (tmp_path / "disk.img").read_bytes() == old
        assert host.format(secure=2) == 0
        assert (tmp_path / "disk.img").read_bytes() != old


def test_a_drive_without_format_does_not_know_the_command(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(format=False)) as host:
        assert host.identify(1).data[256] & 2 == 0
        assert host.format(secure=1) == 0x01


def test_a_liar_reports_success_and_keeps_the_data(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(erase=Outcome.LIES, erase_seconds=0.1))) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.format(secure=1) == host.format(secure=2) == 0
    assert (tmp_path / "disk.img").read_bytes() == old


def test_one_that_fails_says_so_and_has_erased_a_part(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(erase=Outcome.FAILS, erase_seconds=0.2))) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.format(secure=1) == 0x06
        assert host.read(0, 1).data == bytes(512)
        assert host.read(2047, 1).data == old[-512:]


def test_one_that_hangs_is_never_answered_and_a_reset_ends_the_waiting(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(Behaviour(erase=Outcome.HANGS, erase_seconds=0.1))) as host:
        host.submit(0, 0x80, nsid=1, words=(1 << 9,))
        assert host.nothing_comes(0, 0.5)
        host.enable()
        assert host.identify(1).status == 0
        assert host.read(0, 1).status == 0x84


def test_a_power_cut_leaves_it_undone_and_another_does_it(nvme: NvmeMaker, tmp_path: Path) -> None:
    path = nvme(Behaviour(erase=Outcome.HANGS, erase_seconds=0.1))
    old = (tmp_path / "disk.img").read_bytes()
    with nvme_pc(path) as host:
        host.submit(0, 0x80, nsid=1, words=(1 << 9,))
        host.wait(lambda: tell(path, do="status")["progress"] == 0.4)
    tell(path, do="behave", behaviour={"erase_seconds": 0.1})
    with nvme_pc(path) as host:
        assert host.read(0, 1).data == bytes(512)
        assert host.read(2047, 1).data == old[-512:]
        assert host.format(secure=1) == 0
        assert host.read(2047, 1).data == bytes(512)
