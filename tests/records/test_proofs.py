"""What a page shows of an erasure is what the chain holds: a proof that was changed beside it is none."""

import msgspec
import pytest

from netboot.records.record import Record, open_record
from netboot.shared.stages.erase import Erasure
from tests.records.conftest import MAC, hello, pc, start
from tests.records.places import Place, by_hand, unprotected
from tests.records.test_jobs import CHECKED, erased


def erased_once(record: Record) -> str:
    """A machine in which a job erased one disk."""
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    record.jobs.stage_started(job.id, "check", 1)
    record.jobs.stage_finished(job.id, CHECKED, 2.5, 2)
    record.jobs.stage_started(job.id, "erase", 3)
    record.jobs.stage_finished(job.id, erased(), 90.0, 4)
    return visit.machine_id


CHANGES = {
    "the verdict": "UPDATE erasures SET verdict = 'not-erased'",
    "the level": "UPDATE erasures SET level = 'purge'",
    "the evidence": "UPDATE erasures SET evidence = replace(evidence, '\"written\":', '\"written\":9')",
    "the serial": "UPDATE erasures SET evidence = replace(evidence, 'S4EW', 'OTHR')",
    "a row less": "DELETE FROM erasures",
    "a row more": "INSERT INTO erasures (job_id, machine_id, disk_id, at, method, level, verdict, evidence) "
    "SELECT job_id, machine_id, disk_id, at, method, level, verdict, evidence FROM erasures",
}


def change(place: Place, statement: str) -> None:
    by_hand(place, *unprotected(place), statement)


@pytest.mark.parametrize("what", CHANGES)
def test_a_proof_that_was_changed_in_its_table_is_shown_as_none_and_found_by_the_check(place: Place, what: str) -> None:
    with open_record(place) as record:
        machine = erased_once(record)
        (proof,) = record.machines.erasures(machine)
        assert (proof.verdict, proof.in_chain) == ("erased", True)
        assert record.journal.verify().broken is None
    change(place, CHANGES[what])
    with open_record(place) as record:
        shown = record.machines.erasures(machine)
        assert sum(each.verdict == "erased" for each in shown) <= (1 if what == "a row more" else 0)
        if what not in ("a row less", "a row more"):
            # What is shown is what was hashed, and no proof.
            assert [each.in_chain for each in shown] == [False]
            assert shown[0].evidence.disk == proof.evidence.disk
        check = record.journal.verify()
        assert check.broken is not None
        assert "proof" in check.why


@pytest.mark.parametrize("forged", ["its hash", "its content alone"])
def test_an_event_that_was_changed_with_its_proof_proves_nothing(place: Place, forged: str) -> None:
    with open_record(place) as record:
        machine = erased_once(record)
        (proof,) = record.machines.erasures(machine)
    body = msgspec.json.encode(msgspec.structs.replace(proof.evidence, model="another")).decode()
    statements = [
        "UPDATE events SET body = :body WHERE kind = 'erasure'",
        "UPDATE erasures SET evidence = :body",
    ]
    if forged == "its hash":
        statements.append("UPDATE events SET hash = 'ab' WHERE kind = 'erasure'")
    by_hand(place, *unprotected(place), *statements, values={"body": body})
    with open_record(place) as record:
        (shown,) = record.machines.erasures(machine)
        assert (shown.verdict, shown.level, shown.in_chain) == ("undetermined", "none", False)
        assert isinstance(shown.evidence, Erasure)
        assert record.journal.verify().broken is not None
