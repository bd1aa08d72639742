"""Asynchronous events: what the drive wants to tell, and the PC's requests that wait for it. Pure.

Follows NVM Express Base 2.0 §5.2: an event of a type is told once, then not again until its log page was read.
"""

from collections import deque
from dataclasses import dataclass, field

from netboot.lab.drives.nvme.command import Command, CommandError, Status
from netboot.lab.drives.nvme.identify import ASYNC_EVENTS


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, what it says, and the log page that has more."""

    type: int
    information: int
    log_page: int

    @property
    def result(self) -> int:
        """Completion dword 0."""
        return self.type | self.information << 8 | self.log_page << 16


SANITIZE_COMPLETED = Event(6, 1, 0x81)
SANITIZE_DEALLOCATED = Event(6, 2, 0x81)


@dataclass(slots=True)
class Events:
    """What waits on either side; forgotten at a reset."""

    _requests: deque[Command] = field(default_factory=deque)
    _events: deque[Event] = field(default_factory=deque)
    _masked: set[int] = field(default_factory=set)

    def request(self, command: Command) -> None:
        """The PC waits for an event. Raises CommandError when it waits for too many."""
        if len(self._requests) >= ASYNC_EVENTS:
            raise CommandError(Status.TOO_MANY_EVENT_REQUESTS)
        self._requests.append(command)

    def happened(self, event: Event) -> None:
        """Something to tell; told once, however often it happens before its page is read."""
        if event not in self._events:
            self._events.append(event)

    def was_read(self, log_page: int) -> None:
        """The page was read without Retain Asynchronous Event."""
        self._masked.difference_update(_TYPES.get(log_page, ()))
        self._events = deque(event for event in self._events if event.log_page != log_page)

    def ready(self) -> list[tuple[Command, Event]]:
        """Which requests are answered now, each with its event."""
        answered = []
        for event in list(self._events):
            if self._requests and event.type not in self._masked:
                answered.append((self._requests.popleft(), event))
                self._events.remove(event)
                self._masked.add(event.type)
        return answered


_TYPES = {0x01: (0,), 0x02: (1,), 0x81: (6,)}
