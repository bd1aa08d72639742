"""SCSI's SANITIZE before the server's judge: which disks it suits, in which order, what proves it, what it comes to."""

from typing import Any

import pytest
from msgspec.structs import replace

from netboot.jobs.erase_methods import METHODS
from netboot.jobs.erase_policy import orders_for
from netboot.jobs.evidence import judge
from netboot.jobs.stages.rules import Known
from netboot.shared.disk_abilities import Abilities, ScsiSanitize
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_begun import Begun, Cut
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.erase_methods.firmware import FirmwareErased, SeenState
from netboot.shared.erase_outcome import erase_problem
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.mark_places import mark_places
from netboot.shared.stages.erase import DiskErase, Erase, EraseOptions, EraseResult, Erasure

SIZE = 16 * 10**9
PLACES = len(mark_places(SIZE))
ALL = ScsiSanitize(block=True, crypto=True, overwrite=True)
SAS = Disk(
    name="sda", id=DiskId(serial="P1", size=SIZE), transport="sas", model="SAS SSD", can=Abilities(scsi_sanitize=ALL)
)
ORDERS: dict[Method, str] = {
    "scsi-sanitize-block": "sg_sanitize --block --early --quick --verbose /dev/sda",
    "scsi-sanitize-crypto": "sg_sanitize --crypto --wait --timeout=1800 --quick --verbose /dev/sda",
    "scsi-sanitize-overwrite": "sg_sanitize --overwrite --count=1 --pattern=/tmp/p --early --quick --verbose /dev/sda",
}
RAN = (SeenState(at=0.2, state="running", permille=0), SeenState(at=30.0, state="idle"))


def said(method: Method, **changes: Any) -> Erasure:
    """What an honest agent says of a disk that erased itself by this method."""
    evidence = KINDS[method].evidence()
    assert isinstance(evidence, FirmwareErased)
    waited = method == "scsi-sanitize-crypto"
    overwrites = method == "scsi-sanitize-overwrite"
    figures: dict[str, Any] = {
        "tool": "sg_sanitize: version: 1.22 20230622", "command": ORDERS[method], "accepted": "yes",
        "states": () if waited else RAN, "state_before": "idle", "state_after": "done" if waited else "idle",
        "seconds": 30.0, "to_mark": PLACES, "marked": PLACES, "compared": 2000, "to_read": SIZE, "read": SIZE,
        "even": SIZE,
        "value": 0xB5 if overwrites else 0, "pattern": 0xB5 if overwrites else None,
    }  # fmt: skip
    status = DiskStatus(name="sda", serial="P1", size=SIZE, logical_sector=512)
    evidence = replace(evidence, **figures | changes)
    return Erasure(
        disk=SAS.id, evidence=evidence, verdict="erased", began=100.0, ended=200.0, before=status, after=status
    )


def judged(one: Erasure, begun: Begun | None = None) -> tuple[str, str, str]:
    """What goes on the record of it: verdict, level, and why it is doubted."""
    result = EraseResult(erasures=(one,))
    ordered = DiskErase(disk=SAS.id, method=one.method, wanted="clear", begun=begun)
    known = Known(disks=(SAS,), began=100.0, ended=300.0)
    record = judge(Erase(disks=(ordered,)), "done", erase_problem(result.erasures), result, known=known)
    assert isinstance(record.result, EraseResult)
    (kept,) = record.result.erasures
    why = kept.problem.values.get("reason", kept.problem.code) if kept.problem else ""
    return kept.verdict, kept.level, why


@pytest.mark.parametrize(
    ("method", "level"),
    [("scsi-sanitize-block", "purge"), ("scsi-sanitize-crypto", "purge"), ("scsi-sanitize-overwrite", "clear")],
)
def test_what_an_honest_agent_says_is_believed_and_the_level_is_the_servers(method: Method, level: str) -> None:
    assert judged(said(method)) == ("erased", level, "")


@pytest.mark.parametrize("method", ["scsi-sanitize-block", "scsi-sanitize-overwrite"])
def test_a_disk_at_rest_proves_nothing_that_nobody_saw_at_work(method: Method) -> None:
    for states in ((), RAN[1:]):
        assert judged(said(method, states=states)) == ("undetermined", "none", "erase-unseen")
    assert judged(said(method, state_after="not-told")) == ("undetermined", "none", "erase-not-told")


def test_one_that_is_waited_for_has_ended_by_its_own_status_only() -> None:
    assert judged(said("scsi-sanitize-crypto", state_after="idle")) == ("undetermined", "none", "erase-not-told")


def test_an_overwrite_left_the_byte_that_was_ordered() -> None:
    for changes in ({"value": 0}, {"value": None}, {"pattern": None}, {"pattern": 0xB6}):
        assert judged(said("scsi-sanitize-overwrite", **changes)) == ("undetermined", "none", "erase-other-pattern")


def test_another_command_than_the_methods_own_proves_nothing() -> None:
    for method, other in (
        ("scsi-sanitize-block", "scsi-sanitize-crypto"),
        ("scsi-sanitize-crypto", "scsi-sanitize-block"),
        ("scsi-sanitize-overwrite", "scsi-sanitize-block"),
    ):
        assert judged(said(method, command=ORDERS[other])) == ("undetermined", "none", "pattern")  # type: ignore[arg-type, index]  # their names


@pytest.mark.parametrize("kind", ["block", "crypto", "overwrite"])
def test_it_suits_disks_that_speak_scsi_themselves_and_list_it(kind: str) -> None:
    suits = METHODS[f"scsi-sanitize-{kind}"].suits  # type: ignore[index]  # its name
    only = replace(SAS, can=Abilities(scsi_sanitize=replace(ScsiSanitize(), **{kind: True})))
    assert suits(only)
    for unsuited in (
        replace(only, can=Abilities(scsi_sanitize=replace(ALL, **{kind: False}))),
        replace(only, can=Abilities()),
        replace(only, ata=True),
        replace(only, transport="usb"),
        replace(only, transport="iscsi"),
        replace(only, read_only=True),
    ):
        assert not suits(unsuited)


def methods_for(disk: Disk, **options: Any) -> tuple[Method, ...]:
    orders = orders_for((disk,), EraseOptions(**options))
    assert isinstance(orders, tuple)
    return orders[0].methods


def test_flash_is_erased_by_blocks_and_what_turns_is_overwritten_first() -> None:
    scsi = ("scsi-sanitize-block", "scsi-sanitize-crypto", "scsi-sanitize-overwrite", "overwrite")
    assert methods_for(SAS) == scsi
    assert methods_for(SAS, level="purge") == scsi[:2]
    turns = replace(SAS, rotational=True, rotation=7200)
    assert methods_for(turns) == ("overwrite", "scsi-sanitize-crypto", "scsi-sanitize-overwrite")
    assert methods_for(turns, level="purge") == ("scsi-sanitize-crypto", "scsi-sanitize-overwrite")
    for untold in (replace(turns, rotation=0), replace(turns, transport="virtio")):
        assert methods_for(untold) == ("overwrite",), "whether it turns nobody tells"


@pytest.mark.parametrize(
    ("began", "found"), [(100.0, ("erased", "purge", "")), (190.0, ("undetermined", "none", "times"))]
)
def test_what_was_seen_at_work_before_the_disk_could_be_claimed_is_believed_with_its_time(
    began: float, found: tuple[str, str, str]
) -> None:
    """States and seconds as a lab drive's in a whole PC, after a power cut."""
    method: Method = "scsi-sanitize-block"
    seen = (SeenState(at=0.04, state="running", permille=399), SeenState(at=14.9, state="idle"))
    one = replace(said(method, resumed="running", states=seen, seconds=18.5), began=began)
    begun = Begun(disk=SAS.id, size=SIZE, method=method, command=ORDERS[method], taken=True, state_before="idle")
    one = replace(one, cut=Cut(method=method, found="followed"))
    assert judged(one, begun=begun) == found
    assert judged(one) == ("undetermined", "none", "resumed"), "and not without an order on the record"
