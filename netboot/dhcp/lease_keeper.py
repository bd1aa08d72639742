"""Saves leases on the record, off the event loop: what comes in during one write goes into the next.

An acknowledgement leaves only when its lease is on disk (RFC 2131 §3.1, point 4), so that a server which lost power
knows every address it promised. The queue is bounded: a PC whose lease is dropped here asks again by itself.
The record has times of day, the leases a steady clock; they are converted here.
Leases are no hash-chained events, since nobody has to prove them.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from netboot.dhcp.leases import Lease, State
from netboot.records.aggregates.leases import Leases as KeptLeases
from netboot.records.values import KeptLease

log = logging.getLogger(__name__)

QUEUE_LENGTH = 1024
"""Leases with the answers that wait for them."""

Then = Callable[[], None]


class LeaseKeeper:
    """`load` what was kept; then `keep` what changes while `run` writes it."""

    def __init__(self, kept: KeptLeases) -> None:
        self._kept = kept
        self._queue: asyncio.Queue[tuple[Sequence[Lease], Then]] = asyncio.Queue(QUEUE_LENGTH)
        self._dropped = 0

    async def load(self) -> tuple[Lease, ...]:
        """The leases of before, on this process's clock (`time.monotonic`)."""
        kept = await asyncio.to_thread(self._kept.all)
        return tuple(map(_from_record, kept))

    def keep(self, leases: Sequence[Lease], then: Then) -> None:
        """Write these leases, then call `then` in the event loop; never, when they cannot be written."""
        try:
            self._queue.put_nowait((leases, then))
        except asyncio.QueueFull:
            self._dropped += 1
            if self._dropped == 1:
                log.warning("the record is too slow for the leases that are asked for: some PCs have to ask again")

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            waiting = [await self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            newest = {lease.address: lease for leases, _ in waiting for lease in leases}
            try:
                await asyncio.to_thread(self._kept.keep, [_for_record(lease) for lease in newest.values()])
            except Exception:
                # A full disk: what was not written is not promised, and the PCs ask again.
                log.exception("%d leases could not be written, so their PCs are not answered", len(newest))
                continue
            self._dropped = 0
            for _, then in waiting:
                then()


def _for_record(lease: Lease) -> KeptLease:
    until = datetime.now(UTC) + timedelta(seconds=lease.until - time.monotonic())
    return KeptLease(str(lease.address), lease.mac, lease.name, lease.state is State.BOUND, until)


def _from_record(kept: KeptLease) -> Lease:
    until = time.monotonic() + (kept.until - datetime.now(UTC)).total_seconds()
    state = State.BOUND if kept.bound else State.PAST
    return Lease(IPv4Address(kept.address), kept.mac, state, until, kept.name)
