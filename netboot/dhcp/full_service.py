"""Carries out what full.py decides: probes the LAN, saves leases, and only then answers.

For service.py it is a `DhcpCore` like any other. A probe or a write delays only the PC that waits for it: `receive`
returns at once, and the answer is delivered later.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address

from netboot.dhcp.address_plan import AddressPlan
from netboot.dhcp.arp_probe import ArpProber
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import Arrival, Handled
from netboot.dhcp.full import FullDhcp, Step
from netboot.dhcp.lease_keeper import LeaseKeeper
from netboot.dhcp.leases import Lease, Leases, State
from netboot.jobs.policy import PolicyOf
from netboot.records.record import Record

log = logging.getLogger(__name__)

Deliver = Callable[[Handled], None]
TellConflict = Callable[[Lease], None]
"""Told of an address that somebody uses without a lease, and of who it is; called in the event loop, must not block."""


class FullDhcpService:
    """A `DhcpCore` that may answer later (`answer_by`); `run` does what takes time, until it is cancelled."""

    def __init__(
        self, core: FullDhcp, prober: ArpProber, keeper: LeaseKeeper, on_conflict: TellConflict | None = None
    ) -> None:
        self._core = core
        self._prober = prober
        self._keeper = keeper
        self._on_conflict = on_conflict
        self._tasks: asyncio.TaskGroup | None = None
        self._lan_is_down = False
        self._deliver: Deliver | None = None

    def answer_by(self, deliver: Deliver) -> None:
        """Hand answers that had to wait to this."""
        self._deliver = deliver

    def receive(self, payload: bytes, arrival: Arrival, *, now: float) -> Handled:
        """Decide on one datagram; an answer that has to wait is not in what is returned. Raises nothing."""
        return self._begin(self._core.receive(payload, arrival, now=now))

    def tick(self, now: float) -> tuple[Handled, ...]:
        """Nothing becomes due by itself: a lease's end is seen when its address is wanted."""
        return ()

    def use_address(self, address: IPv4Address) -> None:
        """Our address on the PCs' LAN is this one from now on."""
        self._core.use_address(address, now=time.monotonic())

    def loaded_by(self, address: IPv4Address) -> None:
        """A PC at this address has got a whole file by TFTP."""
        self._core.loaded_by(address)

    def came_up_at(self, address: IPv4Address) -> None:
        """A PC at this address asked for something by HTTP."""
        self._core.came_up_at(address)

    async def run(self) -> None:
        """Ask the LAN and write leases until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            await self._keeper.run()

    def close(self) -> None:
        """Give the probe's socket back."""
        self._prober.close()

    def leases(self) -> tuple[Lease, ...]:
        """Every lease that there is or was, by address; times are on `time.monotonic`'s clock."""
        return self._core.leases()

    def _begin(self, step: Step) -> Handled:
        if step.conflict is not None:
            _log_conflict(step.conflict)
            if self._on_conflict is not None:
                self._on_conflict(step.conflict)
        if step.probe is not None and self._tasks is not None:
            self._tasks.create_task(self._probe(step.probe))
        if not step.keep:
            return step.handled
        self._keeper.keep(step.keep, partial(self._after_keeping, step))
        return Handled(client=step.handled.client)

    def _after_keeping(self, step: Step) -> None:
        for lease in step.keep:
            _log_lease(lease)
        if self._deliver is not None:
            self._deliver(step.handled)

    async def _probe(self, address: IPv4Address) -> None:
        try:
            holder = await self._prober.holder(address)
        except OSError as error:
            self._core.not_probed(address)
            if not self._lan_is_down:
                log.warning("%s cannot be asked for, so it is not offered: %s", address, error.strerror)
            self._lan_is_down = True
            return
        self._lan_is_down = False
        step = self._core.probed(address, holder, now=time.monotonic())
        if step is not None and self._deliver is not None:
            self._deliver(self._begin(step))


async def open_full_dhcp(
    plan: AddressPlan,
    interface: str,
    files: BootFileNames,
    record: Record,
    policy_of: PolicyOf,
    *,
    plain_pxe_first: bool = False,
    on_conflict: TellConflict | None = None,
) -> FullDhcpService:
    """The service with the leases of before and a socket to probe by; `close` gives that back. Raises NetbootError."""
    keeper = LeaseKeeper(record.leases)
    leases = Leases(plan, await keeper.load(), now=time.monotonic())
    prober = ArpProber(interface)
    prober.open()
    log.info("giving addresses from %s to %s for %d s", plan.first, plan.last, plan.lease)
    core = FullDhcp(plan, leases, files, policy_of, plain_pxe_first=plain_pxe_first)
    return FullDhcpService(core, prober, keeper, on_conflict)


def _log_lease(lease: Lease) -> None:
    said = "has" if lease.state is State.BOUND else "let go of"
    log.info(
        "%s %s %s", lease.mac or "nobody", said, lease.address, extra={"mac": lease.mac, "address": str(lease.address)}
    )


def _log_conflict(lease: Lease) -> None:
    log.warning(
        "%s is in use by %s, which was given no lease for it: it is left alone for a while; give that device another "
        "address, or keep this one out of `dhcp.full.pool`",
        lease.address,
        lease.mac or "somebody",
        extra={"mac": lease.mac, "address": str(lease.address)},
    )
