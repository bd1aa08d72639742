"""Disks with TCG's locks before the server: when a person may be asked, when a Revert is ordered, what is believed."""

from typing import Any

import pytest
from msgspec.structs import replace

from netboot.jobs.erase_policy import orders_for
from netboot.jobs.evidence import judge
from netboot.jobs.stages.rules import Known
from netboot.shared.disk_abilities import Abilities, NvmeSanitize, Opal
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_methods.opal_revert import OpalReverted
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, Erase, EraseOptions, EraseResult, Erasure
from tests.jobs.conftest import GB
from tests.jobs.test_firmware_rules import MARKS

LOCKED = Opal(owned=True, locked=True, encrypts=True)
OWNED = Opal(owned=True, encrypts=True)
FREE = Opal(encrypts=True)
BY_REVERT = EraseOptions(by="opal-revert")


def drive(opal: Opal | None, **fields: Any) -> Disk:
    """An NVMe drive that can erase its blocks."""
    can = Abilities(nvme_sanitize=NvmeSanitize(block=True), opal=opal)
    disk = Disk(name="nvme0n1", id=DiskId(serial="N1", size=16 * GB), transport="nvme", can=can)
    return replace(disk, **fields)


def ordered(disk: Disk, options: EraseOptions = EraseOptions(), *beside: Disk) -> DiskErase | str:  # noqa: B008
    """The order, or the problem's code."""
    orders = orders_for((disk,), options, beside=(disk, *beside))
    return orders.code if isinstance(orders, Problem) else orders[0]


def order_of(disk: Disk, options: EraseOptions = EraseOptions(), *beside: Disk) -> DiskErase:  # noqa: B008
    """The order, which is there."""
    order = ordered(disk, options, *beside)
    assert isinstance(order, DiskErase)
    return order


@pytest.mark.parametrize(("opal", "asks"), [(LOCKED, True), (OWNED, True), (FREE, False), (None, False)])
def test_a_person_is_asked_only_about_a_disk_whose_locks_are_on(opal: Opal | None, asks: bool) -> None:
    order = order_of(drive(opal))
    assert order.psid is asks
    assert order.methods == ("nvme-sanitize-block", "overwrite"), "a Revert is never the best"
    assert not order_of(drive(opal), EraseOptions(psid="never")).psid


def test_nobody_is_asked_where_another_disk_of_the_drive_would_be_erased_with_it() -> None:
    second = drive(LOCKED, name="nvme0n2", id=DiskId(serial="N1", wwn="2", size=GB))
    assert not order_of(drive(LOCKED), EraseOptions(), second).psid
    assert ordered(drive(LOCKED), BY_REVERT, second) == "erase-level"


def test_a_revert_is_ordered_where_a_profile_names_it_and_somebody_switched_the_locks_on() -> None:
    for owned in (LOCKED, OWNED):
        order = order_of(drive(owned), BY_REVERT)
        assert (order.methods, order.level) == (("opal-revert",), "clear")
    for opal in (FREE, None):
        assert ordered(drive(opal), BY_REVERT) == "erase-level"
    assert ordered(drive(LOCKED), EraseOptions(by="opal-revert", level="purge")) == "erase-level"
    assert ordered(drive(LOCKED, transport="usb"), BY_REVERT) == "erase-level"


def test_all_of_it_is_read_back_whatever_sample_a_profile_wants() -> None:
    assert order_of(drive(LOCKED), EraseOptions(by="opal-revert", sample=5)).sample == 100
    assert order_of(drive(LOCKED), EraseOptions(sample=5)).sample == 5


def judged(**changes: Any) -> tuple[str, str, str]:
    """What goes on the record of a Revert of a disk that was shut: verdict, level, and why it is doubted."""
    disk = drive(LOCKED)
    evidence = OpalReverted(
        tool="Linux 6.12 (sed-opal)", command="ioctl /dev/nvme0n1 IOC_OPAL_PSID_REVERT_TPR PSID", accepted="yes",
        state_before="idle", state_after="done", shut=True, seconds=2.0, to_mark=MARKS, to_read=16 * GB,
        read=16 * GB, value=0, even=16 * GB,
    )  # fmt: skip
    status = DiskStatus(name="nvme0n1", serial="N1", size=16 * GB, logical_sector=512)
    one = Erasure(
        disk=disk.id, evidence=replace(evidence, **changes), verdict="erased", level="purge", began=100.0, ended=200.0,
        before=status, after=status,
    )  # fmt: skip
    order = DiskErase(disk=disk.id, method="opal-revert", wanted="clear")
    result = EraseResult(erasures=(one,))
    problem = erase_problem(result.erasures)
    known = Known(disks=(disk,), began=100.0, ended=300.0)
    kept = judge(Erase(disks=(order,)), "failed" if problem else "done", problem, result, known=known).result
    assert isinstance(kept, EraseResult)
    (found,) = kept.erasures
    why = found.problem.values.get("reason", found.problem.code) if found.problem else ""
    return found.verdict, found.level, why


def test_what_an_honest_agent_says_is_believed_and_no_more() -> None:
    assert judged() == ("erased", "clear", "")
    assert judged(value=None, even=0) == ("undetermined", "none", "erase-shut-before")
    assert judged(shut=False) == ("undetermined", "none", "erase-unmarked")
    assert judged(marked=MARKS, shut=False, value=None, even=0) == ("erased", "clear", "")
    assert judged(command="ioctl /dev/nvme0n1 IOC_OPAL_REVERT_TPR KEY") == ("undetermined", "none", "pattern")
    assert judged(to_read=GB, read=GB, even=GB) == ("undetermined", "none", "amounts")
