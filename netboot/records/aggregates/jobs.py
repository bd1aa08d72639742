"""Jobs, their stages, and what is left undone."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from netboot.jobs.job import Job, StageRecord
from netboot.jobs.named import Named
from netboot.records import (
    begun_erases,
    drive_formats,
    given_up,
    jobs,
    machines,
    naming,
    starting,
    unfinished,
    visits,
)
from netboot.records.refusals import NoPlace, NotAsSeen, UnknownProfile
from netboot.records.transactions import Transactions
from netboot.records.values import (
    LeftAt,
    Outcome,
    Start,
    Unfinished,
)
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_begun import Begun
from netboot.shared.inventory import DiskId
from netboot.shared.problems import Problem
from netboot.shared.stages import StageName

LEFT_SHOWN: Final = timedelta(days=7)
"""How long a PC in which work was left stands among the PCs of today after a restart; in the list it does for ever."""
LEFT_MOST: Final = 128


class Jobs:
    """Jobs, their stages, and what is left undone."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def give_up(self, machine_id: str, job_id: str, who: str) -> None:
        """A person says that this PC does not come back: its job ends, as at another boot. Raises NotThatVisit."""
        with self._open.writing() as session:
            given_up.give_up(session, machine_id, job_id, who=who, now=self._open.now())

    def begin(self, visit_id: str, *, menu: str = "", batch: str = "", starts: Mapping[str, Start]) -> Job | None:
        """Use up what this visit is to follow and start its job: both are on disk, or neither.

        That is the boot menu's pick (`Hello.profile`), once a visit, else what waits for the machine, else a place in
        the batch that its menu had armed (`Hello.batch`); each choice and each place is given out once.

        `starts` is what a job of each profile needs, by the profile's id; one that is not in it is gone. None when
        nothing was chosen.

        Raises UnknownProfile, or NotAsSeen, once the choice is withdrawn for good: the first when its profile is gone,
        the second when the PC or its disks are not what the person saw; NoPlace when the batch has none for this PC;
        NotOnRecord when the visit is unknown or has a job that is not over, Contested while nobody knows whether its
        line is the PC, NotThatVisit when it is over: the choice then waits on.
        """
        with self._open.writing() as session:
            begun = starting.begin(
                session,
                visit_id,
                menu=menu,
                batch=batch,
                starts=starts,
                began=self._open.day.began(session),
                now=self._open.now(),
            )
        if isinstance(begun, UnknownProfile | NotAsSeen | NoPlace):
            raise begun
        return begun

    def refuse(self, visit_id: str, *, menu: str = "", batch: str = "") -> None:
        """Withdraw what this visit was to follow (see `begin`), for good: later hellos of the visit change nothing."""
        with self._open.writing() as session:
            starting.refuse(session, visit_id, menu=menu, batch=batch, now=self._open.now())

    def of_visit(self, visit_id: str) -> Job | None:
        """The visit's job that is not over."""
        with self._open.reading() as session:
            return jobs.running(session, visit_id)

    def ended_job(self, visit_id: str, job_id: str) -> Job | None:
        """The visit's job of this id if it has one, and it is over."""
        with self._open.reading() as session:
            return jobs.ended_job(session, visit_id, job_id)

    def outcome(self, visit_id: str) -> Outcome | None:
        """How the visit's newest job ended, if it has."""
        with self._open.reading() as session:
            return jobs.outcome(session, visit_id)

    def stage_started(self, job_id: str, stage: StageName, report_number: int) -> Job:
        """A report that a stage began; one that is on the record already changes nothing. Gives the job as it is."""
        with self._open.writing() as session:
            return jobs.stage_started(session, job_id, stage, report_number, now=self._open.now())

    def erase_begun(self, job_id: str, begun: Begun, report_number: int) -> None:
        """A report that a disk is about to be erased, or that its drive took the order; kept for the next boot."""
        with self._open.writing() as session:
            added = jobs.erase_begun(session, job_id, begun, report_number, now=self._open.now())
            self._open.arrivals.count(added)

    def erase_reached(self, job_id: str, disk: DiskId, done: int) -> None:
        """How far an overwrite is; only the newest figure is kept."""
        with self._open.writing() as session:
            begun_erases.reached(session, job_id, disk, done)

    def drive_format(self, job_id: str, told: DriveFormat, report_number: int) -> None:
        """A report that a drive is about to be formatted for its master, or what became of that."""
        with self._open.writing() as session:
            added = drive_formats.told(session, job_id, told, report_number, now=self._open.now())
            self._open.arrivals.count(added)

    def stage_finished(self, job_id: str, record: StageRecord, seconds: float | None, report_number: int) -> Job:
        """A judged report that a stage ended; one that is on the record already changes nothing. Gives the job.

        With its last stage the job is done and its visit over: the PC leaves as soon as it hears that this is kept.
        """
        with self._open.writing() as session:
            visit_id = jobs.visit_of(session, job_id)
            job, added = jobs.stage_finished(session, job_id, record, seconds, report_number, now=self._open.now())
            self._open.arrivals.count(added)
            if all(stage.state == "done" for stage in job.stages):
                jobs.end(session, job_id, None, now=self._open.now())
                visits.end(session, visit_id, now=self._open.now())
        return job

    def end(self, job_id: str, problem: Problem | None) -> None:
        """The job is over: done (None), interrupted or failed, as the problem's code says.

        Once it is done, nothing that was chosen waits for its machine any more.
        """
        with self._open.writing() as session:
            jobs.end(session, job_id, problem, now=self._open.now())

    def left_undone(self, machine_id: str) -> Unfinished | None:
        """The work in this machine that stopped early and was not done anew since."""
        with self._open.reading() as session:
            return unfinished.unfinished(session, [machine_id]).get(machine_id)

    def left_undone_at_boot(self, *, mac: str, uuid: str) -> Unfinished | None:
        """The same for the PC in whose boot menu these names stand: for people to read, no permission to write."""
        with self._open.reading() as session:
            machine = machines.at_boot(session, mac=mac, uuid=uuid)
            return None if machine is None else unfinished.unfinished(session, [machine.id]).get(machine.id)

    def unfinished_lately(self) -> tuple[LeftAt, ...]:
        """The machines in which work was left within the last LEFT_SHOWN, the newest LEFT_MOST of them."""
        with self._open.reading() as session:
            return unfinished.left_since(session, self._open.now() - LEFT_SHOWN, limit=LEFT_MOST)

    def named_pcs(self) -> tuple[Named, ...]:
        """The PCs that bear the name of their newest installation, oldest first; without addresses."""
        with self._open.reading() as session:
            return naming.named_pcs(session)
