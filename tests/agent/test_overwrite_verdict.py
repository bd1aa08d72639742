"""What an overwrite's two passes come to: every byte that is not proven is counted, and what may be left is told."""

import pytest

from netboot.agent.disks.direct_io import DiskError
from netboot.agent.disks.disk_threads import StallError
from netboot.agent.erase import overwrite_verdict
from netboot.agent.erase.overwrite_verdict import Passes, verdict_of
from netboot.shared.erase_methods.overwrite import BAD_RANGES, MORE_BAD, BadRange, Overwritten
from netboot.shared.inventory import DiskId
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import Erasure

SIZE = 64 * 512
NAME = "SSD S1"
BEFORE = Erasure(
    disk=DiskId(serial="S1", size=SIZE), evidence=Overwritten(pattern="key", resumed=512), verdict="undetermined"
)


def passes(
    written: tuple[int, int] = (0, SIZE), verified: tuple[int, int] = (0, SIZE), *different: tuple[int, int]
) -> Passes:
    """Two passes that wrote, proved and found different these bytes."""
    done = Passes(SIZE)
    done.wrote(*written)
    done.verified.add(*verified)
    for part in different:
        done.different.add(*part)
    return done


def told(done: Passes) -> tuple[str, Problem | None, Overwritten]:
    erasure = verdict_of(done, NAME, BEFORE)
    assert isinstance(erasure.evidence, Overwritten)
    assert (erasure.disk, erasure.evidence.pattern, erasure.evidence.resumed) == (BEFORE.disk, "key", 512)
    return erasure.verdict, erasure.problem, erasure.evidence


def figures(said: Overwritten) -> tuple[int, int, int, int, int]:
    return said.written, said.verified, said.unwritten, said.unread, said.different


def test_a_disk_that_gave_back_all_of_it_is_erased() -> None:
    verdict, problem, said = told(passes())
    assert (verdict, problem) == ("erased", None)
    assert figures(said) == (SIZE, SIZE, 0, 0, 0)
    assert (said.bad, said.more_bad) == ((), 0)


def test_what_it_did_not_take_may_be_old_data() -> None:
    verdict, problem, said = told(passes((512, SIZE), (512, SIZE)))
    assert verdict == "not-erased"
    assert problem == Problem("erase-refused", {"disk": NAME, "left": "0.6 kB"})
    assert figures(said) == (SIZE - 512, SIZE - 512, 512, 0, 0)
    assert said.bad == (BadRange(start=0, length=512, what="unwritten"),)


def test_what_it_gave_back_otherwise_may_be_old_data() -> None:
    done = passes((0, SIZE), (0, 1024), (2048, 4096))
    done.verified.add(1024, 2048)
    done.verified.add(4096, SIZE)
    verdict, problem, said = told(done)
    assert verdict == "not-erased"
    assert problem == Problem("erase-mismatch", {"disk": NAME, "left": "2.1 kB", "different": "2.1 kB"})
    assert figures(said) == (SIZE, SIZE - 2048, 0, 0, 2048)
    assert said.bad == (BadRange(start=2048, length=2048, what="different"),)


def test_what_it_did_not_give_back_is_not_known() -> None:
    verdict, problem, said = told(passes((0, SIZE), (1024, SIZE)))
    assert verdict == "undetermined"
    assert problem == Problem("erase-unread", {"disk": NAME, "left": "0.0 kB", "unread": "1.1 kB"})
    assert figures(said) == (SIZE, SIZE - 1024, 0, 1024, 0)
    assert said.bad == (BadRange(start=0, length=1024, what="unread"),)


def test_all_bad_parts_are_listed_in_order_and_counted_together() -> None:
    done = passes((0, 4096), (512, 1024), (2048, 2560))
    verdict, problem, said = told(done)
    assert verdict == "not-erased"
    assert problem is not None
    assert (problem.code, problem.values["left"]) == ("erase-refused", "29.2 kB")
    assert figures(said) == (4096, 512, SIZE - 4096, 4096 - 1024, 512)
    assert [(one.start, one.length, one.what) for one in said.bad] == [
        (0, 512, "unread"), (1024, 1024, "unread"), (2048, 512, "different"), (2560, 1536, "unread"),
        (4096, SIZE - 4096, "unwritten"),
    ]  # fmt: skip


def test_so_many_bad_parts_are_listed_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overwrite_verdict, "BAD_RANGES", 2)
    done = passes((0, SIZE), (0, 0))
    for at in range(0, 10 * 512, 1024):
        done.verified.add(at, at + 512)
    done.verified.add(10 * 512, SIZE)
    _, _, said = told(done)
    assert [one.start for one in said.bad] == [512, 1536]
    assert said.more_bad == 3
    monkeypatch.setattr(overwrite_verdict, "MORE_BAD", 2)
    assert told(done)[2].more_bad == 2
    assert 2 < BAD_RANGES < MORE_BAD


GONE = DiskError(4096, "No such device", 19, kind="gone")


@pytest.mark.parametrize(
    ("end", "left", "code", "values"),
    [
        (StallError(30.4), True, "erase-hung", {"left": "0.6 kB", "seconds": "30"}),
        (StallError(30.4), False, "erase-too-slow", {"left": "0.0 kB", "seconds": "30"}),
        (GONE, True, "erase-disk-gone", {"left": "0.6 kB", "error": "No such device"}),
        (GONE, False, "disk-gone", {"error": "No such device", "offset": "4096"}),
        (DiskError(0, "other size", kind="resized"), True, "disk-resized", {"error": "other size", "offset": "0"}),
        (DiskError(0, "I/O error"), False, "disk-error", {"error": "I/O error", "offset": "0"}),
    ],
)
def test_a_pass_that_did_not_come_to_its_end_says_why_and_whether_old_data_may_be_left(
    end: Exception, left: bool, code: str, values: dict[str, str]
) -> None:
    done = passes((512, SIZE), (512, SIZE)) if left else passes()
    done.end = end
    verdict, problem, _ = told(done)
    assert verdict == ("not-erased" if left else "undetermined")
    assert problem is not None
    assert (problem.code, problem.values) == (code, {"disk": NAME, **values})


def test_what_may_be_in_a_cache_only_is_not_called_erased() -> None:
    done = passes()
    done.unflushed = DiskError(0, "I/O error")
    verdict, problem, _ = told(done)
    assert verdict == "undetermined"
    assert problem == Problem("disk-error", {"disk": NAME, "error": "I/O error", "offset": "0"})
    done = passes((512, SIZE), (512, SIZE))
    done.unflushed = DiskError(0, "I/O error")
    assert told(done)[0] == "not-erased"


# ── what a pass notes ───────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_written_is_what_is_to_be_read_back() -> None:
    done = Passes(SIZE)
    assert (done.end, done.unflushed) == (None, None), "nothing went wrong yet"
    assert done.unwritten == [(0, SIZE)]
    done.wrote(512, 2048)
    assert done.unwritten == [(0, 512), (2048, SIZE)]
    assert done.is_written(512, 2048)
    assert not done.is_written(511, 2048)
    assert not done.is_written(512, 2049)
    assert done.to_verify_in(0, 1024) == [(512, 1024)]
    done.verified.add(512, 1024)
    assert done.to_verify_in(0, 1024) == []
    assert done.to_verify_in(0, 2048) == [(512, 2048)], "all of it again where a part is missing"


def read(done: Passes, start: int, expected: bytes, content: bytes) -> None:
    done.read(start, bytearray(expected), memoryview(content))


def test_what_is_read_back_is_told_apart_by_sectors() -> None:
    done = Passes(SIZE)
    read(done, 4096, b"a" * 2048, b"a" * 2048)
    assert list(done.verified) == [(4096, 6144)]
    assert list(done.different) == []
    read(done, 0, b"a" * 1500, b"a" * 600 + b"b" + b"a" * 899)
    assert list(done.different) == [(512, 1024)]
    assert list(done.verified) == [(0, 512), (1024, 1500), (4096, 6144)]


def test_a_disk_that_differs_all_over_is_told_in_whole_reads_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overwrite_verdict, "_TOLD_APART", 1)
    done = Passes(SIZE)
    good, half = b"a" * 1024, b"b" + b"a" * 1023
    read(done, 0, good, half)
    read(done, 2048, good, half)
    assert list(done.different) == [(0, 512), (2048, 2560)]
    read(done, 8192, good, half)
    assert list(done.different) == [(0, 512), (2048, 2560), (8192, 9216)]
    assert list(done.verified) == [(512, 1024), (2560, 3072)]
    read(done, 8192, good, good)
    assert list(done.verified)[-1] == (8192, 9216)
