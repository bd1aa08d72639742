"""A stick's files on the record: each job once, with its evidence, as a kit's; and nothing of what is none."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from nacl.signing import SigningKey

from netboot.alone.kit_visit import LIMIT, sealed
from netboot.kit.collect import collect
from netboot.kit.identity import kit_of
from netboot.kit.image import Stick, write_image
from netboot.kit.partitions import FIRST
from netboot.records.record import Record
from netboot.records.values import JobRow, VisitRow
from netboot.shared.errors import NetbootError
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult
from tests.alone.kit_visits import KIT, WORKSHOP, Doing, chosen, erased, says
from tests.jobs.conftest import HDD, SSD
from tests.records.conftest import hello, pc

PC = replace(pc(7), disks=(SSD, HDD))


def visits(record: Record) -> list[VisitRow]:
    return [visit for row in record.machines.overview() for visit in record.machines.detail(row.id).visits]


def only_job(record: Record) -> JobRow:
    (visit,) = visits(record)
    (job,) = visit.jobs
    return job


def test_a_job_comes_onto_the_record_as_its_kit_s_with_its_evidence(record: Record, stick: Path) -> None:
    (stick / "pc.json").write_bytes(sealed(erased(found=PC), KIT.key))
    (stick / "pc.txt").write_text("for people")
    (taken,) = collect(stick.parent, record, WORKSHOP)
    assert (taken.name, taken.news) == ("pc.json", "new")
    assert "PC0X7Q07" in taken.machine
    (visit,) = visits(record)
    assert (visit.kit, visit.closed is not None) == (KIT.name, True)
    job = only_job(record)
    assert (job.state, job.chosen_by, job.profile.id) == ("done", "", "erase-only")
    assert [(one.evidence.disk, one.verdict, one.in_chain) for one in job.erasures] == [
        (SSD.id, "erased", True),
        (HDD.id, "erased", True),
    ]
    kinds = [event.kind for event in record.journal.read(after=0, limit=100)]
    assert "visit-opened" not in kinds
    assert [kind for kind in kinds if kind != "machine-added"][:2] == ["kit-collected", "job-started"]
    assert record.journal.verify().broken is None


def test_collecting_once_more_changes_nothing(record: Record, stick: Path) -> None:
    (stick / "pc.json").write_bytes(sealed(erased(found=PC), KIT.key))
    collect(stick, record, WORKSHOP)
    events = len(record.journal.read(after=0, limit=1000))
    assert [one.news for one in collect(stick, record, WORKSHOP)] == ["known"]
    assert len(record.journal.read(after=0, limit=1000)) == events


def test_a_pc_that_lost_power_in_its_erase_stands_there_as_cut_and_its_later_job_beside_it(
    record: Record, stick: Path
) -> None:
    doing = Doing(chosen(found=PC))
    doing.step(CheckResult(inventory=PC))
    doing.order()
    doing.begin()
    (stick / "a.json").write_bytes(sealed(doing.visit, KIT.key))
    collect(stick, record, WORKSHOP)
    job = only_job(record)
    assert (job.state, job.problem and job.problem.code, job.erasures) == ("interrupted", "power-cut", ())
    (row,) = record.machines.overview()
    assert record.jobs.left_undone(row.id) is not None
    (stick / "b.json").write_bytes(sealed(erased(found=PC, job="2e" * 16), KIT.key))
    assert [one.news for one in collect(stick, record, WORKSHOP)] == ["known", "new"]
    assert record.jobs.left_undone(row.id) is None


def test_what_a_file_has_more_than_the_last_time_is_added(record: Record, stick: Path) -> None:
    doing = Doing(chosen(found=PC))
    doing.step(CheckResult(inventory=PC))
    doing.order()
    doing.begin()
    (stick / "a.json").write_bytes(sealed(doing.visit, KIT.key))
    collect(stick, record, WORKSHOP)
    doing.end(EraseResult(erasures=(says(SSD), says(HDD))))
    (stick / "a.json").write_bytes(sealed(doing.visit, KIT.key))
    assert [one.news for one in collect(stick, record, WORKSHOP)] == ["more"]
    # The disks were erased, whatever became of the job; that it was cut short stays.
    job = only_job(record)
    assert [one.verdict for one in job.erasures] == ["erased", "erased"]
    assert job.state == "interrupted"


def test_a_visit_on_the_lan_goes_on_and_stays_the_newest(record: Record, stick: Path) -> None:
    now = record.visits.greet(hello(PC, "at-work-now"), PC.nics[0].mac)
    (stick / "pc.json").write_bytes(sealed(erased(found=PC), KIT.key))
    collect(stick, record, WORKSHOP)
    assert {visit.kit for visit in visits(record)} == {"", KIT.name}
    assert record.visits.is_newest(now.id)
    assert next(visit for visit in visits(record) if visit.id == now.id).closed is None


def test_what_is_no_kit_s_file_is_refused_and_the_others_are_taken(record: Record, stick: Path) -> None:
    good = sealed(erased(found=PC), KIT.key)
    (stick / "a-foreign.json").write_bytes(sealed(erased(found=PC), kit_of(KIT.name, SigningKey(bytes(32))).key))
    (stick / "b-cut.json").write_bytes(good[: len(good) // 2])
    (stick / "c-long.json").write_bytes(bytes(LIMIT + 1))
    (stick / "d-link.json").symlink_to("/etc/passwd")
    os.mkfifo(stick / "e-pipe.json")
    (stick / "f-folder.json").mkdir()
    (stick / "g-good.json").write_bytes(good)
    taken = collect(stick, record, WORKSHOP)
    assert [one.news for one in taken] == ["refused"] * 6 + ["new"]
    assert all(one.why for one in taken[:6])
    assert only_job(record).state == "done"


def test_a_device_is_read_without_a_mount_whole_or_by_its_partition(record: Record, tmp_path: Path) -> None:
    image, partition = tmp_path / "stick.img", tmp_path / "partition.img"
    file = sealed(erased(found=PC), KIT.key)
    layout = write_image(image, Stick(KIT, {"a": b"a"}, {"visits/pc.json": file}, bytes(512), bytes(600)))
    with image.open("rb") as whole:
        whole.seek(FIRST)
        partition.write_bytes(whole.read(layout.data.size))
    assert [one.news for one in collect(image, record, WORKSHOP)] == ["new"]
    assert [one.news for one in collect(partition, record, WORKSHOP)] == ["known"]


def test_a_file_too_long_on_a_device_is_not_copied_beyond_the_limit(record: Record, tmp_path: Path) -> None:
    image = tmp_path / "stick.img"
    data: dict[str, Path | bytes] = {"visits/long.json": bytes(4 * LIMIT)}
    write_image(image, Stick(KIT, {"a": b"a"}, data, bytes(512), bytes(600)))
    assert [(one.name, one.news) for one in collect(image, record, WORKSHOP)] == [("long.json", "refused")]
    assert visits(record) == []


def test_what_is_no_stick_is_said_with_what_to_give(record: Record, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(bytes(1 << 20))
    for place in (tmp_path / "image", tmp_path / "nothing"):
        with pytest.raises(NetbootError) as refused:
            collect(place, record, WORKSHOP)
        assert "/dev/sdb" in refused.value.hint
