"""The sanitize log of NVMe drives as tools printed it, and what became of orders to them.

`recorded/answers/` holds the outputs, each with its origin in its first lines.
"""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.hex_dump import dumped_bytes
from netboot.agent.answers.nvme_orders import parse_format_order, parse_sanitize_order
from netboot.agent.answers.nvme_sanitize_log import (
    SanitizeLog,
    Times,
    parse_dump,
    parse_json,
    parse_raw,
    parse_text,
)
from netboot.agent.answers.order import Order
from tests.agent.recorded_answers import answer

RUNNING = SanitizeLog(
    state="running",
    progress=655,
    cdw10=2,
    passes=0,
    deallocated=False,
    all_erased=None,
    purged=None,
    times=Times(),
    times_no_deallocate=Times(),
)
DONE = replace(RUNNING, state="done", progress=None, all_erased=True)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("nvme-log-block-begun", replace(RUNNING, progress=3761)),
        ("nvme-log-block-half", replace(RUNNING, progress=32754)),
        ("nvme-log-block-done", DONE),
        ("nvme-log-block-stuck", RUNNING),
        ("nvme-log-crypto-stuck", replace(RUNNING, cdw10=4)),
        ("nvme-log-block-human", replace(RUNNING, progress=23297)),
    ],
)
def test_the_logs_of_real_drives_are_read_as_people_were_shown_them(name: str, wanted: SanitizeLog) -> None:
    log = parse_text(answer(name))
    assert log == wanted
    assert log.action == ("crypto" if "crypto" in name else "block")


@pytest.mark.parametrize(
    ("name", "wanted"), [("crypto-stuck", replace(RUNNING, cdw10=4, all_erased=False)), ("block-done", DONE)]
)
def test_bytes_and_json_say_the_same_and_only_the_bytes_tell_whether_it_purged(name: str, wanted: SanitizeLog) -> None:
    assert parse_dump(answer(f"handed-nvme-dump-{name}")) == replace(wanted, purged=False)
    assert parse_json(answer(f"handed-nvme-json-{name}")) == wanted


STUCK = dumped_bytes(answer("handed-nvme-dump-crypto-stuck"))


def with_words(*, progress: int = 0xFFFF, status: int = 1, rest: bytes = b"") -> bytes:
    """A drive's log with another progress, SSTAT, and what follows these."""
    head = progress.to_bytes(2, "little") + status.to_bytes(2, "little") + rest
    return head + STUCK[len(head) :]


def test_each_field_has_its_place() -> None:
    """NVM Express base specification 2.0, Sanitize Status; Purged by TP4218."""
    rest = b"".join(number.to_bytes(4, "little") for number in (0x800B24, 7200, 60, 0, 7201, 61, 0xFFFFFFFF))
    log = parse_raw(with_words(status=0x91C, rest=rest))
    assert log == SanitizeLog(
        state="done",
        progress=None,
        cdw10=0x800B24,
        passes=3,
        deallocated=True,
        all_erased=True,
        purged=True,
        times=Times(overwrite=7200, block=60, crypto=0),
        times_no_deallocate=Times(overwrite=7201, block=61, crypto=None),
    )
    assert log.action == "crypto"


@pytest.mark.parametrize(
    ("status", "progress", "state"),
    [
        (0, 0xFFFF, "never"),
        (1, 0xFFFF, "done"),
        (2, 0, "running"),
        (2, 0xFFFF, "running"),
        (3, 0xFFFF, "failed"),
        (4, 0xFFFF, "done"),
        (5, 0xFFFF, None),
        (7, 0xFFFF, None),
        (0, 0, None),
        (1, 0, None),
        (3, 655, None),
    ],
)
def test_a_log_that_contradicts_itself_is_none(status: int, progress: int, state: str | None) -> None:
    """libnvme 1.12 printed zeros for a log that it had not read (linux-nvme/libnvme #979)."""
    log = parse_raw(with_words(progress=progress, status=status))
    assert (log.state if log is not None else None) == state
    text = answer("nvme-log-block-done").replace("65535", str(progress)).replace("0x101", f"{status:#x}")
    shown = parse_text(text)
    assert (shown.state if shown is not None else None) == state
    if log is not None and state == "running":
        assert log.progress == progress


@pytest.mark.parametrize(
    ("cdw10", "action"), [(1, "exit-failure"), (3, "overwrite"), (5, "exit-verification"), (0, None)]
)
def test_the_action_is_that_of_the_command(cdw10: int, action: str | None) -> None:
    log = parse_raw(with_words(rest=(cdw10 | 0x208).to_bytes(4, "little")))
    assert log is not None
    assert log.action == action


def test_the_times_that_a_text_tells_are_read() -> None:
    no = "4294967295 (No time period reported)"
    text = answer("nvme-log-block-done").replace(no, "7200", 1).replace(no, "60", 1).replace(no, "0", 1)
    for name, said in (("Overwrite", 7201), ("Block Erase", 61), ("Crypto Erase", 4294967295)):
        ends = [line for line in text.splitlines() if f"{name} (No-Deallocate)" in line]
        text = text.replace(ends[0], ends[0].rpartition("0")[0] + str(said))
    log = parse_text(text)
    assert log is not None
    assert log.times == Times(overwrite=7200, block=60, crypto=0)
    assert log.times_no_deallocate == Times(overwrite=7201, block=61, crypto=None)
    lines = text.splitlines(keepends=True)
    none = parse_text("".join(line for line in lines if "Time For" not in line and "SCDW10" not in line))
    assert none == replace(DONE, cdw10=None)
    assert none.action is None
    twice = parse_text(text + "".join(line for line in lines if "Time For Block Erase  " in line))
    assert twice is not None
    assert twice.times == Times(overwrite=7200, block=None, crypto=0)


def test_the_figures_of_json_are_read() -> None:
    said = answer("handed-nvme-json-block-done")
    for name, was, new in (
        ("time_over_write", 4294967295, 7200),
        ("time_block_erase", 4294967295, 60),
        ("time_crypto_erase", 4294967295, 0),
        ("time_over_write_no_dealloc", 0, 7201),
        ("time_block_erase_no_dealloc", 0, 61),
        ("time_crypto_erase_no_dealloc", 0, 62),
        ("no_cmplted_passes", 0, 3),
    ):
        assert f'"{name}":{was},' in said
        said = said.replace(f'"{name}":{was},', f'"{name}":{new},')
    log = parse_json(said)
    assert log == replace(
        DONE,
        passes=3,
        times=Times(overwrite=7200, block=60, crypto=0),
        times_no_deallocate=Times(overwrite=7201, block=61, crypto=62),
    )
    older = "".join(line for line in said.splitlines(keepends=True) if "no_dealloc" not in line and "cdw10" not in line)
    assert parse_json(older) == replace(log, cdw10=None, times_no_deallocate=Times())
    assert parse_json(said.replace('"sprog":65535', '"sprog":65536')) is None
    assert parse_json(said.replace('"global_erased":1', '"global_erased":0')) == replace(log, all_erased=False)


def test_a_text_that_hides_bits_does_not_tell_them() -> None:
    """nvme-cli before 2.5 printed SSTAT's lowest bits only (linux-nvme/nvme-cli #1949)."""
    assert parse_text(answer("nvme-log-block-done").replace("0x101", "0x1")) == replace(DONE, all_erased=None)


def test_a_broken_answer_is_none() -> None:
    dump, text = answer("handed-nvme-dump-block-done"), answer("nvme-log-block-done")
    shown = answer("handed-nvme-json-block-done")
    assert parse_raw(STUCK[:31]) is None
    assert parse_raw(STUCK[:32]) is not None
    assert parse_dump(dump.replace("log-id:129", "log-id:2")) is None
    assert parse_dump("\n" + dump) is None
    assert parse_dump(dump[: dump.rindex("01f0:")]) is None
    assert parse_dump(dump[1:]) is None
    assert parse_text(text + text) is None
    assert parse_text(text.replace("(SSTAT)", "(STAT)")) is None
    assert parse_text(text.replace("0x101", "0101")) is None
    running = answer("nvme-log-block-half")
    assert parse_text(running.replace("32754", "65535")) == replace(RUNNING, progress=65535)
    assert parse_text(running.replace("32754", "65536")) is None
    assert parse_json(shown.replace('"sprog"', '"progress"')) is None
    assert parse_json(shown.replace("(1)", "1")) is None
    assert parse_json(shown[:-2]) is None
    assert parse_json('{"a": {}, "b": {}}') is None
    two = msgspec.json.decode(shown, type=dict[str, object])
    assert parse_json(msgspec.json.encode({**two, "nvme1": two["nvme0"]}).decode()) is None
    assert parse_json(shown.replace('"global_erased":1,\n', "")) == replace(DONE, all_erased=None)


@given(st.binary(max_size=600))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    log = parse_raw(data)
    if log is not None:
        assert (log.progress is not None) == (log.state == "running")
        assert log.cdw10 is not None


@given(st.sampled_from([parse_dump, parse_json, parse_text]), st.text(max_size=200))
def test_no_text_breaks_the_reading(parse: Callable[[str], SanitizeLog | None], text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("name", "exit_status", "taken", "said"),
    [
        ("handed-nvme-sanitize-in-progress", 1, "refused", "Sanitize In Progress: "),
        ("handed-nvme-sanitize-failed", 1, "refused", "Sanitize Failed: "),
        ("nvme-sanitize-denied", 1, "refused", "Access Denied: "),
        ("nvme-sanitize-denied", 0, "refused", "Access Denied: "),
        ("nvme-format-old-refusal", 1, "not-told", ""),
    ],
)
def test_a_drives_refusal_is_read_whatever_the_exit_status(name: str, exit_status: int, taken: str, said: str) -> None:
    for parse in (parse_sanitize_order, parse_format_order):
        order = parse(exit_status, answer(name))
        assert order.taken == taken
        assert order.said
        assert order.said.startswith(said)


@pytest.mark.parametrize("status", [0x05, 0x07, 0x08, 0x4007, 0x370, 0x371, 0x4371, 0x300])
def test_what_was_broken_off_is_no_refusal_for_it_may_have_begun(status: int) -> None:
    """NVM Express base specification 2.0, figures 94 and 98; Linux ends so what it gave up (NVME_SC_HOST_ABORTED_CMD),
    and nvme-cli writes each status in the form that is recorded of another."""
    denied = answer("nvme-sanitize-denied")
    assert "(0x4286)" in denied
    for parse in (parse_sanitize_order, parse_format_order):
        order = parse(1, denied.replace("(0x4286)", f"({status:#x})"))
        assert order.taken == "not-told"
        assert order.said


def test_a_sanitize_was_taken_when_the_tool_ended_well_and_said_nothing() -> None:
    assert parse_sanitize_order(0, "").taken == "accepted"
    assert parse_sanitize_order(1, "").taken == "not-told"
    assert parse_sanitize_order(-9, "").taken == "not-told"
    assert parse_sanitize_order(0, "sanitize: Interrupted system call\n").taken == "not-told"
    two = answer("nvme-sanitize-denied") * 2
    assert parse_sanitize_order(1, two).taken == "not-told"
    assert parse_sanitize_order(1, two).said.count("0x4286") == 2
    assert parse_sanitize_order(0, "NVMe status: Successful Completion(0x4000)\n").taken == "not-told"


def test_a_format_is_done_when_the_tool_says_so() -> None:
    for name in ("nvme-format-done", "nvme-format-all-done"):
        done = answer(name)
        assert parse_format_order(0, done).taken == "accepted"
        for behind in ("failed to set block size to 4096\n", "failed to re-read partition table\n"):
            assert parse_format_order(16, behind + done) == Order("accepted", behind.strip())
            assert parse_format_order(16, behind).taken == "not-told"
            assert parse_format_order(16, behind + "format: Input/output error\n" + done).taken == "not-told"
        assert parse_format_order(1, done).taken == "not-told"
        assert parse_format_order(1, done + "failed to rescan namespaces\n").taken == "not-told"
        assert parse_format_order(0, done + done).taken == "not-told"
    assert parse_format_order(0, "").taken == "not-told"
    assert parse_format_order(0, answer("nvme-format-done") + answer("nvme-sanitize-denied")).taken == "refused"
