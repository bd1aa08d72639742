"""A kit's file to the byte, and what its reports come to where they are not all there."""

import msgspec
import pytest
from msgspec.structs import replace
from nacl.signing import VerifyKey

from netboot.alone.kit_visit import LIMIT, KitVisitError, heard, job_as_judged, opened, sealed
from netboot.jobs.job import erasures
from netboot.jobs.profile import profile_error
from netboot.kit.identity import kit_of
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult
from tests.alone.kit_visits import ERASE, KIT, WORKSHOP, Doing, chosen, erased, says
from tests.jobs.conftest import HDD, SSD, inventory


def key_of(name: str) -> VerifyKey:
    return kit_of(name, WORKSHOP).key.verify_key


def by_hand(text: bytes) -> bytes:
    """A file with a good signature of these bytes."""
    signature = KIT.key.sign(b"netboot-kit-visit1\n" + text).signature.hex().encode()
    return b'{"kit":"atelier-nord","signature":"' + signature + b'","visit":' + text + b"}\n"


def refusal(file: bytes) -> str:
    with pytest.raises(KitVisitError) as refused:
        opened(file, key_of)
    return str(refused.value)


def test_a_file_is_what_its_description_says() -> None:
    visit = erased()
    assert sealed(visit, KIT.key) == by_hand(msgspec.json.format(msgspec.json.encode(visit), indent=1))
    assert opened(by_hand(msgspec.json.encode(visit)), key_of) == visit


def test_a_file_that_was_changed_is_refused_by_name() -> None:
    changed = by_hand(msgspec.json.encode(erased())).replace(b'"language":"fr"', b'"language":"en"')
    assert refusal(changed) == "it is not signed by a kit of this workshop, or was changed since"


def test_it_is_read_up_to_its_greatest_length() -> None:
    assert refusal(bytes(LIMIT)).startswith("no file of a kit: ")
    assert refusal(bytes(LIMIT + 1)) == f"{LIMIT + 1} bytes; at most {LIMIT} are read"


def test_a_reason_is_cut_where_a_stick_makes_it_long() -> None:
    long = b"x" * 1000
    outside = refusal(by_hand(b"{}").replace(b'"visit"', b'"' + long + b'":1,"visit"'))
    assert outside.startswith("no file of a kit: ")
    inside = refusal(by_hand(msgspec.json.encode(erased()).replace(b'"language":"fr"', b'"language":"' + long + b'"')))
    assert inside.startswith("it cannot be read: ")
    assert (len(outside), len(inside)) == (300, 300)


def test_a_profile_that_no_server_would_take_is_refused() -> None:
    profile = replace(ERASE, stages=("erase", "check", "finish"))
    fault = profile_error(profile)
    assert fault
    assert refusal(sealed(chosen(profile), KIT.key)) == f"its profile is none: {fault}"


def test_a_stage_that_was_ordered_waits_and_one_that_began_is_at_work() -> None:
    doing = Doing(chosen())
    assert job_as_judged(doing.visit).hostname == ""
    assert job_as_judged(doing.visit).id == doing.visit.job
    doing.order()
    assert [one.state for one in job_as_judged(doing.visit).stages] == ["waiting"] * 3
    doing.begin()
    stages = job_as_judged(doing.visit).stages
    assert [one.state for one in stages] == ["running", "waiting", "waiting"]
    assert [one.stage for one in stages] == ["check", "erase", "finish"]


def test_both_reports_of_a_stage_are_kept_with_their_numbers_and_moments() -> None:
    doing = Doing(chosen())
    doing.step(CheckResult(inventory=doing.visit.inventory))
    doing.order()
    doing.begin()
    check, erase = doing.visit.stages
    assert (check.started, check.finished, check.began, check.ended) == (1, 2, 50.0, 10_050.0)
    assert (erase.started, erase.finished, erase.began, erase.ended) == (3, 0, 10_050.0, None)


def test_what_a_disk_is_made_of_is_what_the_pc_was_found_with() -> None:
    assert [one.medium for one in erasures(job_as_judged(erased()))] == ["flash", "magnetic"]


def test_a_report_of_no_stage_that_was_ordered_changes_nothing() -> None:
    doing = Doing(chosen())
    before = doing.visit
    doing.order()
    report = doing.reports.started(before.job, "check", 1.0)
    assert heard(before, report) == before  # type: ignore[arg-type]
    assert heard(doing.visit, report) != doing.visit  # type: ignore[arg-type]


def test_what_went_wrong_is_told_and_a_failed_check_finds_no_disks() -> None:
    doing = Doing(chosen())
    doing.step(CheckResult(inventory=inventory(SSD)), Problem("agent-error"))
    job = job_as_judged(doing.visit)
    assert (job.stages[0].state, job.stages[0].problem) == ("failed", Problem("agent-error"))
    assert job.inventory == doing.visit.inventory


def test_what_a_check_found_is_what_the_job_goes_by() -> None:
    doing = Doing(chosen())
    found = replace(doing.visit.inventory, system=replace(doing.visit.inventory.system, serial="FOUND"))
    doing.step(CheckResult(inventory=found))
    assert job_as_judged(doing.visit).inventory == found


@pytest.mark.parametrize(("began", "ended"), [(10_049.0, 15_000.0), (10_060.0, 20_051.0)])
def test_an_erase_outside_of_its_stage_s_time_is_not_believed(began: float, ended: float) -> None:
    doing = Doing(chosen())
    doing.step(CheckResult(inventory=doing.visit.inventory))
    doing.step(EraseResult(erasures=(replace(says(SSD), began=began, ended=ended), says(HDD))))
    assert [one.verdict for one in erasures(job_as_judged(doing.visit))] == ["undetermined", "erased"]


def test_another_stage_than_the_erase_that_the_rules_give_is_not_believed() -> None:
    visit = erased()
    for second in (visit.stages[0], visit.stages[2]):
        with pytest.raises(KitVisitError, match=f"the stage {second.stage} was ordered otherwise"):
            job_as_judged(replace(visit, stages=(visit.stages[0], second)))
