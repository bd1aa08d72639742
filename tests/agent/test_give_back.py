"""How a disk is made to give back what it hides: one order after the other, each to the disk that is held.

The disk is one of the lab's, written from the standards, behind a hdparm that answers what the real one was
recorded to print; whole PCs are in `tests/lab/test_drive_locks.py`.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from netboot.agent.disks.claim import RefusedError
from netboot.agent.erase import give_back as module
from netboot.agent.erase.give_back import After, give_back
from netboot.lab.drives.ata.command import Command, Op
from netboot.lab.drives.ata.hidden import HiddenAreas, HiddenKept, Overlay
from netboot.lab.drives.ata.model import AtaModel
from netboot.shared.disk_status import DiskStatus, Sectors
from netboot.shared.given_back import GiveBackOrder, GivenBack
from netboot.shared.inventory import Disk, DiskId, amount, label
from netboot.shared.problems import Problem
from tests.agent.recorded_abilities import satadom
from tests.agent.recorded_answers import answer
from tests.agent.recorded_tools import Answer, RecordedTools

REAL = 10_000
SURE = "--yes-i-know-what-i-am-doing"
TAKEN, REFUSED = answer("handed-set-max-done"), answer("handed-set-max-refused")
RESTORED, KEPT = answer("handed-dco-restore-done"), answer("handed-dco-restore-refused")
IDENTITY = satadom()
SERIAL = next(line.partition(":")[2].strip() for line in IDENTITY.splitlines() if "Serial Number" in line)


class Bench:
    """One disk on a port of the PC's own; `calls` are what was done to it beside hdparm's own."""

    def __init__(self, patch: pytest.MonkeyPatch, *, accessible: int | None = None, overlay: int | None = None) -> None:
        self.areas = HiddenAreas(AtaModel(serial=SERIAL), REAL, HiddenKept(overlay, accessible))
        self.serial, self.transport, self.by_place = SERIAL, "sata", False
        self.refuses: Problem | None = None
        self.is_back = True
        self.open = 0
        self.told: list[str] = []
        self.found = 0
        self.tools = RecordedTools(patch)
        self.tools.say("-I", IDENTITY)
        self.tools.say(f"-Np{REAL}", TAKEN)
        self.tools.say("-Np8000", TAKEN)
        self.tools.say("--dco-restore", RESTORED)
        self.tools.on_call = self._obey
        self.deaf = False
        patch.setattr(module, "claim", self._claim)
        patch.setattr(module, "disk_status", self._status)

    @property
    def disk(self) -> Disk:
        size = self.areas.accessible * 512
        identity = DiskId(serial=self.serial, size=size, by_place=self.by_place)
        return Disk(name="sdx", id=identity, model="SSD", transport=self.transport)

    @property
    def orders(self) -> list[str]:
        """What was ordered of it by hdparm."""
        return [call for call in self.tools.calls if not call.startswith("hdparm -I")]

    def run(self) -> After:
        return give_back(self.disk.id, self._read, tell=self.told.append, find_anew=self._find_anew)

    def _read(self) -> Sequence[Disk]:
        return (self.disk,)

    def _claim(self, wanted: DiskId, read_disks: Any) -> tuple[Disk, "Bench"]:
        assert list(read_disks()) == [self.disk]
        if self.refuses is not None and (self.found or not self.orders):
            raise RefusedError(self.refuses)
        assert wanted == self.disk.id, "it is claimed by what it is now"
        assert not self.open
        self.open += 1
        return self.disk, self

    def close(self) -> None:
        self.open -= 1

    def _status(self, disk: Disk) -> DiskStatus:
        assert self.open == 1
        has_overlay = self.areas.execute(Command(Op.DCO, feature=Overlay.IDENTIFY), Op.NOP).data
        real: Sectors = REAL if has_overlay else "not-told"
        return DiskStatus(
            size=disk.id.size, logical_sector=512,
            visible_sectors=self.areas.accessible, native_sectors=self.areas.native, real_sectors=real,
        )  # fmt: skip

    def _obey(self, command: str) -> None:
        if " -I " in command:
            return
        assert self.open == 1, "the order goes to the disk that is held"
        assert len(self.told) == 1, "it is told once, before the first order"
        if self.deaf:
            return
        if "--dco-restore" in command:
            self.areas.execute(Command(Op.DCO, feature=Overlay.RESTORE), Op.NOP)
        else:
            last = int(command.partition("-Np")[2].partition(" ")[0]) - 1
            self.areas.execute(Command(Op.READ_NATIVE_MAX_EXT), Op.NOP)
            self.areas.execute(Command(Op.SET_MAX_EXT, count=1, lba=last), Op.READ_NATIVE_MAX_EXT)

    def _find_anew(self, disk: Disk, read_disks: Any) -> Disk | None:
        assert not self.open, "it is let go before it is found anew"
        assert disk.name == "sdx"
        assert list(read_disks()) == [self.disk]
        self.found += 1
        self.areas.hardware_reset()
        return self.disk if self.is_back else None


def set_max(to: int, accepted: str = "yes", said: str = "") -> GiveBackOrder:
    command = f"hdparm --verbose {SURE} -Np{to} /dev/sdx"
    return GiveBackOrder(area="max-address", command=command, accepted=accepted, said=said)  # type: ignore[arg-type]


def restore(accepted: str = "yes", said: str = "") -> GiveBackOrder:
    command = f"hdparm --verbose {SURE} --dco-restore /dev/sdx"
    return GiveBackOrder(area="overlay", command=command, accepted=accepted, said=said)  # type: ignore[arg-type]


def test_a_disk_that_hides_nothing_is_asked_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    assert bench.run() == After(bench.disk.id)
    assert (bench.tools.calls, bench.told, bench.open) == ([], [], 0)


def test_both_are_given_back_one_after_the_other_and_the_new_size_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, accessible=5000, overlay=8000)
    after = bench.run()
    assert after.disk == replace(bench.disk.id, size=REAL * 512)
    assert after.said == GivenBack(
        visible=5000, native=8000, real=REAL, orders=(set_max(8000), restore()), size=REAL * 512
    )
    assert after.problem is None
    assert bench.orders == [order.command for order in after.said.orders]
    assert (bench.found, bench.open) == (2, 0)
    assert bench.told == [label(replace(bench.disk, id=replace(bench.disk.id, size=5000 * 512)))], "once, before all"


@pytest.mark.parametrize("transport", ["usb", "sas", ""])
def test_no_disk_beyond_the_pcs_own_ports_is_ordered_anything(monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    bench = Bench(monkeypatch, accessible=5000)
    bench.transport = transport
    assert bench.run() == After(bench.disk.id)
    assert (bench.tools.calls, bench.open) == ([], 0)


def test_no_disk_that_only_its_place_tells_is_ordered_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, accessible=5000)
    bench.by_place = True
    assert bench.run() == After(bench.disk.id)
    assert bench.tools.calls == []


def test_a_disk_that_cannot_be_claimed_is_left_to_whoever_claims_it_next(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, accessible=5000)
    bench.refuses = Problem("disk-in-use", {"disk": "x"})
    assert bench.run() == After(bench.disk.id)
    assert bench.tools.calls == []


def test_one_that_cannot_be_claimed_any_more_says_why_with_what_was_ordered(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, accessible=5000)
    begun = Problem("disk-in-use", {"disk": "x"})
    obey = bench.tools.on_call

    def then(command: str) -> None:
        obey(command)
        if "-Np" in command:
            bench.refuses = begun

    bench.tools.on_call = then
    after = bench.run()
    assert after.problem == begun
    assert after.said is not None
    assert after.said.orders == (set_max(REAL),)
    assert after.disk.size == REAL * 512


def test_a_locked_disk_is_left_to_where_its_password_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, accessible=5000)
    bench.tools.say("-I", satadom("enabled", "locked"))
    assert bench.run() == After(bench.disk.id)
    assert (bench.orders, bench.told, bench.open) == ([], [], 0)


def test_nothing_is_ordered_of_a_disk_that_says_another_serial_number(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, accessible=5000)
    bench.serial = "OTHER"
    after = bench.run()
    assert after.problem == Problem("disk-gone", {"disk": label(bench.disk), "error": "another serial number"})
    assert (after.disk, after.said) == (bench.disk.id, None)
    assert (bench.orders, bench.open) == ([], 0)


def test_one_that_is_locked_once_it_gave_something_back_keeps_what_that_came_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, accessible=5000, overlay=8000)
    bench.tools.say("-I", IDENTITY, IDENTITY, satadom("enabled", "locked"))
    after = bench.run()
    assert (after.disk, after.problem) == (bench.disk.id, None)
    assert after.said == GivenBack(visible=5000, native=8000, real=REAL, orders=(set_max(8000),), size=8000 * 512)
    assert (len(bench.orders), bench.open) == (1, 0)


def test_one_that_says_another_serial_number_once_it_gave_something_back_is_ordered_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(monkeypatch, accessible=5000, overlay=8000)
    bench.tools.say("-I", IDENTITY, IDENTITY, IDENTITY.replace(SERIAL, "OTHER"))
    after = bench.run()
    assert after.problem == Problem("disk-gone", {"disk": label(bench.disk), "error": "another serial number"})
    assert after.said is not None
    assert after.said.orders == (set_max(8000),)
    assert (len(bench.orders), bench.open) == (1, 0)


@pytest.mark.parametrize(("told", "accepted"), [(REFUSED, "no"), ("", "not-told"), (None, "not-told")])
def test_a_disk_that_does_not_take_an_order_keeps_what_it_hides_and_gets_no_other(
    monkeypatch: pytest.MonkeyPatch, told: Answer, accepted: str
) -> None:
    """libata shows the area once by an order of its own, so what the disk looks like then does not count."""
    bench = Bench(monkeypatch, accessible=5000, overlay=8000)
    bench.deaf = True
    bench.tools.say("-Np8000", told)
    after = bench.run()
    assert after.said is not None
    (order,) = after.said.orders
    assert (order.command, order.accepted) == (set_max(8000).command, accepted)
    assert len(order.said) <= 256
    assert (after.disk, after.said.size) == (bench.disk.id, 5000 * 512)
    assert after.problem == Problem(
        "hidden-area-kept", {"disk": label(bench.disk), "hidden": amount((REAL - 5000) * 512)}
    )
    assert (bench.found, bench.open, len(bench.orders)) == (0, 0, 1)


def test_a_disk_that_takes_an_order_and_keeps_it_is_seen_by_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, accessible=5000)
    bench.deaf = True
    after = bench.run()
    assert after.said is not None
    assert after.said.orders == (set_max(REAL), set_max(REAL))
    assert (after.said.visible, after.said.size) == (5000, 5000 * 512)
    assert after.problem == Problem(
        "hidden-area-kept", {"disk": label(bench.disk), "hidden": amount((REAL - 5000) * 512)}
    )


def test_an_overlay_that_the_disk_refuses_to_drop_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, overlay=8000)
    bench.deaf = True
    bench.tools.say("--dco-restore", KEPT)
    after = bench.run()
    assert after.said is not None
    (order,) = after.said.orders
    assert (order.area, order.accepted) == ("overlay", "no")
    assert order.said.startswith("SG_IO: bad/missing sense data")
    assert after.problem == Problem(
        "hidden-area-kept", {"disk": label(bench.disk), "hidden": amount((REAL - 8000) * 512)}
    )


def test_a_disk_that_does_not_come_back_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch, accessible=5000)
    bench.is_back = False
    before = bench.disk
    after = bench.run()
    assert (after.disk, after.problem) == (before.id, Problem("disk-gone", {"disk": label(before)}))
    assert after.said is not None
    assert after.said.orders == (set_max(REAL),)
    assert bench.open == 0
