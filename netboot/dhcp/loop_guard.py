"""Notices a PC that is handed the same boot file again and again: a boot loop.

A loader that does not take the next step (an iPXE without HTTP, a firmware that forgets who it is) would else be
answered for ever, and the PC would never come to its own disk.
Not for: floods from forged addresses, which it only bounds.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import Enum

MAX_ENTRIES = 4096


class Pass(Enum):
    """Whether the boot file may be handed out once more."""

    GRANTED = "granted"
    REFUSED_FIRST = "refused for the first time"
    REFUSED = "refused"


@dataclass(slots=True)
class _Track:
    handed_out: deque[float] = field(default_factory=deque)
    xid: int = -1
    secs: int = 0
    at: float = 0.0
    refusing: bool = False


class LoopGuard:
    """At most `limit` hand-outs of one boot file to one MAC within `seconds`; MAX_ENTRIES pairs are remembered.

    It forgives by itself: hand-outs older than `seconds` no longer count.
    """

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._tracks: OrderedDict[tuple[str, str], _Track] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tracks)

    def ask(self, mac: str, boot_file: str, *, xid: int, secs: int, now: float) -> Pass:
        """May this file be handed to this MAC once more? `now` and `secs` are in seconds, `now` on any steady clock.

        A packet sent again in the same dialogue is granted without counting.
        """
        track = self._track(mac, boot_file)
        again = _same_dialogue(track, xid, secs, now)
        track.xid, track.secs, track.at = xid, secs, now
        if again and not track.refusing:
            return Pass.GRANTED
        while track.handed_out and now - track.handed_out[0] >= self._seconds:
            track.handed_out.popleft()
        if len(track.handed_out) >= self._limit:
            first = not track.refusing
            track.refusing = True
            return Pass.REFUSED_FIRST if first else Pass.REFUSED
        track.refusing = False
        track.handed_out.append(now)
        return Pass.GRANTED

    def _track(self, mac: str, boot_file: str) -> _Track:
        key = (mac, boot_file)
        track = self._tracks.get(key)
        if track is None:
            track = self._tracks[key] = _Track()
            if len(self._tracks) > MAX_ENTRIES:
                self._tracks.popitem(last=False)
        else:
            self._tracks.move_to_end(key)
        return track


def _same_dialogue(track: _Track, xid: int, secs: int, now: float) -> bool:
    # Some ROMs make the xid from the MAC, so that it never changes: there `secs` starts anew, or time has passed.
    return xid == track.xid and (secs > track.secs or now - track.at < 2)
