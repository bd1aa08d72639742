"""A kit's file: believed only whole and from its own kit, and judged as an agent's reports are."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from nacl.signing import SigningKey, VerifyKey

from netboot.alone.kit_visit import LIMIT, KitVisit, KitVisitError, heard, job_as_judged, opened, sealed
from netboot.imaging import Blocked, Ended, next_stage
from netboot.jobs.job import erasures
from netboot.kit.identity import kit_of
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import Erase, EraseResult
from tests.alone.kit_visits import KIT, LOOK, WORKSHOP, Doing, chosen, erased, says
from tests.jobs.conftest import HDD, SSD, STICK, inventory


def key_of(name: str) -> VerifyKey:
    """What this workshop's server knows."""
    return kit_of(name, WORKSHOP).key.verify_key


def test_what_was_sealed_is_read_back_as_it_was() -> None:
    visit = erased()
    file = sealed(visit, KIT.key)
    assert opened(file, key_of) == visit
    assert json.loads(file)["visit"]["profile"]["id"] == "erase-only"  # any program reads it


def test_no_byte_of_it_can_be_changed() -> None:
    file = sealed(erased(), KIT.key)
    for at in range(0, len(file) - 1, 97):
        changed = file[:at] + bytes([file[at] ^ 0x01]) + file[at + 1 :]
        with pytest.raises(KitVisitError):
            opened(changed, key_of)


def test_a_file_that_was_cut_off_is_none() -> None:
    file = sealed(erased(), KIT.key)
    for length in (0, 1, len(file) // 2, len(file) - 3):
        with pytest.raises(KitVisitError):
            opened(file[:length], key_of)


def test_another_kit_s_key_another_workshop_s_and_a_borrowed_name_are_refused() -> None:
    visit = erased()
    other = kit_of("atelier-sud", WORKSHOP)
    for key in (other.key, kit_of(KIT.name, SigningKey(bytes(32))).key):
        with pytest.raises(KitVisitError, match="not signed by a kit of this workshop"):
            opened(sealed(visit, key), key_of)
    file = sealed(visit, other.key).replace(b'"kit":"atelier-nord"', b'"kit":"atelier-sud"', 1)
    with pytest.raises(KitVisitError, match="signed by the kit atelier-sud, and it names atelier-nord"):
        opened(file, key_of)


def test_a_name_that_is_no_kit_s_is_refused_before_anything_is_parsed() -> None:
    file = sealed(erased(), KIT.key).replace(b'"kit":"atelier-nord"', b'"kit":"-"', 1)

    def nobody(name: str) -> VerifyKey:
        raise ValueError(name)

    with pytest.raises(KitVisitError):
        opened(file, nobody)


def test_a_key_named_twice_is_refused_and_so_is_what_is_too_long() -> None:
    text = msgspec.json.encode(erased())
    twice = text.replace(b'"language":"fr"', b'"language":"fr","language":"en"', 1)
    signature = KIT.key.sign(b"netboot-kit-visit1\n" + twice).signature.hex()
    file = b'{"kit":"atelier-nord","signature":"' + signature.encode() + b'","visit":' + twice + b"}"
    with pytest.raises(KitVisitError, match="twice"):
        opened(file, key_of)
    with pytest.raises(KitVisitError, match="at most"):
        opened(bytes(LIMIT + 1), key_of)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_anything_else_is_one_documented_error(data: bytes) -> None:
    with pytest.raises(KitVisitError):
        opened(data, key_of)


def test_a_whole_visit_is_judged_as_done_and_both_disks_as_erased() -> None:
    job = job_as_judged(erased())
    assert next_stage(job) == Ended(None)
    assert [(one.disk, one.verdict, one.level) for one in erasures(job)] == [
        (SSD.id, "erased", "clear"),
        (HDD.id, "erased", "clear"),
    ]


def test_the_stick_s_own_word_for_an_erase_counts_no_more_than_an_agent_s() -> None:
    doing = Doing(chosen())
    doing.step(CheckResult(inventory=doing.visit.inventory))
    half = replace(says(SSD), evidence=replace(says(SSD).evidence, verified=0))
    doing.step(EraseResult(erasures=(half, says(HDD))))
    job = job_as_judged(doing.visit)
    assert [one.verdict for one in erasures(job)] == ["undetermined", "erased"]
    assert isinstance(ended := next_stage(job), Ended)
    assert ended.problem is not None


def test_a_disk_that_was_not_ordered_and_one_that_is_left_out_are_noticed() -> None:
    doing = Doing(chosen())
    doing.step(CheckResult(inventory=doing.visit.inventory))
    doing.step(EraseResult(erasures=(says(SSD),)))
    job = job_as_judged(doing.visit)
    assert all(one.verdict == "undetermined" for one in erasures(job))
    assert next_stage(job) != Ended(None)


def test_an_order_that_the_rules_do_not_give_is_not_believed() -> None:
    visit = erased()
    erase = visit.stages[1].order
    assert isinstance(erase, Erase)
    fewer = replace(visit.stages[1], order=replace(erase, disks=erase.disks[:1]))
    swapped = replace(visit.stages[1], order=replace(erase, disks=erase.disks[::-1]))
    for stages in (
        (visit.stages[0], fewer, visit.stages[2]),
        (visit.stages[0], swapped, visit.stages[2]),
        (visit.stages[1], visit.stages[2]),  # without a check
        (*visit.stages, visit.stages[0]),
    ):
        with pytest.raises(KitVisitError, match="otherwise than the rules"):
            job_as_judged(replace(visit, stages=stages))


def test_disks_that_are_not_those_that_the_person_saw_stop_it_before_the_erase() -> None:
    doing = Doing(chosen())
    doing.step(CheckResult(inventory=inventory(SSD)))
    following = next_stage(job_as_judged(doing.visit))
    assert isinstance(following, Blocked)
    assert following.problem.code == "disks-changed"


def test_a_stick_beside_the_disks_is_no_part_of_the_order() -> None:
    visit = erased(SSD, STICK)
    order = visit.stages[1].order
    assert isinstance(order, Erase)
    assert [one.disk for one in order.disks] == [SSD.id]


def test_reports_of_another_stage_or_of_one_that_is_over_change_nothing() -> None:
    doing = Doing(chosen(LOOK))
    doing.step(CheckResult(inventory=doing.visit.inventory))
    before: KitVisit = doing.visit
    again = doing.reports.finished(before.job, "check", 1.0, problem=Problem("agent-error"))
    assert heard(before, again) == before  # type: ignore[arg-type]
    elsewhere = doing.reports.started(before.job, "erase", 1.0)
    assert heard(before, elsewhere) == before  # type: ignore[arg-type]
