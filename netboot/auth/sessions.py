"""Who is signed in on the page: tokens in memory, bounded in number and time. A restart of the server signs all out.

Also counts tries of passwords, so that guessing is slow. No I/O; the clock is given.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

SESSIONS: Final = 256
LASTS: Final = 12 * 3600.0
"""Seconds: one working day."""
TRIES: Final = 5
TRIES_WITHIN: Final = 300.0
"""Seconds."""
TRIES_OF_NAME: Final = 30
"""Wrong ones of strangers for one name, from all addresses."""
_NAMES: Final = 4096
"""Counters: names share one by a secret digest, so that made-up names push no count out."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One operator's session; `form_token` must come back with every form (cross-site requests cannot know it).

    `mark` stands for the person who signed in: somebody of that name who is added later has another. "" is given by
    the first look at the record.
    """

    operator: str
    form_token: str
    until: float
    mark: str = ""


class Sessions:
    """All sessions of a running server."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: OrderedDict[str, SignedIn] = OrderedDict()
        self._tries: OrderedDict[str, tuple[float, ...]] = OrderedDict()
        self._tries_of_name: dict[int, tuple[float, ...]] = {}
        self._salt = secrets.token_bytes(16)

    def sign_in(self, operator: str, mark: str = "") -> str:
        """A new session; returns its token for the cookie."""
        token = secrets.token_urlsafe(32)
        self._open[token] = SignedIn(operator, secrets.token_urlsafe(32), self._clock() + LASTS, mark)
        while len(self._open) > SESSIONS:
            self._open.popitem(last=False)
        return token

    def find(self, token: str) -> SignedIn | None:
        """The session of this token, if it still lasts."""
        session = self._open.get(token)
        if session is not None and session.until < self._clock():
            del self._open[token]
            return None
        return session

    def end_unless_of(self, token: str, mark: str) -> None:
        """End this session unless it belongs to the person with this mark; "" ends it whoever it belongs to."""
        session = self._open.get(token)
        if session is None:
            return
        if not mark or session.mark not in ("", mark):
            del self._open[token]
        elif not session.mark:
            self._open[token] = replace(session, mark=mark)

    def sign_out(self, token: str) -> None:
        """End this session."""
        self._open.pop(token, None)

    def may_try(self, address: str) -> bool:
        """Whether this address, or the known browser with this number, may try a password now.

        Asking counts as a try, before its outcome is known: many tries at one moment do not get round the limit.
        """
        recent = tuple(at for at in self._tries.get(address, ()) if at > self._clock() - TRIES_WITHIN)
        if len(recent) >= TRIES:
            return False
        self._tries[address] = (*recent, self._clock())
        self._tries.move_to_end(address)
        while len(self._tries) > SESSIONS:
            self._tries.popitem(last=False)
        return True

    def forget_tries(self, address: str) -> None:
        """The password was right: this address's tries no longer count."""
        self._tries.pop(address, None)

    def may_try_name(self, name: str) -> bool:
        """Whether a stranger may try this name's password now; asking counts as a try, as in `may_try`."""
        slot, now = self._slot(name), self._clock()
        recent = tuple(at for at in self._tries_of_name.get(slot, ()) if at > now - TRIES_WITHIN)
        if len(recent) >= TRIES_OF_NAME:
            return False
        self._tries_of_name[slot] = (*recent, now)
        return True

    def take_back_try_of_name(self, name: str) -> None:
        """A stranger's password was right: that one try no longer counts; the wrong tries of others still do."""
        slot = self._slot(name)
        self._tries_of_name[slot] = self._tries_of_name.get(slot, ())[:-1]

    def _slot(self, name: str) -> int:
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=self._salt, digest_size=8).digest()
        return int.from_bytes(digest, "big") % _NAMES
