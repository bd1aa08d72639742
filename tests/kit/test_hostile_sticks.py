"""Sticks that were made to mislead whoever collects them, or to use up the server; and evidence that is old."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from nacl.signing import SigningKey

from netboot.alone.kit_visit import sealed
from netboot.kit import collect as collecting
from netboot.kit.collect import MOST, collect
from netboot.kit.command import kit
from netboot.kit.identity import kit_of
from netboot.kit.image import Stick, write_image
from netboot.records.record import Record, open_record
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult
from tests.alone.kit_visits import KIT, WORKSHOP, Doing, chosen, erased, says
from tests.jobs.conftest import HDD, SSD
from tests.kit.test_collect import PC
from tests.records.conftest import ERASE_AND_DEPLOY, hello, start

CLOCK = 1_104_537_600.0
"""2005-01-01: what the PC's clock said when the visits here began."""


def cut(clock: float = CLOCK, job: str = "3c" * 16) -> bytes:
    """A PC whose power went in its erase, at this time by its clock."""
    doing = Doing(replace(chosen(found=PC, job=job), clock=clock))
    doing.step(CheckResult(inventory=PC))
    doing.order()
    doing.begin()
    return sealed(doing.visit, KIT.key)


@pytest.mark.parametrize("names", ["ab", "ba"])
@pytest.mark.parametrize(("cut_at", "left"), [(CLOCK - 3600, False), (CLOCK + 3600, True)])
def test_of_two_jobs_of_a_pc_the_later_by_its_clock_counts_whatever_their_files_are_called(
    record: Record,
    stick: Path,
    cut_at: float,
    left: bool,
    names: str,
) -> None:
    (stick / f"{names[0]}.json").write_bytes(cut(cut_at))
    (stick / f"{names[1]}.json").write_bytes(sealed(erased(found=PC), KIT.key))
    assert [one.news for one in collect(stick, record, WORKSHOP)] == ["new", "new"]
    (row,) = record.machines.overview()
    assert (record.jobs.left_undone(row.id) is not None) == left


def test_old_evidence_does_not_do_what_stopped_on_the_lan_since(record: Record, stick: Path) -> None:
    visit = record.visits.greet(hello(PC, "boot-1"), PC.nics[0].mac)
    job = start(record, visit, profile=ERASE_AND_DEPLOY)
    record.jobs.stage_started(job.id, "check", 1)
    record.visits.greet(hello(PC, "boot-2"), PC.nics[0].mac)
    before = record.jobs.left_undone(visit.machine_id)
    assert before is not None
    (stick / "pc.json").write_bytes(sealed(erased(found=PC), KIT.key))
    assert [one.news for one in collect(stick, record, WORKSHOP)] == ["new"]
    assert record.jobs.left_undone(visit.machine_id) == before


def test_the_times_of_an_erase_are_those_of_the_pc_s_clock_and_not_of_collecting(
    record: Record,
    stick: Path,
) -> None:
    doing = Doing(chosen(found=PC))
    doing.step(CheckResult(inventory=PC))
    with_clock = replace(says(SSD), pc_clock=CLOCK + 100)
    doing.step(EraseResult(erasures=(with_clock, replace(says(HDD), pc_clock=0.0))))
    doing.step()
    (stick / "pc.json").write_bytes(sealed(doing.visit, KIT.key))
    (taken,) = collect(stick, record, WORKSHOP)
    papers = record.papers.of_visit(taken.visit)
    told = [row.evidence for job in papers.visit.jobs for row in job.erasures]
    assert (told[0].started, told[0].finished) == (CLOCK + 100, CLOCK + 100 + told[0].seconds)
    assert (told[1].started, told[1].finished) == (0.0, 0.0)
    (event,) = [event for event in record.journal.read(after=0, limit=100) if event.kind == "kit-collected"]
    assert f'"clock":{CLOCK}' in event.body


def test_what_a_stick_holds_is_shown_without_what_moves_a_terminal(record: Record, stick: Path) -> None:
    (stick / "\x1b[2J\u202eevil.json").write_bytes(b'{"\x1b[31m": 1}')
    found = PC.system
    odd = replace(PC, system=replace(found, product="X\x1b[0m"))
    (stick / "pc.json").write_bytes(sealed(erased(found=odd), KIT.key))
    taken, refused = sorted(collect(stick, record, WORKSHOP), key=lambda one: one.news)
    assert (refused.news, taken.news) == ("refused", "new")
    assert all(text.isprintable() for text in (refused.name, refused.why, taken.machine))


def test_more_files_than_are_read_are_not_looked_at(record: Record, stick: Path, tmp_path: Path) -> None:
    for number in range(MOST + 1):
        (stick / f"{number}.json").touch()
    with pytest.raises(NetbootError, match="are read"):
        collect(stick, record, WORKSHOP)
    image = tmp_path / "stick.img"
    write_image(image, Stick(KIT, {"a": b"a"}, {"visits/x.json": b""}, bytes(512), bytes(600)))
    run(["mcopy", "-Q", "-i", f"{image}@@{1 << 20}", *sorted(stick.glob("*.json")), "::visits"])
    with pytest.raises(NetbootError, match="are read"):
        collect(image, record, WORKSHOP)


def test_more_bytes_than_a_kit_s_file_system_holds_are_refused(
    record: Record,
    stick: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = sealed(erased(found=PC), KIT.key)
    monkeypatch.setattr(collecting, "DATA", len(good) + 10)
    (stick / "a.json").write_bytes(good)
    (stick / "b.json").write_bytes(bytes(100))
    assert [one.news for one in collect(stick, record, WORKSHOP)] == ["new", "refused"]
    image = tmp_path / "stick.img"
    write_image(image, Stick(KIT, {"a": b"a"}, {"visits/a.json": good, "visits/b.json": good}, bytes(512), bytes(600)))
    with pytest.raises(NetbootError, match="no kit's stick holds"):
        collect(image, record, WORKSHOP)


def test_a_kit_of_another_name_or_workshop_signs_nothing_of_this_one(record: Record, stick: Path) -> None:
    other = kit_of("atelier-sud", WORKSHOP)
    foreign = kit_of("atelier-sud", SigningKey(bytes(32)))
    visit = erased(found=PC)
    for number, file in enumerate(
        (
            sealed(visit, other.key),  # another kit of ours in this one's name
            sealed(replace(visit, kit="atelier-sud"), KIT.key),
            sealed(replace(visit, kit="atelier-sud"), foreign.key),
            sealed(visit, KIT.key).replace(b'"kit":"atelier-nord"', b'"kit":"atelier-sud"', 1),
        )
    ):
        (stick / f"{number}.json").write_bytes(file)
    taken = collect(stick, record, WORKSHOP)
    assert [one.news for one in taken] == ["refused"] * 4
    assert not record.machines.overview()


def test_collecting_issues_the_papers_of_what_was_erased_and_says_where(
    tmp_path: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = Settings(data=str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/signing.key").write_bytes(bytes(WORKSHOP))
    (tmp_path / "data/signing.key").chmod(0o600)
    (stick / "pc.json").write_bytes(sealed(erased(found=PC), KIT.key))
    said: list[str] = []
    for _ in range(2):
        status = kit(
            ["collect", str(stick.parent)], settings, name="", profiles=(), folder=tmp_path / "papers", say=said.append
        )
        assert status == 0
    assert "on the record now" in said[0]
    assert said[1] == f"In {tmp_path / 'papers'}: 1 certificate, 0 reports."
    assert "known already" in said[2]
    (paper,) = (tmp_path / "papers").glob("certificate-*.json")
    assert '"time"' in paper.read_text(), "that the times are those of the PC's clock is among what is not known"
    assert len(list((tmp_path / "papers").glob("certificate-*.fr.pdf"))) == 1
    with open_record(tmp_path / "data/record.sqlite") as opened:
        (row,) = opened.machines.overview()
        assert row.visit.opened > datetime(2025, 1, 1, tzinfo=UTC)
