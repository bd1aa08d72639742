"""How an Opal drive is told its PSID, and what its answer comes to: its locks as they are after it count.

The kernel's two requests are answered in its place, Level 0 Discovery by the lab's drives' own; that a drive takes a
code is seen in whole PCs (`tests/lab/test_opal.py`).
"""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.disks import sed_opal
from netboot.agent.erase.firmware.opal import OpalRevert, locks_of, speaks_opal
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.lab.drives.tcg.discovery import discovery
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase
from tests.agent.recorded_abilities import output
from tests.agent.recorded_tools import RecordedTools

NVME = Disk(name="nvme0n1", id=DiskId(serial="1951B3444502", size=10**9), transport="nvme")
SATA = Disk(name="sdx", id=DiskId(serial="214031A57D1D", size=10**9), transport="sata")
ORDER = DiskErase(disk=NVME.id, method="opal-revert")
LABEL = "LABPSID0123456789ABCDEFGHJKLMNPQ"
COMMAND = "ioctl /dev/nvme0n1 IOC_OPAL_PSID_REVERT_TPR PSID"


def says(*, owned: bool = True, locked: bool = False, shadow: bool = False) -> bytes:
    """Level 0 Discovery of a drive in this state."""
    return discovery(owned=owned, locked=locked, shadow=shadow, sector=512)


class Kernel:
    """Linux's two requests: `said` are the answers to Level 0 Discovery in turn, the last for ever; `status` is what a
    Revert comes to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.said: list[bytes] = [says()]
        self.status: int | None = 0
        self.reverting: set[str] = set()
        self.calls: list[tuple[str, ...]] = []
        patch.setattr(sed_opal, "discovery", self._discovery)
        patch.setattr(sed_opal, "psid_revert", self._revert)
        patch.setattr(sed_opal, "is_reverting", lambda device: str(device) in self.reverting)

    def _discovery(self, device: Path) -> bytes:
        self.calls.append(("discovery", str(device)))
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]

    def _revert(self, device: Path, code: str) -> int | None:
        self.calls.append(("revert", str(device), code))
        return self.status


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


def test_a_revert_is_proven_by_marks_or_by_what_a_drive_that_was_shut_reads_as() -> None:
    assert OpalRevert(LABEL).proof == Proof(goes_on=False, even=False, opens=True)
    assert OpalRevert(LABEL).tool == "Linux"
    assert OpalRevert(LABEL).version() == f"Linux {os.uname().release} (sed-opal)"


@pytest.mark.parametrize(
    ("disk", "may"),
    [(NVME, True), (SATA, True), (replace(SATA, transport="usb"), False), (replace(SATA, transport=""), False)],
)
def test_only_disks_on_ports_of_the_pcs_own_are_spoken_to(disk: Disk, may: bool) -> None:
    assert speaks_opal(disk) == may


@pytest.mark.parametrize("state", [{}, {"locked": True}, {"shadow": True}, {"owned": False}])
def test_a_drive_is_looked_at_by_its_locks(kernel: Kernel, state: dict[str, bool]) -> None:
    kernel.said = [says(**state)]
    locks = locks_of(NVME)
    assert locks is not None
    assert (locks.owned, locks.locked, locks.shadow) == (
        state.get("owned", True), state.get("locked", False), state.get("shadow", False),
    )  # fmt: skip
    assert OpalRevert(LABEL).look(NVME) == Look("idle", shut=bool(state.get("locked") or state.get("shadow")))
    assert kernel.calls == [("discovery", "/dev/nvme0n1")] * 2


def test_a_drive_that_says_nothing_of_locks_has_none_that_are_known(kernel: Kernel) -> None:
    kernel.said = [b""]
    assert locks_of(NVME) is None
    assert OpalRevert(LABEL).look(NVME) == Look()


def test_the_code_is_given_and_the_locks_are_looked_at_again(kernel: Kernel) -> None:
    kernel.said = [says(locked=True), says(owned=False)]
    revert = OpalRevert(LABEL)
    assert revert.order(NVME, ORDER) == Ordered(COMMAND, "yes")
    assert not revert.wrong
    assert kernel.calls == [
        ("discovery", "/dev/nvme0n1"), ("revert", "/dev/nvme0n1", LABEL), ("discovery", "/dev/nvme0n1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (b"", "it tells nothing of its locks"),
        (says(owned=False), "nobody has switched its locks on: a revert would erase nothing"),
    ],
)
def test_no_code_goes_to_a_drive_whose_locks_are_not_known_to_be_on(kernel: Kernel, state: bytes, said: str) -> None:
    kernel.said = [state]
    revert = OpalRevert(LABEL)
    assert revert.order(NVME, ORDER) == Ordered(COMMAND, "no", said)
    assert revert.wrong is False, "it was not tried"
    assert [call[0] for call in kernel.calls] == ["discovery"]


@pytest.mark.parametrize(
    ("status", "taken", "said", "wrong"),
    [
        (0x01, "no", "Not Authorized", True),
        (0x12, "no", "Authority Locked Out", True),
        (0x3F, "no", "Fail", False),
        (0x77, "not-told", "status 0x77", False),
        (0x370, "not-told", "status 0x370", False),
        (-5, "not-told", "the kernel: Input/output error", False),
        (-1, "not-told", "the kernel: Operation not permitted", False),
    ],
)
def test_a_code_is_wrong_only_where_the_drive_says_so(
    kernel: Kernel, status: int, taken: str, said: str, wrong: bool
) -> None:
    kernel.status = status
    revert = OpalRevert(LABEL)
    given = revert.order(NVME, ORDER)
    assert (given.command, given.accepted, given.said, revert.wrong) == (COMMAND, taken, said, wrong)
    assert len(kernel.calls) == 2, "and nothing more is asked"


def test_a_drive_that_has_not_answered_in_time_may_still_do_it(kernel: Kernel) -> None:
    kernel.status = None
    revert = OpalRevert(LABEL)
    assert revert.order(NVME, ORDER) == Ordered(COMMAND, "not-told", "it has not answered for 1800 s")
    assert not revert.wrong
    assert len(kernel.calls) == 2


def test_a_drive_at_a_revert_is_at_work_whoever_ordered_it_and_is_given_no_other(kernel: Kernel) -> None:
    kernel.reverting.add("/dev/nvme0n1")
    assert OpalRevert(LABEL).look(NVME) == Look("running")
    assert OpalRevert(LABEL).order(NVME, ORDER) == Ordered(COMMAND, "not-told", "it has not answered an earlier one")
    assert kernel.calls == [], "Linux would let each question wait"
    assert OpalRevert(LABEL).look(SATA) == Look("idle")


@pytest.mark.parametrize(
    ("after", "said"),
    [(b"", "it tells nothing of its locks any more"), (says(), "it says that it did, and its locks are on")],
)
def test_a_drive_that_says_it_did_is_not_believed_while_its_locks_are_on_or_unknown(
    kernel: Kernel, after: bytes, said: str
) -> None:
    kernel.said = [says(locked=True), after]
    revert = OpalRevert(LABEL)
    assert revert.order(NVME, ORDER) == Ordered(COMMAND, "not-told", said)
    assert not revert.wrong


def test_who_the_drive_is_and_what_else_hangs_on_it_is_asked_as_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = RecordedTools(monkeypatch)
    tools.say("id-ctrl", output("nvme-wd-sn730"))
    tools.say("-I", output("ata-micron-5300"))
    assert OpalRevert(LABEL).is_this(NVME)
    assert OpalRevert(LABEL).is_this(SATA)
    assert not OpalRevert(LABEL).is_this(replace(SATA, id=DiskId(serial="OTHER", size=10**9)))
    assert not OpalRevert(LABEL).is_this(replace(NVME, id=DiskId(serial="OTHER", size=10**9)))
    assert OpalRevert(LABEL).beside(SATA) is None
    assert OpalRevert(LABEL).beside(replace(NVME, name="nvme77n1")) == Beside("?"), "which drive it is nobody told"
