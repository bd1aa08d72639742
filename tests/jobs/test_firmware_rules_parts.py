"""The rules of one technique, made anew: each part of them, and each sign by which evidence is doubted."""

from typing import Any, cast, get_args

import pytest
from msgspec.structs import replace

from netboot.jobs import erase_methods
from netboot.jobs.erase_methods import METHODS, overwrite
from netboot.jobs.erase_methods.firmware import firmware_rules
from netboot.jobs.erase_methods.levels import TABLE, levels_of
from netboot.jobs.erase_methods.rules import MethodRules
from netboot.shared.contradictions import Reason
from netboot.shared.disk_abilities import Abilities, AtaSanitize, AtaSecurity, NvmeFormat, NvmeSanitize, Opal
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.firmware import FirmwareErased, SeenState
from netboot.shared.erase_methods.nvme_format import NvmeFormatted
from netboot.shared.erase_outcome import short_name
from netboot.shared.firmware_verdict import Proof, values_of
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase
from tests.jobs.conftest import GB, SSD, erasure

DISK = Disk(name="nvme0n1", id=DiskId(serial="N1", size=16 * GB), transport="nvme", model="Drive")
ORDER = DiskErase(disk=DISK.id, method="nvme-format")
SAID = NvmeFormatted(
    tool="nvme version 2.13", command="nvme format /dev/nvme0n1 --lbaf=0 --ses=1 --force", accepted="yes",
    state_before="idle", state_after="done", seconds=30.0, to_mark=2048, marked=2048, compared=2000,
    to_read=16 * GB, read=16 * GB, even=16 * GB,
    states=(SeenState(at=30.0, state="done"),),
)  # fmt: skip


def rules(**more: Any) -> MethodRules[FirmwareErased]:
    """Made now: those of METHODS were made when their modules were loaded."""
    return firmware_rules("nvme-format", Proof(goes_on=False), "--ses=1", lambda disk: disk.transport == "nvme", **more)


def doubt(said: FirmwareErased, order: DiskErase = ORDER, seconds: float = 100.0) -> Reason | Problem | None:
    return rules().reason_to_doubt(said, order, seconds)


def test_a_technique_says_what_it_suits_reaches_and_erases_beside() -> None:
    made = rules()
    assert made.suits(DISK)
    assert not made.suits(replace(DISK, read_only=True))
    assert not made.suits(SSD)
    assert made.levels == {medium: counts.level for medium, counts in TABLE["nvme-format"].items()}
    assert (made.whole_drive, rules(whole_drive=False).whole_drive) == (True, False)
    assert made.first_on == frozenset()
    assert (made.asks, rules(asks=True).asks) == (False, True)


def test_what_the_evidence_does_not_show_is_told_with_its_figures() -> None:
    assert doubt(SAID) is None
    left = replace(SAID, marks_left=3)
    assert doubt(left) == Problem("erase-marks-left", values_of(left, short_name(DISK.id)))
    assert short_name(DISK.id) in values_of(left, short_name(DISK.id))["disk"]


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("amounts", {"to_read": 15 * GB, "read": 15 * GB}),
        ("amounts", {"to_mark": 2047, "marked": 2047}),
        ("amounts", {"marked": 2049}),
        ("amounts", {"compared": 2049}),
        ("amounts", {"even": 16 * GB + 1}),
        (None, {"compared": 2048}),
        ("pattern", {"command": "nvme format /dev/nvme0n1 --ses=2"}),
        ("pattern", {"command": "--ses=1"}),
        ("pattern", {"command": "nvme format --ses=1 "}),
        ("pattern", {"tool": ""}),
        ("times", {"states": (SeenState(at=9.0, state="running"), SeenState(at=8.0, state="running"))}),
        ("times", {"states": (SeenState(at=30.1, state="done"),)}),
        ("times", {"seconds": 100.1}),
        ("too-fast", {"seconds": 100.0}),
        ("too-fast", {"seconds": 99.8}),
        (None, {"seconds": 99.75}),
    ],
)
def test_what_no_honest_agent_says_is_doubted(reason: Reason | None, changes: dict[str, Any]) -> None:
    """16 GB in a quarter of a second is as fast as is believed."""
    assert doubt(replace(SAID, **changes)) == reason


def test_what_is_left_is_known_from_the_evidence_alone() -> None:
    made = rules()
    for changes, left in (
        ({}, False),
        ({"command": ""}, True),
        ({"marks_left": 1}, True),
        ({"accepted": "no"}, True),
        ({"marked": 0}, False),
        ({"state_after": "running"}, False),
    ):
        assert made.left(replace(SAID, **changes), ORDER) == left


def test_an_overwrite_that_was_to_follow_is_judged_as_one() -> None:
    small = replace(ORDER, disk=replace(DISK.id, size=8201), then_overwrite=True)
    said = replace(SAID, to_mark=2, marked=2, compared=0, to_read=8201, read=8201, even=8201)
    assert doubt(said, replace(small, then_overwrite=False)) is None
    missing = Problem("erase-incomplete", {"disk": short_name(small.disk), "unwritten": "8.3 kB", "unread": "8.3 kB"})
    assert doubt(said, small) == missing == overwrite.incomplete(small.disk, written=0, verified=0)
    whole = replace(cast(Any, erasure(SSD).evidence), written=8201, verified=8201)
    assert doubt(replace(said, overwritten=whole), small) is None
    assert doubt(replace(said, overwritten=replace(whole, pattern="zeros")), small) == "pattern"
    assert doubt(replace(said, tool="", overwritten=whole), small) == "pattern"
    fast = replace(ORDER, then_overwrite=True)
    at_once = replace(cast(Any, erasure(SSD).evidence), written=16 * GB, verified=16 * GB)
    assert doubt(replace(SAID, seconds=0.0, states=(), overwritten=at_once), fast, 0.3) == "too-fast"
    assert doubt(replace(SAID, seconds=0.0, states=(), overwritten=at_once), fast, 0.6) is None


@pytest.mark.parametrize("method", get_args(Method))
def test_each_method_has_the_rules_of_its_module_and_the_levels_of_the_table(
    method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert erase_methods._rules(method) is METHODS[method]
    assert (
        METHODS[method].levels
        == levels_of(method)
        == {medium: counts.level for medium, counts in TABLE[method].items()}
    )
    monkeypatch.setattr(overwrite, "RULES", None)
    with pytest.raises(TypeError, match=r"^netboot/jobs/erase_methods/overwrite\.py has no RULES$"):
        erase_methods._rules("overwrite")


KINDS: dict[Method, Abilities] = {
    "ata-sanitize-block": Abilities(ata_sanitize=AtaSanitize(supported=True, block=True)),
    "ata-sanitize-crypto": Abilities(ata_sanitize=AtaSanitize(supported=True, crypto=True)),
    "ata-sanitize-overwrite": Abilities(ata_sanitize=AtaSanitize(supported=True, overwrite=True)),
    "ata-erase": Abilities(ata_security=AtaSecurity(supported=True)),
    "nvme-sanitize-block": Abilities(nvme_sanitize=NvmeSanitize(block=True)),
    "nvme-sanitize-crypto": Abilities(nvme_sanitize=NvmeSanitize(crypto=True)),
    "nvme-sanitize-overwrite": Abilities(nvme_sanitize=NvmeSanitize(overwrite=True)),
    "nvme-format": Abilities(nvme_format=NvmeFormat(supported=True)),
    "opal-revert": Abilities(opal=Opal(owned=True)),
}


@pytest.mark.parametrize("method", KINDS)
def test_a_disk_that_can_be_erased_in_one_way_is_ordered_no_other(method: Method) -> None:
    disk = replace(DISK if method.startswith("nvme") else SSD, can=KINDS[method])
    suiting = [name for name, one in METHODS.items() if one.suits(disk)]
    assert suiting == [method, "overwrite"]


def test_what_is_not_supported_is_not_ordered_whatever_else_is_told() -> None:
    for can in (
        Abilities(ata_sanitize=AtaSanitize(supported=False, block=True, crypto=True, overwrite=True)),
        Abilities(ata_security=AtaSecurity(supported=False, enhanced=True)),
        Abilities(nvme_format=NvmeFormat(supported=False, crypto=True)),
        Abilities(opal=Opal(locked=True, shadow=True, encrypts=True)),
    ):
        for disk in (DISK, SSD):
            assert [name for name, one in METHODS.items() if one.suits(replace(disk, can=can))] == ["overwrite"]


def test_a_revert_is_for_any_disk_that_is_spoken_to_itself() -> None:
    owned = Abilities(opal=Opal(owned=True))
    for disk, suits in ((DISK, True), (SSD, True), (replace(SSD, transport="usb"), False)):
        assert METHODS["opal-revert"].suits(replace(disk, can=owned)) == suits
