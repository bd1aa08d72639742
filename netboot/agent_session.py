"""One agent on the line: what the workshop holds of it, and its row on the floor. Not for: orders (`dispatcher.py`)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import replace

from netboot.erase_outcome import fault_of
from netboot.floor import Row
from netboot.identity import real_uuid
from netboot.imaging import Ended, Job, erasures, next_stage
from netboot.inventory import Inventory
from netboot.protocol import FromServer, Hello, Stage
from netboot.records.values import Unfinished, Visit

FAULTS: Final = 8
"""Disks of which a row says what they have."""

Send = Callable[[FromServer], Awaitable[None]]


class Session:
    """One agent on the line. Its handler calls `heard` for each message, one at a time.

    `lock` is the visit's: when the agent is back on another line, both of its sessions share it.
    """

    def __init__(
        self, visit: Visit, *, mac: str, address: str, inventory: Inventory, send: Send, lock: asyncio.Lock
    ) -> None:
        self.visit = visit
        self.address = address
        self.mac = mac
        self.inventory = inventory
        self.job: Job | None = visit.job
        self.left: Unfinished | None = None if visit.left is None or visit.left.running else visit.left
        """What is left undone in this PC, beside the job that it is at now."""
        self.lock = lock
        self.send = send
        self.ordered: Stage | None = None
        self.stage_began: float | None = None


def row_of(session: Session, before: Row | None, **changes: object) -> Row:
    """The agent's row: what is known of its PC and job, and the changes; what was said of an earlier moment is gone."""
    job = session.job
    row = before or Row(mac=session.mac, state="waiting")
    fresh: dict[str, object] = {"stage": None, "part": "", "done": 0, "total": 0, "rate": 0.0, "note": "", "stuck": ()}
    fresh |= {
        "machine": session.visit.machine_id,
        "label": session.visit.label,
        "uuid": real_uuid(session.inventory.system.uuid),
        "firmware": _firmware(session.inventory),
        "profile": job.profile.id if job else "",
        "hostname": job.hostname if job else "",
        "verdicts": tuple((e.disk.text, e.verdict) for e in erasures(job)) if job else (),
        "faults": tuple(fault_of(e) for e in erasures(job) if e.verdict != "erased")[:FAULTS] if job else (),
        "problem": None,
        "left": session.left.problem if session.left and not _does_anew(job, session.left) else None,
    }
    return replace(row, **{**fresh, **changes})


def _does_anew(job: Job | None, left: Unfinished) -> bool:
    """Whether this job is what was left undone, once more, and is not over."""
    return job is not None and left.stage in job.profile.stages and not isinstance(next_stage(job), Ended)


def boot_mac(hello: Hello) -> str:
    """The adapter that the agent came by."""
    nics = hello.inventory.nics
    return next((nic.mac for nic in nics if nic.boot), nics[0].mac if nics else "00:00:00:00:00:00")


def _firmware(inventory: Inventory) -> str:
    if inventory.firmware.mode == "bios":
        return "BIOS"
    return "UEFI, Secure Boot" if inventory.firmware.secure_boot == "on" else "UEFI"
