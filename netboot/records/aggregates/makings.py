"""Masters that are made on the server for somebody on the page: the newest one, which may be at work."""

import logging
from typing import Final

import msgspec

from netboot.jobs.making import Making
from netboot.records import events, people
from netboot.records.refusals import AtWork
from netboot.records.transactions import Transactions

log = logging.getLogger(__name__)

_NEWEST: Final = "masters.making"


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
