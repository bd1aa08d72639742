"""What a drive says of its locks: the lab drive's answer, a real drive's states, and bytes that nobody believes."""

import ctypes
import errno
import fcntl
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.opal_discovery import parse_discovery
from netboot.agent.disks import psid_revert, sed_opal
from netboot.agent.disks.sed_opal import discovery, is_reverting, status_words
from netboot.lab.drives.tcg.discovery import discovery as lab_discovery
from netboot.shared.disk_abilities import Opal

LABEL = "LABPSID0123456789ABCDEFGHJKLMNPQ"


def response(*features: tuple[int, bytes]) -> bytes:
    """A response with these descriptors, put together by Opal SSC 2.01 §3.1.1."""
    content = struct.pack(">I8x32x", 1)
    content += b"".join(struct.pack(">HBB", code, 0x10, len(data)) + data for code, data in features)
    return struct.pack(">I", len(content)) + content


OPAL_2 = (0x0203, struct.pack(">HHBHHBB5x", 0x07FE, 1, 0, 4, 9, 0, 0))
OPAL_1 = (0x0200, struct.pack(">HHB11x", 0x1002, 1, 0))


def locking(states: int) -> tuple[int, bytes]:
    return 0x0002, bytes([states]).ljust(12, b"\0")


# A Samsung PM810 as sedutil's issue #325 shows it: Opal 1, Locked = Y, LockingEnabled = Y, MBREnabled = Y,
# MBRDone = N, MediaEncrypt = Y; a WD SN730 after its revert, as in #507: nothing but MediaEncrypt = Y.
PM810 = response(locking(0b011111), OPAL_1)
SN730 = response(locking(0b001001), OPAL_2)


def test_real_drives_states() -> None:
    assert parse_discovery(PM810) == Opal(owned=True, locked=True, shadow=True, encrypts=True)
    assert parse_discovery(SN730) == Opal(encrypts=True)


def test_the_lab_drives_answer_also_as_linux_cuts_it() -> None:
    for owned, locked, shadow in (
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, False, True),
    ):
        whole = lab_discovery(owned=owned, locked=locked, shadow=shadow, sector=512)
        told = Opal(owned=owned, locked=locked, shadow=shadow, encrypts=True)
        for data in (whole, whole[:-4], whole.ljust(4096, b"\0")):
            assert parse_discovery(data) == told
        assert parse_discovery(whole[:-5]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(48),
        bytes(4096),
        response(OPAL_2),
        response(locking(0b1001)),
        response(locking(0b1000), OPAL_2),
        response((0x0002, b""), OPAL_2),
        response(locking(0b1101), OPAL_2),
        response(locking(0b11001), OPAL_2),
        response(locking(0b1001), locking(0b1011), OPAL_2),
        response(locking(0b1001), (0x0302, bytes(16))),
        PM810[:60],
        b"\xff\xff\xff\xff" + PM810[4:],
    ],
    ids=str,
)
def test_what_is_no_whole_or_no_possible_answer_tells_nothing(data: bytes) -> None:
    assert parse_discovery(data) is None


@given(st.binary(max_size=512))
def test_no_bytes_break_it(data: bytes) -> None:
    parse_discovery(data)


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3, 0x200, 0x203, 0xC001]), st.binary(max_size=255)), max_size=6))
def test_states_are_read_from_the_locking_feature_alone(features: list[tuple[int, bytes]]) -> None:
    found = parse_discovery(response(*features))
    states = [data for code, data in features if code == 2]
    if found is not None:
        assert len(states) == 1
        assert (found.owned, found.locked) == (bool(states[0][0] & 2), bool(states[0][0] & 4))


def test_the_requests_are_those_of_linux_header() -> None:
    text = Path("/usr/include/linux/sed-opal.h").read_text(encoding="utf-8")
    assert "IOC_OPAL_PSID_REVERT_TPR    _IOW('p', 232, struct opal_key)" in text
    # _IOW of 264 bytes: an octet each for lr and key_len, six more before the key, and 256 of it.
    assert psid_revert._PSID_REVERT_TPR == 0x410870E8
    assert sed_opal._DISCOVER == 0x401070EF


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.write_bytes(bytes(4096))
    return path


def test_a_device_without_such_locks_tells_nothing_and_is_not_reverted(file: Path) -> None:
    assert discovery(file) == b""
    assert sed_opal.psid_revert(file, LABEL) == -errno.ENOTTY
    assert sed_opal.psid_revert(file.with_name("gone"), LABEL) == -errno.ENOENT
    assert (discovery(file.with_name("gone")), is_reverting(file.with_name("gone"))) == (b"", False)
    assert file.read_bytes() == bytes(4096)
    assert not is_reverting(file)


def test_the_code_is_given_as_linux_asks_while_nobody_asks_the_drive_anything_else(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def ioctl(fd: int, number: int, about: bytearray) -> int:
        assert os.get_blocking(fd) is False, "a disk that is spinning up holds nobody up"
        assert is_reverting(file)
        assert discovery(file) == b"", "it would wait for the Revert"
        seen.append((number, bytes(about)))
        return 0x12

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert psid_revert.revert(file, LABEL) == 0x12
    ((number, key),) = seen
    assert number == psid_revert._PSID_REVERT_TPR
    assert key == bytes([0, 32, 0]) + bytes(5) + LABEL.encode() + bytes(224)
    assert not is_reverting(file)


def test_what_linux_does_not_do_is_its_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> int:
        raise OSError(errno.ENXIO, "no such device or address")

    monkeypatch.setattr(fcntl, "ioctl", fails)
    assert psid_revert.revert(file, LABEL) == -errno.ENXIO
    assert psid_revert.revert(file.with_name("gone"), LABEL) == -errno.ENOENT
    assert discovery(file) == b""
    assert not is_reverting(file)


def test_a_drive_is_not_asked_while_a_revert_of_it_has_not_come_back(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program that waits for it cannot be ended where the drive never answers: here it is one that sleeps."""
    stuck = file.with_name("stuck.py")
    stuck.write_text(
        "import fcntl, signal, sys, time\nfile = open(sys.argv[-1])\nfcntl.flock(file, fcntl.LOCK_EX)\ntime.sleep(600)"
    )
    left: list[int] = []
    monkeypatch.setattr(sed_opal, "REVERTING", 3.0)
    monkeypatch.setattr(sys, "executable", str(python_that_runs(stuck)))
    monkeypatch.setattr(subprocess.Popen, "kill", lambda process: left.append(process.pid))
    try:
        assert sed_opal.psid_revert(file, LABEL) is None
        assert is_reverting(file)
        assert discovery(file) == b""
    finally:
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    assert not is_reverting(file)


@pytest.mark.parametrize("words", ["raise SystemExit(3)", "", "print('five')", "import time; time.sleep(0)"])
def test_a_program_that_says_nothing_of_the_drive_is_an_error(
    file: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    odd = file.with_name("odd.py")
    odd.write_text(words)
    monkeypatch.setattr(sys, "executable", str(python_that_runs(odd)))
    assert sed_opal.psid_revert(file, LABEL) == -errno.EIO


def test_the_code_goes_to_the_program_by_no_command_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = file.with_name("looks.py")
    looks.write_text(f"import sys\nprint(7 if sys.stdin.read() == {LABEL!r} and {LABEL!r} not in sys.argv else 8)")
    monkeypatch.setattr(sys, "executable", str(python_that_runs(looks)))
    assert sed_opal.psid_revert(file, LABEL) == 7


def python_that_runs(script: Path) -> Path:
    """In the place of Python: whatever it is told to run, it runs this script, with the same arguments."""
    shell = script.with_suffix(".sh")
    shell.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$@"\n')
    shell.chmod(0o755)
    return shell


@pytest.mark.parametrize(("size", "got"), [(200, 200), (4096, 4096), (9999, 4096), (0, 0), (-1, 0)])
def test_of_an_answer_as_much_is_read_as_linux_says(
    file: Path, monkeypatch: pytest.MonkeyPatch, size: int, got: int
) -> None:
    answer = bytes(range(1, 255)) * 17

    def answers(fd: int, number: int, about: bytearray) -> int:
        address, room = struct.unpack("=QQ", about)
        assert (room, number) == (4096, sed_opal._DISCOVER)
        assert os.get_blocking(fd) is False, "a disk that is spinning up holds nobody up"
        ctypes.memmove(address, answer, room)
        return size

    monkeypatch.setattr(fcntl, "ioctl", answers)
    assert discovery(file) == answer[:got]


def test_what_came_back_has_words() -> None:
    assert status_words(0) == "status 0x0"
    assert status_words(1) == "Not Authorized"
    assert status_words(0x12) == "Authority Locked Out"
    assert status_words(0x77) == "status 0x77"
    assert status_words(-5) == "the kernel: Input/output error"
