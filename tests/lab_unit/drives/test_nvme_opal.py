"""An Opal NVMe lab drive over its socket: what it says of its locks, what they let through, and its PSID.

The host is written as Linux asks. Nothing here says how a maker's drive behaves.
"""

import struct
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.control import tell
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.tcg.packets import Control, Packet, PacketError, packet, parse_packet
from netboot.lab.drives.tcg.tper import MethodStatus, Tper
from tests.lab_unit.drives import tcg_host as tcg
from tests.lab_unit.drives.conftest import NvmeMaker
from tests.lab_unit.drives.nvme_host import NvmeHost, nvme_pc

LABEL = "LABPSID0123456789ABCDEFGHJKLMNPQ"
ACCESS_DENIED, OPERATION_DENIED, INVALID_FIELD = 0x286, 0x15, 2


def opal(**fields: object) -> dict[str, object]:
    return {"psid": LABEL, **fields}


def features(host: NvmeHost) -> dict[int, bytes]:
    """The descriptors of Level 0, walked as its header says."""
    data = tcg.level_0(host)
    end = 4 + struct.unpack_from(">I", data)[0]
    found, at = {}, 48
    while at < end:
        code, _, length = struct.unpack_from(">HBB", data, at)
        found[code] = data[at + 4 : at + 4 + length]
        at += 4 + length
    assert at == end
    return found


def test_it_says_that_it_is_ours_and_what_its_locks_are(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(opal=opal())) as host:
        assert host.identify(1).data[256] & 1
        assert tcg.level_0(host)[16:33] == b"netboot lab drive"
        told = features(host)
        assert list(told) == [1, 2, 3, 0x203]
        assert told[2][0] == 0b001111
        assert struct.unpack_from(">H", told[0x203])[0] == tcg.COM_ID
        assert tcg.receive(host, 0, 512, protocol=0).data[6:10] == b"\0\2\0\1"


def test_a_drive_without_locks_does_not_know_the_commands(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        assert not host.identify(1).data[256] & 1
        assert tcg.receive(host, 1).status == 1


def test_a_locked_drive_lets_nothing_through_and_is_not_erased(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(opal=opal())) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.read(0, 8).status == ACCESS_DENIED
        assert host.write(9, bytes(4096)) == ACCESS_DENIED
        assert host.sanitize(2) == OPERATION_DENIED
        assert host.format(secure=1) == OPERATION_DENIED
    assert (tmp_path / "disk.img").read_bytes() == old


def test_only_the_locked_range_is_shut(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(opal=opal(locked=[{"first": 100, "count": 50}]))) as host:
        for lba, count, shut in ((0, 100, False), (99, 2, True), (149, 1, True), (150, 8, False)):
            assert (host.read(lba, count).status == ACCESS_DENIED) is shut, lba
        assert features(host)[2][0] & 0b100


def test_the_shadow_is_read_in_place_of_the_disk(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(opal=opal(locked=[], shadow=True))) as host:
        assert features(host)[2][0] == 0b011011
        assert b"netboot lab drive" in host.read(0, 8).data
        assert host.write(0, bytes(512)) == ACCESS_DENIED
        assert tcg.psid_revert(host, LABEL.encode()) == 0
        assert b"netboot lab drive" not in host.read(0, 8).data


@pytest.mark.parametrize("leaves", ["noise", "zeros"])
def test_the_psid_opens_it_and_its_data_is_gone(nvme: NvmeMaker, tmp_path: Path, leaves: str) -> None:
    with nvme_pc(nvme(opal=opal(leaves=leaves))) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert tcg.psid_revert(host, LABEL.encode()) == 0
        assert features(host)[2][0] == 0b001001
        new = host.read(0, 1024).data
        assert not any(new[at : at + 64] == old[at : at + 64] for at in range(0, len(new), 64))
        assert (not new.strip(b"\0")) is (leaves == "zeros")
        assert host.write(0, b"x" * 512) == 0
        assert host.sanitize(2) == 0
    told = (tmp_path / "disk.img.journal").read_text()
    assert '"opal_revert"' in told
    assert LABEL not in told


def test_it_stays_open_after_the_power_was_gone(nvme: NvmeMaker, tmp_path: Path) -> None:
    drive = nvme(opal=opal())
    with nvme_pc(drive) as host:
        assert tcg.psid_revert(host, LABEL.encode()) == 0
    with nvme_pc(drive) as host:
        assert host.read(0, 8).status == 0
        assert (tmp_path / "disk.img").read_bytes()[:4096] == host.read(0, 8).data


def test_a_drive_that_nobody_owned_keeps_its_data_at_a_revert(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(opal=opal(owned=False))) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert features(host)[2][0] == 0b001001
        assert tcg.psid_revert(host, LABEL.encode()) == 0
        assert host.read(0, 8).data == old[:4096]


def test_wrong_codes_are_counted_until_the_power_was_gone(nvme: NvmeMaker, tmp_path: Path) -> None:
    drive = nvme(opal=opal(tries=2))
    with nvme_pc(drive) as host:
        old = (tmp_path / "disk.img").read_bytes()
        for expected in (tcg.NOT_AUTHORIZED, tcg.NOT_AUTHORIZED, tcg.LOCKED_OUT, tcg.LOCKED_OUT):
            assert tcg.psid_revert(host, b"WRONG") == expected
        assert tcg.psid_revert(host, LABEL.encode()) == tcg.LOCKED_OUT
        assert tell(tmp_path / "drive", do="status")["opal"] == {"owned": True, "locked": True, "wrong": 2}
        assert (tmp_path / "disk.img").read_bytes() == old
    with nvme_pc(drive) as host:
        assert tcg.psid_revert(host, LABEL.encode()) == 0


@pytest.mark.parametrize(
    ("outcome", "status", "opens", "keeps"),
    [(Outcome.REFUSES, tcg.FAIL, False, True), (Outcome.FAILS, tcg.FAIL, False, True), (Outcome.LIES, 0, True, True)],
)
def test_one_that_refuses_or_fails_stays_shut_and_a_liar_opens_and_keeps_its_data(
    nvme: NvmeMaker, tmp_path: Path, outcome: Outcome, status: int, opens: bool, keeps: bool
) -> None:
    with nvme_pc(nvme(Behaviour(erase=outcome), opal=opal())) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert tcg.psid_revert(host, LABEL.encode()) == status
        assert (host.read(0, 8).status == 0) is opens
        assert ((tmp_path / "disk.img").read_bytes() == old) is keeps
    assert read_journal(tmp_path / "disk.img")[-1]["command"] == "opal_revert"


def test_one_that_hangs_says_not_yet_for_ever_and_takes_no_other_order_meanwhile(
    nvme: NvmeMaker, tmp_path: Path
) -> None:
    hangs = Behaviour(erase=Outcome.HANGS, erase_seconds=0.2)
    with nvme_pc(nvme(hangs, opal=opal())) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert tcg.begin_revert(host, LABEL.encode()) == 0
        host.wait(lambda: tell(tmp_path / "drive", do="status")["progress"] == 0.4)
        assert tcg.is_outstanding(host)
        assert tcg.send(host, tcg.com_packet(tcg.starting(LABEL.encode()))).status == INVALID_FIELD
        assert features(host)[2][0] & 0b110, "it says so of its locks meanwhile"
        host.wait(lambda: (tmp_path / "disk.img").read_bytes()[:4096] != old[:4096])
        assert (tmp_path / "disk.img").read_bytes()[-4096:] == old[-4096:]
        assert tcg.is_outstanding(host)
    assert not read_journal(tmp_path / "disk.img")


def test_a_power_cut_forgets_a_revert_and_its_locks_stay(nvme: NvmeMaker, tmp_path: Path) -> None:
    drive = nvme(Behaviour(erase=Outcome.HANGS, erase_seconds=0.2), opal=opal())
    old = (tmp_path / "disk.img").read_bytes()
    with nvme_pc(drive) as host:
        assert tcg.begin_revert(host, LABEL.encode()) == 0
        host.wait(lambda: tell(tmp_path / "drive", do="status")["progress"] == 0.4)
        host.wait(lambda: (tmp_path / "disk.img").read_bytes()[:4096] != old[:4096])
    lost = (tmp_path / "disk.img").read_bytes()[:4096]
    tell(tmp_path / "drive", do="behave", behaviour=msgspec.to_builtins(Behaviour(erase_seconds=0.2)))
    with nvme_pc(drive) as host:
        assert tell(tmp_path / "drive", do="status")["progress"] is None
        assert host.read(0, 8).status == ACCESS_DENIED
        assert (tmp_path / "disk.img").read_bytes()[:4096] == lost, "what it had erased stays erased"
        assert not tcg.is_outstanding(host)
        assert tcg.psid_revert(host, LABEL.encode()) == 0
        assert host.read(0, 8).status == 0
    assert [one["status"] for one in read_journal(tmp_path / "disk.img")] == ["success"]


def test_a_host_that_resets_the_drive_meanwhile_finds_it_reverted(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(erase_seconds=0.5), opal=opal())) as host:
        assert tcg.begin_revert(host, LABEL.encode()) == 0
        host.enable()
        assert not tcg.is_outstanding(host)
        assert tcg.psid_revert(host, LABEL.encode()) == tcg.BUSY, "it is at one"
        host.wait(lambda: bool(read_journal(tmp_path / "disk.img")))
        assert not tcg.is_outstanding(host)
        assert host.read(0, 8).status == 0


def test_nothing_is_reverted_without_the_right_session(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(opal=opal())) as host:
        for asked, expected in (
            (tcg.com_packet(tcg.call(tcg.ADMIN_SP, tcg.REVERT)), tcg.NOT_AUTHORIZED),
            (tcg.com_packet(tcg.call(tcg.ADMIN_SP, tcg.REVERT), 0x1001, 0x41), tcg.NOT_AUTHORIZED),
            (tcg.com_packet(tcg.starting(LABEL.encode(), tcg.SID)), tcg.NOT_AUTHORIZED),
            (tcg.com_packet(tcg.starting(LABEL.encode(), sp=tcg.LOCKING_SP)), tcg.INVALID),
            (tcg.com_packet(b"\xf8\xf0\xf1"), tcg.INVALID),
        ):
            assert tcg.send(host, asked).status == 0
            assert tcg.status_of(tcg.answered(host)) == expected
        assert host.read(0, 1).status == ACCESS_DENIED


def test_what_is_no_packet_or_of_another_protocol_is_refused(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(opal=opal())) as host:
        assert tcg.send(host, bytes(32)).status == INVALID_FIELD
        assert tcg.send(host, tcg.com_packet(b"", com_id=5), com_id=5).status == INVALID_FIELD
        assert tcg.send(host, tcg.com_packet(b""), protocol=6).status == INVALID_FIELD
        assert tcg.receive(host, 1, protocol=0xEF).status == INVALID_FIELD
        # Nothing waits: a head that says so.
        assert tcg.receive(host, tcg.COM_ID).data == struct.pack(">IHHIII", 0, tcg.COM_ID, 0, 0, 0, 0).ljust(
            2048, b"\0"
        )


@given(st.binary(max_size=256), st.booleans())
def test_no_bytes_of_a_host_break_it_or_revert_it(data: bytes, framed: bool) -> None:
    reverted: list[None] = []

    def revert(now: float) -> MethodStatus:
        reverted.append(None)
        return MethodStatus.SUCCESS

    tper = Tper(LABEL, 5, revert)
    if tper.send(tcg.COM_ID, tcg.com_packet(data) if framed else data, 0):
        assert len(tper.receive(tcg.COM_ID, 2048)) <= 2048
    assert not reverted


TOKENS = st.one_of(st.sampled_from([one for one in Control if one is not Control.EMPTY]),
                   st.integers(0, 2**64 - 1), st.binary(max_size=300))  # fmt: skip


@given(st.lists(TOKENS, max_size=20), st.integers(0, 2**32 - 1))
def test_tokens_are_read_as_they_were_written(tokens: list[Control | int | bytes], number: int) -> None:
    one = Packet(tcg.COM_ID, number, 0x41, tuple(tokens))
    assert parse_packet(packet(one, 1 << 16)) == one
    with pytest.raises(PacketError):
        packet(one, 55)
