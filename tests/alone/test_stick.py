"""A file on the stick: there whole or not at all, wherever the stick is.

Mounted for real, as ext4, since the kernel that runs the tests may have no FAT; the FAT of a stick is written in whole
PCs (`tests/lab/test_kit.py`).
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from netboot.agent.disks.partitions import mounted
from netboot.agent.host import Host
from netboot.agent.udev import parse_database
from netboot.alone.stick import FOLDER, ROOM, StickError, find_stick, write
from netboot.shared.process import run

UUID = "1A2B-3C4D"


def database(device: str, *, uuid: str = UUID, kind: str = "vfat", entry: str = "5f3a9c01-01") -> str:
    """A partition as `udevadm info --export-db` (systemd 257) tells of it; only the lines that count here."""
    path = f"P: /devices/pci0000:00/{Path(device).name}\n"
    part = f"E: ID_PART_ENTRY_UUID={entry}\n"
    return f"{path}E: DEVNAME={device}\nE: ID_FS_UUID={uuid}\nE: ID_FS_TYPE={kind}\n{part}\n"


def host_with(text: str) -> Host:
    def programs(command: Sequence[str]) -> str:
        assert list(command) == ["udevadm", "info", "--export-db"]
        return text

    return Host(programs=programs)


@contextmanager
def attached(image: Path, *options: str) -> Iterator[str]:
    """The file as a block device."""
    device = run(["losetup", "--find", "--show", *options, image]).stdout.strip()
    try:
        yield device
    finally:
        run(["losetup", "--detach", device])


@contextmanager
def a_stick(image: Path, size: int = 16 << 20) -> Iterator[str]:
    """A file system on a block device."""
    with image.open("xb") as file:
        file.truncate(size)
    run(["mkfs.ext4", "-q", image])
    with attached(image) as device:
        yield device


def mount(device: Path, kind: str, *options: str) -> AbstractContextManager[Path]:
    """As it is mounted on a PC, but for the kind."""
    assert kind == "vfat"
    return mounted(device, "ext4", *options)


def kept(device: str) -> dict[str, bytes]:
    """What is on the stick."""
    with mounted(Path(device), "ext4", "ro") as place:
        return {path.name: path.read_bytes() for path in (place / FOLDER).iterdir()}


def test_it_is_known_by_its_file_system_s_number_and_nothing_else_is_it() -> None:
    assert find_stick(parse_database(database("/dev/sdc1")), UUID) == Path("/dev/sdc1")
    for text in (database("/dev/sdc1", uuid="1A2B-3C4E"), database("/dev/sdc1", kind="ext4"), ""):
        with pytest.raises(StickError) as gone:
            find_stick(parse_database(text), UUID)
        assert gone.value.reason == "gone"


def test_a_copy_of_its_file_system_on_another_disk_is_not_it() -> None:
    both = database("/dev/sda1", entry="b2feb437-9da6-436d-9a29-16e3b5e19afa") + database("/dev/sdc1")
    assert find_stick(parse_database(both), UUID, "5f3a9c01") == Path("/dev/sdc1")
    for other in ("5f3a9c02-01", "5f3a9c01-02", ""):
        with pytest.raises(StickError) as gone:
            find_stick(parse_database(database("/dev/sda1", entry=other)), UUID, "5f3a9c01")
        assert gone.value.reason == "gone"


@pytest.mark.root
def test_an_empty_answer_of_udev_is_no_word_on_the_stick_and_is_asked_for_again(tmp_path: Path) -> None:
    answers: list[str] = []

    def programs(command: Sequence[str]) -> str:
        return answers.pop(0)

    with a_stick(tmp_path / "stick.img") as device:
        answers += ["", database(device)]
        write(UUID, {"pc.json": b"first"}, host=Host(programs=programs), mount=mount)
        assert kept(device) == {"pc.json": b"first"}


def test_two_of_one_number_are_none() -> None:
    with pytest.raises(StickError) as twice:
        find_stick(parse_database(database("/dev/sdc1") + database("/dev/sdd1")), UUID)
    assert twice.value.reason == "twice"


@pytest.mark.root
def test_a_file_is_written_replaced_and_left_unmounted(tmp_path: Path) -> None:
    with a_stick(tmp_path / "stick.img") as device:
        host = host_with(database(device))
        write(UUID, {"pc.json": b"first", "pc.txt": b"for people"}, host=host, mount=mount)
        write(UUID, {"pc.json": b"second, and longer"}, host=host, mount=mount)
        assert f"{device} " not in Path("/proc/self/mounts").read_text()
        assert kept(device) == {"pc.json": b"second, and longer", "pc.txt": b"for people"}


@pytest.mark.root
def test_a_stick_that_is_full_keeps_what_it_had_and_says_that_it_refuses(tmp_path: Path) -> None:
    with a_stick(tmp_path / "stick.img") as device:
        host = host_with(database(device))
        write(UUID, {"pc.json": b"before"}, host=host, mount=mount)
        with pytest.raises(StickError) as full:
            write(UUID, {"pc.json": bytes(60 << 20)}, host=host, mount=mount)
        assert full.value.reason == "full"
        assert kept(device) == {"pc.json": b"before"}
        assert f"{device} " not in Path("/proc/self/mounts").read_text()


@pytest.mark.root
def test_where_a_job_s_evidence_may_not_fit_nothing_is_written(tmp_path: Path) -> None:
    with a_stick(tmp_path / "stick.img", 12 << 20) as device:
        host = host_with(database(device))
        write(UUID, {"pc.json": b"before"}, room=ROOM, host=host, mount=mount)
        with mounted(Path(device), "ext4", "ro") as place:
            free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
        write(UUID, {"large": bytes(free - ROOM // 2)}, host=host, mount=mount)
        with pytest.raises(StickError) as full:
            write(UUID, {"pc.json": b"after"}, room=ROOM, host=host, mount=mount)
        assert full.value.reason == "full"
        assert kept(device)["pc.json"] == b"before"
        write(UUID, {"pc.json": b"after"}, host=host, mount=mount)
        assert kept(device)["pc.json"] == b"after"


@pytest.mark.root
def test_what_a_pulled_stick_kept_of_another_pc_s_file_is_left_as_it_is(tmp_path: Path) -> None:
    with a_stick(tmp_path / "stick.img") as device:
        host = host_with(database(device))
        write(UUID, {"a.json.tmp": b"half"}, host=host, mount=mount)
        write(UUID, {"b.json": b"whole"}, host=host, mount=mount)
        assert kept(device) == {"a.json.tmp": b"half", "b.json": b"whole"}


@pytest.mark.root
def test_a_stick_that_is_write_protected_refuses(tmp_path: Path) -> None:
    with a_stick(tmp_path / "stick.img"):
        pass
    with attached(tmp_path / "stick.img", "--read-only") as device, pytest.raises(StickError) as refused:
        write(UUID, {"pc.json": b"x"}, host=host_with(database(device)), mount=mount)
    assert refused.value.reason == "refuses"


@pytest.mark.root
def test_what_is_no_file_system_refuses(tmp_path: Path) -> None:
    image = tmp_path / "stick.img"
    with image.open("xb") as file:
        file.truncate(8 << 20)
    with attached(image) as device, pytest.raises(StickError) as refused:
        write(UUID, {"pc.json": b"x"}, host=host_with(database(device)))
    assert refused.value.reason == "refuses"
