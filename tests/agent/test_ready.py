"""Getting disks ready before any is erased: which are thawed, which give back what they hide, and what is told of it.

What the PC and its disks do is played here; `tests/lab/test_drive_locks.py` has whole PCs.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks.claim import ReadDisks, RefusedError, claim_as_ordered
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.give_back import After
from netboot.agent.erase.overwrite import METHOD as OVERWRITE
from netboot.agent.erase.ready import Hands, Ready, get_ready
from netboot.agent.erase.stage import Methods, run_erase
from netboot.agent.erase.thaw_rules import SleepAbility
from netboot.agent.failures import StageFailed
from netboot.agent.this_boot import ThisBoot
from netboot.shared.disk_abilities import Abilities, AtaSanitize, AtaSecurity
from netboot.shared.erase_methods import Method
from netboot.shared.given_back import GiveBackOrder, GivenBack
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure
from netboot.shared.thawing import Thawing
from netboot.shared.wording import stuck_sentence
from tests.agent.played_drive import Played
from tests.agent.test_erase import MARKER, disk_of, loop, silent
from tests.orders import overwritten

THAWED = Abilities(ata_security=AtaSecurity(supported=True), ata_sanitize=AtaSanitize(supported=False))
FROZEN = Abilities(ata_security=AtaSecurity(supported=True, frozen=True), ata_sanitize=AtaSanitize(supported=False))
SSD = Disk(name="sda", id=DiskId(serial="S1", size=1 << 30), transport="sata", ata=True)
OTHER = Disk(name="sdb", id=DiskId(serial="S2", size=1 << 30), transport="sata", ata=True)


class Pc:
    """A PC whose disks say this of themselves, and after it slept that."""

    def __init__(self, *now: Abilities, woken: Sequence[Abilities] = (), back: Sequence[After] = ()) -> None:
        self.said, self.woken = list(now), list(woken)
        self.sleeps = 0
        self.back = {after.disk.serial: after for after in back}
        self.gave: list[str] = []
        self.told: list[Sequence[Stuck]] = []

    def ask(self, disks: Sequence[Disk]) -> Sequence[Disk]:
        return [replace(disk, can=can) for disk, can in zip(disks, self.said, strict=True)]

    def sleep(self) -> float:
        self.sleeps += 1
        self.said = self.woken or self.said
        return 5.0

    def give_back(self, wanted: DiskId, read_disks: ReadDisks, *, tell: Callable[[str], None]) -> After:
        assert wanted.serial in [disk.id.serial for disk in read_disks()]
        self.gave.append(wanted.serial)
        if wanted.serial in self.back:
            tell(wanted.serial)
        return self.back.get(wanted.serial, After(wanted))

    @property
    def hands(self) -> Hands:
        return Hands(
            ask=self.ask, pc=lambda: SleepAbility(memory=True, clock=True), sleep=self.sleep,
            give_back=self.give_back, shown=0.0,
        )  # fmt: skip


def order(disk: Disk, *methods: Method, hidden: bool = False) -> DiskErase:
    return DiskErase(disk=disk.id, method=methods[0], instead=methods[1:], hidden="remove" if hidden else "report")


async def ready(pc: Pc, *orders: DiskErase, boot: ThisBoot | None = None, thaw: bool = True) -> list[Ready]:
    stage = Erase(disks=orders, thaw=thaw)
    disks = [SSD, OTHER][: len(pc.said)]
    return await get_ready(stage, lambda: disks, boot or ThisBoot(), pc.told.append, pc.hands)


async def test_a_frozen_disk_is_thawed_by_one_sleep_of_its_pc_and_people_are_told_before() -> None:
    pc = Pc(FROZEN, FROZEN, woken=(THAWED, FROZEN))
    first, second = await ready(pc, order(SSD, "ata-erase"), order(OTHER, "ata-erase-enhanced"))
    assert pc.sleeps == 1
    assert first.thawing == Thawing(tried=True, thawed=True, slept=5.0)
    assert second.thawing == Thawing(tried=True, thawed=False, slept=5.0)
    assert (first.can, second.can) == (THAWED, FROZEN)
    assert pc.told == [[Stuck(what="sleep", disk="S1, S2", seconds=0)], ()]
    for language, word in (("fr", "veille"), ("en", "sleep")):
        sentence = stuck_sentence(pc.told[0][0], language)  # type: ignore[arg-type]  # the two languages
        assert word in sentence
        assert "S1, S2" in sentence


async def test_it_is_tried_once_a_visit() -> None:
    pc, boot = Pc(FROZEN), ThisBoot()
    await ready(pc, order(SSD, "ata-erase"), boot=boot)
    (again,) = await ready(pc, order(SSD, "ata-erase"), boot=boot)
    assert pc.sleeps == 1
    assert again.thawing == Thawing(tried=False, thawed=False, not_tried="once")


@pytest.mark.parametrize(
    ("left", "sleeps"),
    [
        (None, 1),
        (Problem("power-cut", {"stage": "erase"}), 0),
        (Problem("power-cut", {"stage": "deploy"}), 1),
        (Problem("erase-mismatch", {"disk": "S1"}), 1),
    ],
)
async def test_a_pc_that_may_not_have_woken_is_not_suspended_at_its_next_start(
    left: Problem | None, sleeps: int
) -> None:
    pc, boot = Pc(FROZEN), ThisBoot()
    boot.came_after(left)
    boot.came_after(None)
    (one,) = await ready(pc, order(SSD, "ata-erase"), boot=boot)
    assert pc.sleeps == sleeps
    assert one.thawing is not None
    assert one.thawing.not_tried == (None if sleeps else "cut")


@pytest.mark.parametrize("method", ["overwrite", "ata-sanitize-block"])
async def test_nobody_sleeps_for_a_method_that_needs_no_thaw(method: Method) -> None:
    pc = Pc(replace(FROZEN, ata_sanitize=AtaSanitize(supported=True, block=True, state="idle")))
    (one,) = await ready(pc, order(SSD, method, "ata-erase"))
    assert (pc.sleeps, one.thawing) == (0, None)
    assert one.can == (Abilities() if method == "overwrite" else pc.said[0]), "it is asked for an order of ATA's only"


async def test_nobody_sleeps_against_the_profile_or_while_a_disk_is_at_work() -> None:
    pc = Pc(FROZEN)
    (one,) = await ready(pc, order(SSD, "ata-erase"), thaw=False)
    assert one.thawing == Thawing(tried=False, thawed=False, not_tried="not-allowed")
    pc = Pc(FROZEN, replace(THAWED, ata_sanitize=AtaSanitize(supported=True, state="running")))
    (one,) = await ready(pc, order(SSD, "ata-erase"))
    assert one.thawing == Thawing(tried=False, thawed=False, not_tried="under-way")
    assert pc.sleeps == 0


async def test_a_disk_that_says_nothing_when_its_pc_wakes_is_not_called_thawed() -> None:
    (one,) = await ready(Pc(FROZEN, woken=(Abilities(),)), order(SSD, "ata-erase"))
    assert one.thawing == Thawing(tried=True, thawed=None, slept=5.0)


LARGER = replace(SSD.id, size=SSD.id.size + (1 << 20))
GAVE = GivenBack(
    visible=1 << 21, native=(1 << 21) + 2048, real="not-told", size=LARGER.size,
    orders=(GiveBackOrder(area="max-address", command="hdparm -Np2099200 /dev/sda", accepted="yes"),),
)  # fmt: skip


async def test_what_a_disk_hides_is_given_back_where_that_is_ordered_and_its_new_size_is_remembered() -> None:
    pc, boot = Pc(THAWED, THAWED, back=[After(LARGER, GAVE)]), ThisBoot()
    first, second = await ready(pc, order(SSD, "overwrite", hidden=True), order(OTHER, "overwrite"), boot=boot)
    assert pc.gave == ["S1"]
    assert (first.disk, first.given_back, first.problem) == (LARGER, GAVE, None)
    assert (second.disk, second.given_back) == (OTHER.id, None)
    assert boot.now(SSD.id) == LARGER
    assert boot.now(OTHER.id) == OTHER.id
    assert [stuck.what for stucks in pc.told for stuck in stucks] == ["hidden"]


async def test_a_second_job_of_the_visit_knows_what_a_disk_gave_back_for_the_first() -> None:
    pc, boot = Pc(THAWED, back=[After(LARGER, GAVE)]), ThisBoot()
    await ready(pc, order(SSD, "overwrite", hidden=True), boot=boot)
    pc = Pc(THAWED)
    grown = replace(SSD, id=LARGER)
    stage = Erase(disks=(order(SSD, "overwrite", hidden=True),))
    (again,) = await get_ready(stage, lambda: [grown], boot, pc.told.append, pc.hands)
    assert (again.disk, again.given_back, again.problem) == (LARGER, GAVE, None)


async def test_a_disk_that_keeps_it_is_not_begun() -> None:
    kept = Problem("hidden-area-kept", {"disk": "S1"})
    (one,) = await ready(Pc(THAWED, back=[After(SSD.id, GAVE, kept)]), order(SSD, "overwrite", hidden=True))
    assert one.problem == kept


async def test_no_disk_beyond_the_pcs_own_ports_is_asked_for_anything() -> None:
    pc = Pc(THAWED)
    disk = replace(SSD, transport="usb")
    stage = Erase(disks=(order(disk, "overwrite", hidden=True),))
    (one,) = await get_ready(stage, lambda: [disk], ThisBoot(), pc.told.append, pc.hands)
    assert (pc.gave, one) == ([], Ready(disk.id))


@pytest.mark.root
@pytest.mark.parametrize("methods", [("ata-erase",), ("ata-erase", "overwrite")])
async def test_a_disk_that_stays_frozen_gets_the_next_of_its_methods_or_a_sentence(
    tmp_path: Path, methods: tuple[Method, ...]
) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(MARKER * 40_000)
    image.write_bytes(image.read_bytes()[: 1 << 20])
    before, drive, pc = image.read_bytes(), Played(image), Pc(FROZEN)
    by: Methods = {"ata-erase": FirmwareErase("ata-erase", drive, lambda _: True), "overwrite": OVERWRITE}
    with loop(image) as device:
        disk = replace(disk_of(device, serial="S1"), transport="sata", ata=True)
        stage = Erase(disks=(order(disk, *methods),), thaw=True)
        (one,) = await outcome(run_erase(stage, lambda: [disk], progress=silent, methods=by, hands=pc.hands))
    assert (pc.sleeps, drive.asked) == (1, [])
    assert one.thawing == Thawing(tried=True, thawed=False, slept=5.0)
    if len(methods) == 1:
        assert (one.verdict, one.problem) == ("not-erased", Problem("erase-frozen", {"disk": label(disk)}))
        assert image.read_bytes() == before, "not even marks are written"
    else:
        assert (one.verdict, one.method) == ("erased", "overwrite")
        assert MARKER not in image.read_bytes()


@pytest.mark.root
async def test_a_disk_that_has_grown_is_erased_whole_and_reported_as_the_one_that_was_ordered(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(MARKER * 40_000)
    image.write_bytes(image.read_bytes()[: 1 << 20])
    with loop(image) as device:
        disk = replace(disk_of(device, serial="S1"), transport="sata", ata=True)
        shown = replace(disk, id=replace(disk.id, size=1 << 19))
        back = GivenBack(visible=1 << 10, native=1 << 11, real="not-told", orders=GAVE.orders, size=1 << 20)
        pc, seen, shares = Pc(THAWED, back=[After(disk.id, back)]), [shown], list[float]()

        def give_back(wanted: DiskId, read_disks: ReadDisks, *, tell: Callable[[str], None]) -> After:
            seen[:] = [disk]
            return pc.give_back(wanted, read_disks, tell=tell)

        def progress(done: int, total: int, part: str = "") -> None:
            shares.append(done / total)

        hands = dataclasses.replace(pc.hands, give_back=give_back)
        stage = Erase(disks=(order(shown, "overwrite", hidden=True),))
        (one,) = (await run_erase(stage, lambda: seen, progress=progress, hands=hands)).erasures
    assert (one.verdict, one.disk, one.size, one.given_back) == ("erased", shown.id, 1 << 20, back)
    assert overwritten(one).written == overwritten(one).verified == 1 << 20
    assert MARKER not in image.read_bytes()
    assert max(shares) == shares[-1] == 1


async def outcome(erase: Awaitable[EraseResult]) -> tuple[Erasure, ...]:
    """The erasures of a stage that ended well or not."""
    try:
        result: object = await erase
    except StageFailed as failed:
        result = failed.result
    assert isinstance(result, EraseResult)
    return result.erasures


@pytest.mark.root
def test_a_disk_that_has_grown_is_claimed_by_its_new_size_and_called_as_ordered(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(3 << 20))
    with loop(image) as device:
        now = disk_of(device, serial="S1")
        before = replace(now.id, size=2 << 20)
        boot = ThisBoot()
        with pytest.raises(RefusedError):
            claim_as_ordered(before, lambda: [now], boot)
        boot.grew(before, now.id)
        disk, held = claim_as_ordered(before, lambda: [now], boot)
        held.close()
        assert (disk.id, held.size) == (before, 3 << 20)
        for other in (replace(now, id=replace(now.id, size=4 << 20)), replace(now, id=replace(now.id, serial="S2"))):
            with pytest.raises(RefusedError):
                claim_as_ordered(before, lambda other=other: [other], boot)  # type: ignore[misc]  # a bound variable
