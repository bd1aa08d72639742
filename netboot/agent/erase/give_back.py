"""Makes an ATA disk give back what it hides behind its end, before it is erased: HPA, AMAC, DCO.

Which order comes when is decided by `hidden_rules.py`. Each is given to the very disk that is held open and says its
serial number, and must be taken by it in so many registers; the disk is then found anew, with a reset, and what it says
of its ends after that counts. Only disks on the PC's own ports, as with every order about erasing.
By hdparm, which puts READ NATIVE MAX ADDRESS EXT right before SET MAX ADDRESS EXT, as that asks for, and takes the
command of ACS-3 where the disk has it.
Not for: what the verdict makes of it (`shared/erase_outcome.py`, `jobs/honest_erasure.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from netboot.agent.answers.hidden_area_orders import parse_give_back
from netboot.agent.disks.claim import ReadDisks, RefusedError, claim
from netboot.agent.disks.disk_status import disk_status
from netboot.agent.disks.rescan import found_anew
from netboot.agent.erase.firmware.ata import is_locked, says_its_serial
from netboot.agent.erase.firmware.programs import ACCEPTED, SURE, device_of, transcript
from netboot.agent.erase.hidden_rules import hides, next_order
from netboot.shared.disk_ports import on_own_port
from netboot.shared.disk_status import DiskStatus
from netboot.shared.given_back import Area, GiveBackOrder, GivenBack
from netboot.shared.inventory import Disk, DiskId, amount, label
from netboot.shared.problems import Problem

FindAnew = Callable[[Disk, ReadDisks], Disk | None]


@dataclass(frozen=True, slots=True)
class After:
    """What became of it: the disk as it is known now, the evidence (None: there was nothing to give back), and why it
    cannot be erased so."""

    disk: DiskId
    said: GivenBack | None = None
    problem: Problem | None = None


def give_back(
    wanted: DiskId, read_disks: ReadDisks, *, tell: Callable[[str], None], find_anew: FindAnew = found_anew
) -> After:
    """Have this disk give back all that it says it hides; `tell` is called with its name before the first order.

    Blocks, for some minutes at worst; raises nothing. A disk that cannot be claimed is left to whoever claims it next.
    """
    given: list[Area] = []
    said: GivenBack | None = None
    now = wanted
    while True:
        try:
            disk, device = claim(now, read_disks)
        except RefusedError as refused:
            return After(now, said, None if said is None else refused.problem)
        try:
            if wanted.by_place or not on_own_port(disk):
                return After(now)
            status = disk_status(disk)
            said = _at_first(status) if said is None else replace(said, size=disk.id.size)
            area = next_order(status, given)
            if area is None:
                return _ended(now, disk, said, status, given)
            if is_locked(disk):
                # It refuses; its password is taken off, or told, where it is erased.
                return After(now, said if given else None)
            if not given:
                tell(label(disk))
            if not says_its_serial(disk):
                problem = Problem("disk-gone", {"disk": label(disk), "error": "another serial number"})
                return After(now, said if given else None, problem)
            order = _order(area, disk, status)
        finally:
            device.close()
        given.append(area)
        said = replace(said, orders=(*said.orders, order))
        if order.accepted != "yes":
            # libata takes a refusal for a lock that came late, and shows the area for this once by an order of its own:
            # the disk then looks as if it had given it back.
            return After(now, said, _kept(disk, status))
        found = find_anew(disk, read_disks)
        if found is None:
            return After(now, said, Problem("disk-gone", {"disk": label(disk)}))
        now = found.id


def _at_first(status: DiskStatus) -> GivenBack:
    visible, native, real = status.ends
    return GivenBack(visible=visible, native=native, real=real, size=status.size)


def _order(area: Area, disk: Disk, status: DiskStatus) -> GiveBackOrder:
    option = f"-Np{status.native_sectors}" if area == "max-address" else "--dco-restore"
    command = ("hdparm", "--verbose", SURE, option, device_of(disk))
    answer = parse_give_back(transcript(command)[1], area)
    return GiveBackOrder(area=area, command=" ".join(command), accepted=ACCEPTED[answer.taken], said=answer.said)


def _ended(now: DiskId, disk: Disk, said: GivenBack, status: DiskStatus, given: list[Area]) -> After:
    """Nothing more is ordered: there was nothing, all is given back, or the rest is kept."""
    if not given:
        return After(now)
    return After(now, said, _kept(disk, status) if hides(status) else None)


def _kept(disk: Disk, status: DiskStatus) -> Problem:
    return Problem("hidden-area-kept", {"disk": label(disk), "hidden": amount(status.hidden_bytes(disk.id.size))})
