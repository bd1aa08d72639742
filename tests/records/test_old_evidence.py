"""Evidence that earlier versions wrote: read as it was, shown as it was, and its hash checked as before.

The records and reports here were made by the code of those commits itself: its agent erased loop devices (what hdparm
and smartctl say was given to it), its judge judged, its record kept.
"""

import json
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.evidence import judge
from netboot.jobs.job import erasures
from netboot.jobs.stages.rules import Known
from netboot.records.old_evidence import read_erasure, read_result
from netboot.records.record import Record, open_record
from netboot.records.values import ErasureRow
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Disk
from netboot.shared.problems import Problem
from netboot.shared.stages import Result
from netboot.shared.stages.erase import EraseResult, Erasure
from netboot.shared.stages.memory import MemoryResult
from netboot.webui.proof_texts import status_rows
from tests.jobs.conftest import HDD, SSD, erasure
from tests.orders import overwriting, overwritten
from tests.records.places import by_hand, unprotected

HERE = Path(__file__).parent
SIZE = 2 * 1024 * 1024
END = SIZE // 512
OLD = ("47f7621", "5608b2c")
VERDICTS = {
    "WHOLE-1": ("erased", "clear", ""),
    "SILENT-1": ("erased", "clear", ""),
    "NODCO-1": ("erased", "clear", ""),
    "NVME-1": ("erased", "clear", ""),
    "HPA-1": ("not-erased", "none", "hidden-area"),
    "DCO-1": ("not-erased", "none", "hidden-area"),
    "UNCLEAR-1": ("undetermined", "none", "hidden-area-unclear"),
    "INUSE-1": ("not-erased", "none", "disk-in-use"),
    "FORGETS-1": ("not-erased", "none", "erase-mismatch"),
}
ENDS = {
    "WHOLE-1": (END, END, END),
    "SILENT-1": (END, "not-told", "not-told"),
    "NODCO-1": (END, END, "not-told"),
    "NVME-1": ("not-asked", "not-asked", "not-asked"),
    "HPA-1": (END, END + 1024, "not-told"),
    "DCO-1": (END, END, END + 2048),
    "UNCLEAR-1": (END, "unclear", "not-told"),
    "FORGETS-1": (END, END, "not-told"),
}


@pytest.fixture(params=OLD)
def old(request: pytest.FixtureRequest, file: Path) -> Path:
    """A record that this commit made."""
    place = file.with_name("old.db")
    place.touch(mode=0o600)
    database = sqlite3.connect(place)
    database.executescript((HERE / f"erased_{request.param}.sql").read_text(encoding="utf-8"))
    database.close()
    return place


def shown(record: Record) -> list[ErasureRow]:
    """Every erasure that this record shows, by machine."""
    return [row for machine in record.machines.overview() for row in record.machines.erasures(machine.id)]


def bodies(file: Path) -> list[dict[str, Any]]:
    """What the events tell of erasures, as it stands there."""
    return [json.loads(body) for (body,) in by_hand(file, "SELECT body FROM events WHERE kind = 'erasure'")]


def test_a_record_of_before_shows_its_proofs_as_they_were_and_its_chain_holds(old: Path) -> None:
    before = bodies(old)
    with open_record(old) as record:
        rows = shown(record)
        assert record.journal.verify().broken is None
        assert all(row.in_chain for row in rows), "each is what was hashed"
    assert bodies(old) == before, "reading changes nothing"
    told = [row for row in rows if row.evidence.problem is None or row.evidence.problem.code != "erase-unbelievable"]
    assert len(rows) == len(before) >= len(told) == 10
    for row in told:
        code = row.evidence.problem.code if row.evidence.problem else ""
        name = row.evidence.disk.serial
        assert (row.verdict, row.level, code) == VERDICTS[name]
        if name == "INUSE-1":
            assert (row.evidence.before, overwritten(row.evidence).written) == (None, 0)
            continue
        for status in (row.evidence.before, row.evidence.after):
            assert status is not None
            assert (status.serial, status.size, status.ends) == (name, SIZE, ENDS[name])
            assert set(status.other) <= {"reach"}, "every other word of it has a field"
        assert overwritten(row.evidence).pattern.startswith("SHAKE-256(")
        assert overwritten(row.evidence).written == SIZE
        assert overwritten(row.evidence).verified == (
            SIZE if name != "FORGETS-1" else overwritten(row.evidence).verified
        )
        assert row.evidence.seconds > 0


def test_the_stages_results_of_before_are_read_as_well(old: Path) -> None:
    with open_record(old) as record:
        visits = [visit for one in record.machines.overview() for visit in record.machines.detail(one.id).visits]
        ended = [record.jobs.ended_job(visit.id, visit.jobs[0].id) for visit in visits if visit.jobs[0].ended]
    assert [len(erasures(job)) for job in ended if job is not None] == [4, 5, 1]
    for (text,) in by_hand(old, "SELECT result FROM stages WHERE stage = 'erase'"):
        result = read_result(text, EraseResult)
        assert isinstance(result, EraseResult)
        assert [one.disk.serial for one in result.erasures] == [
            one["disk"]["serial"] for one in json.loads(text)["erasures"]
        ]


@pytest.mark.parametrize("changed", ["the row", "the event"])
def test_a_proof_of_before_that_was_changed_proves_nothing(old: Path, changed: str) -> None:
    words = 'replace({}, \'"logical_sector":"512"\', \'"logical_sector":"511"\')'
    where = ("erasures", "evidence") if changed == "the row" else ("events", "body")
    by_hand(old, *unprotected(old), f"UPDATE {where[0]} SET {where[1]} = {words.format(where[1])}")
    with open_record(old) as record:
        rows = shown(record)
        assert {(row.in_chain, row.verdict) for row in rows if row.evidence.after} == {(False, "undetermined")}
        assert record.journal.verify().broken is not None


def test_words_that_fit_no_field_are_kept() -> None:
    old = json.loads(by_text("5608b2c", '"reason":"unknown-words"'))
    erasure = read_erasure(json.dumps(old))
    assert erasure.verdict == "undetermined"
    assert erasure.after is not None
    assert erasure.after.other == {"hidden": "5 GB", "note": "fine", "visible_sectors": "many"}


def by_text(commit: str, part: str) -> str:
    """The body of that commit's event that has this in it."""
    database = sqlite3.connect(":memory:")
    database.executescript((HERE / f"erased_{commit}.sql").read_text(encoding="utf-8"))
    (body,) = (body for (body,) in database.execute("SELECT body FROM events WHERE kind = 'erasure'") if part in body)
    database.close()
    assert isinstance(body, str)
    return body


def test_no_sectors_at_all_is_a_number_that_is_shown() -> None:
    words = {"native_sectors": "0", "size": "0", "firmware": "0"}
    old = {"disk": {"serial": "S1", "size": SIZE}, "method": "overwrite", "level": "none", "verdict": "undetermined"}
    before = read_erasure(json.dumps({**old, "before": words})).before
    assert before is not None
    assert (before.native_sectors, before.size, before.firmware) == (0, 0, "0")
    assert before.other == {"size": "0"}, "a disk without a size has told none"
    assert sorted(value for _, value in status_rows(before, "en")) == ["0", "0", "0"]


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("size", 1, 2**63 - 1), ("logical_sector", 1, 1_000_000), ("visible_sectors", 0, 2**63 - 1),
        ("native_sectors", 0, 2**63 - 1), ("real_sectors", 0, 2**63 - 1),
    ],
)  # fmt: skip
def test_a_number_that_no_field_takes_stays_a_word(name: str, least: int, most: int) -> None:
    old = {"disk": {"serial": "S1", "size": SIZE}, "method": "overwrite", "level": "none", "verdict": "undetermined"}
    for number, fits in ((least - 1, False), (least, True), (most, True), (most + 1, False)):
        after = read_erasure(json.dumps({**old, "after": {name: str(number)}})).after
        assert after == msgspec.convert({name: number} if fits else {"other": {name: str(number)}}, DiskStatus)


def test_what_this_version_writes_is_read_as_it_was_written() -> None:
    said = EraseResult(erasures=(erasure(SSD), replace(erasure(HDD, "not-erased"), problem=Problem("disk-gone"))))
    for one in said.erasures:
        text = msgspec.json.encode(one).decode()
        assert read_erasure(text) == one
        assert read_erasure(f'{{"method":"overwrite",{text[1:]}') == one, "its evidence says how it was done"
    assert read_result(msgspec.json.encode(said).decode(), Result) == said
    other = MemoryResult(tested=100, copied=100, rounds=1, seconds=20, wrong=0)
    assert read_result(msgspec.json.encode(other).decode(), Result) == other


@pytest.mark.parametrize(
    "text", ["null", "5", '"erase"', "[]", "[{}]", "{}", '{"type":"erase"}', '{"type":"erase","erasures":[5]}', "{"]
)
def test_what_is_no_evidence_of_any_version_is_refused_by_the_one_documented_error(text: str) -> None:
    for read in (read_erasure, partial(read_result, kind=Result)):
        with pytest.raises(msgspec.MsgspecError):
            read(text)


STATUS = st.dictionaries(
    st.sampled_from(
        ["name", "serial", "wwn", "firmware", "size", "logical_sector", "visible_sectors", "native_sectors",
         "real_sectors", "hidden", "dco", "smart", "reach", "note"]
    ),
    st.one_of(
        st.text(max_size=20), st.integers(0, 10**19).map(str),
        st.sampled_from(["not told", "unclear", "passed", "07", "²"]),
    ),
)  # fmt: skip


@given(STATUS, STATUS)
def test_no_word_of_old_evidence_is_lost_or_in_the_way(before: dict[str, str], after: dict[str, str]) -> None:
    disk = {"serial": "S1", "size": SIZE}
    old = {"disk": disk, "method": "overwrite", "level": "none", "verdict": "undetermined"}
    read = read_erasure(json.dumps({**old, "before": before, "after": after}))
    for words, status in ((before, read.before), (after, read.after)):
        assert (status is None) == (not words)
        if status is not None:
            assert words_of(status) == words


def words_of(status: DiskStatus) -> dict[str, str]:
    """A status as versions 1 to 3 wrote it."""
    fields = msgspec.to_builtins(status)
    words = {name: str(value) for name, value in fields.items() if value and name != "other"}
    for name, word in (("visible_sectors", ""), ("native_sectors", "hidden"), ("real_sectors", "dco")):
        if isinstance(fields[name], int):
            words[name] = str(fields[name])
        else:
            del words[name]
            words |= {word: fields[name].replace("-", " ")} if fields[name] != "not-asked" else {}
    if status.smart == "not-told":
        del words["smart"]
    return {**words, **status.other}


def test_every_honest_report_that_was_believed_is_believed_still() -> None:
    """Of the agent of 5608b2c, as this version's server would judge it."""
    for told in json.loads((HERE / "reports_5608b2c.json").read_text(encoding="utf-8")):
        result = read_result(json.dumps(told["result"]), EraseResult)
        said = [replace(one, after=one.after and replace(one.after, other={})) for one in result.erasures]
        disks = tuple(_disk(one) for one in said)
        order = overwriting(*(one.disk for one in said))
        problem = erase_problem(said)
        assert msgspec.to_builtins(problem) == told["problem"]
        record = judge(order, told["outcome"], problem, EraseResult(erasures=tuple(said)), known=Known(disks=disks))
        assert isinstance(record.result, EraseResult)
        for one in record.result.erasures:
            code = one.problem.code if one.problem else ""
            assert (one.verdict, one.level, code) == VERDICTS[one.disk.serial]


def _disk(erasure: Erasure) -> Disk:
    """The disk as its PC's check found it then."""
    ata = not erasure.disk.serial.startswith("NVME")
    firmware = "FW 1.0" if erasure.disk.serial.startswith("NODCO") else ""
    return Disk(name="loop", id=erasure.disk, ata=ata, transport="sata" if ata else "nvme", firmware=firmware)
