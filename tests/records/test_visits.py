"""One visit a boot, held by its token; one machine whatever hangs on it; nothing runs on after a power cut."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from netboot.jobs.job import StageRecord
from netboot.records import machines, visits
from netboot.records.arrivals import SHARE
from netboot.records.machines import CANDIDATES
from netboot.records.record import Record
from netboot.records.refusals import HelloRefused, NotOnRecord, NotThatVisit, OtherOnLine, WrongToken
from netboot.records.values import Visit
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult, Erasure
from tests.records.conftest import MAC, Clock, hello, pc, ssd, start
from tests.records.places import Place, by_hand


def report(record: Record, visit: Visit) -> None:
    """The visit's agent does something it was told, and says so."""
    job = start(record, visit)
    record.jobs.stage_started(job.id, "check", 1)


def test_machines_are_numbered_from_one(record: Record) -> None:
    opened = [record.visits.greet(hello(pc(number), f"boot-{number}"), MAC) for number in (1, 2, 3)]
    assert [visit.machine_number for visit in opened] == [1, 2, 3]
    assert [row.number for row in record.machines.overview()] == [1, 2, 3]


def test_the_same_pc_with_another_adapter_and_then_another_disk_is_the_same_machine(record: Record) -> None:
    first = record.visits.greet(hello(pc(1), "boot-1"), MAC)
    second = record.visits.greet(hello(pc(1, macs=("a0:36:9f:00:00:01",)), "boot-2"), "a0:36:9f:00:00:01")
    assert (second.machine_id, second.machine_number) == (first.machine_id, 1)
    report(record, second)
    third = record.visits.greet(
        hello(pc(1, disks=(ssd(77),), macs=("a0:36:9f:00:00:01",)), "boot-3"), "a0:36:9f:00:00:01"
    )
    assert third.machine_id == first.machine_id
    detail = record.machines.detail(first.machine_id)
    assert [visit.mac for visit in detail.visits] == ["a0:36:9f:00:00:01", "a0:36:9f:00:00:01", MAC]
    assert {key.value for key in detail.keys if key.kind == "mac"} == {MAC, "a0:36:9f:00:00:01"}


def test_a_boot_keeps_its_visit_and_needs_its_token(record: Record) -> None:
    first = record.visits.greet(hello(pc(), "boot-1"), MAC)
    assert first.new
    assert first.token
    again = record.visits.greet(hello(pc(), "boot-1", token=first.token), MAC)
    assert (again.id, again.new, again.token) == (first.id, False, "")
    for wrong in ("", "another", first.token[:-1]):
        with pytest.raises(WrongToken):
            record.visits.greet(hello(pc(), "boot-1", token=wrong), MAC)


def test_a_welcome_that_was_lost_is_given_again_until_its_token_was_used(record: Record) -> None:
    lost = record.visits.greet(hello(pc(), "boot-1"), MAC)
    second = record.visits.greet(hello(pc(), "boot-1"), MAC)
    assert (second.id, second.new) == (lost.id, False)
    assert second.token not in ("", lost.token)
    with pytest.raises(WrongToken):
        record.visits.greet(hello(pc(), "boot-1", token=lost.token), MAC)
    job = start(record, second)
    record.jobs.stage_started(job.id, "check", 1)
    with pytest.raises(WrongToken):
        record.visits.greet(hello(pc(), "boot-1"), MAC)


def test_a_boot_id_alone_gets_no_token_while_its_agent_is_on_the_line(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    with pytest.raises(OtherOnLine):
        record.visits.greet(hello(pc(), "boot-1"), MAC, on_line=frozenset({visit.id}))
    assert (
        record.visits.greet(hello(pc(), "boot-1", token=visit.token), MAC, on_line=frozenset({visit.id})).id == visit.id
    )


def test_a_hello_without_a_boot_id_opens_nothing(record: Record) -> None:
    with pytest.raises(WrongToken):
        record.visits.greet(hello(pc(), ""), MAC)
    assert record.machines.overview() == ()


def test_a_power_cut_ends_the_job_and_says_in_which_stage(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    record.jobs.stage_started(job.id, "check", 1)
    record.jobs.stage_finished(
        job.id, StageRecord(stage="check", state="done", result=CheckResult(inventory=pc())), 2.0, 2
    )
    record.jobs.stage_started(job.id, "erase", 3)
    record.visits.greet(hello(pc(), "boot-2"), MAC)
    cut = Problem("power-cut", {"stage": "erase"})
    ended = record.jobs.outcome(visit.id)
    assert ended is not None
    assert (ended.state, ended.problem) == ("interrupted", cut)
    assert record.jobs.of_visit(visit.id) is None
    old = record.machines.detail(visit.machine_id).visits[1]
    assert old.closed is not None
    assert [(stage.state, stage.problem) for stage in old.jobs[0].stages[:3]] == [
        ("done", None),
        ("failed", cut),
        ("waiting", None),
    ]


def test_another_boot_changes_nothing_while_the_pcs_agent_is_on_the_line(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    report(record, visit)
    before = record.machines.detail(visit.machine_id), record.journal.read(limit=1000)
    other = record.visits.greet(hello(pc(), "boot-2"), MAC, on_line=frozenset({visit.id}))
    assert other.id != visit.id
    assert record.machines.detail(visit.machine_id).visits[1:] == before[0].visits
    # Its own agent is welcome, another PC too, and this one once its old line is given up.
    assert (
        record.visits.greet(hello(pc(), "boot-1", token=visit.token), MAC, on_line=frozenset({visit.id})).job
        is not None
    )
    assert record.visits.greet(hello(pc(2), "boot-3"), MAC, on_line=frozenset({visit.id})).new
    assert record.visits.greet(hello(pc(), "boot-4"), MAC).new
    assert record.jobs.of_visit(visit.id) is None


def test_a_hello_alone_does_not_change_what_a_known_machine_is_called_or_known_by(record: Record) -> None:
    first = record.visits.greet(hello(pc(), "boot-1"), MAC)
    known = record.machines.detail(first.machine_id)
    told = replace(
        pc(macs=(MAC, "a0:36:9f:00:00:01")), system=replace(pc().system, manufacturer="Forged", product="Other")
    )
    second = record.visits.greet(hello(told, "boot-2"), MAC)
    heard = record.machines.detail(first.machine_id)
    assert (second.machine_id, heard.label, heard.keys) == (first.machine_id, known.label, known.keys)
    report(record, second)
    reported = record.machines.detail(first.machine_id)
    assert reported.label.startswith("Forged Other")
    assert {key.value for key in reported.keys if key.kind == "mac"} == {MAC, "a0:36:9f:00:00:01"}


@pytest.mark.parametrize(
    ("maker", "product", "name"),
    [
        ("HP", "EliteDesk 800 G3", "HP EliteDesk 800 G3 PC0X7Q01"),
        ("To be filled by O.E.M.", "OptiPlex 7020", "OptiPlex 7020 PC0X7Q01"),
        ("", "System Product Name", "PC0X7Q01"),
    ],
)
def test_a_pc_is_called_by_what_of_its_names_is_real(record: Record, maker: str, product: str, name: str) -> None:
    told = replace(pc(), system=replace(pc().system, manufacturer=maker, product=product))
    assert record.visits.greet(hello(told, "boot-1"), MAC).label == name


def test_a_pc_that_left_before_a_stage_began_was_interrupted(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    start(record, visit)
    record.visits.greet(hello(pc(), "boot-2"), MAC)
    ended = record.jobs.outcome(visit.id)
    assert ended is not None
    assert ended.problem == Problem("interrupted", {"stage": "check"})


def test_a_pc_that_went_away_in_its_last_stage_did_what_it_was_told(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    for number, stage in enumerate(job.stages[:-1], start=1):
        record.jobs.stage_finished(job.id, StageRecord(stage=stage.stage, state="done"), 1.0, number)
    record.jobs.stage_started(job.id, "finish", 5)
    record.visits.greet(hello(pc(), "boot-2"), MAC)
    ended = record.jobs.outcome(visit.id)
    assert ended is not None
    assert (ended.state, ended.problem) == ("done", None)


def test_a_failed_stage_is_why_the_job_ended_even_when_the_server_did_not_come_to_say_so(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    job = start(record, visit)
    record.jobs.stage_finished(job.id, StageRecord(stage="check", state="failed", problem=Problem("no-disk")), 1.0, 1)
    record.visits.end(visit.id)
    record.visits.greet(hello(pc(), "boot-2"), MAC)
    ended = record.jobs.outcome(visit.id)
    assert ended is not None
    assert (ended.state, ended.problem) == ("failed", Problem("no-disk"))


def test_a_visit_that_ended_stays_ended_whoever_has_its_token(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.visits.end(visit.id)
    before = record.machines.detail(visit.machine_id), record.journal.read(limit=1000)
    for token in (visit.token, "", "another"):
        with pytest.raises(WrongToken):
            record.visits.greet(hello(pc(), "boot-1", token=token), MAC)
    assert (record.machines.detail(visit.machine_id), record.journal.read(limit=1000)) == before


def test_an_agent_that_missed_that_its_job_is_done_is_told_so_and_its_visit_stays_over(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.jobs.end(start(record, visit).id, None)
    record.visits.end(visit.id)
    back = record.visits.greet(hello(pc(), "boot-1", token=visit.token), MAC)
    assert back.over
    assert back.outcome is not None
    assert record.machines.overview()[0].visit.closed is not None
    with pytest.raises(NotThatVisit):
        start(record, back)
    record.visits.greet(hello(pc(), "boot-2"), MAC)
    with pytest.raises(WrongToken):
        record.visits.greet(hello(pc(), "boot-1", token=visit.token), MAC)


def test_what_is_not_on_the_record_is_said_so(record: Record) -> None:
    for ask in (record.visits.end, record.machines.detail):
        with pytest.raises(NotOnRecord):
            ask("nothing")
    with pytest.raises(NotOnRecord):
        record.choices.choose("nothing", "debian", "Anne")
    with pytest.raises(NotOnRecord):
        record.jobs.end("nothing", None)


def test_a_flood_of_hellos_is_refused_and_every_known_boot_is_not(
    record: Record, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert visits.NEW_VISITS == 240
    monkeypatch.setattr(visits, "NEW_VISITS", 5)
    first, *_ = [record.visits.greet(hello(pc(number), f"boot-{number}"), MAC) for number in range(1, 6)]
    before = record.journal.read(limit=1000)
    with pytest.raises(NetbootError, match="within a minute") as refused:
        record.visits.greet(hello(pc(6), "boot-6"), MAC)
    assert refused.value.hint
    assert record.journal.read(limit=1000) == before
    assert record.visits.greet(hello(pc(1), "boot-1", token=first.token), MAC).id == first.id
    clock.now += timedelta(minutes=1)
    assert record.visits.greet(hello(pc(6), "boot-6"), MAC).new
    clock.now -= timedelta(days=1)  # somebody put the clock back
    assert record.visits.greet(hello(pc(7), "boot-7"), MAC).new


def test_one_address_that_says_hello_without_end_keeps_no_other_pc_out(record: Record, clock: Clock) -> None:
    for number in range(SHARE):
        record.visits.greet(hello(pc(number + 2), f"made-up-{number}"), MAC, address="10.0.0.66")
    before = record.journal.read(limit=1000)
    for number in range(visits.NEW_VISITS):
        with pytest.raises(HelloRefused, match=r"10\.0\.0\.66"):
            record.visits.greet(hello(pc(1), f"flood-{number}"), MAC, address="10.0.0.66")
    assert record.journal.read(limit=1000) == before
    honest = record.visits.greet(hello(pc(1), "boot-1"), MAC, address="10.0.0.5")
    assert honest.new
    assert record.visits.greet(hello(pc(1), "boot-1", token=honest.token), MAC, address="10.0.0.66").id == honest.id
    clock.pass_by(timedelta(minutes=1))
    assert record.visits.greet(hello(pc(1), "boot-2"), MAC, address="10.0.0.66").new


def test_hellos_of_one_boot_with_ever_other_disks_do_not_fill_the_record(record: Record, place: Place) -> None:
    token = record.visits.greet(hello(pc(), "boot-1"), MAC).token
    for wave in range(10):
        made_up = tuple(ssd(1000 + wave * 50 + number) for number in range(50))
        record.visits.greet(hello(pc(disks=made_up), "boot-1", token=token), MAC)
    rows = by_hand(place, "SELECT (SELECT count(*) FROM disks), (SELECT count(*) FROM disk_sightings)")
    assert rows == [(machines.DISKS_A_VISIT, machines.DISKS_A_VISIT)]
    other = record.visits.greet(hello(pc(2), "boot-2"), MAC)
    assert record.machines.search(ssd(2).id.serial).rows[0].id == other.machine_id


def test_a_disk_that_came_during_a_visit_is_remembered(record: Record) -> None:
    first = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.visits.greet(hello(pc(disks=(ssd(1), ssd(77))), "boot-1", token=first.token), MAC)
    assert [row.id for row in record.machines.search(ssd(77).id.serial).rows] == [first.machine_id]


def spoil_inventories(place: Place, visits: str) -> None:
    """Of these visits: what cannot be read any more shows whether it is read."""
    of_them = f"SELECT inventory_digest FROM visits WHERE {visits}"
    by_hand(place, f"UPDATE inventories SET content = '{{' WHERE digest IN ({of_them})")


def test_a_machine_of_a_thousand_hellos_is_read_as_far_as_it_is_shown(
    record: Record, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netboot.records.aggregates.machines.VISITS_READ", 2)
    erased = record.visits.greet(hello(pc(), "boot-0"), MAC)
    job = start(record, erased)
    proof = Erasure(disk=ssd().id, evidence=Overwritten(), level="clear", verdict="erased")
    record.jobs.stage_finished(job.id, StageRecord(stage="erase", result=EraseResult(erasures=(proof,))), 1.0, 1)
    for number in range(1, 6):
        record.visits.greet(hello(replace(pc(), memory=number), f"boot-{number}"), MAC)
    spoil_inventories(place, "boot IN ('boot-1', 'boot-2', 'boot-3')")
    detail = record.machines.detail(erased.machine_id)
    assert [visit.boot for visit in detail.visits] == ["boot-5", "boot-4", "boot-0"]
    assert (detail.unread, detail.visits[2].jobs[0].erasures[0].verdict) == (3, "erased")
    spoil_inventories(place, "boot != 'boot-5'")
    assert [visit.boot for visit in record.machines.summary(erased.machine_id).visits] == ["boot-5"]


def test_the_overview_shows_the_machines_that_came_last_and_reads_no_other_inventory(
    record: Record, place: Place
) -> None:
    for memory, number in ((1, 1), (2, 2), (3, 3), (4, 2), (5, 1)):
        record.visits.greet(hello(replace(pc(number), memory=memory), f"boot-{memory}"), MAC)
    spoil_inventories(place, "boot NOT IN ('boot-4', 'boot-5')")
    shown = [(row.number, row.visit.boot) for row in record.machines.overview(limit=2)]
    assert shown == [(1, "boot-5"), (2, "boot-4")]
    assert [row.number for row in record.machines.overview(limit=1)] == [1]


def test_a_pc_is_found_among_more_twins_than_are_compared_by_its_adapter_or_its_disk(record: Record) -> None:
    """As many as a workshop may get of one model, or as somebody makes up."""

    def laptop(number: int) -> Inventory:
        made = pc(1, disks=(ssd(number),))
        return replace(made, nics=(replace(made.nics[0], mac="00:e0:4c:68:00:01", driver="r8152"),))

    desktop = record.visits.greet(hello(pc(1), "desktop"), MAC)
    first = record.visits.greet(hello(laptop(1000), "laptop"), MAC, on_line=frozenset({desktop.id}))
    for number in range(2, CANDIDATES + 12):
        record.visits.greet(
            hello(pc(1, macs=(f"98:fa:9b:01:00:{number:02x}",), disks=(ssd(number + 2),)), f"b{number}"), MAC
        )
    assert len(record.machines.overview()) == CANDIDATES + 12
    assert record.visits.greet(hello(pc(1), "again"), MAC).machine_id == desktop.machine_id
    assert record.visits.greet(hello(laptop(1000), "again too"), MAC).machine_id == first.machine_id
