"""The live board: one row for each PC at the bench now, by its MAC address. In memory only, for the page.

A row appears when a PC asks for its boot file, and goes when room is needed for others. A second agent that claims the
address of a connected PC gets a row of its own. Rows are frozen values; a change replaces the row and wakes every
watcher. The number of rows and each watcher's backlog are limited, because anyone on the LAN can make up MAC addresses.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from netboot.jobs.stage_questions import Counted
from netboot.records.values import Batch, Standing
from netboot.shared.disk_progress import DiskProgress, left_of_all
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stuck
from netboot.shared.stage_question import StageQuestion
from netboot.shared.stages import StageName
from netboot.shared.stages.erase import Verdict

ROWS: Final = 512
UNSEEN: Final = ROWS // 2
"""With so many rows there is none more for a PC that only a refused hello tells of: anybody can make up thousands."""
BACKLOG: Final = 1024
CONFLICTS: Final = 8
"""Addresses that are told to be in use; the log has all of them."""

State = Literal["booting", "waiting", "working", "done", "failed", "home", "silent"]
"""booting: asked for a boot file. waiting: in the agent, no profile chosen. working: a job runs. done, failed: its job
ended. home: sent to its own disk. silent: the agent stopped answering."""


class LineSigns(Struct, frozen=True, kw_only=True):
    """What tells one agent's line from another that speaks for the same PC.

    `address` is where it comes from, `adapter` whose adapter has that address on our segment ("" when not known);
    `adapters` and `disks` are what its hello tells.
    """

    address: str = ""
    adapter: str = ""
    adapters: tuple[str, ...] = ()
    disks: tuple[str, ...] = ()


class Asked(Struct, frozen=True, kw_only=True):
    """A question of a stage, on the page. `until` is when nobody is waited for any more, by this server's clock.

    `given` is the choice that a person on the page took and the PC has not confirmed. `how` and `choice` are what
    counted in the end.
    """

    key: str
    stage: StageName
    question: StageQuestion
    until: float
    given: str = ""
    how: Counted | None = None
    choice: str = ""

    @property
    def is_open(self) -> bool:
        """Whether an answer would count."""
        return not self.given and self.how is None


class Row(Struct, frozen=True, kw_only=True):
    """One PC as the page shows it. Times are seconds since the epoch, rates bytes/s, `done` and `total` bytes.

    `note` is why a PC that asked for a boot file got none, or how it got it: the value of a `dhcp.boot_client.Reason`
    or a `dhcp.core.Remark`. `disks` is where each disk of an erase is while it runs. `left`: what is left undone in
    this PC (`records.unfinished`), until it is done anew. `key` is the row's own name where another row has this
    address already, else "". `visit` is the visit of its agent; while that is `contested`, nothing is begun, and `line`
    tells it from the other.
    """

    mac: str
    state: State
    key: str = ""
    machine: str = ""
    visit: str = ""
    contested: Standing = ""
    line: LineSigns = LineSigns()
    label: str = ""
    uuid: str = ""
    firmware: str = ""
    profile: str = ""
    stage: StageName | None = None
    part: str = ""
    done: int = 0
    total: int = 0
    rate: float = 0.0
    verdicts: tuple[tuple[str, Verdict], ...] = ()
    faults: tuple[Problem, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    disks: tuple[DiskProgress, ...] = ()
    asked: Asked | None = None
    hostname: str = ""
    problem: Problem | None = None
    left: Problem | None = None
    note: str = ""
    since: float = 0.0
    seen: float = 0.0

    @property
    def name(self) -> str:
        """By what the row is known among the others."""
        return self.key or self.mac

    @property
    def percent(self) -> int | None:
        """How far the stage is, or None when it has no measure."""
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def seconds_left(self) -> int | None:
        """Seconds until the stage ends, by its disks or else at the present rate, or None."""
        if self.disks:
            left = left_of_all(self.disks)
            return None if left is None else int(left.seconds)
        return int((self.total - self.done) / self.rate) if self.total > self.done and self.rate >= 1 else None

    @property
    def at_least(self) -> bool:
        """Whether it may be longer than `seconds_left` by what nobody knows yet."""
        left = left_of_all(self.disks)
        return left is not None and left.at_least


class Conflict(Struct, frozen=True):
    """An address that we would give, and that a device uses already: its adapter's, `mac` "" when it is not known."""

    address: str
    mac: str


class LiveBoard:
    """Every row, in the order of their first sighting, and those who watch them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self._idle: OrderedDict[str, None] = OrderedDict()
        """The rows that no agent holds, the longest silent first."""
        self._watchers: set[asyncio.Queue[Row | None]] = set()
        self._batch: Batch | None = None
        self.batch_problem: Problem | None = None
        self._conflicts: OrderedDict[Conflict, float] = OrderedDict()
        """When each is over, the newest last."""
        self.trouble = ""
        """Why no PC can be served now: an `address_watch.Trouble`, or ""."""

    def tell_trouble(self, trouble: str | None) -> None:
        """Say why no PC can be served from now on, or with None that they can."""
        self.trouble = trouble or ""
        self._wake(None)

    def rows(self) -> tuple[Row, ...]:
        """All rows now."""
        return tuple(self._rows.values())

    def row(self, name: str) -> Row | None:
        """The row of this name: a MAC address, or a row's own key."""
        return self._rows.get(name)

    def of_visit(self, visit: str) -> Row | None:
        """The row of the agent that has this visit."""
        return next((row for row in self._rows.values() if visit and row.visit == visit), None)

    def of_machine(self, machine: str) -> Row | None:
        """The newest row of this machine."""
        rows = [row for row in self._rows.values() if row.machine == machine]
        return max(rows, key=lambda row: row.seen, default=None)

    @property
    def contested(self) -> tuple[Row, ...]:
        """The rows of agents on the line that nothing is begun for until a person says which one is the PC."""
        here = ("waiting", "working", "failed")
        return tuple(row for row in self._rows.values() if row.contested and row.state in here)

    @property
    def batch(self) -> Batch | None:
        """The batch that is armed, or the last one of this bench day."""
        batch = self._batch
        return None if batch is None or batch.until.timestamp() <= self._clock() else batch

    def show_batch(self, batch: Batch | None, problem: Problem | None = None) -> None:
        """Show this batch from now on, and why none of its PCs can get its master."""
        self._batch, self.batch_problem = batch, problem
        self._wake(None)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The addresses that were found in use, the newest last."""
        now = self._clock()
        return tuple(conflict for conflict, until in self._conflicts.items() if until > now)

    def tell_conflict(self, conflict: Conflict, lasts: float) -> None:
        """Say for so many seconds that this address is in use; told again, it is said once."""
        for known in [known for known in self._conflicts if known.address == conflict.address]:
            del self._conflicts[known]
        self._conflicts[conflict] = self._clock() + lasts
        while len(self._conflicts) > CONFLICTS:
            self._conflicts.popitem(last=False)
        self._wake(None)

    def put(self, row: Row) -> Row:
        """Replace a row, or add it; its times are set here."""
        now = self._clock()
        before = self._rows.get(row.name)
        changed = before is None or (before.state, before.stage) != (row.state, row.stage)
        row = replace(row, seen=now, since=now if changed or before is None else before.since)
        self._rows[row.name] = row
        self._idle.pop(row.name, None)
        if row.state not in ("waiting", "working"):
            self._idle[row.name] = None
        self._make_room()
        self._wake(row)
        return row

    def sighted(self, mac: str, *, firmware: str = "", note: str = "") -> None:
        """A PC asked for a boot file. An agent's live row is left alone: firmware asks before every boot."""
        before = self._rows.get(mac)
        if before is not None and before.state in ("waiting", "working"):
            return
        known = before or Row(mac=mac, state="booting")
        self.put(
            replace(known, state="booting", firmware=firmware or known.firmware, note=note, stage=None, profile="",
                    visit="", contested="", problem=None, done=0, total=0, rate=0.0)
        )  # fmt: skip

    def at_menu(self, mac: str, *, uuid: str, left: Problem | None, problem: Problem | None) -> None:
        """A PC reads its boot menu: it is there, whether or not DHCP saw it, and the record knows what is left in it.

        Nothing that is left is taken back here: a menu is read by whoever says that it is this PC.

        `problem`: why its last start brought nothing. An agent's live row is left alone, as in `sighted`.
        """
        before = self._rows.get(mac)
        if before is not None and before.state in ("waiting", "working"):
            return
        known = before or Row(mac=mac, state="booting")
        if known.state != "booting":
            known = replace(known, stage=None, profile="", done=0, total=0, rate=0.0)
        self.put(replace(known, state="booting", uuid=uuid or known.uuid, left=left or known.left, problem=problem))

    def tell_problem(self, mac: str, problem: Problem, *, uuid: str = "") -> None:
        """Say what stopped a PC that no agent speaks for; it gets a row if it has none. A live row is left alone."""
        before = self._rows.get(mac)
        if before is not None and before.state in ("waiting", "working"):
            return
        if before is None and len(self._rows) >= UNSEEN:
            return
        known = before or Row(mac=mac, state="failed", uuid=uuid)
        self.put(replace(known, state="failed", problem=problem, stage=None, rate=0.0))

    def forget(self, name: str) -> None:
        """Take a row away: of a line that a person said is no PC."""
        if self._rows.pop(name, None) is not None:
            self._idle.pop(name, None)
            self._wake(None)

    def tell_after(self, machine: str, problem: Problem | None) -> None:
        """Say of a machine whose job is done what went wrong since, or that nothing is wrong any more."""
        row = self.of_machine(machine)
        if row is not None and row.state == "done":
            self.put(replace(row, problem=problem))

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[asyncio.Queue[Row | None]]:
        """A queue of every row that changes from now on, None for the batch; a slow watcher loses the oldest."""
        watcher: asyncio.Queue[Row | None] = asyncio.Queue(BACKLOG)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def _wake(self, row: Row | None) -> None:
        for watcher in self._watchers:
            if watcher.full():
                watcher.get_nowait()
            watcher.put_nowait(row)

    def _make_room(self) -> None:
        """Forget the longest silent row that no agent holds; rows of agents go last."""
        while len(self._rows) > ROWS:
            if self._idle:
                oldest, _ = self._idle.popitem(last=False)
            else:
                oldest = min(self._rows, key=lambda name: self._rows[name].seen)
            del self._rows[oldest]
