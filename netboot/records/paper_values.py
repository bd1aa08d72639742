"""What the papers of a visit are made from, as frozen values: what people signed and said of its disks, each with its
event. Not for: what a paper says of them (`certificates/`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from netboot.jobs.disk_take_out import TakeOut
from netboot.jobs.erase_exception import EraseException
from netboot.records.values import Event, VisitRow
from netboot.shared.drive_format import DriveFormat


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """What a person signed in a visit, and which job went by it, "" for none; `event` is None where the journal does
    not say the same."""

    id: int
    exception: EraseException
    who: str
    at: datetime
    job_id: str
    event: Event | None

    @property
    def in_chain(self) -> bool:
        """Whether the journal says the same."""
        return self.event is not None


@dataclass(frozen=True, slots=True)
class TakeOutRow:
    """What a person said of a disk that was taken out, seen last in this visit; `event` as `ExceptionRow` has it."""

    id: int
    visit_id: str
    take_out: TakeOut
    who: str
    at: datetime
    event: Event | None

    @property
    def in_chain(self) -> bool:
        """Whether the journal says the same."""
        return self.event is not None


@dataclass(frozen=True, slots=True)
class VisitPapers:
    """All that a paper about one visit is made from. `events` are the visit's, in order, up to the last of which it
    tells: an erasure's, an exception's, or that of a disk that was taken out; `proofs` are the erasures' own, by the
    number of their row (`ErasureRow.id`). `formats` are those by which drives were
    given other sectors, each with its event's number. `server` is whose chain it is."""

    server: str
    machine_id: str
    machine_number: int
    label: str
    visit: VisitRow
    events: tuple[Event, ...]
    proofs: Mapping[int, Event]
    exceptions: tuple[ExceptionRow, ...] = ()
    take_outs: tuple[TakeOutRow, ...] = ()
    formats: tuple[tuple[int, DriveFormat], ...] = ()

    @property
    def told_here(self) -> tuple[TakeOutRow, ...]:
        """Of the disks that were taken out those that were seen in this visit; the others were in an earlier one."""
        return tuple(row for row in self.take_outs if row.visit_id == self.visit.id)
