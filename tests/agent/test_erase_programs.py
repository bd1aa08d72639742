"""What is made of the answers of all tools that order an erase of a drive: nothing that they said is lost."""

import pytest

from netboot.agent.answers.order import Order
from netboot.agent.erase.firmware.programs import (
    ASKING,
    answer,
    bare_serial,
    erase_support,
    ordered,
    other_byte,
    transcript,
)
from netboot.agent.erase.firmware.technique import Ordered
from tests.agent.recorded_tools import RecordedTools
from tests.agent.test_erase_support import HEAD, METHODS, TAIL


def test_an_answer_gets_half_a_minute_and_an_order_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = RecordedTools(monkeypatch)
    tools.say("-I", "an answer")
    assert answer("hdparm", "-I", "/dev/sdx") == "an answer"
    assert transcript(("hdparm", "-I", "/dev/sdx")) == (0, "an answer")
    assert tools.limits == [ASKING, 2 * ASKING] == [30.0, 60.0]


def test_all_that_a_program_prints_is_its_transcript_whatever_its_exit_status() -> None:
    assert transcript(("sh", "-c", "echo said; echo complained >&2; exit 3")) == (3, "complained\nsaid")
    assert transcript(("no-such-tool",))[0] == -1


def test_what_became_of_an_order_is_told_in_evidences_words() -> None:
    assert ordered("hdparm …", Order("refused", "no")) == Ordered("hdparm …", "no", "no")
    assert ordered("nvme …", Order("accepted"), dword=0x13, pattern=7) == Ordered("nvme …", "yes", "", 0x13, 7)
    assert ordered("nvme …", Order("not-told")).accepted == "not-told"


def test_a_drive_is_never_told_to_write_what_an_empty_medium_reads_as(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda below: 0)
    assert other_byte() == 0x01
    monkeypatch.setattr("secrets.randbelow", lambda below: below - 1)
    assert other_byte() == 0xFE


def test_openseachests_list_is_kept_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = RecordedTools(monkeypatch)
    tools.say("--showEraseSupport", HEAD + METHODS + TAIL)
    assert erase_support("/dev/sdx") == (
        "Sanitize Crypto Erase (Purge)",
        "NVM Format: Crypto Erase (Clear, Possible Purge)",
        "NVM Format: User Data Erase (Clear)",
        "Overwrite Erase (Clear)",
    )
    assert tools.calls == ["openSeaChest_Erase --device /dev/sdx --showEraseSupport"]


def test_of_a_serial_number_its_letters_and_digits_count() -> None:
    assert bare_serial(" WD-wx\t12_aZ9é ") == "WDwx12aZ9"
