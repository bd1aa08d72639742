"""One connected agent: its state on the server, and its row on the live board.

Not for: orders (`dispatcher.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import replace

from netboot.imaging import Ended, next_stage
from netboot.jobs.identity import boot_keys, is_carried, real_uuid
from netboot.jobs.job import Job, erasures
from netboot.records.values import CONTESTED, Unfinished, Visit
from netboot.shared.erase_outcome import fault_of
from netboot.shared.inventory import Inventory, label
from netboot.shared.protocol import FromServer, Hello
from netboot.shared.stages import Stage
from netboot.shared.stages.erase import Verdict
from netboot.workshop.live_board import Asked, LineSigns, Row

FAULTS: Final = 8
"""Disks of which a row says what they have."""

Send = Callable[[FromServer], Awaitable[None]]
HangUp = Callable[[], Awaitable[None]]

NO_MAC: Final = "00:00:00:00:00:00"
"""What stands for the adapter of a PC that tells none."""


async def stay_on_line() -> None:
    """Hang up nothing: for a line that nobody else holds open."""


class Session:
    """One agent on the line. Its handler calls `heard` for each message, one at a time.

    `lock` is the machine's: all that speak for it, and all who decide about it, share it. `adapter` is whose the line
    is as the kernel knows it, "" when not known; `row_name` is its row's on the live board.
    """

    def __init__(
        self,
        visit: Visit,
        *,
        mac: str,
        address: str,
        hello: Hello,
        send: Send,
        lock: asyncio.Lock,
        hang_up: HangUp = stay_on_line,
        adapter: str = "",
        row_name: str = "",
    ) -> None:
        self.visit = visit
        self.address = address
        self.mac = mac
        self.adapter = adapter
        self.row_name = row_name or mac
        self.hello = hello
        self.inventory = hello.inventory
        self.token = visit.token or hello.token
        self.standing = visit.standing
        self.contested_at = 0.0
        """By the event loop's clock: when a second line came."""
        self.job: Job | None = visit.job
        self.left: Unfinished | None = None if visit.left is None or visit.left.running else visit.left
        """What is left undone in this PC, beside the job that it is at now."""
        self.lock = lock
        self.send = send
        self.hang_up = hang_up
        self.ordered: Stage | None = None
        self.stage_began: float | None = None
        self.asked: Asked | None = None
        """What the stage at work asks now, or asked last."""
        self.reached: dict[str, float] = {}
        """When it was kept how far the overwrite of each ordered disk is."""
        self.questions: set[str] = set()
        """The keys of all that this job asked on this line: bounded."""

    @property
    def adapters(self) -> frozenset[str]:
        """Every adapter that its hello tells."""
        return frozenset(nic.mac for nic in self.inventory.nics)

    @property
    def claims(self) -> frozenset[str]:
        """The adapters that can be in this PC only: those that are fitted in it and have an address of their own.

        That of a virtual PC, which somebody drew, counts where it came by it.
        """
        fitted = {nic.mac for nic in self.inventory.nics if not is_carried(nic)} - {NO_MAC}
        return frozenset(mac for mac in fitted if mac == self.mac or boot_keys(mac=mac, uuid_text=""))

    @property
    def contested(self) -> bool:
        """Whether nothing may begin before a person says that this line is the PC."""
        return self.standing in CONTESTED


def row_of(session: Session, before: Row | None, **changes: object) -> Row:
    """The agent's row: what is known of its PC and job, and the changes; what was said of an earlier moment is gone."""
    job = session.job
    row = before or Row(mac=session.mac, state="waiting")
    fresh: dict[str, object] = {
        "stage": None, "part": "", "done": 0, "total": 0, "rate": 0.0, "note": "", "stuck": (), "disks": (),
    }  # fmt: skip
    fresh |= {
        "key": session.row_name if session.row_name != session.mac else "",
        "machine": session.visit.machine_id,
        "visit": session.visit.id,
        "contested": session.standing if session.contested else "",
        "line": _signs(session),
        "label": session.visit.label,
        "uuid": real_uuid(session.inventory.system.uuid),
        "firmware": _firmware(session.inventory),
        "profile": job.profile.id if job else "",
        "hostname": job.hostname if job else "",
        "verdicts": _verdicts(job) if job else (),
        "faults": tuple(fault_of(e) for e in erasures(job) if e.verdict != "erased")[:FAULTS] if job else (),
        "asked": session.asked,
        "problem": None,
        "left": session.left.problem if session.left and not _does_anew(job, session.left) else None,
    }
    return replace(row, **{**fresh, **changes})


def _verdicts(job: Job) -> tuple[tuple[str, Verdict], ...]:
    """Of a disk that an earlier job erased, only once this one's deploy has found it as that left it."""
    found = any(stage.stage == "deploy" and stage.state == "done" for stage in job.stages)
    before = job.erased_before.disks if job.erased_before is not None and found else ()
    return (*((disk.text, "erased") for disk in before), *((e.disk.text, e.verdict) for e in erasures(job)))


def _does_anew(job: Job | None, left: Unfinished) -> bool:
    """Whether this job is what was left undone, once more, and is not over."""
    return job is not None and left.stage in job.profile.stages and not isinstance(next_stage(job), Ended)


def boot_mac(hello: Hello) -> str:
    """The adapter that the agent came by."""
    nics = hello.inventory.nics
    return next((nic.mac for nic in nics if nic.boot), nics[0].mac if nics else NO_MAC)


def _signs(session: Session) -> LineSigns:
    return LineSigns(
        address=session.address,
        adapter=session.adapter,
        adapters=tuple(sorted(session.adapters)),
        disks=tuple(label(disk) for disk in session.inventory.disks),
    )


def _firmware(inventory: Inventory) -> str:
    if inventory.firmware.mode == "bios":
        return "BIOS"
    return "UEFI, Secure Boot" if inventory.firmware.secure_boot == "on" else "UEFI"
