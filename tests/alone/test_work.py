"""The menu and the question of a PC without a server, on a real screen's text, answered as at its keyboard.

Nothing here erases: the check reads the machine that runs the tests, and what writes is only ever answered with no.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from netboot.agent.screen import view as screen_view
from netboot.agent.screen.consoles import Consoles
from netboot.agent.screen.display import Screen
from netboot.agent.screen.draw import render
from netboot.agent.screen.keyboard import Heard
from netboot.alone import wording
from netboot.alone.desk import Desk
from netboot.alone.kit_visit import opened
from netboot.alone.settings import KitFile
from netboot.alone.stick import ROOM, StickError
from netboot.alone.work import Work
from netboot.shared.inventory import Disk, DiskId, HiddenStorage
from netboot.shared.language import Language
from netboot.shared.stage_question import StageQuestion
from tests.alone.kit_visits import ERASE, KIT, LOOK
from tests.jobs.conftest import HDD, SSD, STICK, inventory

KIT_FILE = KitFile(name=KIT.name, key=bytes(KIT.key).hex(), data=KIT.data_uuid, profiles=(ERASE, LOOK))


class Person:
    """Whoever stands at the PC: types these numbers, one a question."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = list(numbers)

    @contextmanager
    def listen(self, heard: Heard) -> Iterator[None]:
        number = self._numbers.pop(0)
        heard(number, entered=False)
        heard(number, entered=True)
        yield


class Bench:
    """A PC's serial line, which is a file here, and the stick."""

    def __init__(self, folder: Path, *numbers: int, language: Language = "fr") -> None:
        (folder / "sys/class/tty/console").mkdir(parents=True)
        (folder / "sys/class/tty/console/active").write_text("ttyS0")
        (folder / "dev").mkdir()
        self._text = folder / "dev/ttyS0"
        self._text.touch()
        self.written: dict[str, bytes] = {}
        self.refuse: list[StickError] = []
        self.rooms: list[int] = []
        self.person = Person(*numbers)
        self.screen = Screen(Consoles(folder), language, alone=True)
        desk = Desk(self.screen, self.person.listen)
        self.work = Work(KIT_FILE, language, self.screen, desk, self.person.listen, write=self.write)

    def write(self, uuid: str, files: dict[str, bytes], *, room: int) -> None:
        assert uuid == KIT.data_uuid
        self.rooms.append(room)
        if self.refuse:
            raise self.refuse.pop(0)
        self.written |= files

    @property
    def said(self) -> str:
        return self._text.read_text()


async def test_the_menu_offers_what_the_kit_has_and_names_no_page(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 2)
    assert await bench.work.choose(inventory(SSD)) == wording.profile_id(LOOK)
    for line in ("1: Effacer", "2: Inventaire", "3: Redémarrer", "4: Éteindre ce PC"):
        assert line in bench.said
    assert "sur la page" not in bench.said


async def test_each_disk_is_named_before_the_erase_and_no_is_the_first_answer(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 1)
    assert await bench.work.carry_out(wording.profile_id(ERASE), inventory(SSD, HDD, STICK)) is None
    assert "SSD S1 16,0 Go" in bench.said
    assert "HDD H1 500,0 Go" in bench.said
    assert "U1" not in bench.said
    assert "1: NON" in bench.said
    assert bench.written == {}


async def test_of_many_disks_all_are_shown_before_anybody_can_say_yes(tmp_path: Path) -> None:
    disks = [
        Disk(name=f"sd{n}", id=DiskId(serial=f"D{n:02}", size=10**12), model="HDD", transport="sata") for n in range(20)
    ]
    bench = Bench(tmp_path, 2, 2, 1)
    assert await bench.work.carry_out(wording.profile_id(ERASE), inventory(*disks)) is None
    assert all(f"D{n:02}" in bench.said for n in range(20))
    assert bench.said.count(": OUI") == 1
    assert bench.said.index("D19") < bench.said.index(": OUI")
    assert bench.written == {}


async def test_what_forbids_writing_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    hidden = inventory(SSD, hidden=(HiddenStorage(kind="rst", controller="Intel RST", setting="AHCI"),))
    bench = Bench(tmp_path, 1)
    assert await bench.work.carry_out(wording.profile_id(ERASE), hidden) is None
    assert "Intel RST" in bench.said
    assert "OUI" not in bench.said


async def test_off_and_restart_are_what_they_say(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert await bench.work.carry_out("off", inventory(SSD)) == "poweroff"
    assert await bench.work.carry_out("restart", inventory(SSD)) == "reboot"
    assert "preuve est sur la clé" not in bench.said


async def test_an_inventory_is_written_onto_the_stick_signed_and_for_people(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert await bench.work.carry_out(wording.profile_id(LOOK), inventory(SSD)) == "poweroff"
    (name,) = (name for name in bench.written if name.endswith(".json"))

    def key_of(kit: str) -> VerifyKey:
        assert kit == KIT.name
        return KIT.key.verify_key

    visit = opened(bench.written[name], key_of)
    assert [(one.stage, one.outcome) for one in visit.stages] == [("check", "done"), ("finish", "done")]
    text = bench.written[name.replace(".json", ".txt")].decode("utf-8-sig")
    assert "Ceci n'est PAS un certificat" in text
    assert "This is NO certificate" in text
    assert "preuve est sur la clé" in bench.said


async def test_a_stick_that_is_out_is_asked_for_until_it_is_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 1, 1)
    bench.refuse = [StickError("gone", "none"), StickError("refuses", "read-only")]
    assert await bench.work.carry_out(wording.profile_id(LOOK), inventory(SSD)) == "poweroff"
    assert "Rebranchez-la" in bench.said
    assert "n'a pas gardé" in bench.said
    assert any(name.endswith(".json") for name in bench.written)


async def test_a_stick_without_room_is_told_before_anything_begins(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 1)
    bench.refuse = [StickError("full", "4096 bytes are free")]
    assert await bench.work.carry_out(wording.profile_id(LOOK), inventory(SSD)) == "poweroff"
    assert 0 < bench.said.index("La clé est pleine") < bench.said.index("netboot: stage check started")
    # Room for all of a job is asked for before its first stage, and none once there is something to keep.
    assert bench.rooms[:2] == [ROOM, ROOM]
    assert set(bench.rooms[2:]) == {0}


async def test_whoever_gives_up_the_evidence_switches_off_and_nothing_was_begun(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 2)
    bench.refuse = [StickError("gone", "none")]
    assert await bench.work.carry_out(wording.profile_id(LOOK), inventory(SSD)) == "poweroff"
    assert bench.written == {}
    assert "netboot: stage" not in bench.said


async def test_what_was_done_is_not_called_done_when_its_evidence_is_given_up(tmp_path: Path) -> None:
    """The check is on the stick; what came after it is not, and the PC is switched off all the same."""
    bench = Bench(tmp_path, 2)
    writes = 0

    def write(uuid: str, files: dict[str, bytes], *, room: int) -> None:
        nonlocal writes
        writes += 1
        if writes > 3:
            raise StickError("refuses", "full")

    bench.work = Work(
        KIT_FILE, "fr", bench.screen, Desk(bench.screen, bench.person.listen), bench.person.listen, write=write
    )
    assert await bench.work.carry_out(wording.profile_id(LOOK), inventory(SSD)) == "poweroff"
    assert "netboot: stage check done" in bench.said
    end = bench.said[bench.said.index("netboot: leaving without evidence") :]
    assert "ce travail ne compte pas" in end
    assert "preuve est sur la clé" not in bench.said


def test_disks_with_long_names_are_asked_about_apart_so_that_each_is_on_the_screen() -> None:
    short = [Disk(name=f"sd{n}", id=DiskId(serial=f"D{n}", size=10**12), model="HDD") for n in range(12)]
    long = [Disk(name=f"sd{n}", id=DiskId(serial=f"{n}" * 120, size=10**12), model="M" * 80) for n in range(4)]
    assert [len(part) for part in wording.parts_of(short)] == [9, 3]
    assert [len(part) for part in wording.parts_of(long)] == [3, 1]
    assert [disk for part in wording.parts_of([*short, *long]) for disk in part] == [*short, *long]
    for part in [*wording.parts_of(short), *wording.parts_of(long)]:
        question = StageQuestion(
            id="a" * 16, text=wording.sure(part, 1, 2), choices=(wording.NO, wording.YES), seconds=9
        )
        view = screen_view.asked(screen_view.first_view("fr", alone=True), question, 9.0)
        text = "".join("".join(render(view)).split())
        assert all(disk.id.serial in text for disk in part)
        assert "OUI:EFFACER" in text
    assert wording.parts_of([]) == []


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_both_languages_are_asked(tmp_path: Path, language: Language) -> None:
    bench = Bench(tmp_path, 1, language=language)
    await bench.work.carry_out(wording.profile_id(ERASE), inventory(SSD))
    assert ("NO: back to the menu" in bench.said) == (language == "en")
