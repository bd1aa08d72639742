"""What is set for single PCs: kept by name, told in the journal, gone when nothing is set."""

import json

from netboot.jobs.identity import Key
from netboot.jobs.policy import Policy
from netboot.records.record import Record
from tests.records.conftest import MAC, Clock, hello, pc

DENIED = Policy(denied=True)
UNKNOWN = Key("mac", "02:00:00:00:00:99")


def test_a_pc_that_never_said_hello_is_denied_by_its_address(record: Record, clock: Clock) -> None:
    record.policies.set_for([UNKNOWN], DENIED, "Anne", note="the accountant's")
    (row,) = record.policies.all()
    assert (row.key, row.policy, row.note, row.who, row.at) == (UNKNOWN, DENIED, "the accountant's", "Anne", clock.now)


def test_every_part_of_a_policy_comes_back_and_a_later_one_takes_its_place(record: Record) -> None:
    policy = Policy(denied=True, loader="ipxe", dhcp="merged", default="inventory")
    keys = [Key("mac", MAC), Key("uuid", pc().system.uuid)]
    record.policies.set_for(keys, DENIED, "Anne")
    record.policies.set_for(keys, policy, "Omar")
    assert {row.key: (row.policy, row.who) for row in record.policies.all()} == dict.fromkeys(keys, (policy, "Omar"))
    record.policies.set_for(keys, Policy(), "Omar")
    assert record.policies.all() == ()


def test_each_change_is_an_event_without_a_persons_name_or_note(record: Record) -> None:
    visit = record.visits.greet(hello(pc(), "boot-1"), MAC)
    record.policies.set_for([Key("mac", MAC)], DENIED, "Anne", note="Anne's own PC")
    event = record.journal.read(limit=1000)[-1]
    body = json.loads(event.body)
    assert (event.kind, event.machine_id) == ("policy-set", visit.machine_id)
    assert (body["denied"], body["names"]) == (True, [f"mac:{MAC}"])
    assert "Anne" not in event.body
    assert record.journal.verify().broken is None


def test_a_forgotten_persons_name_is_gone_from_what_they_set(record: Record) -> None:
    record.policies.set_for([UNKNOWN], DENIED, "Anne")
    record.people.forget("Anne")
    assert [row.who for row in record.policies.all()] == ["—"]
