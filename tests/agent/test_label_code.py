"""What a person is asked about a locked disk, in which words, and what becomes of it by what the drive says."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks import sed_opal
from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.erase import label_code
from netboot.agent.erase.firmware.opal import OpalRevert
from netboot.agent.erase.label_code import CHOICES, WAIT, Opened, asked, open_up, question
from netboot.agent.progress import Doing
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.problems import Problem
from netboot.shared.stage_question import AnswerChoice, Sentence
from netboot.shared.stages.erase import DiskErase
from tests.agent.played_locks import LABEL, Locks, Person

WRONG, FAIL = 0x01, 0x3F
DISK = Disk(name="nvme0n1", id=DiskId(serial="S1", size=1 << 20), model="SSD", transport="nvme")
ORDER = DiskErase(disk=DISK.id, method="overwrite", level="clear", psid=True)
SHOWN = {"disk": "SSD S1 0.0 GB"}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / DISK.name
    path.write_bytes(b"x" * DISK.id.size)
    return path


@pytest.fixture
def device(image: Path) -> Iterator[DirectDisk]:
    with DirectDisk.for_writing(image) as opened:
        yield opened


async def opened(locks: Locks, person: Person, patch: pytest.MonkeyPatch, device: DirectDisk, **order: bool) -> Opened:
    locks.install(patch)
    return await open_up(replace(ORDER, **order), DISK, device, person)


# ── the question ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_reads_which_disk_it_is_and_where_the_code_stands() -> None:
    fr = (
        "Un ancien propriétaire a verrouillé le disque SSD S1 0.0 GB (TCG Opal). "
        "Quel est le code PSID de son étiquette ?"
    )
    en = "A former owner has locked the disk SSD S1 0.0 GB (TCG Opal). Which is the PSID code on its label?"
    assert question(DISK, 0) == Sentence(fr=fr, en=en)
    for tries in (1, 2):
        assert question(DISK, tries) == Sentence(
            fr=f"Code refusé par le disque, {tries} fois sur 3. {fr}",
            en=f"The disk refused the code, {tries} times of 3. {en}",
        )
    assert "le disque S1 0.0 GB (" in question(replace(DISK, model=""), 0).fr


def test_a_disk_of_long_names_is_asked_about_by_their_beginnings() -> None:
    long = replace(DISK, model="m" * 100, id=DiskId(serial="s" * 100, size=2**63))
    told = question(long, 2)
    assert f"le disque {'m' * 40} {'s' * 40} 9223372.0 TB (" in told.fr
    assert max(len(told.fr), len(told.en)) <= 300, "what a question may have"


class Noting(Person):
    """Who answers, and what was asked beside the words."""

    async def code(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
        self.beside = (tuple(choices), seconds)
        return await super().code(text, choices, seconds)


async def test_there_is_time_to_take_the_disk_out_and_a_way_to_say_that_no_code_can_be_read() -> None:
    person = Noting(LABEL, None)
    assert await asked(person, DISK, 1) == LABEL
    assert person.asked == [question(DISK, 1).en]
    assert person.beside == (CHOICES, WAIT)
    assert WAIT == 1800
    assert [choice.id for choice in CHOICES] == ["give", "none"]
    assert await asked(person, DISK, 1) is None
    assert await asked(person, DISK, 1) is None, "a job that has asked as often as it may"


# ── what becomes of the locks ───────────────────────────────────────────────────────────────────────────────────────


async def test_nobody_is_asked_about_a_disk_without_locks_or_whose_locks_are_off(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks, person = Locks(image, locked=True), Person(LABEL)
    locks.install(monkeypatch)
    stick = replace(DISK, transport="usb")
    assert await open_up(ORDER, stick, device, person) == Opened("none")
    locks.owned = False
    assert await open_up(ORDER, DISK, device, person) == Opened("none")
    monkeypatch.setattr(sed_opal, "discovery", lambda device: b"")
    assert await open_up(ORDER, DISK, device, person) == Opened("none")
    assert (person.asked, locks.given) == ([], [])


async def test_a_drive_that_does_not_say_how_its_locks_are_is_not_waited_for(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_code, "_ANSWER", 0.05)
    over = threading.Event()

    def waits(device: Path) -> bytes:
        over.wait(60)
        return b""

    monkeypatch.setattr(sed_opal, "discovery", waits)
    try:
        async with asyncio.timeout(30):
            assert await open_up(ORDER, DISK, device, Person(LABEL)) == Opened("none")
    finally:
        over.set()


async def test_a_code_that_the_drive_takes_opens_it(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = Locks(image, locked=True, answers=[WRONG, WRONG])
    person = Person("WRONGCODE", "WRONGCODE", LABEL)
    assert await opened(locks, person, monkeypatch, device) == Opened("gone")
    assert locks.given == ["WRONGCODE", "WRONGCODE", LABEL]
    assert person.asked == [question(DISK, tries).en for tries in range(3)]


@pytest.mark.parametrize(
    ("answers", "codes", "problem"),
    [
        ([], ["", LABEL], Problem("erase-opal-locked", SHOWN)),
        ([WRONG], ["WRONGCODE", None, LABEL], Problem("erase-opal-wrong", {**SHOWN, "tries": "1"})),
        ([WRONG] * 4, ["WRONGCODE"] * 4, Problem("erase-opal-wrong", {**SHOWN, "tries": "3"})),
        ([FAIL], [LABEL] * 2, Problem("erase-opal-kept", SHOWN)),
        ([-5], [LABEL] * 2, Problem("erase-opal-silent", SHOWN)),
        ([None], [LABEL] * 2, Problem("erase-opal-silent", SHOWN)),
    ],
)
async def test_a_disk_that_stays_shut_says_what_to_do(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch,
    answers: list[int | None], codes: list[str | None], problem: Problem,
) -> None:  # fmt: skip
    locks = Locks(image, locked=True, answers=answers)
    assert await opened(locks, Person(*codes), monkeypatch, device) == Opened("shut", problem)


async def test_a_disk_at_a_revert_is_left_alone_also_by_the_next_job_and_one_that_was_open(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks, silent = Locks(image, answers=[None]), Problem("erase-opal-silent", SHOWN)
    assert await opened(locks, Person(LABEL), monkeypatch, device) == Opened("shut", silent)
    person = Person(LABEL)
    assert await opened(locks, person, monkeypatch, device) == Opened("shut", silent)
    assert await opened(locks, person, monkeypatch, device, psid=False) == Opened("shut", silent)
    assert (person.asked, locks.given) == ([], [LABEL])
    locks.is_reverting, locks.owned = False, False
    assert await opened(locks, person, monkeypatch, device) == Opened("none"), "it has answered since"


async def test_the_disk_is_told_to_erase_itself_while_it_has_the_code(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Doing] = []
    locks = Locks(image, locked=True)
    locks.install(monkeypatch)
    assert await open_up(ORDER, DISK, device, Person(LABEL), told.append) == Opened("gone")
    assert told == [Doing("drive")]


async def test_a_disk_that_is_open_as_it_stands_goes_on_to_be_erased_otherwise(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person, more in ((Person(""), {}), (Person("WRONGCODE", None), {}), (Person(), {"psid": False})):
        locks = Locks(image, answers=[WRONG])
        assert await opened(locks, person, monkeypatch, device, **more) == Opened("open")
        assert locks.owned


async def test_locks_that_went_off_while_a_person_was_asked_are_none(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = Locks(image, locked=True)

    class Elsewhere(Person):
        async def code(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
            locks.owned = False
            return None

    assert await opened(locks, Elsewhere(), monkeypatch, device) == Opened("none")


async def test_a_drive_that_says_no_more_of_its_locks_is_taken_for_shut(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = Locks(image)

    class Pulled(Person):
        async def code(self, text: Sentence, choices: Sequence[AnswerChoice], seconds: float) -> str | None:
            monkeypatch.setattr(sed_opal, "discovery", lambda device: b"")
            return ""

    assert await opened(locks, Pulled(), monkeypatch, device) == Opened("shut", Problem("erase-opal-locked", SHOWN))


def test_no_code_goes_to_a_disk_that_is_not_the_one_or_that_has_others_beside_it(
    image: Path, device: DirectDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = Locks(image, locked=True)
    locks.install(monkeypatch)

    def give() -> str:
        return label_code._give(OpalRevert(LABEL), ORDER, DISK, device)

    locks.identity.is_it = False
    assert give() == "no"
    locks.identity.is_it, locks.identity.others = True, "nvme0n2"
    assert give() == "no"
    locks.identity.others = ""
    asked_about: list[Disk] = []

    def noted(disk: Disk, answer: object) -> object:
        asked_about.append(disk)
        return answer

    monkeypatch.setattr(locks.identity, "is_this", lambda disk: noted(disk, True))
    monkeypatch.setattr(locks.identity, "beside", lambda disk: noted(disk, None))
    image.rename(image.with_name("elsewhere"))
    assert give() == "no", "its name leads to no disk any more"
    assert locks.given == []
    image.with_name("elsewhere").rename(image)
    assert give() == "yes"
    assert locks.given == [LABEL]
    assert asked_about == [DISK, DISK]
