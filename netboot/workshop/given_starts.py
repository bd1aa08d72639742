"""Follows each PC from its boot menu to the agent's hello, and notices starts that failed (pure; the clock is given).

In between, a PC only asks the boot HTTP server for files. A start ends with the agent's hello; with the PC's menu,
which is asked for again or reports that loading failed; or at a deadline. A failed start is shown, and the menu then
starts nothing by itself: a PC with too little memory would otherwise restart for ever. In memory only: a restarted
server knows of none.
PCs are known here by the MAC address and UUID that their loader sends, and by the IP address that fetched the menu.
Not for: showing it (`start_watch.py`), what a menu offers (`bootmenu/offered.py`).
"""

import math
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Literal

from netboot.shared.problems import Problem

WITHIN: Final = 300.0
"""Seconds from the last thing that a PC asked for to its hello. The archives have 40 MB, which an old adapter reads in
less than two minutes; a switch with spanning tree may then pass nothing for 50 s, and a hello is tried for longer."""
TOLD_FOR: Final = 3600.0
"""Seconds that a start which brought nothing is remembered: then it may be tried once more by itself."""
GOING_HOME: Final = (30.0, 600.0)
"""Seconds after which a PC that asks for the way to its own disk once more did come back from there: GRUB that repeats
its question is earlier (the kernel alone loads for longer), and later somebody restarted a PC that had found home."""
MOST: Final = 1024
"""How many PCs are remembered; then the one that was silent longest is forgotten."""

Step = Literal["", "menu", "start", "kernel", "base", "agent", "home"]
"""The last thing a PC asked for. "": its menu, which starts nothing by itself; "menu": one that does; "home": an agent
that only shows the way to the PC's own disk, and says no hello."""
Failed = Literal["processor-32-bit", "load-failed"]
"""Why a menu says that it could not start the agent."""

FILES: Final[dict[str, Step]] = {"vmlinuz": "kernel", "agent-base.img": "base", "agent.img": "agent"}


@dataclass(frozen=True, slots=True)
class Start:
    """One PC between its menu and its hello. `at`: when it last asked for something; `problem`: it brought nothing.

    `went_home`: when it last asked for something on the way to its own disk.
    """

    mac: str
    uuid: str
    address: str
    at: float
    step: Step = ""
    problem: Problem | None = None
    went_home: float = -math.inf


class GivenStarts:
    """What is known of each PC; one of which no MAC address is known is not followed. `now` is in seconds."""

    def __init__(self, *, within: float = WITHIN, most: int = MOST) -> None:
        self._within = within
        self._most = most
        self._starts: OrderedDict[tuple[str, str], Start] = OrderedDict()  # the longest silent first

    def menu_asked(self, mac: str, uuid: str, failed: Failed | None, *, now: float) -> None:
        """A PC asks for its menu, which `failed` to start the agent just now. Asked twice it is the same."""
        start = self._starts.get((mac, uuid))
        if not mac or (start is None and failed is None):
            return
        start = start or Start(mac, uuid, "", now)
        if failed is not None:
            problem = Problem(failed, {} if failed == "processor-32-bit" else {"seen": start.step})
        elif start.step in ("", "menu", "home") or start.problem is not None:
            return
        else:
            problem = Problem("start-returned", {"seen": start.step})
        self._put(replace(start, at=now, problem=problem))

    def menu_shown(self, mac: str, uuid: str, address: str, *, starts_itself: bool, now: float) -> None:
        """It has its menu. A start that brought nothing stays told."""
        if not mac:
            return
        known = self.problem(mac, uuid, now=now)
        self._put(Start(mac, uuid, address, now, "menu" if starts_itself else "", known, self._went_home(mac, uuid)))

    def script_given(self, mac: str, uuid: str, address: str, *, now: float) -> None:
        """It got the script that starts the agent."""
        if mac:
            self._put(Start(mac, uuid, address, now, "start"))

    def goes_home(self, mac: str, uuid: str, address: str, *, now: float) -> None:
        """It starts the agent only to be shown the way to its own disk. What was told of it stays told."""
        if mac and not self._went_home(mac, uuid) > now - GOING_HOME[0]:
            self._put(Start(mac, uuid, address, now, "home", self.problem(mac, uuid, now=now), now))

    def has_gone_home(self, mac: str, uuid: str, *, now: float) -> bool:
        """Whether it did so a moment ago. One that cannot be followed is taken to have."""
        return not mac or GOING_HOME[0] <= now - self._went_home(mac, uuid) < GOING_HOME[1]

    def fetched(self, address: str, name: str, *, now: float) -> None:
        """The PC at this address asks for this boot file."""
        step = FILES.get(name)
        start = next((one for one in reversed(self._starts.values()) if one.address == address), None)
        if step is None or start is None:
            return
        if start.step == "home":
            self._put(replace(start, at=now, went_home=now))
        else:
            self._put(replace(start, at=now, step=step, problem=None))

    def forget(self, macs: Collection[str]) -> None:
        """The PC with these adapters starts from new: its agent has said hello, or a person chose for it once more."""
        for key in [key for key in self._starts if key[0] in macs]:
            del self._starts[key]

    def overdue(self, *, now: float) -> tuple[Start, ...]:
        """The starts whose deadline is over since it was asked last; each is given once, with its problem."""
        late = [
            replace(start, problem=_late(start))
            for start in self._starts.values()
            if start.step not in ("", "home") and start.problem is None and now - start.at >= self._within
        ]
        for start in late:
            self._starts[start.mac, start.uuid] = start
        return tuple(late)

    def problem(self, mac: str, uuid: str, *, now: float) -> Problem | None:
        """Why this PC's last start brought nothing; None when it did, or when that is long ago."""
        start = self._starts.get((mac, uuid))
        if start is None or start.problem is None or now - start.at >= TOLD_FOR:
            return None
        return None if start.problem.code == "menu-waits" else start.problem

    def is_at_menu(self, mac: str) -> bool:
        """Whether this PC has read its menu since its agent's last hello: it was restarted."""
        return any(key[0] == mac for key in self._starts)

    def _went_home(self, mac: str, uuid: str) -> float:
        start = self._starts.get((mac, uuid))
        return start.went_home if start is not None else -math.inf

    def _put(self, start: Start) -> None:
        key = (start.mac, start.uuid)
        self._starts[key] = start
        self._starts.move_to_end(key)
        while len(self._starts) > self._most:
            self._starts.popitem(last=False)


def _late(start: Start) -> Problem:
    return Problem("menu-waits") if start.step == "menu" else Problem("start-silent", {"seen": start.step})
