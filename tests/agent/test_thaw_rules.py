"""When a PC is suspended so that a frozen disk thaws."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.erase.thaw_rules import SleepAbility, why_not_thaw
from netboot.shared.disk_abilities import Abilities, AtaSanitize, AtaSecurity, NvmeSanitize, Opal
from netboot.shared.erase_methods import Method
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.thawing import NotTried, needs_thaw

SLEEPS = SleepAbility(memory=True, clock=True)
FROZEN = Abilities(
    ata_security=AtaSecurity(supported=True, frozen=True), ata_sanitize=AtaSanitize(supported=True, state="idle")
)
SATA = Disk(name="sda", id=DiskId(serial="S1", size=1 << 30), transport="sata", ata=True, can=FROZEN)
NVME = Disk(name="nvme0n1", id=DiskId(serial="N1", size=1 << 30), transport="nvme")
IDLE = replace(NVME, can=Abilities(nvme_sanitize=NvmeSanitize(block=True, state="never")))
STICK = Disk(name="sdb", id=DiskId(serial="U1", size=1 << 30), transport="usb", in_use=True)


def why(*beside: Disk, pc: SleepAbility = SLEEPS, allowed: bool = True, slept: bool = False) -> NotTried | None:
    return why_not_thaw((SATA, *beside), pc, allowed=allowed, slept=slept)


def ata(security: AtaSecurity | None = FROZEN.ata_security, sanitize: AtaSanitize | None = None) -> Disk:
    return replace(SATA, name="sdz", can=Abilities(ata_security=security, ata_sanitize=sanitize))


NO_SANITIZE = AtaSanitize(supported=False)
OPEN = AtaSecurity(supported=True, enabled=True)
AGAINST: dict[str, tuple[NotTried, Disk]] = {
    "a sanitize that runs": ("under-way", ata(sanitize=AtaSanitize(supported=True, state="running"))),
    # SD3: such a disk aborts FLUSH CACHE, and the kernel gives up the sleep, or the disk.
    "a sanitize that failed": ("under-way", ata(sanitize=AtaSanitize(supported=True, state="failed"))),
    "a sanitize of which nothing is told": ("not-told", ata(sanitize=AtaSanitize(supported=True))),
    "an open disk with a password": ("password", ata(OPEN, NO_SANITIZE)),
    "an open disk that TCG's locks are on for": (
        "password",
        replace(IDLE, can=replace(IDLE.can, opal=Opal(owned=True))),
    ),
    "an ATA disk that says nothing": ("not-told", ata(None, None)),
    "an ATA disk that says half": ("not-told", ata(sanitize=None)),
    "an NVMe drive that says nothing": ("not-told", NVME),
    "an NVMe drive at work": (
        "under-way",
        replace(NVME, can=Abilities(nvme_sanitize=NvmeSanitize(block=True, state="running"))),
    ),
    "an NVMe drive that failed": (
        "under-way",
        replace(NVME, can=Abilities(nvme_sanitize=NvmeSanitize(crypto=True, state="failed"))),
    ),
    "an NVMe drive whose log is not told": (
        "not-told",
        replace(NVME, can=Abilities(nvme_sanitize=NvmeSanitize(block=True))),
    ),
}


def test_a_pc_that_can_is_suspended() -> None:
    assert why() is None
    assert why(IDLE, STICK, replace(NVME, can=Abilities(nvme_sanitize=NvmeSanitize()))) is None
    locked = ata(replace(OPEN, locked=True), NO_SANITIZE)
    assert why(locked) is None, "it wakes as it is"
    assert why(ata(AtaSecurity(supported=False), AtaSanitize(supported=True, state="frozen"))) is None


def test_never_against_the_profile_nor_twice_nor_where_the_pc_cannot() -> None:
    assert why(allowed=False) == "not-allowed"
    assert why(slept=True) == "once"
    assert why_not_thaw((SATA,), SLEEPS, allowed=True, slept=False, cut=True) == "cut"
    assert why(pc=SleepAbility(memory=True, clock=True, slept=True)) == "once", "by an agent that was started again"
    assert why(pc=SleepAbility(memory=False, clock=True)) == "no-sleep"
    assert why(pc=SleepAbility(memory=True, clock=False)) == "no-clock"


@pytest.mark.parametrize("what", AGAINST)
def test_another_disk_of_the_pc_may_speak_against_it(what: str) -> None:
    reason, disk = AGAINST[what]
    assert why(disk) == why(IDLE, disk) == why_not_thaw((disk,), SLEEPS, allowed=True, slept=False) == reason


@given(st.lists(st.sampled_from(sorted(AGAINST)), min_size=1, max_size=4))
def test_one_disk_is_enough_and_what_is_worst_is_told(names: list[str]) -> None:
    reasons = {AGAINST[name][0] for name in names}
    said = why(*(AGAINST[name][1] for name in names))
    assert said in reasons
    assert ("under-way" in reasons) == (said == "under-way")


@pytest.mark.parametrize("method", get_args(Method))
def test_a_frozen_disk_refuses_what_it_is_frozen_for(method: Method) -> None:
    security = replace(FROZEN, ata_sanitize=AtaSanitize(supported=True, state="idle"))
    sanitize = Abilities(
        ata_security=AtaSecurity(supported=True), ata_sanitize=AtaSanitize(supported=True, state="frozen")
    )
    assert needs_thaw(method, security) == method.startswith("ata-erase")
    assert needs_thaw(method, sanitize) == method.startswith("ata-sanitize")
    assert not needs_thaw(method, Abilities()), "nothing told"
