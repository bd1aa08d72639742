"""Sanitize on an NVMe lab drive over its socket: what is said, what is refused meanwhile, what is left of the data.

That a drive of our own does so proves what a PC is told by such a drive, never what a maker's firmware does.
"""

import struct
import time
from pathlib import Path

import pytest

from netboot.lab.drives.behaviour import Behaviour, Outcome, WithoutPower
from netboot.lab.drives.control import tell
from netboot.lab.drives.journal import read_journal
from tests.lab_unit.drives.conftest import NvmeMaker
from tests.lab_unit.drives.nvme_host import SANITIZE_FAILED, SANITIZE_IN_PROGRESS, NvmeHost, nvme_pc

EXIT, BLOCK, OVERWRITE, CRYPTO = 1, 2, 3, 4
AUSE, OIPBP, NDAS, PREQ = 1 << 3, 1 << 8, 1 << 9, 1 << 11
NEVER, SUCCESS, IN_PROGRESS, FAILED, DEALLOCATED = range(5)
GLOBAL_DATA_ERASED, PURGED = 1 << 8, 1 << 11
SLOW = 600.0
"""Seconds of an erase that is in progress as long as a test looks."""


def _standing(**fields: object) -> Behaviour:
    """A drive whose erase stands at 40 % until it is told to be good, so that no test hangs on a machine's haste."""
    return Behaviour(erase=Outcome.HANGS, erase_seconds=0.1, **fields)  # type: ignore[arg-type]


def _go_on(path: Path, erase: str = "good", **fields: object) -> None:
    tell(path, do="behave", behaviour={"erase": erase, "erase_seconds": 0.1, **fields})


def _finish(host: NvmeHost) -> int:
    """Wait for the end; SSTAT."""
    host.wait(lambda: host.sanitize_log()[1] & 7 != IN_PROGRESS)
    progress, status = host.sanitize_log()
    assert progress == 0xFFFF
    return status


def _noise_unlike(new: bytes, old: bytes) -> bool:
    """Whether these are other bytes everywhere, and no zeros."""
    return not any(new[at : at + 64] in (old[at : at + 64], bytes(64)) for at in range(0, len(old), 64))


def test_a_drive_that_was_never_sanitized_says_so(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        assert host.sanitize_log() == (0xFFFF, NEVER)
        assert struct.unpack_from("<I6I", host.log(0x81).data, 4) == (0, *[0xFFFFFFFF] * 6)


@pytest.mark.parametrize(
    ("action", "pattern", "leaves", "left"),
    [
        (BLOCK, 0, "00", bytes(512)),
        (BLOCK, 0, "33cc55aa", b"\x33\xcc\x55\xaa" * 128),
        (OVERWRITE | 1 << 4, 0x11223344, "00", b"\x44\x33\x22\x11" * 128),
        (OVERWRITE | 2 << 4 | OIPBP, 0, "00", b"\xff" * 512),
        (OVERWRITE | 3 << 4 | OIPBP, 0, "00", bytes(512)),
    ],
)
def test_it_is_in_progress_then_a_success_and_leaves_its_pattern_everywhere(
    nvme: NvmeMaker, tmp_path: Path, action: int, pattern: int, leaves: str, left: bytes
) -> None:
    path = nvme(_standing(erase_announces=90, leaves=leaves), namespaces=2)
    with nvme_pc(path) as host:
        assert host.sanitize(action, pattern=pattern) == 0
        host.wait(lambda: host.sanitize_log()[0] == int(0.4 * 65536))
        assert host.sanitize_log()[1] & 7 == IN_PROGRESS
        assert host.sanitize(BLOCK) == SANITIZE_IN_PROGRESS
        _go_on(path, erase_announces=90, leaves=leaves)
        status = _finish(host)
        passes = action >> 4 & 15
        assert status == SUCCESS | passes << 3 | GLOBAL_DATA_ERASED
        assert struct.unpack_from("<I3I", host.log(0x81).data, 4) == (action, 1440, 90, 90)
        assert host.read(77, 1).data == left
        assert host.read(77, 1, nsid=2).data == left
    for name in ("disk.img", "disk2.img"):
        assert (tmp_path / name).read_bytes() == left * 2048


def test_a_crypto_erase_leaves_other_noise_each_time(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme()) as host:
        before = (tmp_path / "disk.img").read_bytes()
        for _ in range(2):
            assert host.sanitize(CRYPTO) == 0
            assert _finish(host) == SUCCESS | GLOBAL_DATA_ERASED
            after = (tmp_path / "disk.img").read_bytes()
            assert _noise_unlike(after, before)
            assert host.read(5, 1).data == after[5 * 512 : 6 * 512]
            before = after


def test_meanwhile_data_is_refused_and_the_drive_still_answers(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(Behaviour(erase_seconds=SLOW))) as host:
        assert host.sanitize(BLOCK) == 0
        refused = host.read(0, 1)
        assert (refused.status, refused.retry) == (SANITIZE_IN_PROGRESS, True)
        assert host.write(0, bytes(512)) == SANITIZE_IN_PROGRESS
        assert host.run(1, 8, words=(0, 0, 0)).status == SANITIZE_IN_PROGRESS
        assert host.format(secure=1) == SANITIZE_IN_PROGRESS
        assert host.sanitize(EXIT) == SANITIZE_IN_PROGRESS
        assert host.admin(0x14, nsid=1, words=(1,)).status == SANITIZE_IN_PROGRESS
        assert host.run(1, 0).status == 0  # flush
        assert host.identify(1).status == host.log(2).status == host.log(1, 64).status == 0


def test_writing_ends_global_data_erased_and_reading_does_not(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        host.sanitize(BLOCK)
        _finish(host)
        host.read(0, 8)
        assert host.sanitize_log()[1] == SUCCESS | GLOBAL_DATA_ERASED
        host.write(0, bytes(512))
        assert host.sanitize_log()[1] == SUCCESS


def test_the_end_is_told_once_to_who_waits_for_events(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        waiting = [host.submit(0, 0x0C) for _ in range(2)]
        host.sanitize(BLOCK)
        event = host.reap(0)
        assert (event.id, event.result) == (waiting[0], 0x810106)
        assert host.log(0x81, keep=True).status == 0
        host.sanitize(BLOCK)
        host.wait(lambda: host.log(0x81, keep=True).data[2] & 7 == SUCCESS)
        assert host.nothing_comes(0, 0.1)  # until its log page was read
        assert host.log(0x81).status == 0
        host.sanitize(BLOCK)
        assert host.reap(0).id == waiting[1]


def test_too_many_requests_for_events_are_refused(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme()) as host:
        for _ in range(4):
            host.submit(0, 0x0C)
        assert host.admin(0x0C).status == 0x105


@pytest.mark.parametrize("allowed", [False, True])
def test_a_failure_keeps_the_data_away_until_another_succeeds_or_it_may_be_left(
    nvme: NvmeMaker, tmp_path: Path, allowed: bool
) -> None:
    path = nvme(Behaviour(erase=Outcome.FAILS, erase_seconds=0.3))
    old = (tmp_path / "disk.img").read_bytes()
    with nvme_pc(path) as host:
        assert host.sanitize(BLOCK, flags=AUSE if allowed else 0) == 0
        assert _finish(host) == FAILED
        assert host.read(0, 1).status == SANITIZE_FAILED
        assert host.format() == SANITIZE_FAILED
    with nvme_pc(path) as host:
        assert host.read(0, 1).status == SANITIZE_FAILED  # a power cut changes nothing
        assert host.sanitize_log() == (0xFFFF, FAILED)
        if allowed:
            assert host.sanitize(EXIT) == 0
            assert host.sanitize_log()[1] == FAILED
            behind = len(old) * 4 // 10 // 4096 * 4096
            assert host.read(behind // 512, 8).data == old[behind : behind + 4096]
            assert host.read(0, 1).data == bytes(512)
        else:
            assert host.sanitize(EXIT) == SANITIZE_FAILED
            assert host.sanitize(BLOCK, flags=AUSE) == SANITIZE_FAILED
            tell(path, do="behave", behaviour={"erase_seconds": 0.1})
            assert host.sanitize(CRYPTO) == 0
            assert _finish(host) == SUCCESS | GLOBAL_DATA_ERASED
            assert host.read(0, 1).status == 0


def test_one_that_hangs_stands_still_also_across_a_power_cut(nvme: NvmeMaker) -> None:
    path = nvme(Behaviour(erase=Outcome.HANGS, erase_seconds=0.2, erase_stops_at=0.01))
    with nvme_pc(path) as host:
        assert host.sanitize(BLOCK) == 0
        host.wait(lambda: host.sanitize_log() == (655, IN_PROGRESS))
    with nvme_pc(path) as host:
        time.sleep(0.3)
        assert host.sanitize_log() == (655, IN_PROGRESS)
        assert host.sanitize(BLOCK) == SANITIZE_IN_PROGRESS


def test_a_liar_says_every_word_of_a_success_and_keeps_the_data(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(erase=Outcome.LIES, erase_seconds=0.3))) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.sanitize(BLOCK) == 0
        assert _finish(host) == SUCCESS | GLOBAL_DATA_ERASED
        assert host.read(9, 8).data == old[9 * 512 : 17 * 512]
        assert (tmp_path / "disk.img").read_bytes() == old


def test_one_that_refuses_has_done_nothing(nvme: NvmeMaker, tmp_path: Path) -> None:
    with nvme_pc(nvme(Behaviour(erase=Outcome.REFUSES))) as host:
        old = (tmp_path / "disk.img").read_bytes()
        assert host.sanitize(BLOCK) == 0x15
        assert host.sanitize_log() == (0xFFFF, NEVER)
        assert host.read(0, 8).data == old[:4096]
    assert [entry["status"] for entry in read_journal(tmp_path / "disk.img") if entry["command"] == "sanitize"] == [
        "operation_denied"
    ]


def test_it_goes_on_without_a_pc(nvme: NvmeMaker, tmp_path: Path) -> None:
    path = nvme(Behaviour(erase_seconds=0.5))
    with nvme_pc(path) as host:
        assert host.sanitize(BLOCK) == 0
    until = time.monotonic() + 20
    while tell(path, do="status")["sanitize"] == IN_PROGRESS:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert (tmp_path / "disk.img").read_bytes() == bytes(1 << 20)
    with nvme_pc(path) as host:
        assert host.sanitize_log() == (0xFFFF, SUCCESS | GLOBAL_DATA_ERASED)


def test_one_that_waits_for_power_goes_on_where_it_stood(nvme: NvmeMaker, tmp_path: Path) -> None:
    path = nvme(_standing(without_power=WithoutPower.WAITS))
    there = int(0.4 * 65536)
    with nvme_pc(path) as host:
        assert host.sanitize(BLOCK) == 0
        host.wait(lambda: host.sanitize_log()[0] == there)
    with nvme_pc(path) as host:
        assert host.sanitize_log() == (there, IN_PROGRESS)
        assert host.read(0, 1).status == SANITIZE_IN_PROGRESS
        _go_on(path, without_power="waits")
        assert _finish(host) == SUCCESS | GLOBAL_DATA_ERASED
    assert (tmp_path / "disk.img").read_bytes() == bytes(1 << 20)


def test_one_that_forgets_was_never_sanitized_and_gives_its_data_out(nvme: NvmeMaker, tmp_path: Path) -> None:
    path = nvme(Behaviour(erase=Outcome.FORGETS, erase_seconds=SLOW))
    old = (tmp_path / "disk.img").read_bytes()
    with nvme_pc(path) as host:
        assert host.sanitize(BLOCK) == 0
    with nvme_pc(path) as host:
        assert host.sanitize_log() == (0xFFFF, NEVER)
        assert host.read(1000, 1).data == old[512000:512512]


def test_a_reset_of_the_controller_is_no_end_of_it(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(Behaviour(erase_seconds=SLOW))) as host:
        assert host.sanitize(BLOCK) == 0
        host.enable()
        assert host.sanitize_log()[1] == IN_PROGRESS
        host.pc.call(13)
        host.enable()
        assert host.sanitize_log()[1] == IN_PROGRESS


def test_what_the_drive_cannot_do_is_refused(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(sanitize=("crypto",), inhibits_no_deallocate=True)) as host:
        assert struct.unpack_from("<I", host.identify(1).data, 328)[0] == 0x60000001
        assert host.sanitize(BLOCK) == host.sanitize(OVERWRITE | 1 << 4) == host.sanitize(0) == host.sanitize(7) == 0x02
        assert host.sanitize(CRYPTO, flags=NDAS) == 0x02
        # In the other response mode it begins, and says at its end that it deallocated all the same.
        host.admin(9, words=(0x17, 1))
        assert host.sanitize(CRYPTO, flags=NDAS) == 0
        assert _finish(host) == DEALLOCATED | GLOBAL_DATA_ERASED


def test_a_drive_without_sanitize_knows_neither_command_nor_log(nvme: NvmeMaker) -> None:
    with nvme_pc(nvme(sanitize=())) as host:
        assert struct.unpack_from("<I", host.identify(1).data, 328)[0] == 0
        assert host.sanitize(BLOCK) == 0x01
        assert host.log(0x81).status == 0x109


@pytest.mark.parametrize(
    ("purge", "asked", "status"),
    [
        ("unsaid", PREQ, SUCCESS | GLOBAL_DATA_ERASED),
        ("done", PREQ, SUCCESS | GLOBAL_DATA_ERASED | PURGED),
        ("done", 0, SUCCESS | GLOBAL_DATA_ERASED),
        ("only-clears", PREQ, FAILED),
        ("only-clears", 0, SUCCESS | GLOBAL_DATA_ERASED),
    ],
)
def test_a_purge_that_is_asked_for_is_reported_or_fails(nvme: NvmeMaker, purge: str, asked: int, status: int) -> None:
    with nvme_pc(nvme(purge=purge)) as host:
        assert host.sanitize(BLOCK, flags=asked) == 0
        assert _finish(host) == status
