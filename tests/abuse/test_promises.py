"""The checker of `test_kills.py` tells each kind of broken promise, and none where none is broken."""

import msgspec
import pytest

from netboot.records.values import Event
from tests.abuse.promises import Note, broken


def event(kind: str, **body: object) -> Event:
    return Event("s", 1, "", kind, "m", "v", "j" if "stage" in body else "", msgspec.json.encode(body).decode(), "", "")


RECEIVED = Note(kind="received", job="j", stage="erase", what="finished")
LAST = Note(kind="received", job="j", stage="finish", what="finished")
ORDERED = Note(kind="ordered", job="j", stage="erase")
ENDED = event("stage-ended", stage="erase")
USED, BEGAN = event("choice-used", choice="c"), event("job-started")
FIRST = event("batch-place", batch="b", place=1, places=1)


@pytest.mark.parametrize(
    ("notes", "events"),
    [
        pytest.param([RECEIVED], [], id="a report that was acknowledged is lost"),
        pytest.param([LAST], [event("stage-ended", stage="finish")], id="a PC has left, its job is at work for ever"),
        pytest.param([Note(kind="chose", machine="m")], [], id="a choice is lost"),
        pytest.param([Note(kind="armed")], [], id="a batch is lost"),
        pytest.param([ORDERED, RECEIVED, ORDERED], [ENDED], id="ordered after its acknowledged end"),
        pytest.param([RECEIVED], [ENDED, ENDED], id="ended twice"),
        pytest.param([], [USED, BEGAN, USED, BEGAN], id="a choice is used twice"),
        pytest.param([], [BEGAN], id="a job that nobody chose"),
        pytest.param([], [FIRST, BEGAN, FIRST, BEGAN], id="a place is used twice"),
    ],
)
def test_each_kind_of_broken_promise_is_told(notes: list[Note], events: list[Event]) -> None:
    assert broken(notes, events)


def test_an_order_that_is_said_again_before_its_end_is_acknowledged_breaks_none() -> None:
    assert broken([ORDERED, ORDERED, RECEIVED], [USED, BEGAN, ENDED]) == []
