"""At the server's start, withdraws choices and batches whose profile was edited since they were made.

Otherwise an edit could turn a choice to inspect a PC into one to erase it. The record has the digests of the profiles
of the last start to compare with. A record from before digests were kept has none: then only choices of profiles that
write to disks are withdrawn. Not for: a profile whose file is gone (`starting.py` refuses it at the hello); jobs, which
keep their profile as it was.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from netboot.jobs.profile import Profile
from netboot.records import batches, choices, people, tables

_KNOWN: Final = "profiles.digests"


def withdraw_changed(session: Session, profiles: Sequence[Profile], *, now: datetime) -> tuple[str, ...]:
    """Withdraw what waits for a profile that has changed, and remember these; gives the ids of those withdrawn from."""
    told = people.setting(session, _KNOWN)
    known = msgspec.json.decode(told, type=dict[str, str]) if told else {}
    digests = {profile.id: profile.digest for profile in profiles}
    changed = {
        profile.id
        for profile in profiles
        if known.get(profile.id) != profile.digest and (profile.id in known or profile.proven)
    }
    # One whose file is away for a start is still known by what it was when people agreed to it.
    people.set_setting(session, _KNOWN, msgspec.json.encode(known | digests, order="deterministic").decode())
    waiting = select(tables.Choice).where(tables.Choice.closed.is_(None), tables.Choice.profile.in_(changed))
    ended = []
    for row in session.scalars(waiting.order_by(tables.Choice.at)).all():
        row.closed = now
        session.flush()
        choices.withdrawn(session, row, who="", why="profile-changed", now=now)
        ended.append(row.profile)
    batch = batches.close_changed(session, changed, now=now)
    return tuple(sorted({*ended, *batch}))
