"""The tables. Values that have a shape of their own (inventory, profile, evidence) are kept as msgspec's JSON text.

Identifiers are random texts, not counters, so that two servers' records can be put together; a machine's `number` is
for people and hostnames. Not for: making or changing tables in a database (`migrations/`).
"""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Final, get_args

from msgspec import Struct
from sqlalchemy import BigInteger, ForeignKey, Index, MetaData, String, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from netboot.jobs.disk_answers import Answer
from netboot.jobs.disk_take_out import TakeOut
from netboot.jobs.erase_exception import EraseException
from netboot.jobs.job import MasterNeeds
from netboot.jobs.profile import Profile
from netboot.jobs.seen import Seen
from netboot.records.column_types import Packed, T, Utc
from netboot.records.old_evidence import read_erasure, read_result
from netboot.records.refusals import NotOnRecord
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages import Result
from netboot.shared.stages.capture import CaptureOptions
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import Erasure as Evidence

ID: Final = String(64)


class Base(DeclarativeBase):
    """What every table shares: names for constraints, so that a later migration can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Machine(Base):
    """A PC that the workshop knows. `merged_into` is the machine that an operator said it is, None for itself."""

    __tablename__ = "machines"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    label: Mapped[str] = mapped_column(String(256))
    added: Mapped[datetime] = mapped_column(Utc)
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("machines.id"), index=True)


class MachineKey(Base):
    """One key by which a machine was known at some visit (`jobs/identity.py`)."""

    __tablename__ = "machine_keys"
    __table_args__ = (Unique("machine_id", "kind", "value"), Index(None, "kind", "value"))
    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machines.id"))
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(600))
    first_seen: Mapped[datetime] = mapped_column(Utc)
    last_seen: Mapped[datetime] = mapped_column(Utc)


class KeptInventory(Base):
    """An inventory, kept once; `digest` is the SHA-256 of `content` (`inventories.py`)."""

    __tablename__ = "inventories"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[Inventory] = mapped_column(Packed[Inventory](Inventory))


class Visit(Base):
    """One stay of a machine in the agent. Of its token only the SHA-256 is kept.

    `mac` is the adapter that its hello tells, `adapter` the one that its line came from, `address` from where, "" when
    that is not known. `added` is how many bytes it brought to the record. `kit` is whose stick brought it back, ""
    for a visit on the LAN. `seal_key` is the one that its first hello told, "" for none.
    """

    __tablename__ = "visits"
    __table_args__ = (Index(None, "machine_id", "opened"), Index(None, "opened"))
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machines.id"))
    boot: Mapped[str] = mapped_column(String(64), unique=True)
    mac: Mapped[str] = mapped_column(String(17))
    mode: Mapped[str] = mapped_column(String(8))
    secure_boot: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64))
    token_used: Mapped[bool]
    opened: Mapped[datetime] = mapped_column(Utc)
    closed: Mapped[datetime | None] = mapped_column(Utc)
    last_report: Mapped[int]
    inventory_digest: Mapped[str] = mapped_column(ForeignKey("inventories.digest"), nullable=True, index=True)
    adapter: Mapped[str] = mapped_column(String(17), server_default="", default="")
    standing: Mapped[str] = mapped_column(String(16), server_default="", default="")
    address: Mapped[str] = mapped_column(String(64), server_default="", default="")
    added: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    kit: Mapped[str] = mapped_column(String(64), server_default="", default="")
    seal_key: Mapped[str] = mapped_column(String(64), server_default="", default="")
    kept: Mapped[KeptInventory] = relationship(lazy="joined")

    @property
    def inventory(self) -> Inventory:
        """What was found in the PC, as it is known now."""
        return self.kept.content


class Choice(Base):
    """A person's pick of a profile, with the name of what is captured. It waits until `closed`: taken, or withdrawn."""

    __tablename__ = "choices"
    __table_args__ = (Index(None, "machine_id", "closed"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machines.id"))
    profile: Mapped[str] = mapped_column(String(64))
    who: Mapped[str] = mapped_column(String(256))
    source: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(Utc)
    target: Mapped[DiskId | None] = mapped_column(Packed[DiskId](DiskId))
    seen: Mapped[Seen | None] = mapped_column(Packed[Seen](Seen))
    closed: Mapped[datetime | None] = mapped_column(Utc)
    capture: Mapped[CaptureOptions | None] = mapped_column(Packed[CaptureOptions](CaptureOptions))
    visit_id: Mapped[str | None] = mapped_column(ForeignKey("visits.id"))


class Batch(Base):
    """A profile armed for the next PCs: `places` of them, of which `taken` came. One is open (`closed`) at most."""

    __tablename__ = "batches"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    profile: Mapped[str] = mapped_column(String(64))
    places: Mapped[int]
    taken: Mapped[int]
    who: Mapped[str] = mapped_column(String(256))
    at: Mapped[datetime] = mapped_column(Utc, index=True)
    closed: Mapped[datetime | None] = mapped_column(Utc)
    ending: Mapped[str] = mapped_column(String(16))


class BatchPlace(Base):
    """One place of a batch that a machine took; a machine has one at most."""

    __tablename__ = "batch_places"
    __table_args__ = (Unique("batch_id", "machine_id"),)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machines.id"), index=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"))
    at: Mapped[datetime] = mapped_column(Utc)


class Policy(Base):
    """What was set on the page for the PC of this name. `entry` is the menu's default; "" says nothing."""

    __tablename__ = "policies"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(String(600), primary_key=True)
    denied: Mapped[bool]
    loader: Mapped[str] = mapped_column(String(8))
    dhcp: Mapped[str] = mapped_column(String(8))
    entry: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(256))
    who: Mapped[str] = mapped_column(String(256))
    at: Mapped[datetime] = mapped_column(Utc)


class Job(Base):
    """The plan for a visit: the profile as it was then, and how far it is."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "visit_id", "started"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"))
    profile: Mapped[Profile] = mapped_column(Packed[Profile](Profile))
    master: Mapped[MasterNeeds | None] = mapped_column(Packed[MasterNeeds](MasterNeeds))
    master_digest: Mapped[str] = mapped_column(String(64))
    target: Mapped[DiskId | None] = mapped_column(Packed[DiskId](DiskId))
    seen: Mapped[Seen | None] = mapped_column(Packed[Seen](Seen))
    hostname: Mapped[str] = mapped_column(String(64))
    chosen_by: Mapped[str] = mapped_column(String(256))
    state: Mapped[str] = mapped_column(String(16))
    problem: Mapped[Problem | None] = mapped_column(Packed[Problem](Problem))
    started: Mapped[datetime] = mapped_column(Utc)
    ended: Mapped[datetime | None] = mapped_column(Utc)


class Checked(Struct, frozen=True, tag="check"):
    """A check's result as it is kept: what it found stands in a table of its own."""


_KEPT: Final = reduce(or_, (one for one in get_args(Result) if one is not CheckResult), Checked)


class Stage(Base):
    """One stage of a job, with its evidence."""

    __tablename__ = "stages"
    __table_args__ = (Unique("job_id", "position"), Unique("job_id", "stage"))
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    position: Mapped[int]
    stage: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    started: Mapped[datetime | None] = mapped_column(Utc)
    seconds: Mapped[float]
    problem: Mapped[Problem | None] = mapped_column(Packed[Problem](Problem))
    result: Mapped[Checked | Result | None] = mapped_column(Packed[Checked | Result](_KEPT, read=read_result))
    inventory_digest: Mapped[str | None] = mapped_column(ForeignKey("inventories.digest"), index=True)
    kept_inventory: Mapped[KeptInventory | None] = relationship(lazy="joined")


class DiskAnswer(Base):
    """What a person said of a machine's disks; `visit_id` where it counts for that visit only."""

    __tablename__ = "disk_answers"
    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machines.id"), index=True)
    visit_id: Mapped[str | None] = mapped_column(ForeignKey("visits.id"))
    answer: Mapped[Answer] = mapped_column(Packed[Answer](Answer))
    who: Mapped[str] = mapped_column(String(256))
    at: Mapped[datetime] = mapped_column(Utc)


class JobAnswer(Base):
    """A job goes by this answer."""

    __tablename__ = "job_answers"
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("disk_answers.id"), primary_key=True)


class SignedException(Base):
    """An exception that a person signed for this visit, the choice that it allows, and the job that went by it.

    `salt` hides the reason in its event, so that it can be forgotten (`events.sealed_text`).
    """

    __tablename__ = "erase_exceptions"
    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"), index=True)
    choice_id: Mapped[str] = mapped_column(ForeignKey("choices.id"), unique=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"), unique=True)
    exception: Mapped[EraseException] = mapped_column(Packed[EraseException](EraseException))
    salt: Mapped[str] = mapped_column(String(64))
    who: Mapped[str] = mapped_column(String(256))
    at: Mapped[datetime] = mapped_column(Utc)


class DiskTakeOut(Base):
    """What a person said of a disk that was taken out of a machine, and in which visit it was seen there last."""

    __tablename__ = "disk_take_outs"
    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machines.id"), index=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"))
    take_out: Mapped[TakeOut] = mapped_column(Packed[TakeOut](TakeOut))
    salt: Mapped[str] = mapped_column(String(64))
    who: Mapped[str] = mapped_column(String(256))
    at: Mapped[datetime] = mapped_column(Utc)


class Disk(Base):
    """A disk that says who it is, wherever it was seen."""

    __tablename__ = "disks"
    __table_args__ = (Index(None, "serial"), Index(None, "wwn"))
    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(256))
    wwn: Mapped[str] = mapped_column(String(256))
    size: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str] = mapped_column(String(256))


class DiskSighting(Base):
    """A disk was in the PC during this visit."""

    __tablename__ = "disk_sightings"
    disk_id: Mapped[int] = mapped_column(ForeignKey("disks.id"), primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"), primary_key=True, index=True)


class Erasure(Base):
    """One disk, one erase. The columns are for counting, `evidence` is the whole of it."""

    __tablename__ = "erasures"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), index=True)
    machine_id: Mapped[str] = mapped_column(ForeignKey("machines.id"), index=True)
    disk_id: Mapped[int | None] = mapped_column(ForeignKey("disks.id"), index=True)
    at: Mapped[datetime] = mapped_column(Utc)
    method: Mapped[str] = mapped_column(String(32))
    level: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[Evidence] = mapped_column(Packed[Evidence](Evidence, read=read_erasure))


class BegunErase(Base):
    """An erase that was begun on a disk; `done`: bytes that an overwrite had written when it last told.

    `after`: the number of the disk's newest erasure when it was begun. One with a greater number is its end.
    """

    __tablename__ = "begun_erases"
    __table_args__ = (Unique("job_id", "disk_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    disk_id: Mapped[int] = mapped_column(ForeignKey("disks.id"), index=True)
    begun: Mapped[Begun] = mapped_column(Packed[Begun](Begun))
    done: Mapped[int] = mapped_column(BigInteger)
    after: Mapped[int]


class Master(Base):
    """A master that this server has had; its chunks and manifest are the store's."""

    __tablename__ = "masters"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(256))
    version: Mapped[str] = mapped_column(String(64))
    licence: Mapped[str] = mapped_column(String(256))
    added: Mapped[datetime] = mapped_column(Utc)


class Operator(Base):
    """Somebody who may sign in."""

    __tablename__ = "operators"
    name: Mapped[str] = mapped_column(String(256), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(512))
    added: Mapped[datetime] = mapped_column(Utc)


class PersonSalt(Base):
    """What ties a name to its digest in the events: without the salt the name is forgotten."""

    __tablename__ = "person_salts"
    name: Mapped[str] = mapped_column(String(256), primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))


class Setting(Base):
    """One thing the server must remember about itself."""

    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Lease(Base):
    """An address that our own DHCP server gave: to whom, until when; `bound` until it is given back."""

    __tablename__ = "leases"
    address: Mapped[str] = mapped_column(String(15), primary_key=True)
    mac: Mapped[str] = mapped_column(String(17))
    name: Mapped[str] = mapped_column(String(64))
    bound: Mapped[bool]
    until: Mapped[datetime] = mapped_column(Utc)


class Chain(Base):
    """The newest link of each server's chain: whoever appends locks this row first."""

    __tablename__ = "chains"
    server: Mapped[str] = mapped_column(ID, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class Event(Base):
    """One link (`chain.py`). The database itself refuses to change or delete one (see the first migration)."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "machine_id"), Index(None, "job_id"))
    server: Mapped[str] = mapped_column(ID, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    machine_id: Mapped[str] = mapped_column(ID)
    visit_id: Mapped[str] = mapped_column(ID)
    job_id: Mapped[str] = mapped_column(ID)
    body: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


def require_row(row: T | None, what: str) -> T:
    """The row, or NotOnRecord."""
    if row is None:
        raise NotOnRecord(f"this {what} is not on the record", hint="reload the page, or restart the PC on the network")
    return row
