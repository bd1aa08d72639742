"""Which files of a stick are read, how much of each, and what is said of those that are not."""

import hashlib
import logging
import os
from dataclasses import replace as replaced
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.alone.kit_visit import LIMIT, KitVisitError, sealed
from netboot.kit import collect as module
from netboot.kit.collect import Taken, brought, collect
from netboot.kit.image import Stick, write_image
from netboot.records.record import Record, open_record
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from tests.alone.kit_visits import KIT, WORKSHOP, Doing, chosen, erased
from tests.jobs.conftest import HDD, SSD
from tests.records.conftest import pc

PC = replace(pc(7), disks=(SSD, HDD))
ON_A_STICK = "give the stick's device, such as /dev/sdb, or its folder"


@pytest.fixture
def record(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_record(tmp_path / "record.sqlite") as opened:
        yield opened


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def image_of(path: Path, **files: bytes) -> Path:
    """A stick's image with these files of a kit."""
    data: dict[str, Path | bytes] = {f"visits/{name}.json": content for name, content in files.items()}
    write_image(path, Stick(KIT, {"a": b"a"}, data, bytes(512), bytes(600)))
    return path


# ── what is told of each file ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.timeout(60)
def test_each_file_is_taken_or_refused_with_its_reason(
    record: Record, stick: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (stick / "a.JSON").write_bytes(sealed(erased(found=PC), KIT.key))
    (stick / "b.json").symlink_to(stick / "a.JSON")
    os.mkfifo(stick / "c.json")
    (stick / "d.json").write_bytes(b"")
    (stick / "e.jsonl").write_bytes(b"")
    taken = collect(stick, record, WORKSHOP)
    assert taken[0].visit
    assert (replaced(taken[0], visit=""), *taken[1:3]) == (
        Taken(
            "a.JSON",
            "new",
            machine="LENOVO ThinkCentre M720q PC0X7Q07",
            disks=((SSD.id.text, "erased"), (HDD.id.text, "erased")),
        ),
        Taken("b.json", "refused", "cannot be read: Too many levels of symbolic links"),
        Taken("c.json", "refused", "it is no file"),
    )
    assert taken[3:] == (Taken("d.json", "refused", "no file of a kit: Input data was truncated"),)
    assert not caplog.records  # whoever collects is told all of it once


def test_a_name_that_is_no_kit_s_is_no_signature_of_a_kit(record: Record, stick: Path) -> None:
    file = sealed(erased(found=PC), KIT.key).replace(b'"kit":"atelier-nord"', b'"kit":"Nord"', 1)
    (stick / "a.json").write_bytes(file)
    (taken,) = collect(stick, record, WORKSHOP)
    assert taken.why == "it is not signed by a kit of this workshop, or was changed since"


def test_of_a_file_no_more_is_read_than_shows_that_it_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for length, read in ((LIMIT, LIMIT), (LIMIT + 1, LIMIT + 1), (LIMIT + 2, LIMIT + 1)):
        with path.open("wb") as file:
            file.truncate(length)
        assert len(module._read(module._File("a", path))) == read


def test_so_many_files_are_read_and_no_more(stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for name in ("b.json", "a.json", "c.txt"):
        (stick / name).write_bytes(b"")
    assert [file.name for file in module._named(stick)] == ["a.json", "b.json"]
    (stick / "d.json").write_bytes(b"")
    with pytest.raises(NetbootError) as refused:
        module._named(stick)
    assert refused.value.message == f"{stick} has 3 files; 2 are read"
    assert refused.value.hint == "move some elsewhere, then again"


# ── what the record is told ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_record_is_told_all_of_a_visit() -> None:
    visit = erased(found=PC)
    told = brought(visit, "digest")
    assert (told.kit, told.boot, told.digest, told.inventory) == (KIT.name, visit.boot, "digest", PC)
    assert (told.job.id, told.over, told.problem) == (visit.job, True, None)
    assert [(one.record.stage, one.record.state) for one in told.stages] == [
        ("check", "done"), ("erase", "done"), ("finish", "done"),
    ]  # fmt: skip
    assert [(one.started, one.finished) for one in told.stages] == [(one.started, one.finished) for one in visit.stages]
    assert [one.seconds for one in told.stages] == [10_000.0] * 3


def test_a_visit_that_goes_on_is_not_over_and_one_that_ended_early_says_why() -> None:
    doing = Doing(chosen(found=PC))
    doing.order()
    doing.begin()
    told = brought(doing.visit, "")
    assert (told.over, told.problem, told.stages[0].seconds) == (False, None, 0.0)
    doing.end(CheckResult(inventory=PC), Problem("agent-error"))
    ended = brought(doing.visit, "")
    assert (ended.over, ended.problem) == (True, Problem("agent-error"))


@pytest.mark.parametrize(
    ("began", "ended", "seconds"),
    [(50.0, 61.5, 11.5), (50.0, None, 0.0), (None, 61.5, 0.0), (None, None, 0.0), (61.5, 50.0, 0.0), (0.0, 2.0, 2.0)],
)
def test_a_stage_takes_from_its_beginning_to_its_end(began: float | None, ended: float | None, seconds: float) -> None:
    assert module._seconds(began, ended) == seconds


# ── sticks and images ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stick_is_read_whatever_its_user_s_mtools_are_told(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    image = image_of(tmp_path / "stick.img", A=sealed(erased(found=PC), KIT.key), note=b"")
    (tmp_path / "mtoolsrc").write_text("drive c: nonsense here\n")
    monkeypatch.setenv("MTOOLSRC", str(tmp_path / "mtoolsrc"))
    with caplog.at_level(logging.WARNING):
        taken = collect(image, record, WORKSHOP)
    assert [(one.name, one.news) for one in taken] == [("A.json", "new"), ("note.json", "refused")]
    assert not caplog.records


def test_a_file_as_long_as_it_may_be_is_copied_and_one_that_is_longer_is_said(
    record: Record, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = image_of(tmp_path / "stick.img", a=bytes(LIMIT), b=bytes(2 * LIMIT))
    taken = collect(image, record, WORKSHOP)
    assert taken[0].why.startswith("no file of a kit: ")
    assert taken[1].why == f"{LIMIT + 1} bytes; at most {LIMIT} are read"
    assert any(message.getMessage().startswith("b.json: prlimit ended with status ") for message in caplog.records)


def test_so_many_files_of_a_stick_are_read_and_no_more(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = image_of(tmp_path / "stick.img", a=b"", b=b"")
    monkeypatch.setattr(module, "MOST", 2)
    assert [one.news for one in collect(image, record, WORKSHOP)] == ["refused"] * 2
    monkeypatch.setattr(module, "MOST", 1)
    with pytest.raises(NetbootError) as refused:
        collect(image, record, WORKSHOP)
    assert (refused.value.message, refused.value.hint) == (
        f"{image} has 2 files; 1 are read", "remove some, then again",
    )  # fmt: skip


def test_what_is_no_stick_is_said_with_what_to_give(record: Record, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(bytes(1 << 20))
    with pytest.raises(NetbootError) as refused:
        collect(tmp_path / "image", record, WORKSHOP)
    assert (refused.value.message, refused.value.hint) == (
        f"{tmp_path / 'image'} has no folder visits of a kit", ON_A_STICK,
    )  # fmt: skip


@pytest.mark.timeout(60)
def test_a_stick_that_does_not_answer_is_given_up(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.5)
    os.mkfifo(tmp_path / "stick")
    writer = os.open(tmp_path / "stick", os.O_RDWR)
    try:
        with pytest.raises(NetbootError) as refused:
            collect(tmp_path / "stick", record, WORKSHOP)
    finally:
        os.close(writer)
    assert refused.value.message.startswith(f"{tmp_path / 'stick'} does not answer: env did not end within 0 s")
    assert refused.value.hint == "plug it in again, and collect once more"


def test_a_file_of_a_stick_with_another_ending_is_not_looked_at(record: Record, tmp_path: Path) -> None:
    image = tmp_path / "stick.img"
    write_image(image, Stick(KIT, {"a": b"a"}, {"visits/a.jsonX": b"1"}, bytes(512), bytes(600)))
    assert collect(image, record, WORKSHOP) == ()


@pytest.mark.timeout(60)
def test_a_stick_that_does_not_give_a_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.5)
    os.mkfifo(tmp_path / "stick")
    writer = os.open(tmp_path / "stick", os.O_RDWR)
    try:
        lost = module._copy(f"{tmp_path / 'stick'}", "a.json", tmp_path / "copy")
    finally:
        os.close(writer)
    assert lost.why == "the stick did not give it whole; plug it in again, and collect once more"


def test_a_job_whose_stages_are_not_those_of_the_rules_is_refused_by_its_name(record: Record, stick: Path) -> None:
    check, *_ = (visit := erased(found=PC)).stages
    (stick / "a.json").write_bytes(sealed(replace(visit, stages=(check, check)), KIT.key))
    why = "the stage check was ordered otherwise than the rules order it"
    assert collect(stick, record, WORKSHOP) == (Taken("a.json", "refused", why),)


def test_a_key_is_looked_up_by_the_kit_s_name() -> None:
    assert module._key(KIT.name, WORKSHOP) == KIT.key.verify_key
    with pytest.raises(KitVisitError, match=r"^'Nord' is no name for a kit\n"):
        module._key("Nord", WORKSHOP)


def test_a_file_s_digest_goes_onto_the_record(record: Record, stick: Path) -> None:
    file = sealed(erased(found=PC), KIT.key)
    (stick / "a.json").write_bytes(file)
    collect(stick, record, WORKSHOP)
    bodies = [event.body for event in record.journal.read(after=0, limit=100) if event.kind == "kit-collected"]
    assert hashlib.sha256(file).hexdigest() in str(bodies)
