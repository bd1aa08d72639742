"""The SMART stage as the server judges it: a verdict is what the drive says, not what its agent makes of it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer
from netboot.jobs.evidence import judge
from netboot.jobs.job import Job, new_stages
from netboot.jobs.stages.rules import Line
from netboot.jobs.stages.smart import RULES, failing, verdict, worn
from netboot.shared.problems import Problem
from netboot.shared.stages.smart import Attribute, DiskHealth, Smart, SmartResult
from tests.jobs.conftest import HDD, SSD, STICK, job

GOOD = DiskHealth(
    disk=SSD.id, model="SSD", passed=True, self_test="passed", warning=0, reallocated=0, pending=0, uncorrectable=0,
    used=99, spare=10, least_spare=10, hours=1234,
)  # fmt: skip
ORDER = Smart(disks=(SSD.id,))


def attribute(failed: str, *, prefailure: bool) -> Attribute:
    return msgspec.convert({"name": "Spin_Up_Time", "raw": "9", "failed": failed, "prefailure": prefailure}, Attribute)


def judged(order: Smart, *disks: DiskHealth) -> tuple[str, Problem | None, SmartResult]:
    record = judge(order, "done", None, SmartResult(disks=disks))
    assert isinstance(record.result, SmartResult)
    return record.state, record.problem, record.result


def with_options(the_job: Job, **options: str) -> Job:
    chosen = replace(the_job.profile, options={"smart": options})
    return replace(the_job, profile=chosen, stages=new_stages(chosen))


def test_the_pcs_own_disks_are_asked_and_what_becomes_of_a_failing_one_is_the_profiles() -> None:
    there = job(SSD, STICK, HDD, stages=("check", "smart", "finish"))
    assert RULES.order(there) == Smart(disks=(SSD.id, HDD.id), failing="go-on")
    assert RULES.order(with_options(there, failing="stop")) == Smart(disks=(SSD.id, HDD.id), failing="stop")
    doubtful = job(SSD, replace(HDD, removable=True), stages=("check", "smart", "finish"))
    assert RULES.order(doubtful) == Smart(disks=(SSD.id,))
    belongs = replace(doubtful, answers=(Answer(kind="belongs", disk=HDD.id),))
    assert RULES.order(belongs) == Smart(disks=(SSD.id, HDD.id))


@pytest.mark.parametrize(
    ("changes", "expected", "sign"),
    [
        ({}, "good", None),
        ({"self_test": "none"}, "good", None),
        ({"self_test": "not-told"}, "not-told", None),
        ({"passed": None}, "not-told", None),
        ({"passed": None, "self_test": "none"}, "not-told", None),
        ({"passed": False}, "failing", ("status",)),
        ({"self_test": "failed"}, "failing", ("self-test",)),
        ({"warning": 0x10}, "failing", ("warning", "0x10")),
        ({"attributes": (attribute("now", prefailure=True),)}, "failing", ("threshold", "Spin_Up_Time")),
        ({"attributes": (attribute("past", prefailure=True),)}, "worn", ("aged", "Spin_Up_Time")),
        ({"attributes": (attribute("now", prefailure=False),)}, "worn", ("aged", "Spin_Up_Time")),
        ({"attributes": (attribute("", prefailure=True),)}, "good", None),
        (
            {"attributes": (attribute("now", prefailure=True),) * 2},
            "failing",
            ("threshold", "Spin_Up_Time, Spin_Up_Time"),
        ),
        ({"attributes": (attribute("past", prefailure=False),) * 2}, "worn", ("aged", "Spin_Up_Time, Spin_Up_Time")),
        ({"reallocated": 1}, "worn", ("reallocated", "1")),
        ({"pending": 8, "passed": None}, "worn", ("pending", "8")),
        ({"uncorrectable": 2, "self_test": "not-told"}, "worn", ("uncorrectable", "2")),
        ({"used": 100}, "worn", ("used", "100")),
        ({"spare": 9}, "worn", ("spare", "9")),
        ({"spare": 9, "least_spare": None}, "good", None),
    ],
)
def test_a_verdict_is_the_drives_own_word_and_then_what_it_counts(
    changes: dict[str, object], expected: str, sign: tuple[str, ...] | None
) -> None:
    said = replace(GOOD, **changes)
    assert verdict(said) == expected
    assert (*failing(said), *worn(said)) == (() if sign is None else (sign,))


def test_the_worst_that_is_known_counts() -> None:
    assert verdict(replace(GOOD, passed=False, reallocated=5, self_test="failed")) == "failing"


@given(st.from_type(DiskHealth))
def test_no_disk_is_called_good_that_does_not_say_so_itself(said: DiskHealth) -> None:
    found = verdict(said)
    if found == "good":
        assert said.passed
        assert said.self_test in ("passed", "none")
        assert not said.reallocated
        assert not said.pending
        assert not said.uncorrectable
    assert verdict(replace(said, verdict="good")) == found


def test_what_an_agent_says_of_the_verdict_does_not_count() -> None:
    state, problem, result = judged(ORDER, replace(GOOD, reallocated=3, verdict="good"))
    assert (state, problem) == ("done", None)
    assert [health.verdict for health in result.disks] == ["worn"]


@pytest.mark.parametrize("others", [(), (HDD.id,), (SSD.id, SSD.id)])
def test_every_ordered_disk_and_no_other_is_told_of_once(others: tuple[object, ...]) -> None:
    said = [replace(GOOD, disk=other) for other in others]
    state, problem, result = judged(ORDER, *said)
    assert (state, problem) == ("failed", Problem("agent-error", {"error": "smart: no evidence"}))
    assert result == SmartResult(disks=())


def test_a_failing_disk_stops_the_job_where_the_profile_says_so_and_is_named() -> None:
    order = replace(ORDER, disks=(SSD.id, HDD.id))
    said = (replace(GOOD, passed=False), replace(GOOD, disk=HDD.id, model="HDD", reallocated=9))
    assert judged(order, *said)[:2] == ("done", None)
    state, problem, result = judged(replace(order, failing="stop"), *said)
    assert state == "failed"
    assert problem == Problem("disk-failing", {"disk": "SSD S1 16.0 GB"})
    assert [health.verdict for health in result.disks] == ["failing", "worn"]
    assert "SSD S1 16,0 Go" in problem.sentence("fr")


def test_a_disk_is_called_by_the_name_that_was_ordered() -> None:
    without_wwn = replace(SSD.id, wwn="")
    assert without_wwn.same_as(SSD.id)
    _, _, result = judged(ORDER, replace(GOOD, disk=without_wwn))
    assert result.disks[0].disk == SSD.id


def test_several_failing_disks_are_named_and_long_names_cut() -> None:
    ids = [replace(SSD.id, serial=f"{number}" * 130, wwn="") for number in range(4)]
    said = [replace(GOOD, disk=one, model="M" * 90, passed=False) for one in ids]
    _, problem, _ = judged(Smart(disks=tuple(ids), failing="stop"), *said)
    assert problem is not None
    first = f"{'M' * 80} {'0' * 120} 16.0 GB"
    assert problem.values["disk"].startswith(f"{first}, {'M' * 80} 111")
    assert len(problem.values["disk"]) == 400


def test_a_disk_that_says_nothing_stops_nothing() -> None:
    silent = DiskHealth(disk=SSD.id, said="Unable to detect device type")
    state, problem, result = judged(replace(ORDER, failing="stop"), silent)
    assert (state, problem, result.disks[0].verdict) == ("done", None, "not-told")


def test_the_page_says_of_each_disk_how_it_is_and_why_in_the_readers_words() -> None:
    told = [
        replace(GOOD, verdict="good"),
        replace(GOOD, disk=HDD.id, model="HDD", verdict="worn", reallocated=304, hours=None),
        replace(GOOD, passed=False, warning=4, verdict="failing", attributes=(attribute("now", prefailure=True),)),
        DiskHealth(disk=SSD.id, said="Unable to detect device type"),
        replace(GOOD, verdict="not-told", self_test="not-told"),
        replace(GOOD, verdict="good", self_test="none"),
    ]
    assert RULES.shown is not None
    french, english = (RULES.shown(SmartResult(disks=tuple(told)), language) for language in ("fr", "en"))
    assert english[0] == Line("SSD S1 16.0 GB: good (self-test passed, 1234 h of work)", "", "good")
    assert english[1] == Line("HDD H1 500.0 GB: worn (reallocated sectors: 304)", "", "doubt")
    assert english[2].text == (
        "SSD S1 16.0 GB: failing (SMART says that it fails, critical warning 0x04, at its threshold: Spin_Up_Time, "
        "1234 h of work)"
    )
    assert (english[2].mark, english[2].technical) == ("bad", "Spin_Up_Time 9 now")
    assert english[3] == Line(
        "S1 16.0 GB: not told (no SMART status, no result of the self-test)", "Unable to detect device type", "doubt"
    )
    assert english[4].text == "SSD S1 16.0 GB: not told (no result of the self-test, 1234 h of work)"
    assert english[5].text == "SSD S1 16.0 GB: good (has no self-test, 1234 h of work)"
    assert french[0].text == "SSD S1 16,0 Go : bon (autotest réussi, 1234 h de marche)"
    assert french[1].text == "HDD H1 500,0 Go : usé (secteurs réalloués : 304)"
    assert french[3].text == "S1 16,0 Go : ne dit rien de sûr (pas d'état SMART, pas de résultat de l'autotest)"


def test_an_attribute_is_told_with_all_that_the_drive_says_of_it() -> None:
    one = Attribute(id=5, name="Reallocated_Sector_Ct", raw="304", value=93, worst=92, threshold=36)
    assert RULES.shown is not None
    said = replace(GOOD, said="aborted by the host", attributes=(one, replace(one, id=0, raw="7")))
    (line,) = RULES.shown(SmartResult(disks=(said,)), "en")
    assert line.technical == (
        "aborted by the host; 5 Reallocated_Sector_Ct 304 (93/92/36); Reallocated_Sector_Ct 7 (93/92/36)"
    )
