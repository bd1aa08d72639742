"""Shows on the live board how far each PC is between its boot menu and its agent's hello.

Around `given_starts.py`, which decides: this has the clock, and a task for deadlines. The boot HTTP server calls it for
whatever a loader asks for; nothing is kept on the record. Everything runs in the event loop, except `problem`, which
menus call from their threads and which only reads.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

from netboot.dhcp.probe import PROBE_UUID
from netboot.shared.problems import Problem
from netboot.workshop.given_starts import WITHIN, Failed, GivenStarts
from netboot.workshop.live_board import LiveBoard

_DOCTOR: Final = str(PROBE_UUID)
LOOK_EVERY: Final = 5.0
"""Seconds between two looks at what is overdue."""


class StartWatch:
    """`within`: seconds from the last thing a PC asked for to its hello; then its row says that none came."""

    def __init__(
        self, live_board: LiveBoard, *, within: float = WITHIN, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._live_board = live_board
        self._clock = clock
        self._starts = GivenStarts(within=within)

    async def run(self) -> None:
        """Tell what is overdue, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self.tell_overdue()

    def tell_overdue(self) -> None:
        """Let the rows of PCs whose start is overdue say so."""
        for start in self._starts.overdue(now=self._clock()):
            if start.problem is not None:
                self._live_board.tell_problem(start.mac, start.problem, uuid=start.uuid)

    def menu_asked(self, mac: str, uuid: str, failed: Failed | None) -> None:
        """A loader asks for its PC's menu, the second time perhaps, and perhaps because a start `failed`."""
        if uuid != _DOCTOR:  # `netboot doctor`, which is no PC
            self._starts.menu_asked(mac, uuid, failed, now=self._clock())

    def menu_shown(self, mac: str, uuid: str, address: str, *, starts_itself: bool, left: Problem | None) -> None:
        """It has its menu; `left` is what is left undone in the PC."""
        if uuid == _DOCTOR or not mac:
            return
        self._starts.menu_shown(mac, uuid, address, starts_itself=starts_itself, now=self._clock())
        self._live_board.at_menu(mac, uuid=uuid, left=left, problem=self.problem(mac, uuid))

    def script_given(self, mac: str, uuid: str, address: str) -> None:
        """The loader got the script that starts the agent."""
        if uuid != _DOCTOR:
            self._starts.script_given(mac, uuid, address, now=self._clock())

    def goes_home(self, mac: str, uuid: str, address: str) -> None:
        """The loader starts the agent only to be shown the way to the PC's own disk: no hello follows."""
        if uuid != _DOCTOR:
            self._starts.goes_home(mac, uuid, address, now=self._clock())

    def has_gone_home(self, mac: str, uuid: str) -> bool:
        """Whether it did so a moment ago: its firmware did not take that way, or the PC was restarted since."""
        return self._starts.has_gone_home(mac, uuid, now=self._clock())

    def fetched(self, address: str, name: str) -> None:
        """A loader at this address asks for this boot file."""
        self._starts.fetched(address, name, now=self._clock())

    def forget(self, macs: Collection[str]) -> None:
        """The PC with these adapters starts from new: its agent has said hello, or a person chose for it once more."""
        self._starts.forget(macs)

    def problem(self, mac: str, uuid: str) -> Problem | None:
        """Why this PC's last start brought nothing."""
        return self._starts.problem(mac, uuid, now=self._clock())

    def is_at_menu(self, mac: str) -> bool:
        """Whether this PC has read its menu since its agent's last hello: it was restarted."""
        return self._starts.is_at_menu(mac)
