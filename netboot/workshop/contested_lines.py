"""Handles contested connections, which claim to be one PC: records and shows them, and does what a person decides.

Not for: detecting them (`contest.py`), what a PC does once it is known (`workshop/greeting.py`).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from msgspec.structs import replace

from netboot.records.record import Record
from netboot.records.refusals import NotThatVisit
from netboot.shared.problems import Problem
from netboot.shared.protocol import Stay
from netboot.workshop import contest
from netboot.workshop.agent_lines import AgentLines
from netboot.workshop.agent_session import Session
from netboot.workshop.dispatcher import Dispatcher
from netboot.workshop.live_board import LiveBoard

log = logging.getLogger(__name__)


class ContestedLines:
    """`welcome` greets an agent anew against which nothing stands any more; its lock is held then."""

    def __init__(
        self,
        record: Record,
        live_board: LiveBoard,
        lines: AgentLines,
        dispatcher: Dispatcher,
        *,
        welcome: Callable[[Session], Awaitable[None]],
    ) -> None:
        self._record = record
        self._live_board = live_board
        self._lines = lines
        self._dispatcher = dispatcher
        self._welcome = welcome
        self._later: set[asyncio.Task[None]] = set()

    async def note(self, session: Session, here: Sequence[Session]) -> list[Session]:
        """Note what stands against this agent that came, and give the others that it stands against as well.

        `here` are those who were on the line when the record was told of it.
        """
        why, others = contest.judged(session, here)
        both = [*([session] if why else []), *others]
        if session.visit.over or not both:
            return []
        address, adapter, visits = session.address, session.adapter, [one.visit.id for one in both]
        why = why or "two-lines"
        await asyncio.to_thread(self._record.visits.contest, visits, why, address=address, adapter=adapter)
        against = [one for one in both if not one.standing]
        for one in against:
            one.standing, one.contested_at = why, asyncio.get_running_loop().time()
            log.warning("visit %s is contested: %s", one.visit.id, why, extra={"mac": one.mac, "from": one.address})
            if one is not session and self._lines.has(one) and (row := self._live_board.row(one.row_name)) is not None:
                self._live_board.put(replace(row, contested=why))
        return [one for one in against if one is not session]

    def came(self, session: Session) -> None:
        """This agent is on the line now; its rival may have been given up in the moment since it was noted."""
        if session.contested_at and not contest.rivals(session, self._lines):
            self._start(self._succeed(session))

    async def tell(self, session: Session) -> None:
        """Let the screen of a PC that waits say that another line speaks for it; a job's screen shows the job."""
        async with session.lock:
            if not self._lines.has(session) or not session.contested or session.ordered is not None:
                return
            try:
                await self._dispatcher.stay(session, contest.problem(session), state="waiting")
            except (ConnectionError, TimeoutError) as error:
                log.info("visit %s: not told that it is contested: %s", session.visit.id, type(error).__name__)

    def left(self, session: Session, *, goodbye: bool) -> None:
        """This line is over: was it dead when its rival came, nobody needs to be asked."""
        if goodbye:
            return
        for other in contest.rivals(session, self._lines):
            if asyncio.get_running_loop().time() <= other.contested_at + contest.DEAD_WITHIN:
                self._start(self._succeed(other))

    async def vouch(self, visit: str, who: str) -> None:
        """A person says that this line is the PC. Raises NotThatVisit."""
        session = self._session_of(visit)
        async with session.lock:
            # Nobody comes meanwhile: a visit would be over, or vouched for, before its line is there to be told.
            async with self._lines.arriving:
                session = self._session_of(visit)
                closed = await asyncio.to_thread(self._record.visits.vouch, visit, who)
                session.standing = "vouched"
                refused = [line for other in closed if (line := self._take_off(other)) is not None]
            for line in refused:
                await self._send_away(line)
            if session.job is None:
                session.left = await asyncio.to_thread(self._record.jobs.left_undone, session.visit.machine_id)
            await self._welcome_anew(session)

    async def keep_out(self, visit: str, who: str) -> None:
        """A person says that this line is not the PC. Raises NotThatVisit."""
        session = self._session_of(visit)
        async with session.lock:
            async with self._lines.arriving:
                await asyncio.to_thread(self._record.visits.keep_out, visit, who)
                line = self._take_off(visit)
            await self._send_away(line or session)

    def _session_of(self, visit: str) -> Session:
        session = self._lines.of_visit(visit)
        if session is None:
            raise NotThatVisit
        return session

    async def _succeed(self, session: Session) -> None:
        await asyncio.sleep(contest.BACK_WITHIN)
        async with session.lock:
            async with self._lines.arriving:
                here = self._lines.has(session) and session.standing == "two-lines"
                if not here or contest.rivals(session, self._lines) or session.visit.beside:
                    return
                on_line = self._lines.visits()
                await asyncio.to_thread(self._record.visits.uncontest, session.visit.id, on_line=on_line)
                session.standing = ""
            await self._welcome_anew(session)

    async def _welcome_anew(self, session: Session) -> None:
        if session.ordered is not None:
            self._dispatcher.show(session, state="working")
            return
        try:
            await self._welcome(session)
        except (ConnectionError, TimeoutError) as error:
            log.info("visit %s: the line broke as it was welcomed: %s", session.visit.id, type(error).__name__)

    def _take_off(self, visit: str) -> Session | None:
        """Take this visit, which is over, off the board, and the line that it has now off the line; gives that one."""
        if (row := self._live_board.of_visit(visit)) is not None:
            self._live_board.forget(row.name)
        line = self._lines.of_visit(visit)
        if line is not None:
            self._live_board.forget(line.row_name)
            line.standing = "refused"
            self._lines.remove(line)
        return line

    async def _send_away(self, session: Session) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            await session.send(Stay(problem=Problem("not-this-pc")))
            await session.hang_up()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)
