"""The hash chain over events: how a link is hashed, and how a chain is checked. Pure: no database, no clock.

A link's hash is SHA-256 over the canonical JSON of everything else in it, the previous link's hash included, so that no
earlier link can change without every later hash changing too. The first link of a chain follows `START`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, replace
from typing import Final

from netboot.records.values import ChainCheck, Event

START: Final = "0" * 64
"""What stands in for the hash before the first event."""

Body = Mapping[str, object]


def canonical(value: object) -> str:
    """One spelling of a JSON value: keys sorted, no blanks, UTF-8 as it is. Raises ValueError on NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sealed(event: Event) -> Event:
    """The event with its own hash."""
    *fields, _ = astuple(event)
    return replace(event, hash=hashlib.sha256(canonical(fields).encode()).hexdigest())


def check(events: Iterable[Event], *, server: str, last: tuple[int, str]) -> ChainCheck:
    """Read one server's chain from its start. `last` is the sequence number and hash that it must end with."""
    previous, sequence = START, 0
    for event in events:
        sequence += 1
        why = ""
        if event.sequence != sequence:
            why = f"event {sequence} is missing"
        elif event.previous != previous:
            why = "it does not follow the event before it"
        elif sealed(event).hash != event.hash:
            why = "its content is not what was hashed"
        if why:
            return ChainCheck(sequence - 1, (server, sequence), why)
        previous = event.hash
    if (sequence, previous) != last:
        return ChainCheck(sequence, (server, sequence + 1), f"the chain ends here, but {last[0]} events were written")
    return ChainCheck(sequence)
