"""What ATA disks say of a sanitize, and of the orders that hdparm gave them.

`recorded/answers/` holds the outputs, each with its origin in its first lines.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.ata_sanitize import (
    NOT_TOLD,
    AtaSanitizeStatus,
    parse_registers,
    parse_status,
    status_in,
)
from netboot.agent.answers.hdparm_exchange import parse_exchanges
from netboot.agent.answers.hdparm_orders import parse_sanitize_order, parse_security_order
from netboot.agent.answers.sense import AtaRegisters
from tests.agent.recorded_answers import answer

RUNNING = AtaSanitizeStatus("running", 0x41C2, succeeded=False)
DONE = AtaSanitizeStatus("idle", succeeded=True)
FAILED = AtaSanitizeStatus("failed", succeeded=False)


@pytest.mark.parametrize(
    ("name", "words", "registers"),
    [
        ("handed-status-running", RUNNING, RUNNING),
        ("handed-status-done", DONE, DONE),
        ("handed-status-idle", None, AtaSanitizeStatus("idle", succeeded=False)),
        (
            "handed-status-frozen",
            AtaSanitizeStatus("frozen", succeeded=False),
            AtaSanitizeStatus("frozen", succeeded=False),
        ),
        ("handed-status-failed", FAILED, FAILED),
        ("handed-status-failed-fixed", FAILED, FAILED),
        ("handed-status-failed-fixed-words", FAILED, NOT_TOLD),
        ("handed-status-frozen-fixed", AtaSanitizeStatus("frozen"), AtaSanitizeStatus("frozen")),
        ("handed-status-frozen-fixed-words", AtaSanitizeStatus("frozen"), NOT_TOLD),
        ("handed-status-infrozen-words", AtaSanitizeStatus("frozen"), NOT_TOLD),
        ("handed-status-none", None, NOT_TOLD),
        ("handed-status-fixed", NOT_TOLD, NOT_TOLD),
        ("ata-sanitize-running", RUNNING, NOT_TOLD),
        ("ata-sanitize-done", DONE, NOT_TOLD),
        ("ata-sanitize-no-registers", NOT_TOLD, NOT_TOLD),
    ],
)
def test_a_status_is_told_by_the_registers_that_came_and_by_hdparms_words_only_where_they_can_be_believed(
    name: str, words: AtaSanitizeStatus | None, registers: AtaSanitizeStatus
) -> None:
    """A disk at rest and one whose registers got lost are one in hdparm's words."""
    said = answer(name)
    assert parse_registers(said) == registers
    idle = AtaSanitizeStatus("idle", succeeded=False)
    assert parse_status(said, own_port=True) == (idle if words is None else words)
    assert parse_status(said, own_port=False) == (NOT_TOLD if words is None else words)


@pytest.mark.parametrize(
    ("status", "count", "lba", "wanted"),
    [
        (0x50, 0x4000, 0, AtaSanitizeStatus("running", 0, succeeded=False)),
        (0x50, 0xC000, 0xFFFF, AtaSanitizeStatus("running", 0xFFFF, succeeded=False)),
        (0x50, 0x8000, 0x1234, DONE),
        (0x50, 0xA000, 0xFFFF, AtaSanitizeStatus("frozen", succeeded=True)),
        (0x50, 0x1000, 0xFFFF, AtaSanitizeStatus("idle", succeeded=False)),
        (0x50, 0, 0, NOT_TOLD),  # zeros are no answer
        (0x50, 0, 0xFF_FFFF_0000, NOT_TOLD),
        (0x51, 0x8000, 1, FAILED),
        (0x51, 0x8000, 3, AtaSanitizeStatus("frozen")),
        (0x70, 0x8000, 0xFFFF, NOT_TOLD),  # a device fault, for a reason that is none
        (0x51, 0x4000, 0, NOT_TOLD),
    ],
)
def test_each_bit_of_the_registers_has_its_meaning(
    status: int, count: int, lba: int, wanted: AtaSanitizeStatus
) -> None:
    assert status_in(AtaRegisters(status, 0, 0x40, count, lba, whole=True)) == wanted
    half = status_in(AtaRegisters(status, 0, 0x40, count & 0xFF, lba & 0xFFFFFF, whole=False))
    assert half == (wanted if status & 1 else NOT_TOLD)


def test_a_progress_that_is_missing_or_comes_twice_is_not_told() -> None:
    said = answer("ata-sanitize-running")
    progress = "    Progress: 0x41c2 (25%)\n"
    for broken in (said.replace(progress, ""), said.replace(progress, progress * 2)):
        assert parse_status(broken, own_port=False) == AtaSanitizeStatus("running", succeeded=False)


def test_two_answers_are_none() -> None:
    words = answer("handed-status-failed-fixed-words")
    assert parse_status(words + words, own_port=True) == NOT_TOLD
    assert parse_status(words.replace("bad/missing", "questionable"), own_port=True) == NOT_TOLD
    said = answer("handed-status-done")
    assert parse_registers(said + said) == NOT_TOLD
    assert parse_registers("") == NOT_TOLD
    assert status_in(None) == NOT_TOLD


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("handed-block-erase-done", "accepted"),
        ("handed-block-erase-failed", "refused"),
        ("handed-block-erase-infrozen", "refused"),
        ("handed-block-erase-frozen-fixed", "refused"),
        ("handed-block-erase-m600", "refused"),
        ("handed-block-erase-none", "not-told"),
    ],
)
def test_a_sanitize_was_taken_when_the_registers_say_so(name: str, taken: str) -> None:
    said = answer(name)
    assert parse_sanitize_order(said).taken == taken
    assert parse_sanitize_order(said + said).taken == ("refused" if taken == "refused" else "not-told")
    assert parse_security_order(said, "SECURITY_ERASE").taken == "not-told"


def test_hdparms_words_alone_are_no_sign_that_an_order_was_taken() -> None:
    """Without --verbose they are the same for a disk that works and one that heard nothing."""
    words = "\n/dev/sda:\nIssuing SANITIZE_BLOCK_ERASE command\nOperation started in background\n"
    assert words.splitlines()[-1] in answer("handed-block-erase-none")
    assert parse_sanitize_order(words).taken == "not-told"
    cannot = parse_sanitize_order("SANITIZE feature set is not supported\n\n/dev/sda:\n")
    assert (cannot.taken, cannot.said) == ("refused", "SANITIZE feature set is not supported")
    for name in ("handed-block-erase-failed-words", "handed-block-erase-frozen-fixed-words"):
        refused = answer(name)
        assert parse_sanitize_order(refused).taken == "refused"
        assert parse_sanitize_order(refused.replace("Issuing SANITIZE", "Issuing NOTHING")).taken == "not-told"
        assert parse_sanitize_order(refused + words).taken == "not-told"
    refused = answer("handed-block-erase-failed-words")
    assert parse_sanitize_order(refused.replace("Input/output error", "Invalid exchange")).taken == "not-told"
    doubt = "SG_IO: questionable sense data, results may be incorrect\n"
    assert parse_sanitize_order(doubt + refused).taken == "not-told"
    taken = answer("handed-block-erase-frozen-fixed-words").replace("f0 00 0b 04 51", "f0 00 0b 04 50")
    assert parse_sanitize_order(taken).taken == "not-told"
    assert parse_sanitize_order("SANITIZE failed: Invalid exchange\n" + words).taken == "not-told"
    assert parse_sanitize_order("").taken == "not-told"


def test_an_order_says_why_it_was_refused() -> None:
    failed = parse_sanitize_order(answer("handed-block-erase-failed"))
    assert failed.said == (
        "SANITIZE failed: Input/output error; "
        "SANITIZE device error reason: Last Sanitize Command completed unsuccessfully"
    )
    assert "sb[]: 70 00 05" in parse_sanitize_order(answer("handed-block-erase-m600")).said
    assert "sb[]: f0 00 01" in parse_security_order(answer("handed-security-erase-bug64"), "SECURITY_ERASE").said
    assert "sb[]: f0 00 0b" in parse_sanitize_order(answer("handed-block-erase-frozen-fixed")).said
    assert (
        "ERASE_PREPARE: Input" in parse_security_order(answer("handed-security-erase-refused"), "SECURITY_ERASE").said
    )


@pytest.mark.parametrize(
    ("name", "command", "taken"),
    [
        ("handed-security-erase-idle", "SECURITY_ERASE", "accepted"),
        ("handed-security-erase-bug64", "SECURITY_ERASE", "accepted"),
        ("handed-security-erase-refused", "SECURITY_ERASE", "refused"),
        ("ata-frozen-set-pass", "SECURITY_SET_PASS", "refused"),
        ("ata-locked-set-pass", "SECURITY_SET_PASS", "refused"),
        ("ata-locked-erase", "SECURITY_ERASE", "refused"),
        ("ata-locked-disable", "SECURITY_DISABLE", "refused"),
        ("ata-bridge-unlock", "SECURITY_UNLOCK", "not-told"),
        ("ata-erase-done", "SECURITY_ERASE", "not-told"),  # what it printed says nothing: its words of security did
    ],
)
def test_an_order_about_passwords_was_taken_when_the_answer_says_so(name: str, command: str, taken: str) -> None:
    order = parse_security_order(answer(name), command)
    assert order.taken == taken
    assert "password" not in order.said


def test_an_erase_that_was_cut_off_or_not_handed_on_is_not_told() -> None:
    said = answer("handed-security-erase-idle")
    start = said.index("outgoing cdb:  85 0a")
    assert parse_security_order(said[: said.index("SG_IO", start)], "SECURITY_ERASE").taken == "not-told"
    assert parse_security_order(said[:start], "SECURITY_ERASE").taken == "not-told"
    for lost in ("status=0x0, host_status=0x3, driver_status=0x0", "status=0x0, host_status=0x0, driver_status=0x6"):
        broken = said[:start] + said[start:].replace("status=0x0, host_status=0x0, driver_status=0x0", lost)
        assert parse_security_order(broken, "SECURITY_ERASE").taken == "not-told"
    without = "\n/dev/sda:\n Issuing SECURITY_ERASE command\nSECURITY_ERASE: Input/output error\n"
    assert parse_security_order(without, "SECURITY_ERASE").taken == "refused"
    assert parse_security_order(said[:start] + without, "SECURITY_ERASE").taken == "not-told"
    busy = said[:start] + said[start:].replace("ATA_16 status=0x0", "ATA_16 status=0x8")
    assert parse_security_order(busy, "SECURITY_ERASE").taken == "not-told"
    assert parse_security_order(said, "SECURITY_SET_PASS").taken == "not-told"
    later = said + said[said.index("outgoing cdb:  85 06") : start]
    assert parse_security_order(later, "SECURITY_ERASE").taken == "not-told", "another command came after it"


def test_data_that_an_order_carries_is_passed_over() -> None:
    """The recording leaves them out: they hold the password."""
    said = answer("handed-security-erase-idle")
    sent = "85 0a 06 00 00 00 01 00 00 00 00 00 00 40 f4 00\n"
    assert parse_exchanges(said.replace(sent, sent + "outgoing_data:  00 00 70 77\n")) == parse_exchanges(said)
    short = said.replace("85 0a 06 00 00 00 01 00 00 00 00 00 00 40 f4 00", "85 0a 06 00 00 00 01 00 00 00 00 00 00 40")
    assert parse_exchanges(short) == parse_exchanges(said)[:2]


def test_other_commands_beside_an_order_do_not_count() -> None:
    order, status = answer("handed-block-erase-done"), answer("handed-status-done")
    assert parse_sanitize_order(order + status).taken == "accepted"
    assert parse_sanitize_order(status).taken == "not-told"
    assert parse_sanitize_order(status + answer("handed-security-erase-idle")).taken == "not-told"
    other = order.replace("40 b4 00", "40 b0 00")
    assert parse_sanitize_order(other).taken == "not-told"
    complained = parse_sanitize_order(order + "SG_IO: questionable sense data, results may be incorrect\n")
    assert complained.said == "SG_IO: questionable sense data, results may be incorrect"


def test_what_an_adapter_did_not_deliver_is_no_answer() -> None:
    said = answer("handed-block-erase-done")
    _, erase = parse_exchanges(said)
    (_, lost) = parse_exchanges(
        said.replace("host_status=0x0, driver_status=0x8", "host_status=0x7, driver_status=0x8")
    )
    assert replace(erase, delivered=False) == lost
    assert (lost.registers, lost.done, lost.refused, lost.good) == (None, False, False, False)
    hexadecimal = said.replace(
        "status=0x2, host_status=0x0, driver_status=0x8", "status=0x18, host_status=0xb, driver_status=0xe"
    )
    assert parse_exchanges(hexadecimal)[1] == replace(erase, delivered=False, status=0x18)
    for status in (0x00, 0x08, 0x18):
        assert (replace(erase, status=status).registers, replace(erase, status=status).done) == (None, False)
    refused = parse_exchanges(answer("handed-block-erase-m600"))[1]
    assert refused.refused
    assert not replace(refused, delivered=False).refused
    assert not replace(refused, status=0x08).refused
    assert not replace(refused, status=0x00).good, "there is sense data"


def test_an_answer_without_a_command_is_nobodys() -> None:
    said = answer("handed-block-erase-done")
    lines = said.splitlines(keepends=True)
    ends = [line for line in lines if line.startswith("SG_IO: ATA_16")]
    senses = [line for line in lines if line.startswith("SG_IO: sb[]")]
    assert parse_exchanges(senses[0] + ends[0] + senses[0] + said) == parse_exchanges(said)
    assert parse_exchanges(said + senses[1] + ends[1] + senses[1]) == parse_exchanges(said)
    assert parse_exchanges("".join(line for line in lines if line not in ends)) == ()
    strange = said.replace("outgoing cdb:  85 08", "outgoing cdb:  12 08").replace(
        "outgoing cdb:  85 07", "outgoing cdb:  12 07"
    )
    assert parse_exchanges(strange) == ()


def test_what_hdparm_sent_and_got_is_read() -> None:
    identify, erase = parse_exchanges(answer("handed-block-erase-done"))
    assert (identify.command, identify.good, identify.done, identify.refused) == (0xEC, True, False, False)
    assert (erase.command, erase.feature, erase.good, erase.done) == (0xB4, 0x12, False, True)
    assert erase.registers == AtaRegisters(0x50, 0, 0x40, 0x8000, 0xFFFF, whole=True)
    short = answer("handed-block-erase-done").replace(
        "85 07 20 00 12 00 00 42 72 00 45 00 6b 40 b4 00", "a1 06 20 12 00 72 45 6b 40 b4 00 00"
    )
    assert parse_exchanges(short)[1] == erase


@given(st.lists(st.sampled_from(answer("handed-security-erase-bug64").splitlines()), max_size=12), st.text(max_size=20))
def test_no_order_of_lines_breaks_the_reading(lines: list[str], more: str) -> None:
    said = "\n".join([*lines, more])
    assert parse_sanitize_order(said).taken == "not-told" or "SG_IO" in said
    assert parse_registers(said) == NOT_TOLD
    assert len(parse_security_order(said, "SECURITY_ERASE").said) <= 256
