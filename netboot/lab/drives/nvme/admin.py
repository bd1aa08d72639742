"""The admin commands of an NVMe drive of the lab, those about queues left out: what each answers.

Follows NVM Express Base 2.0 §5; which commands a sanitize leaves is §8.21.1's figure.
"""

from collections.abc import Callable
from typing import Final

from netboot.lab.drives.nvme import identify, logs
from netboot.lab.drives.nvme.command import ALL_NAMESPACES, Admin, Answer, Command, CommandError, Status
from netboot.lab.drives.nvme.drive import NvmeDrive
from netboot.lab.drives.nvme.events import Events
from netboot.lab.drives.nvme.features import Features

Fetch = Callable[[Command, int], bytes]
"""So many bytes of a command's data. Raises CommandError, DmaError."""


class AdminCommands:
    """What a PC has set since the last reset, and the commands."""

    def __init__(self, drive: NvmeDrive, events: Events, fetch: Fetch) -> None:
        """`fetch` gets the data that a command carries from the PC."""
        self._drive = drive
        self._fetch = fetch
        self._events = events
        self.features: Final = Features(write_cache=drive.behaviour.write_cache)
        self._commands: dict[int, Callable[[Command, float], Answer | None]] = {
            Admin.GET_LOG_PAGE: self._log_page,
            Admin.IDENTIFY: self._identify,
            Admin.ABORT: self._abort,
            Admin.SET_FEATURES: self._set_features,
            Admin.GET_FEATURES: self._get_features,
            Admin.ASYNC_EVENT: self._async_event,
            Admin.SELF_TEST: self._self_test,
            Admin.FORMAT: self._format,
            Admin.SANITIZE: self._sanitize,
        }
        if drive.opal is not None:
            self._commands |= {Admin.SECURITY_SEND: self._security_send, Admin.SECURITY_RECEIVE: self._security_receive}

    def run(self, command: Command, now: float) -> Answer | None:
        """Carry it out; None: its answer comes later. Raises CommandError."""
        run = self._commands.get(command.opcode)
        if run is None:
            raise CommandError(self._drive.refuses() or Status.INVALID_OPCODE)
        return run(command, now)

    def _identify(self, command: Command, now: float) -> Answer:
        spec, nsid = self._drive.spec, command.nsid
        exists = 1 <= nsid <= len(spec.namespaces)
        match command.words[0] & 0xFF:
            case 0x00 | 0x11:
                medium = self._drive.medium(nsid)
                left = self._drive.percent_left(nsid, now)
                return Answer(data=identify.namespace(spec, nsid, medium.size, medium.sector, left))
            case 0x01:
                return Answer(data=identify.controller(spec, sum(medium.size for medium in self._drive.media)))
            case 0x02 | 0x10:
                if nsid >= ALL_NAMESPACES - 1:
                    raise CommandError(Status.INVALID_NAMESPACE)
                return Answer(data=identify.active(spec, nsid))
            case 0x03:
                self._drive.medium(nsid)
                return Answer(data=identify.descriptors(spec, nsid))
            case 0x12 | 0x13:
                return Answer(data=identify.controllers(exists or command.words[0] & 0xFF == 0x13))
            case _:
                raise CommandError(Status.INVALID_FIELD)

    def _log_page(self, command: Command, now: float) -> Answer:
        dword10, dword11, low, high = command.words[:4]
        size = ((dword10 >> 16 | (dword11 & 0xFFFF) << 16) + 1) * 4
        offset = low | high << 32
        page = self._page(dword10 & 0xFF, now)
        if offset % 4 or offset > len(page) or size > identify.PAGE << identify.MDTS:
            raise CommandError(Status.INVALID_FIELD)
        if not dword10 & 1 << 15:
            self._events.was_read(dword10 & 0xFF)
        return Answer(data=page[offset : offset + size].ljust(size, b"\0"))

    def _page(self, number: int, now: float) -> bytes:
        drive = self._drive
        match number:
            case 0x01:
                return logs.errors(drive.errors)
            case 0x02:
                return logs.smart(drive.spec, drive.counters_at(now))
            case 0x03:
                return logs.firmware(drive.spec)
            case 0x06 if drive.spec.self_test_seconds is not None:
                return logs.self_tests(drive.running_test(now), drive.state.self_tests)
            case 0x81 if drive.spec.sanitize:
                return drive.sanitize_log(now)
            case _:
                raise CommandError(Status.INVALID_LOG_PAGE)

    def _abort(self, command: Command, now: float) -> Answer:
        return Answer(1)  # it was not aborted: it ends when it ends

    def _set_features(self, command: Command, now: float) -> Answer:
        return Answer(self.features.set(command.words[0], command.words[1]))

    def _get_features(self, command: Command, now: float) -> Answer:
        return Answer(self.features.get(command.words[0]))

    def _async_event(self, command: Command, now: float) -> None:
        self._events.request(command)

    def _self_test(self, command: Command, now: float) -> Answer:
        self._drive.self_test(command.nsid, command.words[0] & 15, now)
        return Answer()

    def _format(self, command: Command, now: float) -> None:
        self._drive.format(command, now)

    def _sanitize(self, command: Command, now: float) -> Answer:
        self._drive.sanitize(command.words[0], command.words[1], now, warns=self.features.sanitize_warns)
        return Answer()

    def _security_send(self, command: Command, now: float) -> Answer:
        assert self._drive.opal is not None
        _within_limit(command.words[1])
        self._drive.opal.send(command, self._fetch(command, command.words[1]), now)
        return Answer()

    def _security_receive(self, command: Command, now: float) -> Answer:
        assert self._drive.opal is not None
        _within_limit(command.words[1])
        return Answer(data=self._drive.opal.receive(command))


def _within_limit(size: int) -> None:
    if size > identify.PAGE << identify.MDTS:
        raise CommandError(Status.INVALID_FIELD)
