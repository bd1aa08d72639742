"""Follows a drive that erases itself, from one look to the next: whether it goes on, has ended, or stands still.

A drive is waited for as long as it moves on. One that stands still is given up when it has done so for longer than it
announced for the whole, and a margin, and when the time that it announced is over as well, with that margin: an Intel
660p stayed at 655 of 65535 for a week (nvme-cli #752, #3027). What a drive announced counts up to `LONGEST`: it may
lie, and what it had announced before a power cut comes from the record. An end counts once it can be of this order: the
log may show the last one's for a moment (`GRACE`). Pure: the caller asks, sleeps, and looks at the clock.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from netboot.agent.erase.firmware.technique import Look
from netboot.shared.disk_abilities import LONGEST
from netboot.shared.erase_methods.firmware import SEEN, FirmwareState, SeenState

MARGIN: Final = 180.0
"""Seconds beyond what a drive announced, and those that one which announced nothing may stand still beside them."""
UNTOLD: Final = 1800.0
"""Seconds that count as announced where nothing was."""
GRACE: Final = 20.0
"""Seconds that a drive's log may still show what was before the order."""
SILENCE: Final = 120.0
"""Seconds without a clear answer after which nothing more is asked."""
_FIRST, _SLOWEST, _SHARE = 0.2, 10.0, 20.0

Step = Literal["go-on", "ended"]


@dataclass(slots=True)
class FollowUp:
    """One order that is followed. `before` is what the drive said before it; times are seconds since the order."""

    before: Look
    announced: int | None
    states: list[SeenState] = field(default_factory=list)
    last: Look = field(default_factory=Look)
    told: float = 0.0
    moved: float = 0.0
    ran: bool = False
    _most: int = 0

    def __post_init__(self) -> None:
        if self.announced is not None:
            self.announced = min(self.announced, LONGEST)

    def take(self, at: float, look: Look) -> Step:
        """One more look at the drive."""
        if look.state == "not-told":
            self._keep(at, look)
            return "ended" if at - self.told > SILENCE else "go-on"
        self.told = at
        self._keep(at, look)
        if look.state == "running":
            return self._running(at, look)
        self.last = look
        if look.state == "failed" or (look.state == "done" and self._is_new(look)):
            return "ended"
        # Not begun yet, or the end of an earlier one.
        return "ended" if at > GRACE or self.ran else "go-on"

    def pause(self, at: float) -> float:
        """Seconds until the next look."""
        return min(_SLOWEST, max(_FIRST, at / _SHARE))

    def still(self, at: float) -> float:
        """For how many seconds it has not moved on."""
        return at - self.moved

    def left(self, at: float) -> float:
        """In how many seconds it is given up unless it moves on; negative once that is over."""
        announced = UNTOLD if self.announced is None else self.announced
        return max(announced + MARGIN - at, max(MARGIN, announced) - self.still(at))

    def share(self, at: float) -> float:
        """How much of it is done, from 0 to 1, by its own figure or else by the time that it announced."""
        if self.last.permille is not None and self.last.state == "running":
            return self.last.permille / 1000
        return min(0.95, at / self.announced) if self.announced else 0.0

    @property
    def state(self) -> FirmwareState:
        """The last that was told; one that fell silent tells nothing."""
        return self.last.state if self.states and self.states[-1].state != "not-told" else "not-told"

    def _running(self, at: float, look: Look) -> Step:
        if not self.ran or (look.permille is not None and look.permille > self._most):
            self.moved, self._most = at, look.permille or 0
        self.ran, self.last = True, look
        return "ended" if self.left(at) < 0 else "go-on"

    def _is_new(self, look: Look) -> bool:
        old = self.before
        if self.ran or old.state in ("never", "idle", "failed"):
            return True
        if old.logged is not None and old.logged != look.logged:
            return True
        return old.untouched is False and look.untouched is True

    def _keep(self, at: float, look: Look) -> None:
        newest = SeenState(at=at, state=look.state, permille=look.permille)
        same = self.states and (self.states[-1].state, self.states[-1].permille) == (look.state, look.permille)
        if same:
            return
        if len(self.states) < SEEN:
            self.states.append(newest)
        else:
            self.states[-1] = newest
