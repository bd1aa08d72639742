"""Looking for a machine: in the whole record, however many came after it."""

import pytest

from netboot.records.record import Record
from tests.records.conftest import MAC, hello, pc


def numbers(record: Record, text: str, *, after: int = 0, limit: int = 100) -> list[int]:
    return [row.number for row in record.machines.search(text, after=after, limit=limit).rows]


def test_the_oldest_machine_is_found_whatever_came_later(record: Record) -> None:
    for number in range(1, 6):
        record.visits.greet(hello(pc(number), f"boot-{number}"), MAC)
    oldest = pc(1)
    for text in (oldest.system.serial, oldest.system.serial.lower(), oldest.system.uuid, oldest.disks[0].id.serial):
        found = record.machines.search(text, limit=1)
        assert [row.number for row in found.rows] == [1], text
        assert (found.count, found.more) == (1, False)
    assert record.machines.search("no such text").rows == ()


def test_a_search_is_read_part_by_part(record: Record) -> None:
    for number in range(1, 6):
        record.visits.greet(hello(pc(number), f"boot-{number}"), MAC)
    first = record.machines.search("", limit=2)
    assert ([row.number for row in first.rows], first.count, first.more) == ([1, 2], 5, True)
    assert numbers(record, "", after=2, limit=2) == [3, 4]
    last = record.machines.search("", after=4, limit=2)
    assert ([row.number for row in last.rows], last.more) == ([5], False)


@pytest.mark.parametrize("text", ["%", "_", "/%", "'; DROP TABLE machines; --"])
def test_what_is_typed_is_text_and_no_pattern(record: Record, text: str) -> None:
    record.visits.greet(hello(pc(), "boot-1"), MAC)
    assert numbers(record, text) == []
    assert numbers(record, "") == [1]
