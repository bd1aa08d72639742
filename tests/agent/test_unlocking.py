"""Which disks are freed of a password before any is erased, and what is told of those that are not.

The disks are claimed here without a device; on real block devices it is seen in `test_locked_disks.py`.
"""

from collections.abc import Callable

import pytest

from netboot.agent.disks.claim import ReadDisks, RefusedError
from netboot.agent.erase import unlocking
from netboot.agent.erase.password import Password
from netboot.agent.erase.unlocking import unlock_all
from netboot.agent.failures import StageFailed
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase

OURS = "netboot-0123456789abcdef"


class Held:
    """A disk that is held open; `open` counts those that are."""

    open = 0

    def __init__(self) -> None:
        Held.open += 1

    def close(self) -> None:
        Held.open -= 1


def disk(serial: str, model: str = "SSD") -> Disk:
    return Disk(name="sdx", id=DiskId(serial=serial, size=10**9), model=model, transport="sata")


def order(one: Disk, password: str = OURS) -> DiskErase:
    return DiskErase(disk=one.id, method="ata-erase", password=password)


@pytest.fixture(autouse=True)
def claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every disk that is listed can be claimed, but for one whose serial number is "HELD"."""

    def claim(wanted: DiskId, read_disks: ReadDisks) -> tuple[Disk, Held]:
        found = next(one for one in read_disks() if one.id == wanted)
        if wanted.serial == "HELD":
            raise RefusedError(Problem("disk-in-use", {"disk": "HELD"}))
        return found, Held()

    monkeypatch.setattr(unlocking, "claim", claim)
    Held.open = 0


def said(words: dict[str, Password]) -> Callable[[DiskErase, Disk], Password]:
    """What becomes of each disk's password, by its serial number; of a disk without a word there is a defect."""

    def unlock(order: DiskErase, disk: Disk) -> Password:
        assert order.disk == disk.id
        assert Held.open, "it is held meanwhile"
        return words[disk.id.serial]

    return unlock


async def freed(disks: list[Disk], words: dict[str, Password], password: str = OURS) -> list[bool]:
    orders = [order(one, password) for one in disks]
    return await unlock_all(orders, [one.id for one in disks], lambda: disks, said(words))


async def test_each_disk_is_told_for_itself_and_let_go_of() -> None:
    assert await freed([disk("A"), disk("B"), disk("HELD")], {"A": "foreign", "B": "gone"}) == [False, True, False]
    assert Held.open == 0


async def test_a_defect_that_one_disk_brings_out_is_on_the_log_and_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await freed([disk("A"), disk("B")], {"B": "gone"}) == [False, True]
    assert [record.getMessage() for record in caplog.records] == ["unlocking A"]
    assert Held.open == 0


async def test_what_is_told_of_one_disk_names_it_where_it_was_asked() -> None:
    one, held = disk("A"), disk("HELD")
    told = unlocking._unlocked
    assert await told(order(one), one.id, lambda: [one], said({"A": "locked"})) == (label(one), "locked")
    assert await told(order(one), one.id, lambda: [one], said({})) == (label(one), "not-told")
    assert await told(order(one, ""), one.id, lambda: [one], said({})) == ("", "none")
    assert await told(order(held), held.id, lambda: [held], said({})) == ("", "not-told")


async def test_no_disk_is_claimed_of_which_no_password_is_known() -> None:
    assert await freed([disk("gone already")][:0], {}) == []
    assert await unlock_all([order(disk("A"), "")], [disk("A").id], list, said({})) == [False]


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        ({"A": "locked", "B": "untried", "C": "locked"}, "erase-locked", "AC"),
        ({"A": "gone", "B": "untried", "C": "none"}, "erase-locked-untried", "B"),
    ],
)
async def test_disks_that_are_locked_are_named_together_those_first_that_refused(
    words: dict[str, Password], code: str, named: str
) -> None:
    disks = [disk(letter) for letter in "ABC"]
    with pytest.raises(StageFailed) as caught:
        await freed(disks, words)
    wanted = ", ".join(label(one) for one in disks if one.id.serial in named)
    assert caught.value.problem == Problem(code, {"disk": wanted})  # type: ignore[arg-type]  # a word of the table
    assert Held.open == 0


async def test_however_many_are_locked_their_names_fit_a_sentence() -> None:
    disks = [disk(letter * 120, "M" * 80) for letter in "ABC"]
    with pytest.raises(StageFailed) as caught:
        await freed(disks, dict.fromkeys((one.id.serial for one in disks), "locked"))
    assert caught.value.problem.values["disk"] == ", ".join(map(label, disks))[:400]


async def test_each_order_is_told_of_its_own_disk_or_of_none() -> None:
    with pytest.raises(ValueError, match="zip"):
        await unlock_all([order(disk("A"), "")], [], list, said({}))
