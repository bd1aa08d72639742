"""What sg3_utils print of a SCSI disk's SANITIZE, when they are handed such an answer: no real one was found published.

`recorded/answers/` holds the outputs.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.scsi_sanitize import ScsiSanitizeStatus, parse_order, parse_status, status_in
from netboot.agent.answers.sense import Sense
from tests.agent.recorded_answers import answer


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("running", ScsiSanitizeStatus("running", 0x41C2)),
        ("running-descriptor", ScsiSanitizeStatus("running", 0x41C2)),
        ("idle", ScsiSanitizeStatus("idle")),
        ("failed", ScsiSanitizeStatus("failed")),
    ],
)
def test_the_status_is_read(name: str, wanted: ScsiSanitizeStatus) -> None:
    said = answer(f"handed-sg-requests-{name}")
    assert parse_status(said) == wanted
    assert parse_status(said + said) == ScsiSanitizeStatus()
    assert parse_status(said[:28]) == ScsiSanitizeStatus()


@pytest.mark.parametrize(
    ("sense", "state"),
    [
        (None, "not-told"),
        (Sense(0, 4, 0x1B), "running"),
        (Sense(2, 4, 0x1B), "running"),
        (Sense(5, 4, 0x1B), "not-told"),
        (Sense(2, 4, 4, 100), "not-told"),  # another format's
        (Sense(0, 0, 0, 100), "not-told"),
        (Sense(0, 0, 0x16), "not-told"),
        (Sense(3, 0x31, 3), "failed"),
        (Sense(4, 0x31, 3), "failed"),
        (Sense(0, 0x31, 3), "not-told"),
        (Sense(3, 0x31, 1), "not-told"),
        (Sense(6, 0x29, 0), "not-told"),
        (Sense(3, 0x31, 3, deferred=True), "not-told"),
        (Sense(0, 0, 0, deferred=True), "not-told"),
    ],
)
def test_only_the_codes_of_a_sanitize_tell_its_state(sense: Sense | None, state: str) -> None:
    assert status_in(sense).state == state


@pytest.mark.parametrize(
    ("name", "exit_status", "taken"),
    [
        ("accepted", 0, "accepted"),
        ("accepted", 2, "not-told"),
        ("refused", 9, "refused"),
        ("busy", 2, "refused"),
        ("busy", 0, "not-told"),
        ("busy", 33, "not-told"),
    ],
)
def test_a_sanitize_was_taken_when_the_tool_says_so_and_ended_well(name: str, exit_status: int, taken: str) -> None:
    order = parse_order(exit_status, answer(f"handed-sg-sanitize-{name}"))
    assert order.taken == taken
    assert bool(order.said) == (taken != "accepted")


def test_an_order_says_why_it_was_not_taken() -> None:
    assert parse_order(9, answer("handed-sg-sanitize-refused")).said == (
        "invalid operation code; Sanitize:; Fixed format, current; Sense key: Illegal Request; "
        "Additional sense: Invalid command operation code; "
        "Sanitize failed: Illegal request, Invalid opcode, type: sense key + asc,ascq"
    )


def test_silence_is_no_sign_that_it_was_taken() -> None:
    """sg_sanitize ends with 0 and without a word where the disk answered with a recovered error."""
    assert parse_order(0, "").taken == "not-told"
    assert parse_order(0, answer("handed-sg-sanitize-accepted") * 2).taken == "not-told"


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert parse_status(text) == ScsiSanitizeStatus()
