"""The NVMe controller, as a PCI function: registers, queues, interrupts, and commands in the order of their queues.

Follows NVM Express Base 2.0 §3.3 (queues), §3.5 (enabling), §3.6 (shutdown), §3.7 (resets). What a command does is in
admin.py and io.py.
"""

import heapq
import logging
from collections.abc import Mapping

from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.guest_memory import DmaError
from netboot.lab.drives.nvme import identify, io
from netboot.lab.drives.nvme.admin import AdminCommands
from netboot.lab.drives.nvme.command import (
    Admin,
    Answer,
    Command,
    CommandError,
    Status,
    command_id,
    parse_command,
    status_field,
)
from netboot.lab.drives.nvme.drive import NvmeDrive
from netboot.lab.drives.nvme.events import Events
from netboot.lab.drives.nvme.features import MAX_QUEUES
from netboot.lab.drives.nvme.logs import ErrorEntry
from netboot.lab.drives.nvme.queues import CompletionQueue, SubmissionQueue, read_data, write_data
from netboot.lab.drives.nvme.registers import BAR_BYTES, ENTRIES, Registers, doorbell
from netboot.lab.drives.pci import Bus, ConfigSpace

_log = logging.getLogger(__name__)

_ABOUT_QUEUES = frozenset({Admin.CREATE_SQ, Admin.CREATE_CQ, Admin.DELETE_SQ, Admin.DELETE_CQ})


class NvmeController:
    """One drive's controller; a PciFunction."""

    def __init__(self, drive: NvmeDrive) -> None:
        self.drive = drive
        self.bars = {0: BAR_BYTES}
        self.vectors = MAX_QUEUES + 1
        self.config = ConfigSpace(
            vendor=identify.VENDOR, device=0x0001, class_code=0x010802, bars=self.bars, vectors=self.vectors
        )
        self._bus: Bus | None = None
        self._registers = Registers()
        self._forget()

    def _forget(self) -> None:
        """As after a Controller Level Reset: no queues, no commands, nothing set."""
        self._submissions: dict[int, SubmissionQueue] = {}
        self._completions: dict[int, CompletionQueue] = {}
        self._events = Events()
        self._admin = AdminCommands(self.drive, self._events, lambda command, size: self._data(command)(size))
        self._slow: list[tuple[float, int, Command]] = []
        self._order = 0
        self._busy_until = 0.0

    def status(self, now: float) -> Mapping[str, object]:
        """What the drive is at."""
        return self.drive.status(now)

    def behave(self, behaviour: Behaviour) -> None:
        """Have other manners from now on."""
        self.drive.behave(behaviour)

    # The bus.

    def power_on(self, bus: Bus, now: float) -> None:
        self._bus = bus
        self._registers = Registers()
        self._forget()
        self.drive.power_on(now)

    def power_off(self, now: float) -> None:
        self._forget()
        self._bus = None
        self.drive.power_off(now)

    def reset(self, now: float) -> None:
        self._registers = Registers()
        self._forget()
        self.drive.reset(now)

    def read(self, bar: int, offset: int, size: int, now: float) -> bytes:
        return self._registers.read(offset, size)

    def write(self, bar: int, offset: int, data: bytes, now: float) -> None:
        if (bell := doorbell(offset)) is not None:
            self._ring(*bell, int.from_bytes(data, "little"))
            return
        if not self._registers.write(offset, data):
            return
        registers = self._registers
        if registers.shutdown_wanted and not registers.shut_down:
            self.drive.shut_down()
            registers.shut_down = True
        if registers.enabled and not registers.ready:
            self._enable()
        elif not registers.enabled and (registers.ready or registers.fatal):
            self._forget()
            self.drive.reset(now)
            registers.ready = registers.fatal = registers.shut_down = False

    def _enable(self) -> None:
        registers = self._registers
        if not registers.acceptable:
            registers.fatal = True
            return
        registers.shut_down = False
        sizes = (registers.admin_sizes & 0xFFF) + 1, (registers.admin_sizes >> 16 & 0xFFF) + 1
        self._submissions[0] = SubmissionQueue(0, registers.admin_submission, sizes[0], 0)
        self._completions[0] = CompletionQueue(registers.admin_completion, sizes[1], 0)
        registers.ready = True

    def _ring(self, number: int, completion: bool, value: int) -> None:
        queue = (self._completions if completion else self._submissions).get(number)
        if queue is None or value >= queue.size:
            _log.warning("a doorbell that no queue has: %d, %d", number, value)
        elif isinstance(queue, CompletionQueue):
            queue.head = value
        else:
            queue.tail = value

    # Commands.

    def work(self, now: float) -> float | None:
        """Take commands, go on with what takes its time, answer what is done."""
        wait = self.drive.work(now)
        if self._bus is None:
            return wait
        try:
            # Taking one command may end another, and a place that was freed may let a waiting answer through.
            for number in sorted(self._submissions):
                self._take(number, now)
            while self._slow and self._slow[0][0] <= now:
                self._run(heapq.heappop(self._slow)[2], now)
            wait = self.drive.work(now)
            self._tell()
            for queue in self._completions.values():
                self._post(queue)
        except DmaError as error:
            _log.warning("the controller stops: %s", error)
            self._registers.fatal = True
            self._forget()
        if self._slow:
            slow = max(0.0, self._slow[0][0] - now)
            wait = slow if wait is None else min(wait, slow)
        return wait

    def _take(self, number: int, now: float) -> None:
        assert self._bus is not None
        while (queue := self._submissions.get(number)) and (entry := queue.take(self._bus.memory)) is not None:
            try:
                command = parse_command(number, entry)
            except CommandError as error:
                self._end(Command(number, 0, command_id(entry), 0, 0, 0, (0,) * 6), error)
                continue
            if takes := self._seconds(command):
                self._busy_until = max(now, self._busy_until) + takes
                self._order += 1
                heapq.heappush(self._slow, (self._busy_until, self._order, command))
            else:
                self._run(command, now)

    def _seconds(self, command: Command) -> float:
        if not command.queue:
            return 0
        try:
            return io.seconds(self.drive, command, self._data(command))
        except (CommandError, DmaError):
            return 0  # it will not run either

    def _data(self, command: Command) -> io.Data:
        assert self._bus is not None
        memory = self._bus.memory
        return lambda size: read_data(memory, command.prp1, command.prp2, size)

    def _run(self, command: Command, now: float) -> None:
        assert self._bus is not None
        memory = self._bus.memory
        try:
            if command.queue:
                answer: Answer | None = io.run(self.drive, command, self._data(command))
            elif command.opcode in _ABOUT_QUEUES:
                answer = self._about_queues(command)
            else:
                answer = self._admin.run(command, now)
            if answer is None:
                return
            if answer.data:
                write_data(memory, command.prp1, command.prp2, answer.data)
            self._end(command, answer)
        except CommandError as error:
            self._end(command, error)
        except DmaError as error:
            _log.warning("command %#x: %s", command.opcode, error)
            self._end(command, CommandError(Status.TRANSFER_ERROR))

    def _tell(self) -> None:
        """Answer what has ended by itself, and requests for events."""
        for command, answer in self.drive.finished:
            self._end(command, answer)
        self.drive.finished.clear()
        for event in self.drive.events:
            self._events.happened(event)
        self.drive.events.clear()
        for command, event in self._events.ready():
            self._end(command, Answer(event.result))

    def _end(self, command: Command, answer: Answer | CommandError) -> None:
        submission = self._submissions.get(command.queue)
        if submission is None:
            return
        status = answer.status if isinstance(answer, CommandError) else Status.SUCCESS
        if not command.queue:
            self.drive.journal(command, status)
        if isinstance(answer, CommandError):
            self._note(command, answer)
        result = answer.result if isinstance(answer, Answer) else 0
        queue = self._completions[submission.completions]
        queue.waiting.append((result, submission.head, command.queue, command.id, status))

    def _post(self, queue: CompletionQueue) -> None:
        assert self._bus is not None
        if queue.post(self._bus.memory) and queue.vector is not None:
            self._bus.interrupt(queue.vector)

    def _note(self, command: Command, error: CommandError) -> None:
        drive = self.drive
        drive.counters.errors += 1
        drive.errors.append(
            ErrorEntry(
                drive.counters.errors, command.queue, command.id, status_field(error.status), error.lba, command.nsid
            )
        )

    # Queues (Base §5.5, §5.6, §5.3, §5.4: create and delete).

    def _about_queues(self, command: Command) -> Answer:
        number, size, word11 = command.words[0] & 0xFFFF, (command.words[0] >> 16) + 1, command.words[1]
        match command.opcode:
            case Admin.CREATE_CQ:
                self._may_create(number, size, word11, command.prp1, self._completions)
                vector = word11 >> 16 if word11 & 2 else None
                if vector is not None and vector >= self.vectors:
                    raise CommandError(Status.INVALID_VECTOR)
                self._completions[number] = CompletionQueue(command.prp1, size, vector)
            case Admin.CREATE_SQ:
                self._may_create(number, size, word11, command.prp1, self._submissions)
                if not (completions := word11 >> 16) or completions not in self._completions:
                    raise CommandError(Status.INVALID_CQ)
                self._submissions[number] = SubmissionQueue(number, command.prp1, size, completions)
            case Admin.DELETE_SQ:
                if not number or number not in self._submissions:
                    raise CommandError(Status.INVALID_QUEUE_ID)
                for _, _, slow in self._slow:
                    if slow.queue == number:
                        self._end(slow, CommandError(Status.SQ_DELETED))
                self._slow = [entry for entry in self._slow if entry[2].queue != number]
                heapq.heapify(self._slow)
                del self._submissions[number]
            case _:
                if not number or number not in self._completions:
                    raise CommandError(Status.INVALID_QUEUE_ID)
                if any(queue.completions == number for queue in self._submissions.values()):
                    raise CommandError(Status.INVALID_QUEUE_DELETION)
                del self._completions[number]
        return Answer()

    def _may_create(self, number: int, size: int, word11: int, address: int, there: Mapping[int, object]) -> None:
        if not 1 <= number <= MAX_QUEUES or number in there:
            raise CommandError(Status.INVALID_QUEUE_ID)
        if not 2 <= size <= ENTRIES:
            raise CommandError(Status.INVALID_QUEUE_SIZE)
        if not word11 & 1:  # a queue in pieces: CAP.CQR says that there is none
            raise CommandError(Status.INVALID_FIELD)
        if address % 4096:
            raise CommandError(Status.INVALID_PRP_OFFSET)
