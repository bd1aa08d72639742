"""The memory stage: what is tested, what stressapptest says of it, and what becomes of a stage that ends badly."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.failures import StageFailed
from netboot.agent.hardware.memory_test import KEPT_FREE, LEAST, MIB, free_to_test, parse_round, run_memory
from netboot.shared.errors import NetbootError
from netboot.shared.process import Completed
from netboot.shared.stages.memory import Memory, MemoryResult

RECORDED = Path(__file__).parent / "recorded"
PASS = (RECORDED / "stressapptest-pass.txt").read_text()
FAIL = (RECORDED / "stressapptest-fail.txt").read_text()
FREE = f"MemTotal:        1010404 kB\nMemAvailable:     {(KEPT_FREE + 300 * MIB) // 1024 + 7} kB\n"


def said(text: str, status: int) -> Completed:
    return Completed(("stressapptest",), status, text, "", 20.0)


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    path = tmp_path / "meminfo"
    path.write_text(FREE)
    return path


async def failure(meminfo: Path, *rounds: Completed | NetbootError) -> StageFailed:
    """How the stage ends when its rounds end so."""
    waiting = list(rounds)

    def run_round(size: int, seconds: int) -> Completed:
        ended = waiting.pop(0)
        if isinstance(ended, NetbootError):
            raise ended
        return ended

    with pytest.raises(StageFailed) as raised:
        await run_memory(Memory(seconds=60), lambda *_: None, meminfo=meminfo, run_round=run_round)
    return raised.value


def test_all_that_is_free_is_tested_but_what_the_agent_lives_in() -> None:
    assert free_to_test(FREE) == 300 * MIB


@given(st.text(max_size=80))
def test_what_is_free_is_never_less_than_nothing(text: str) -> None:
    assert free_to_test(text) >= 0
    assert free_to_test(f"MemAvailable: {text} kB\n") >= 0


def test_a_round_that_passed_says_how_much_was_copied() -> None:
    done = parse_round(PASS)
    assert done is not None
    assert (done.passed, done.wrong, done.first) == (True, 0, "")
    assert done.copied > 64 * MIB


def test_a_round_that_failed_names_the_first_wrong_value() -> None:
    done = parse_round(FAIL)
    assert done is not None
    assert (done.passed, done.wrong) == (False, 1)
    assert done.first.startswith("miscompare on CPU")


@pytest.mark.parametrize("cut", ["", PASS.partition("Stats: Completed")[0], "Status: PASS"])
def test_a_round_that_did_not_come_to_its_end_proves_nothing(cut: str) -> None:
    assert parse_round(cut) is None


async def test_the_rounds_of_the_ordered_time_are_added_up(meminfo: Path) -> None:
    sizes: list[int] = []
    told: list[tuple[int, int]] = []

    def run_round(size: int, seconds: int) -> Completed:
        sizes.append(size)
        return said(PASS, 0)

    def progress(done: int, total: int, part: str = "") -> None:
        told.append((done, total))

    result = await run_memory(Memory(seconds=60), progress, meminfo=meminfo, run_round=run_round)
    once = parse_round(PASS)
    assert once is not None
    assert sizes == [300 * MIB] * 3
    assert (result.tested, result.rounds, result.wrong, result.copied) == (300 * MIB, 3, 0, 3 * once.copied)
    assert told == [(once.copied * n, once.copied * 3) for n in (1, 2, 3)]


async def test_a_wrong_value_fails_the_stage_with_what_was_read_and_what_to_do(meminfo: Path) -> None:
    failed = await failure(meminfo, said(PASS, 0), said(FAIL, 1))
    assert failed.problem.code == "memory-faulty"
    assert "0x" in failed.problem.values["read"]
    assert failed.problem.values["read"] != failed.problem.values["expected"]
    assert "remplacez les barrettes" in failed.problem.sentence("fr")
    assert isinstance(failed.result, MemoryResult)
    assert (failed.result.rounds, failed.result.wrong) == (2, 1)


@pytest.mark.parametrize(
    "ended",
    [
        said("", -9),
        said(PASS.partition("Stats: Completed")[0], -9),
        said(PASS, 1),
        said(PASS.replace("Status: PASS", "Status: FAIL"), 1),
        NetbootError("it hangs"),
    ],
    ids=["nothing said", "killed", "status says otherwise", "the tool failed", "hangs"],
)
async def test_a_round_without_a_result_is_an_error_and_no_verdict(
    meminfo: Path, ended: Completed | NetbootError
) -> None:
    failed = await failure(meminfo, ended)
    assert failed.problem.code == "memory-untested"
    assert failed.result is None


async def test_a_pc_with_too_little_memory_says_so(meminfo: Path) -> None:
    meminfo.write_text(f"MemAvailable: {(KEPT_FREE + LEAST) // 1024 - 1} kB\n")
    failed = await failure(meminfo)
    assert failed.problem.code == "memory"
    assert failed.problem.values == {"memory": "63 MiB", "needed": "264 MiB"}
