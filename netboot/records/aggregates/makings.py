"""Masters that are made on the server for people on the page: the newest one, which may be at work, and what waits."""

import logging
from typing import Final

import msgspec

from netboot.jobs.making import Making, ToShrink
from netboot.records import events, people, tables
from netboot.records.refusals import AtWork
from netboot.records.transactions import Transactions

log = logging.getLogger(__name__)

_NEWEST: Final = "masters.making"
_TO_SHRINK: Final = "masters.to-shrink"
MOST_WAITING: Final = 16


class Makings:
    """The newest making of a master. Each has two events, at its beginning and at its end."""

    def __init__(self, transactions: Transactions) -> None:
        self._open = transactions

    def begin(self, making: Making, who: str) -> None:
        """It begins because of this person. Raises AtWork while another one has not ended."""
        with self._open.writing() as session:
            newest = _read(people.setting(session, _NEWEST))
            if newest is not None and newest.state == "running":
                raise AtWork("another master is being made", hint="wait until it has ended, or stop it")
            people.set_setting(session, _NEWEST, msgspec.json.encode(making).decode())
            body = {"making": making.id, "kind": making.kind, "name": making.name, "by": events.person(session, who)}
            events.append(session, "making-begun", body, now=self._open.now())

    def note(self, making: Making) -> None:
        """It is so far; no event. One that has ended stays as it ended."""
        with self._open.writing_no_event() as session:
            newest = _read(people.setting(session, _NEWEST))
            if newest is not None and newest.id == making.id and newest.state == "running":
                people.set_setting(session, _NEWEST, msgspec.json.encode(making).decode())

    def end(self, making: Making, who: str = "") -> None:
        """It has ended so; `who` stopped it. Told twice, it ended once."""
        with self._open.writing() as session:
            newest = _read(people.setting(session, _NEWEST))
            if newest is None or newest.id != making.id or newest.state != "running":
                return
            people.set_setting(session, _NEWEST, msgspec.json.encode(making).decode())
            # Not why: that may hold the name of somebody's file, and the chain keeps what it has.
            body = {"making": making.id, "state": making.state, "digest": making.digest}
            if who:
                body["by"] = events.person(session, who)
            events.append(session, "making-ended", body, now=self._open.now())

    def put_off(self, one: ToShrink) -> bool:
        """It is made smaller later: kept until `done_with`. Told twice, it waits once; False where too many wait."""
        with self._open.writing() as session:
            waiting = _read_waiting(people.setting(session, _TO_SHRINK))
            if any(other.digest == one.digest for other in waiting):
                return True
            if len(waiting) >= MOST_WAITING:
                return False
            people.set_setting(session, _TO_SHRINK, msgspec.json.encode((*waiting, one)).decode())
            return True

    def done_with(self, one: ToShrink) -> None:
        """It waits no longer."""
        with self._open.writing() as session:
            waiting = _read_waiting(people.setting(session, _TO_SHRINK))
            left = tuple(other for other in waiting if other.digest != one.digest)
            people.set_setting(session, _TO_SHRINK, msgspec.json.encode(left).decode())

    def waiting(self) -> tuple[ToShrink, ...]:
        """What waits, the oldest first."""
        with self._open.reading() as session:
            return _read_waiting(people.setting(session, _TO_SHRINK))

    def who_captured(self, one: ToShrink) -> str:
        """Who chose its capture; "" for a choice in the boot menu, and for who is forgotten."""
        with self._open.reading() as session:
            job = session.get(tables.Job, one.job)
            return "" if job is None or job.chosen_by == people.FORGOTTEN else job.chosen_by

    def newest(self) -> Making | None:
        """The newest one, None where there was none."""
        with self._open.reading() as session:
            return _read(people.setting(session, _NEWEST))


def _read(text: str | None) -> Making | None:
    """None as well for one that cannot be read, as another version of netboot wrote it: the server must start."""
    try:
        return msgspec.json.decode(text, type=Making) if text else None
    except msgspec.MsgspecError as error:
        log.warning("the newest making of a master cannot be read: %s", error)
        return None


def _read_waiting(text: str | None) -> tuple[ToShrink, ...]:
    """None of them where they cannot be read: what was captured is there all the same."""
    try:
        return msgspec.json.decode(text, type=tuple[ToShrink, ...]) if text else ()
    except msgspec.MsgspecError as error:
        log.warning("which captures are to be made smaller cannot be read: %s", error)
        return ()
