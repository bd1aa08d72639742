"""How much of a stick is looked at, in which order, and what is said of one that has more, or is another's."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.alone.kit_visit import sealed
from netboot.kit import collect as module
from netboot.kit.collect import collect
from netboot.kit.image import READ_ME, Stick, write_image
from netboot.kit.partitions import FIRST, layout_for
from netboot.records.record import Record
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.shared.stages.check import CheckResult
from tests.alone.kit_visits import KIT, WORKSHOP, Doing, chosen, erased
from tests.jobs.conftest import HDD, SSD
from tests.records.conftest import pc

PC = replace(pc(7), disks=(SSD, HDD))
TO_GIVE = "give the stick's folder, or its device, such as /dev/sdb"
TOO_MANY = "give the stick's device, or its folder"
LOOK = "look at what is on it; copy the files that are a kit's into a folder, and give that"
NO_KIT = "give the stick's device, such as /dev/sdb, or its folder"


def image_of(path: Path, **files: bytes) -> Path:
    """A stick's image with these files of a kit, in this order."""
    data: dict[str, Path | bytes] = {f"visits/{name}.json": content for name, content in files.items()}
    write_image(path, Stick(KIT, {"a": b"a"}, {READ_ME: b"read me", **data}, bytes(512), bytes(600)))
    return path


def changed(image: Path, before: bytes, after: bytes) -> None:
    """Write other bytes in the place of these, which are there once."""
    content = image.read_bytes()
    assert content.count(before) == 1
    with image.open("r+b") as file:
        file.seek(content.index(before))
        file.write(after)


def refusal(place: Path, record: Record) -> tuple[str, str]:
    with pytest.raises(NetbootError) as refused:
        collect(place, record, WORKSHOP)
    return refused.value.message, refused.value.hint


# ── the place that is given ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_there_is_said_with_what_to_give(record: Record, tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone", record) == (f"{tmp_path / 'gone'}: No such file or directory", TO_GIVE)


@pytest.mark.timeout(20)
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.5)
    os.mkfifo(tmp_path / "pipe")
    message, hint = refusal(tmp_path / "pipe", record)
    assert message.startswith(f"{tmp_path / 'pipe'} does not answer: ")
    assert hint == "plug it in again, and collect once more"


def test_a_stick_s_files_are_copied_to_where_nothing_stays(record: Record, tmp_path: Path) -> None:
    with module._files(image_of(tmp_path / "stick.img", b=b"2", a=b"1")) as files:
        assert [(file.name, file.path.read_bytes()) for file in files] == [("a.json", b"1"), ("b.json", b"2")]
        (folder,) = {file.path.parent for file in files}
        assert folder.name.startswith("netboot-collect-")
    assert not folder.exists()


def test_a_name_that_stands_twice_on_a_stick_is_told_twice(record: Record, tmp_path: Path) -> None:
    file = sealed(erased(found=PC), KIT.key)
    image = image_of(tmp_path / "stick.img", a=file, b=file)
    changed(image, "b.json".encode("utf-16-le")[:10], "a.json".encode("utf-16-le")[:10])
    assert [(one.name, one.news) for one in collect(image, record, WORKSHOP)] == [
        ("a.json", "new"), ("a.json", "known"),
    ]  # fmt: skip


# ── another's, unused or damaged ────────────────────────────────────────────────────────────────────────────────────


def partition_of(image: Path) -> Path:
    """The partition of a stick that is for what it brings back, by itself."""
    partition = image.with_name("partition.img")
    with image.open("rb") as whole:
        whole.seek(FIRST)
        partition.write_bytes(whole.read(layout_for(1).data.size))
    return partition


def test_a_stick_that_nothing_was_written_to_has_no_file_whole_or_by_its_partition(
    record: Record, tmp_path: Path
) -> None:
    image = image_of(tmp_path / "stick.img")
    for place in (image, partition_of(image)):
        assert collect(place, record, WORKSHOP) == ()


def test_another_s_stick_is_none_of_a_kit(record: Record, tmp_path: Path) -> None:
    image = tmp_path / "stick.img"
    write_image(image, Stick(KIT, {"a": b"a"}, {"holiday.jpg": b"x"}, bytes(512), bytes(600)))
    for place in (image, partition_of(image)):
        assert refusal(place, record) == (f"{place} has no folder visits of a kit", NO_KIT)


def test_a_folder_that_cannot_be_read_is_not_one_that_is_not_there(record: Record, tmp_path: Path) -> None:
    """Its entry names a cluster that the file system says is free: mtools lists the root, and not the folder."""
    image = image_of(tmp_path / "stick.img", a=sealed(erased(found=PC), KIT.key))
    content = image.read_bytes()
    at = content.index(b"VISITS     \x10")
    entry = bytearray(content[at : at + 32])
    # Microsoft's FAT specification 1.03: a first cluster in two halves, 70000 here.
    entry[20:22], entry[26:28] = (1).to_bytes(2, "little"), (4464).to_bytes(2, "little")
    changed(image, content[at : at + 32], bytes(entry))
    assert refusal(image, record)[0] == f"{image} has no folder visits of a kit"


def test_a_file_that_is_not_given_whole_is_named_and_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    image = image_of(tmp_path / "stick.img", a=b"1")
    lost = module._copy(f"{image}@@{FIRST}", "lost\x1b.json", tmp_path / "copy")
    assert lost == module._File(
        "lost\x1b.json", tmp_path / "copy", "the stick did not give it whole; plug it in again, and collect once more"
    )
    (message,) = [one.getMessage() for one in caplog.records]
    assert message.startswith("lost⟨U+001B⟩.json: prlimit ended with status 1")
    assert module._size(tmp_path / "copy") == 0
    given = module._copy(f"{image}@@{FIRST}", "a.json", tmp_path / "copy")
    assert given == module._File("a.json", tmp_path / "copy")
    assert module._size(tmp_path / "copy") == 1


def test_a_file_that_the_stick_did_not_give_counts_for_nothing(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is called: mcopy takes a star for any name, and gives nothing where a folder has it."""
    monkeypatch.setattr(module, "DATA", 0)
    monkeypatch.setattr(module, "_copy", lambda where, name, copy: module._File(name, copy, "it broke"))
    (taken,) = collect(image_of(tmp_path / "stick.img", a=b"1"), record, WORKSHOP)
    assert (taken.news, taken.why) == ("refused", "it broke")


# ── so much, and no more ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_files_of_a_folder_hold_together_no_more_than_a_stick(
    record: Record, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (stick / f"{name}.json").write_bytes(bytes(1 << 20))
    monkeypatch.setattr(module, "DATA", 3 << 20)
    reasons = [one.why for one in collect(stick, record, WORKSHOP)]
    assert len(set(reasons)) == 1
    assert reasons[0].startswith("no file of a kit: ")
    monkeypatch.setattr(module, "DATA", (3 << 20) - 1)
    assert [one.why for one in collect(stick, record, WORKSHOP)] == [
        *reasons[:2], "there are more than 2 MiB of files, which no kit's stick holds",
    ]  # fmt: skip


def test_the_files_of_a_device_hold_together_no_more_than_a_stick(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = image_of(tmp_path / "stick.img", a=bytes(1 << 20), b=bytes(1 << 20), c=bytes(1 << 20))
    monkeypatch.setattr(module, "DATA", 3 << 20)
    assert [one.news for one in collect(image, record, WORKSHOP)] == ["refused"] * 3
    monkeypatch.setattr(module, "DATA", (3 << 20) - 1)
    assert refusal(image, record) == (f"{image} has more than 2 MiB of files, which no kit's stick holds", LOOK)


def test_a_folder_has_so_many_names_of_any_kind_and_no_more_are_looked_at(
    record: Record, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_NAMES", 3)
    looked_at: list[Path] = []
    real = Path.iterdir

    def counted(folder: Path) -> Iterator[Path]:
        for path in real(folder):
            looked_at.append(path)
            yield path

    monkeypatch.setattr(Path, "iterdir", counted)
    for name in ("a.json", "b.txt", "c"):
        (stick / name).touch()
    assert [one.name for one in collect(stick, record, WORKSHOP)] == ["a.json"]
    for number in range(9):
        (stick / f"{number}").touch()
    looked_at.clear()
    assert refusal(stick, record) == (f"{stick} has more than 3 names, which is no kit's", TOO_MANY)
    assert len(looked_at) == 4, "one more shows that there are too many"


def test_a_device_has_so_many_names_of_any_kind(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = image_of(tmp_path / "stick.img", a=b"", b=b"", c=b"")
    monkeypatch.setattr(module, "_NAMES", 3)
    assert len(collect(image, record, WORKSHOP)) == 3
    monkeypatch.setattr(module, "_NAMES", 2)
    assert refusal(image, record) == (f"{image} has more than 2 names, which is no kit's", TOO_MANY)


def test_a_folder_of_a_device_is_no_file_whatever_it_is_called(record: Record, tmp_path: Path) -> None:
    image = image_of(tmp_path / "stick.img", a=b"")
    run(["env", "MTOOLS_SKIP_CHECK=1", "mmd", "-i", f"{image}@@{FIRST}", "::visits/b.json"])
    assert [one.name for one in collect(image, record, WORKSHOP)] == ["a.json"]
    assert module._names_in(image, f"{image}@@{FIRST}", "visits") == ["a.json", "b.json/"]


def test_a_name_is_shown_so_long_and_no_longer(record: Record, stick: Path) -> None:
    (stick / f"{'x' * 200}.json").touch()
    (taken,) = collect(stick, record, WORKSHOP)
    assert taken.name == "x" * 120


def test_a_job_that_was_cut_short_is_told_as_not_ended(record: Record, stick: Path) -> None:
    doing = Doing(chosen(found=PC))
    doing.step(CheckResult(inventory=PC))
    doing.order()
    doing.begin()
    (stick / "pc.json").write_bytes(sealed(doing.visit, KIT.key))
    (taken,) = collect(stick, record, WORKSHOP)
    assert (taken.news, taken.ended, taken.disks) == ("new", False, ())
