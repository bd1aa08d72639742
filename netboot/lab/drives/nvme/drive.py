"""The NVM subsystem of an NVMe drive of the lab: its namespaces, its state, and what goes on by itself.

Sanitize, Format, a Revert and self-tests have their own time, with or without a PC. Not for: queues and registers,
which a PC talks to; those are in controller.py.
"""

from collections import deque
from pathlib import Path

import msgspec

from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.eraser import catch_up, due, wait
from netboot.lab.drives.erasing import Ending, Erasing, Fill, begin, ending, progress
from netboot.lab.drives.journal import Journal
from netboot.lab.drives.medium import Medium, MediumError
from netboot.lab.drives.nvme import sanitize
from netboot.lab.drives.nvme.command import ALL_NAMESPACES, Admin, Answer, Command, CommandError, Status
from netboot.lab.drives.nvme.events import SANITIZE_COMPLETED, SANITIZE_DEALLOCATED, Event
from netboot.lab.drives.nvme.identify import SECTORS
from netboot.lab.drives.nvme.logs import ErrorEntry, RunningTest
from netboot.lab.drives.nvme.opal import Opal
from netboot.lab.drives.nvme.spec import NvmeSpec
from netboot.lab.drives.nvme.state import Counters, NvmeState, SelfTest
from netboot.lab.drives.state import StateFile

_TOLD = frozenset({Admin.FORMAT, Admin.SANITIZE, Admin.SELF_TEST, Admin.SET_FEATURES})
_BY_FORMAT, _BY_RESET, _BY_SANITIZE, _ABORTED, _FAILED_SEGMENT, _PASSED = 4, 2, 9, 1, 7, 0


class Formatting(msgspec.Struct):
    """A Format that goes on: its command (None: nobody waits for it any longer), which namespaces, their sectors."""

    command: Command | None
    nsids: tuple[int, ...]
    sector: int
    work: Erasing | None


class NvmeDrive:
    """One drive; times are seconds of time.time()."""

    def __init__(self, spec: NvmeSpec) -> None:
        """Opens the images, which are there. Raises OSError, ValueError, msgspec.ValidationError."""
        self.spec = spec
        self.behaviour = spec.behaviour
        image = Path(spec.namespaces[0].image)
        self._file = StateFile(image, NvmeState())
        self.state = self._file.now
        self.counters = msgspec.structs.replace(self.state.counters)
        self.media = [self._open(nsid) for nsid in range(1, len(spec.namespaces) + 1)]
        self.formatting: Formatting | None = None
        self.errors: deque[ErrorEntry] = deque(maxlen=64)
        self.finished: list[tuple[Command, Answer | CommandError]] = []
        self.events: list[Event] = []
        self._test: tuple[int, int, float] | None = None
        self._on_since: float | None = None
        self._clean = True
        self._journal = Journal(image)
        self.opal = None if spec.opal is None else Opal(spec.opal, self)

    def _open(self, nsid: int) -> Medium:
        namespace = self.spec.namespaces[nsid - 1]
        return Medium(Path(namespace.image), self.state.sectors.get(nsid, namespace.sector), self.behaviour)

    def behave(self, behaviour: Behaviour) -> None:
        """Behave otherwise from now on, until this process ends."""
        self.behaviour = behaviour
        for medium in self.media:
            medium.close()
        self.media = [self._open(nsid) for nsid in range(1, len(self.media) + 1)]

    def status(self, now: float) -> dict[str, object]:
        """What a test may want to know without asking as a PC does."""
        work = self.state.sanitizing.work or (self.formatting.work if self.formatting else None)
        work = work or (self.opal.reverting if self.opal else None)
        return {
            "power": self._on_since is not None,
            "sanitize": self.state.sanitizing.status,
            "formatting": list(self.formatting.nsids) if self.formatting else [],
            "progress": None if work is None else progress(work, self.behaviour, now),
            "opal": None if self.opal is None else self.opal.state,
        }

    def medium(self, nsid: int) -> Medium:
        """The data of a namespace. Raises CommandError."""
        if not 1 <= nsid <= len(self.media):
            raise CommandError(Status.INVALID_NAMESPACE)
        return self.media[nsid - 1]

    def journal(self, command: Command, status: Status) -> None:
        """Put down an admin command that has ended, if it told the drive to do something."""
        if command.opcode in _TOLD:
            self._journal.add(
                {
                    "command": Admin(command.opcode).name.lower(),
                    "nsid": command.nsid,
                    "dword10": command.words[0],
                    "dword11": command.words[1],
                    "status": status.name.lower(),
                }
            )

    def reverted(self, status: str) -> None:
        """A Revert with the PSID has ended so."""
        self._journal.add({"command": "opal_revert", "status": status})
        if status == "success":
            self._change(reverted=True)

    def save(self) -> None:
        """Put down everything that outlasts a power cut."""
        self.state = msgspec.structs.replace(self.state, counters=msgspec.structs.replace(self.counters))
        self._file.change(self.state)

    def _change(self, **fields: object) -> None:
        self.state = msgspec.structs.replace(self.state, **fields)
        self.save()

    # Power.

    def power_on(self, now: float) -> None:
        """The drive has power again."""
        self._on_since = now
        self._clean = False
        self.events.clear()
        self.counters.power_cycles += 1
        if self.opal:
            self.opal.power_on()
        self._change(sanitizing=sanitize.with_power(self.state.sanitizing, now))

    def power_off(self, now: float) -> None:
        """It has none any longer; unless it was told before, that was unsafe."""
        if self._on_since is None:
            return
        self.work(now)
        self.counters.power_on_seconds += max(0, now - self._on_since)
        self._on_since = None
        self.counters.unsafe_shutdowns += not self._clean
        for medium in self.media:
            medium.power_off()
        self.reset(now)
        # Their command is lost with the PC; what a Format or a Revert had erased by then stays erased.
        self.formatting = None
        if self.opal:
            self.opal.power_off()
        self._change(sanitizing=sanitize.without_power(self.state.sanitizing, self.behaviour, now))

    def shut_down(self) -> None:
        """The PC says that power may go now."""
        for medium in self.media:
            medium.flush()
        self._clean = True
        self.save()

    def reset(self, now: float) -> None:
        """A Controller Level Reset ends a short self-test; a sanitize, an extended test and a Format go on."""
        if self._test and (self._test[0] == 1 or self._on_since is None):
            self._end_test(_BY_RESET, now)
        if self.formatting:
            self.formatting.command = None
        if self.opal:
            self.opal.reset()
        self.finished.clear()
        self.events.clear()

    # Sanitize.

    def sanitize(self, dword10: int, dword11: int, now: float, *, warns: bool) -> None:
        """Begin one, or leave the failure of one. Raises CommandError."""
        self._may_erase()
        if self.formatting:
            raise CommandError(Status.FORMAT_IN_PROGRESS)
        before = self.state.sanitizing
        after = sanitize.order(before, dword10, dword11, self.spec, self.behaviour, now, warns=warns)
        if after.work and self._test:
            self._end_test(_BY_SANITIZE, now)
        self._change(sanitizing=after)

    def sanitize_log(self, now: float) -> bytes:
        """Log page 81h."""
        return sanitize.log_page(self.state.sanitizing, self.behaviour, now)

    def _may_erase(self) -> None:
        if self.opal and self.opal.is_locked:
            raise CommandError(Status.OPERATION_DENIED)

    def refuses(self) -> Status | None:
        """With which status reads and writes end now, None: they are carried out."""
        return sanitize.forbids(self.state.sanitizing)

    # Format.

    def format(self, command: Command, now: float) -> None:
        """Begin what a Format NVM command asks for (Base §5.14); it ends in `finished`. Raises CommandError."""
        dword10 = command.words[0]
        number, secure = dword10 & 15 | (dword10 >> 12 & 3) << 4, dword10 >> 9 & 7
        if not self.spec.format:
            raise CommandError(Status.INVALID_OPCODE)
        self._may_erase()
        if (status := self.refuses()) is not None:
            raise CommandError(status)
        if self.formatting:
            raise CommandError(Status.FORMAT_IN_PROGRESS)
        if number >= len(SECTORS) or dword10 & 0x1F0:
            raise CommandError(Status.INVALID_FORMAT)
        knows = (True, self.spec.format_user_data, self.spec.format_crypto)
        if secure >= len(knows) or not knows[secure]:
            raise CommandError(Status.INVALID_FIELD)
        every = self.spec.erase_all if secure else self.spec.format_all
        if every or command.nsid == ALL_NAMESPACES:
            nsids = tuple(range(1, len(self.media) + 1))
        else:
            self.medium(command.nsid)
            nsids = (command.nsid,)
        if any(self.media[nsid - 1].size % SECTORS[number] for nsid in nsids):
            raise CommandError(Status.INVALID_FORMAT)
        if self.behaviour.erase is Outcome.REFUSES:
            raise CommandError(Status.OPERATION_DENIED)
        if self._test:
            self._end_test(_BY_FORMAT, now)
        # SES 0 asks for no erase: a new format, and the data stays where it was.
        work = None
        if secure:
            work = begin(Fill.NOISE if secure == 2 else Fill.PATTERN, self.behaviour.pattern, self.behaviour, now)
        self.formatting = Formatting(command, nsids, SECTORS[number], work)

    def percent_left(self, nsid: int, now: float) -> int | None:
        """What is left of a Format of this namespace, None: there is none."""
        if self.formatting is None or nsid not in self.formatting.nsids:
            return None
        work = self.formatting.work
        return 0 if work is None else int((1 - progress(work, self.behaviour, now)) * 100)

    def _work_on_format(self, now: float) -> float | None:
        job = self.formatting
        if job is None:
            return None
        media = [self.media[nsid - 1] for nsid in job.nsids]
        if job.work is not None:
            job.work = catch_up(job.work, media, self.behaviour, now)
            over = ending(job.work, self.behaviour, now)
            if over is None or job.work.erased < due(job.work, media, self.behaviour, now):
                return wait(job.work, media, self.behaviour, now)
            if over is Ending.FAILED:
                self._end_format(CommandError(Status.INTERNAL_ERROR))
                return None
        self._change(sectors={**self.state.sectors, **dict.fromkeys(job.nsids, job.sector)})
        for nsid in job.nsids:
            self.media[nsid - 1].close()
            self.media[nsid - 1] = self._open(nsid)
        self._end_format(Answer())
        return None

    def _end_format(self, answer: Answer | CommandError) -> None:
        assert self.formatting is not None
        if self.formatting.command is not None:
            self.finished.append((self.formatting.command, answer))
        self.formatting = None

    # Self-test.

    def self_test(self, nsid: int, code: int, now: float) -> None:
        """Device Self-test (Base §5.9): 1 short, 2 extended, 15 aborts. Raises CommandError."""
        if self.spec.self_test_seconds is None:
            raise CommandError(Status.INVALID_OPCODE)
        if (status := self.refuses()) is not None:
            raise CommandError(status)
        if nsid not in (0, ALL_NAMESPACES):
            self.medium(nsid)
        if code == 15:
            if self._test:
                self._end_test(_ABORTED, now)
            return
        if code not in (1, 2):
            raise CommandError(Status.INVALID_FIELD)
        if self._test:
            raise CommandError(Status.SELF_TEST_IN_PROGRESS)
        self._test = (code, nsid, now)

    def running_test(self, now: float) -> RunningTest | None:
        """The test that goes on."""
        if self._test is None or not self.spec.self_test_seconds:
            return None
        code, _, since = self._test
        return RunningTest(code, min(99, int(100 * (now - since) / self.spec.self_test_seconds)))

    def _work_on_test(self, now: float) -> float | None:
        if self._test is None:
            return None
        left = self._test[2] + (self.spec.self_test_seconds or 0) - now
        if left > 0:
            return left
        for nsid, medium in enumerate(self.media, 1):
            for start in range(0, medium.sectors, 2048):
                try:
                    medium.read(start, min(2048, medium.sectors - start))
                except MediumError as error:
                    self._end_test(_FAILED_SEGMENT, now, nsid, error.lba)
                    return None
        self._end_test(_PASSED, now)
        return None

    def _end_test(self, result: int, now: float, nsid: int | None = None, lba: int | None = None) -> None:
        assert self._test is not None
        code, asked, _ = self._test
        self._test = None
        hours = int(self.power_on_seconds(now) // 3600)
        entry = SelfTest(code, result, hours, asked if nsid is None else nsid, lba)
        self._change(self_tests=(entry, *self.state.self_tests[:19]))

    def power_on_seconds(self, now: float) -> float:
        """How long it has had power in all."""
        return self.counters.power_on_seconds + (0 if self._on_since is None else max(0, now - self._on_since))

    def counters_at(self, now: float) -> Counters:
        """What the SMART log counts, by now."""
        return msgspec.structs.replace(self.counters, power_on_seconds=self.power_on_seconds(now))

    # By itself.

    def work(self, now: float) -> float | None:
        """Go on with what goes on; in how many seconds to come again, None: nothing does."""
        waits = [self._work_on_sanitize(now), self._work_on_format(now), self._work_on_test(now)]
        if self.opal:
            waits.append(self.opal.work(now))
        return min((one for one in waits if one is not None), default=None)

    def _work_on_sanitize(self, now: float) -> float | None:
        before = self.state.sanitizing
        if before.work is None:
            return None
        work = catch_up(before.work, self.media, self.behaviour, now)
        if work.erased != before.work.erased:
            # The file is not written at each look: what was erased twice was erased.
            before = msgspec.structs.replace(before, work=work)
            self.state = msgspec.structs.replace(self.state, sanitizing=before)
        over = ending(work, self.behaviour, now)
        if over is None or work.erased < due(work, self.media, self.behaviour, now):
            return wait(work, self.media, self.behaviour, now)
        after = sanitize.ended(before, over, self.spec, self.behaviour)
        self._change(sanitizing=after)
        self.events.append(SANITIZE_DEALLOCATED if after.status == 4 else SANITIZE_COMPLETED)
        return None

    def wrote(self) -> None:
        """User data was written."""
        if self.state.sanitizing.erased:
            self._change(sanitizing=sanitize.written(self.state.sanitizing))
