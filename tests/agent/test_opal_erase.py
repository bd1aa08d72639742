"""A disk with TCG's locks in the erase stage: who is asked, how often, and what is erased with and without a code."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.erase.opal_revert import METHOD as REVERT
from netboot.agent.erase.overwrite import METHOD as OVERWRITE
from netboot.agent.erase.stage import Methods, run_erase
from netboot.agent.failures import StageFailed
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure
from tests.agent.played_locks import LABEL, Locks, Person
from tests.agent.test_erase import MARKER, SIZE, disk_of, loop, silent

pytestmark = pytest.mark.root

METHODS: Methods = {"opal-revert": REVERT, "overwrite": OVERWRITE}
WRONG, LOCKED_OUT, FAIL = 0x01, 0x12, 0x3F


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes((MARKER * (SIZE // len(MARKER) + 1))[:SIZE])
    return path


async def erase(
    locks: Locks, person: Person, patch: pytest.MonkeyPatch, method: Method = "overwrite", **order: Any
) -> Erasure:
    """What comes of this order of the drive with these locks."""
    locks.install(patch)
    with loop(locks.image) as device:
        disk = replace(disk_of(device), transport="nvme")
        one = replace(DiskErase(disk=disk.id, method=method, level="clear", psid=True), **order)
        try:
            given: object = await run_erase(
                Erase(disks=(one,)), lambda: [disk], progress=silent, methods=METHODS, ask=person
            )
        except StageFailed as failed:
            given = failed.result
    assert isinstance(given, EraseResult)
    return given.erasures[0]


def told(erasure: Erasure) -> tuple[str, str]:
    return erasure.verdict, erasure.problem.code if erasure.problem else ""


async def test_a_locked_disk_is_opened_by_its_code_and_then_erased_as_ordered(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks, person = Locks(image, locked=True), Person(LABEL)
    erasure = await erase(locks, person, monkeypatch)
    assert told(erasure) == ("erased", "")
    assert (erasure.reverted, erasure.method) == (True, "overwrite")
    assert locks.given == [LABEL]
    assert len(person.asked) == 1
    assert LABEL not in repr(erasure)


@pytest.mark.parametrize("answer", ["", None])
async def test_without_a_code_a_locked_disk_is_left_as_it_is(
    image: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    before = image.read_bytes()
    locks = Locks(image, locked=True)
    assert told(await erase(locks, Person(answer), monkeypatch)) == ("not-erased", "erase-opal-locked")
    assert locks.given == []
    assert image.read_bytes() == before


async def test_without_a_code_an_open_disk_is_erased_otherwise(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erasure = await erase(Locks(image), Person(""), monkeypatch)
    assert told(erasure) == ("erased", "")
    assert not erasure.reverted
    assert MARKER not in image.read_bytes()


async def test_nobody_is_asked_where_the_order_does_not_allow_it(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person()
    assert told(await erase(Locks(image), person, monkeypatch, psid=False)) == ("erased", "")
    shut = await erase(Locks(image, locked=True), person, monkeypatch, psid=False)
    assert told(shut) == ("not-erased", "erase-opal-locked")
    assert person.asked == []


async def test_a_job_that_may_ask_no_more_leaves_the_disk_as_it_is(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = Locks(image, locked=True)
    assert told(await erase(locks, Person(), monkeypatch)) == ("not-erased", "erase-opal-locked")
    assert told(await erase(locks, Person(), monkeypatch, "opal-revert")) == ("not-erased", "erase-opal-locked")


async def test_a_wrong_code_is_asked_for_again_three_times_and_no_more(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks, person = Locks(image, locked=True, answers=[WRONG] * 9), Person(*["WRONGCODE"] * 9)
    erasure = await erase(locks, person, monkeypatch)
    assert told(erasure) == ("not-erased", "erase-opal-wrong")
    assert erasure.problem is not None
    assert erasure.problem.values["tries"] == "3"
    assert len(locks.given) == 3
    assert ["refused" in text for text in person.asked] == [False, True, True]


@pytest.mark.parametrize(("status", "code"), [(FAIL, "erase-opal-kept"), (-5, "erase-opal-silent")])
async def test_a_drive_that_fails_is_not_asked_again(
    image: Path, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    locks = Locks(image, locked=True, answers=[status])
    assert told(await erase(locks, Person(LABEL), monkeypatch)) == ("not-erased", code)
    assert locks.given == [LABEL]


async def test_a_drive_whose_locks_stay_on_is_not_open_whatever_it_says(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = Locks(image, locked=True, keeps=True)
    assert told(await erase(locks, Person(LABEL), monkeypatch)) == ("not-erased", "erase-opal-silent")


@pytest.mark.parametrize(("is_it", "others"), [(False, ""), (True, "nvme0n2")])
async def test_no_code_goes_to_another_drive_or_to_one_that_has_more_disks(
    image: Path, monkeypatch: pytest.MonkeyPatch, is_it: bool, others: str
) -> None:
    locks = Locks(image, locked=True)
    locks.identity.is_it, locks.identity.others = is_it, others
    assert told(await erase(locks, Person(LABEL), monkeypatch))[0] == "not-erased"
    assert locks.given == []


async def test_as_a_method_it_is_proven_by_marks(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locks, person = Locks(image, answers=[WRONG]), Person("WRONGCODE", LABEL)
    erasure = await erase(locks, person, monkeypatch, "opal-revert")
    assert told(erasure) == ("erased", "")
    said = erasure.evidence
    assert isinstance(said, FirmwareErased)
    assert said.marked > 1000
    assert said.command.endswith(" IOC_OPAL_PSID_REVERT_TPR PSID")
    assert said.tool.startswith("Linux ")
    assert (said.accepted, said.state_after, said.shut, said.value) == ("yes", "done", False, 0)
    assert not erasure.reverted
    assert LABEL not in repr(erasure)


async def test_as_a_method_a_lie_is_found_by_its_marks(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locks = Locks(image)
    locks.lies = True
    erasure = await erase(locks, Person(LABEL), monkeypatch, "opal-revert")
    assert told(erasure) == ("not-erased", "erase-marks-left")


async def test_as_a_method_it_takes_a_person(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(await erase(Locks(image), Person(None), monkeypatch, "opal-revert")) == (
        "not-erased",
        "erase-opal-locked",
    )
    locks = Locks(image, answers=[WRONG, LOCKED_OUT, WRONG])
    erasure = await erase(locks, Person(*["WRONGCODE"] * 3), monkeypatch, "opal-revert")
    assert told(erasure) == ("not-erased", "erase-opal-wrong")


async def test_one_that_does_not_end_its_revert_is_given_up_and_nothing_else_is_ordered(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks, person = Locks(image, answers=[None]), Person(LABEL, LABEL)
    erasure = await erase(locks, person, monkeypatch, "opal-revert", instead=("overwrite",))
    assert told(erasure) == ("undetermined", "erase-stands-still")
    assert erasure.method == "opal-revert"
    assert isinstance(erasure.evidence, FirmwareErased)
    assert (erasure.evidence.accepted, erasure.evidence.state_after, erasure.evidence.read) == (
        "not-told",
        "running",
        0,
    )
    assert erasure.evidence.said == "it has not answered for 1800 s"
    assert len(person.asked) == 1
    assert image.read_bytes().count(MARKER) > 0


@pytest.mark.parametrize("locked", [True, False])
async def test_after_one_that_did_not_end_no_other_method_is_tried_on_the_disk(
    image: Path, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    locks, before = Locks(image, locked=locked, answers=[None]), image.read_bytes()
    for person in (Person(LABEL), Person()):
        assert told(await erase(locks, person, monkeypatch)) == ("not-erased", "erase-opal-silent")
    assert locks.given == [LABEL]
    assert image.read_bytes() == before
