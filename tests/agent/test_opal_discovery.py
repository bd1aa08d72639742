"""What a drive says of its locks: the lab drive's answer, a real drive's states, and bytes that nobody believes."""

import ctypes
import errno
import fcntl
import os
import struct
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.opal_discovery import parse_discovery
from netboot.agent.disks import sed_opal
from netboot.agent.disks.sed_opal import discovery, psid_revert, status_words
from netboot.lab.drives.tcg.discovery import discovery as lab_discovery
from netboot.shared.disk_abilities import Opal


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
    assert sed_opal._PSID_REVERT_TPR == 0x410870E8
    assert sed_opal._DISCOVER == 0x401070EF


def test_a_device_without_such_locks_tells_nothing_and_is_not_reverted(tmp_path: Path) -> None:
    file = tmp_path / "disk"
    file.write_bytes(bytes(4096))
    assert discovery(file) == b""
    assert psid_revert(file, "A" * 32) == -errno.ENOTTY
    assert psid_revert(tmp_path / "gone", "A" * 32) == -2
    assert file.read_bytes() == bytes(4096)


def test_a_request_that_the_kernel_never_ends_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of a drive that says "not yet" for ever: nothing interrupts it, and others wait for it."""
    over, asked = threading.Event(), []

    def waits(fd: int, number: int, about: bytearray) -> int:
        asked.append((number, bytes(about)))
        assert os.get_blocking(fd) is False, "a disk that is spinning up holds nobody up"
        assert threading.current_thread().daemon, "the agent ends without it"
        over.wait(60)
        return 0

    file = tmp_path / "disk"
    file.write_bytes(bytes(4096))
    monkeypatch.setattr(fcntl, "ioctl", waits)
    monkeypatch.setattr(sed_opal, "REVERTING", 0.2)
    monkeypatch.setattr(sed_opal, "ASKING", 0.1)
    try:
        began = time.monotonic()
        assert psid_revert(file, "A" * 32) is None
        assert time.monotonic() - began >= 0.2
        assert discovery(file) == b""
        assert time.monotonic() - began < 30
    finally:
        over.set()
    (number, key), (discover, _) = asked
    assert (number, discover) == (sed_opal._PSID_REVERT_TPR, sed_opal._DISCOVER)
    assert key == bytes([0, 32, 0]) + bytes(5) + b"A" * 32 + bytes(224)


@pytest.mark.parametrize(("size", "got"), [(200, 200), (4096, 4096), (9999, 4096), (0, 0), (-1, 0)])
def test_of_an_answer_as_much_is_read_as_linux_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, got: int
) -> None:
    answer = bytes(range(1, 255)) * 17

    def answers(fd: int, number: int, about: bytearray) -> int:
        address, room = struct.unpack("=QQ", about)
        assert room == 4096
        ctypes.memmove(address, answer, room)
        return size

    file = tmp_path / "disk"
    file.write_bytes(bytes(4096))
    monkeypatch.setattr(fcntl, "ioctl", answers)
    assert discovery(file) == answer[:got]


def test_a_defect_of_ours_is_no_silence_of_the_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnicodeEncodeError):
        psid_revert(tmp_path, "é")


def test_what_came_back_has_words() -> None:
    assert status_words(0) == "status 0x0"
    assert status_words(1) == "Not Authorized"
    assert status_words(0x12) == "Authority Locked Out"
    assert status_words(0x77) == "status 0x77"
    assert status_words(-5) == "the kernel: Input/output error"
