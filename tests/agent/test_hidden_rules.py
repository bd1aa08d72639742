"""What is ordered of a disk that hides its end, on the lab's disks, which are written from the standards."""

from itertools import product
from typing import Final

import pytest

from netboot.agent.erase.hidden_rules import hides, next_order
from netboot.lab.drives.ata.command import Command, Op
from netboot.lab.drives.ata.hidden import Accessible, HiddenAreas, HiddenKept, Overlay
from netboot.lab.drives.ata.model import AtaModel, Hiding
from netboot.shared.disk_status import DiskStatus, Sectors
from netboot.shared.given_back import Area

REAL: Final = 10_000


def status(disk: HiddenAreas) -> DiskStatus:
    """What hdparm -N and --dco-identify would tell of it."""
    real: Sectors = REAL if disk.execute(Command(Op.DCO, feature=Overlay.IDENTIFY), Op.NOP).data else "not-told"
    return DiskStatus(
        size=disk.accessible * 512, logical_sector=512,
        visible_sectors=disk.accessible, native_sectors=disk.native, real_sectors=real,
    )  # fmt: skip


def order(disk: HiddenAreas, hiding: Hiding, area: Area) -> bool:
    """Give it the order, as hdparm does; whether it took it."""
    if area == "overlay":
        return not disk.execute(Command(Op.DCO, feature=Overlay.RESTORE), Op.NOP).failed
    last = disk.native - 1
    if hiding is Hiding.AMAC:
        return not disk.execute(Command(Op.ACCESSIBLE_MAX, feature=Accessible.SET, lba=last), Op.NOP).failed
    disk.execute(Command(Op.READ_NATIVE_MAX_EXT), Op.NOP)
    return not disk.execute(Command(Op.SET_MAX_EXT, count=1, lba=last), Op.READ_NATIVE_MAX_EXT).failed


def given_back(disk: HiddenAreas, hiding: Hiding) -> list[Area]:
    """All that was ordered of it."""
    given: list[Area] = []
    while (area := next_order(status(disk), given)) is not None and len(given) < 9:
        given.append(area)
        if not order(disk, hiding, area):
            break
        disk.hardware_reset()
    return given


@pytest.mark.parametrize("hiding", [Hiding.HPA, Hiding.AMAC])
@pytest.mark.parametrize(("overlay", "accessible"), [*product((None, 8000), (None, 5000))])
def test_a_disk_is_as_large_as_it_is_and_stays_so(hiding: Hiding, overlay: int | None, accessible: int | None) -> None:
    disk = HiddenAreas(AtaModel(serial="S", hiding=hiding), REAL, HiddenKept(overlay, accessible))
    areas: tuple[tuple[Area, int | None], ...] = (("max-address", accessible), ("overlay", overlay))
    wanted = [area for area, hidden in areas if hidden]
    assert hides(status(disk)) == bool(wanted)
    assert given_back(disk, hiding) == wanted
    assert not hides(status(disk))
    assert disk.accessible == REAL
    disk.power_on()
    assert disk.accessible == REAL, "what is taken back for once only does not count"


def test_a_disk_that_takes_no_second_lasting_order_keeps_the_rest() -> None:
    disk = HiddenAreas(AtaModel(serial="S"), REAL, HiddenKept(accessible=5000))
    assert order(disk, Hiding.HPA, "max-address")
    disk.kept = HiddenKept(accessible=7000)
    assert given_back(disk, Hiding.HPA) == ["max-address"]
    assert hides(status(disk))
    disk.power_on()
    assert given_back(disk, Hiding.HPA) == ["max-address"]
    assert not hides(status(disk))


@pytest.mark.parametrize(
    ("ends", "given", "wanted"),
    [
        ((5, 10, 20), [], "max-address"),
        ((5, 10, 20), ["max-address"], "max-address"),
        ((5, 10, 20), ["max-address", "max-address"], None),
        ((10, 10, 20), ["max-address", "max-address"], "overlay"),
        ((10, 10, 20), ["overlay"], None),
        ((10, 20, 20), ["max-address", "overlay"], "max-address"),
        ((20, 20, 20), [], None),
        ((20, 20, "not-told"), [], None),
        ((10, "unclear", 20), [], None),
        ((10, "not-told", 20), [], None),
        (("not-asked", "not-asked", "not-asked"), [], None),
        (("not-told", 20, 30), [], None),
    ],
)
def test_each_is_ordered_so_often_and_nothing_where_the_disk_does_not_tell(
    ends: tuple[Sectors, Sectors, Sectors], given: list[Area], wanted: Area | None
) -> None:
    visible, native, real = ends
    said = DiskStatus(visible_sectors=visible, native_sectors=native, real_sectors=real)
    assert next_order(said, given) == wanted


def test_a_disk_that_says_nothing_may_hide_something() -> None:
    assert hides(DiskStatus(visible_sectors=20, native_sectors="not-told"))
    assert hides(DiskStatus(visible_sectors="not-told", native_sectors="not-told"))
    assert hides(DiskStatus(visible_sectors=20, native_sectors=20, real_sectors=21))
    assert hides(DiskStatus(visible_sectors=20, native_sectors=21))
    assert not hides(DiskStatus(visible_sectors=20, native_sectors=20, real_sectors="not-told"))
