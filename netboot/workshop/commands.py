"""Everything that a person may order, by whatever interface: the page today. Each order is checked and done here.

Each takes the `Actor` who orders it, is on the record, and raises one exception that says why it was not done. What is
only remembered is on the record before it is acted on; what must be done first, such as another version of a master,
once it is done. Not for: asking for confirmation, forms and texts (the page's); what follows from an order
(`greeting.py`, `dispatcher.py`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from netboot.imaging import Ended, next_stage
from netboot.jobs.actor import Actor
from netboot.jobs.disk_answers import Answer
from netboot.jobs.disk_take_out import TakeOut
from netboot.jobs.identity import Key
from netboot.jobs.making import Making, Order
from netboot.jobs.policy import Policy
from netboot.jobs.profile import Profile
from netboot.records.record import Record
from netboot.records.refusals import AtWork, Contested, Denied, NotAllowed, NotThatVisit
from netboot.records.values import Batch
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import DiskId, Inventory
from netboot.shared.stages.capture import CaptureOptions
from netboot.workshop.agent_lines import AgentLines
from netboot.workshop.agent_session import Session
from netboot.workshop.contested_lines import ContestedLines
from netboot.workshop.makings import Makings
from netboot.workshop.policies import Policies
from netboot.workshop.stage_questions import StageQuestions
from netboot.workshop.start_watch import StartWatch

log = logging.getLogger(__name__)


class Commands:
    """`begin` begins what waits for a session; `batch_changed` and `policy_changed` are told of it once it is done."""

    def __init__(
        self,
        record: Record,
        profiles: Mapping[str, Profile],
        policies: Policies,
        lines: AgentLines,
        contested: ContestedLines,
        questions: StageQuestions,
        starts: StartWatch,
        *,
        begin: Callable[[Session], Awaitable[bool]],
        batch_changed: Callable[[], Awaitable[None]],
        policy_changed: Callable[[], Awaitable[None]],
    ) -> None:
        self._record = record
        self._profiles = profiles
        self._policies = policies
        self._lines = lines
        self._contested = contested
        self._questions = questions
        self._starts = starts
        self._begin = begin
        self._batch_changed = batch_changed
        self._policy_changed = policy_changed

    async def choose(
        self,
        actor: Actor,
        machine: str,
        profile: str,
        target: DiskId | None = None,
        *,
        seen: str = "",
        shown: str = "",
        capture: CaptureOptions | None = None,
    ) -> bool:
        """Choose a profile for a machine: True when it begins now, False when its next hello will.

        `seen` is the visit that the person saw the PC in, `shown` the digest of what it was (`jobs/seen.py`); `capture`
        what the master to be captured is called, in place of what the profile says. Raises NotThatVisit when the PC has
        another since, or is another, Contested while nobody knows which line is the PC, Denied, AtWork, NetbootError
        when the profile is not known or captures nothing, NotOnRecord when the machine is not.
        """
        _may_order(actor)
        chosen = self._profile(profile)
        if capture is not None and "capture" not in chosen.stages:
            raise NetbootError(f"the profile {profile!r} captures nothing", hint="choose one that does")
        async with self._lines.lock(machine):
            session = self._on_line(machine, seen)
            inventory = await self._require_allowed(machine, session)
            if session is not None and session.job is not None and not isinstance(next_stage(session.job), Ended):
                raise AtWork("this PC is at work already", hint="wait until its job has ended")
            made = await asyncio.to_thread(
                self._record.choices.choose, machine, chosen.id, actor.name, target, seen=seen, shown=shown,
                capture=capture,
            )  # fmt: skip
            try:
                await self._require_allowed(machine, session)  # it may be denied at this very moment
                if session is None:
                    self._starts.forget({nic.mac for nic in inventory.nics})
                if session is None or not self._lines.has(session):
                    return False  # it left meanwhile; the choice waits for its next hello
                return await self._begin(session)
            except (Denied, Contested):
                await asyncio.to_thread(self._record.choices.cancel, machine, actor.name, choice=made.id)
                raise
            except (ConnectionError, TimeoutError) as error:
                assert session is not None
                log.info("visit %s: the line broke at the choice: %s", session.visit.id, type(error).__name__)
                return session.job is not None  # on the record: its next hello goes on with it

    async def sign_exception(self, actor: Actor, machine: str, visit: str, *, shown: str, reason: str) -> None:
        """Let this PC go on to its deploy although not all of its disks are proven erased (`jobs/erase_exception.py`).

        Its agent must be on the line: the exception is for this visit alone. `shown` is the digest of what the person
        read. Raises NotThatVisit when it is not on the line, or is otherwise by now, Contested, Denied, AtWork.
        """
        _may_order(actor)
        async with self._lines.lock(machine):
            session = self._on_line(machine, visit)
            if session is None:
                raise NotThatVisit
            await self._require_allowed(machine, session)
            choice = await asyncio.to_thread(
                self._record.exceptions.sign, machine, visit, shown=shown, reason=reason, who=actor.name
            )
            await self._begin_signed(session, actor, machine, choice)

    async def _begin_signed(self, session: Session, actor: Actor, machine: str, choice: str) -> None:
        try:
            await self._require_allowed(machine, session)  # it may be denied at this very moment
            if self._lines.has(session):
                await self._begin(session)
        except (Denied, Contested):
            await asyncio.to_thread(self._record.choices.cancel, machine, actor.name, choice=choice)
            raise
        except (ConnectionError, TimeoutError) as error:
            log.info("visit %s: the line broke at the exception: %s", session.visit.id, type(error).__name__)

    async def tell_take_out(self, actor: Actor, machine: str, visit: str, key: str, told: TakeOut) -> None:
        """Say that a disk was taken out of this PC, as the page of this visit asks. Raises NotThatVisit, AtWork."""
        _may_order(actor)
        await asyncio.to_thread(self._record.exceptions.take_out, machine, visit, key, told, actor.name)

    async def cancel(self, actor: Actor, machine: str, choice: str = "") -> bool:
        """Take back what waits for a machine, the `choice` that was seen: False when it waits no more."""
        _may_order(actor)
        async with self._lines.lock(machine):
            return await asyncio.to_thread(self._record.choices.cancel, machine, actor.name, choice=choice)

    async def vouch(self, actor: Actor, visit: str) -> None:
        """Say that this contested line is the PC: the others of its machine are over, and it begins.

        Raises NotThatVisit when it is not on the line, or not contested, any more.
        """
        _may_order(actor)
        await self._contested.vouch(visit, actor.name)

    async def keep_out(self, actor: Actor, visit: str) -> None:
        """Say that this contested line is not the PC: its visit is over. Raises NotThatVisit."""
        _may_order(actor)
        await self._contested.keep_out(visit, actor.name)

    async def arm(self, actor: Actor, profile: str, places: int, *, instead: str = "") -> Batch:
        """Arm a profile for the next PCs, in place of the batch `instead`. Raises BatchArmed when another is armed."""
        _may_order(actor)
        chosen = self._profile(profile)
        batch = await asyncio.to_thread(self._record.batches.arm, chosen.id, places, actor.name, instead=instead)
        await self._batch_changed()
        return batch

    async def disarm(self, actor: Actor, batch: str) -> bool:
        """Let no further PC into this batch; False when it was over already."""
        _may_order(actor)
        done = await asyncio.to_thread(self._record.batches.disarm, batch, actor.name)
        await self._batch_changed()
        return done

    async def set_policy(self, actor: Actor, keys: Collection[Key], policy: Policy, *, note: str = "") -> None:
        """What holds from now on for the PC with these names; `Policy()` and no note: nothing is set any more."""
        _may_order(actor)
        await asyncio.to_thread(self._policies.set, self._record, keys, policy, actor.name, note=note)
        await self._policy_changed()

    async def answer(self, actor: Actor, machine: str, visit: str, answers: Sequence[Answer]) -> None:
        """Answer what only a person can tell of a PC's disks. Raises AtWork, NotOnRecord."""
        _may_order(actor)
        await asyncio.to_thread(self._record.answers.give, machine, visit, answers, actor.name)

    async def answer_stage(self, actor: Actor, visit: str, key: str, choice: str, code: str = "") -> None:
        """Answer what the stage at work in this visit asks: the question of this `key`, which the person read; with the
        `code` that it may ask for.

        Raises NotThatVisit when its agent is not on the line, Contested, Denied, QuestionOver when something else is
        asked by now, or nothing, CodeUnreadable for a code that is none.
        """
        _may_order(actor)
        session = self._lines.of_visit(visit)
        if session is None:
            raise NotThatVisit
        async with session.lock:
            if not self._lines.has(session):
                raise NotThatVisit
            if session.contested:
                raise Contested
            if self._policies.of(session.inventory).denied:
                raise Denied("this PC is denied", hint="allow it first, on its page or in the settings")
            await self._questions.answer(session, key, choice, actor.name, code)

    async def merge(self, actor: Actor, machine: str, into: str) -> None:
        """Say that this machine is the PC `into`. Raises CannotMerge, NotOnRecord."""
        _may_order(actor)
        async with self._lines.arriving:
            on_line = self._lines.visits()
            await asyncio.to_thread(self._record.machines.merge, machine, into, actor.name, on_line=on_line)

    async def separate(self, actor: Actor, machine: str) -> bool:
        """Undo a merge from now on; False when this machine is merged into none. Raises NotOnRecord."""
        _may_order(actor)
        return await asyncio.to_thread(self._record.machines.separate, machine, actor.name)

    async def give_up(self, actor: Actor, machine: str, job: str) -> None:
        """End the job of a PC that does not come back. Raises AtWork when its agent is on the line, NotThatVisit."""
        _may_order(actor)
        async with self._lines.lock(machine), self._lines.arriving:
            if self._lines.of_machine(machine):
                raise AtWork("this PC is on the line", hint="wait until its job has ended")
            await asyncio.to_thread(self._record.jobs.give_up, machine, job, actor.name)

    async def use_master(
        self, actor: Actor, digest: str, *, name: str, version: str, before: str, use: Callable[[str, str], None]
    ) -> None:
        """Give PCs this version of a master from now on; `use` does it in the store, in a thread.

        The record says so once it is done: else it would tell of what the store refused. What the record does not take
        is undone, by `before`, the digest of the version that was current.
        """
        _may_order(actor)
        await asyncio.to_thread(self._use, actor, digest, name, version, before, use)

    def _use(
        self, actor: Actor, digest: str, name: str, version: str, before: str, use: Callable[[str, str], None]
    ) -> None:
        use(name, digest)
        try:
            self._record.masters.choose_version(digest, name=name, version=version, who=actor.name)
        except BaseException:
            use(name, before)
            raise

    async def make_master(self, actor: Actor, makings: Makings, order: Order) -> Making:
        """Build a master, or take one in. Raises AtWork while another one is made."""
        _may_order(actor)
        return await makings.begin(order, actor.name)

    def may_send_files(self, actor: Actor) -> None:
        """Before a file for a master is taken from somebody. Raises NotAllowed."""
        _may_order(actor)

    def stop_making(self, actor: Actor, makings: Makings, making: str) -> bool:
        """End the making of a master; False when it is at work no more."""
        _may_order(actor)
        return makings.stop(making, actor.name)

    def _profile(self, name: str) -> Profile:
        profile = self._profiles.get(name)
        if profile is None:
            raise NetbootError(
                f"there is no profile {name!r}", hint=f"choose one of: {', '.join(sorted(self._profiles))}"
            )
        return profile

    def _on_line(self, machine: str, seen: str) -> Session | None:
        """The session that a person means. Raises Contested."""
        here = self._lines.of_machine(machine)
        if seen:
            session = self._lines.of_visit(seen)
            if session is not None and session.contested:
                raise Contested
            return session if session in here else None
        if here and all(session.contested for session in here):
            raise Contested
        return next((session for session in reversed(here) if not session.contested), None)

    async def _require_allowed(self, machine: str, session: Session | None) -> Inventory:
        """What this PC was last seen with. Raises Denied."""
        if session is not None:
            inventory = session.inventory
        else:
            inventory = (await asyncio.to_thread(self._record.machines.summary, machine)).visits[0].inventory
        if self._policies.of(inventory).denied:
            raise Denied("this PC is denied", hint="allow it first, on its page or in the settings")
        return inventory


def _may_order(actor: Actor) -> None:
    """Raises NotAllowed."""
    if actor.role != "operator":
        raise NotAllowed(f"{actor.name} may not order this", hint="ask an operator")
