"""The digits that the boot menu asks for before anything is written to a disk, and how fast they may be tried.

Digits, because UEFI's consoles have the US layout: on a French keyboard, letters would come out wrong. The menu never
holds them: it sends what was typed, and argon2 compares it here. The same guess by the same PC counts once, since GRUB
sends HEAD before GET and both must get the same answer.
Not for: what the menu offers (`boot_menu.py`), operators' passwords (`auth/passwords.py`).
"""

import asyncio
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from netboot.auth.passwords import hash_digits, is_right
from netboot.shared.errors import NetbootError

SETTING: Final = "menu-password"
"""The record's setting that keeps argon2's text of the digits; "" or none: nothing is asked."""

SHORTEST: Final = 6
LONGEST: Final = 12
"""Digits. Six, at TRIES_IN_ALL every five minutes, take a guesser on the LAN about two months."""

TRIES: Final = 5
"""Wrong guesses of one PC, and of one address, within TRIES_WITHIN."""
TRIES_IN_ALL: Final = 30
TRIES_WITHIN: Final = 300.0
"""Seconds."""
REMEMBERED: Final = 256
RIGHT_LASTS: Final = 60.0
"""Seconds a right guess is remembered."""

DigitsVerdict = Literal["right", "wrong", "too-many"]

_DIGITS: Final = re.compile(rf"[0-9]{{{SHORTEST},{LONGEST}}}")


def hash_menu_password(digits: str) -> str:
    """Argon2's text of new digits, "" for none: the menu then asks for nothing. Raises NetbootError."""
    if not digits:
        return ""
    if not _DIGITS.fullmatch(digits):
        raise NetbootError(
            "the menu's password is made of digits only",
            hint=f"choose {SHORTEST} to {LONGEST} digits, or nothing at all to ask for none",
        )
    return hash_digits(digits)


@dataclass(slots=True)
class _Guess:
    finding: Literal["right", "wrong"]
    at: float


class MenuPassword:
    """Compares what was typed with the record's digits. One instance a server."""

    def __init__(self, stored: Callable[[], str | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._stored = stored
        self._clock = clock
        self._guesses: OrderedDict[tuple[str, bytes], _Guess] = OrderedDict()
        self._tries: list[tuple[float, str, str]] = []
        self._one_at_a_time = asyncio.Lock()

    def is_set(self) -> bool:
        """Whether any digits are set. Reads the record: call it in a thread."""
        return bool(self._stored())

    async def try_digits(self, digits: str, *, mac: str, address: str) -> DigitsVerdict:
        """Whether these are the digits; "right" when none are set. The try counts before its outcome is known."""
        stored = await asyncio.to_thread(self._stored)
        if not stored:
            return "right"
        guess = (mac, hashlib.sha256(f"{stored}\n{digits}".encode()).digest())
        # One argon2 takes 64 MiB and a tenth of a second: that is enough for a workshop's keyboards.
        async with self._one_at_a_time:
            known = self._remembered(guess)
            if known is not None:
                return known
            if not self._may_try(mac, address):
                return "too-many"
            right = bool(_DIGITS.fullmatch(digits)) and await asyncio.to_thread(is_right, digits, stored)
            if right:
                self._tries = [tried for tried in self._tries if tried[1:] != (mac, address)]
            self._guesses[guess] = _Guess("right" if right else "wrong", self._clock())
            while len(self._guesses) > REMEMBERED:
                self._guesses.popitem(last=False)
            return "right" if right else "wrong"

    def _remembered(self, guess: tuple[str, bytes]) -> Literal["right", "wrong"] | None:
        before = self._guesses.get(guess)
        if before is None:
            return None
        if before.at < self._clock() - (RIGHT_LASTS if before.finding == "right" else TRIES_WITHIN):
            del self._guesses[guess]
            return None
        return before.finding

    def _may_try(self, mac: str, address: str) -> bool:
        now = self._clock()
        self._tries = [tried for tried in self._tries if tried[0] > now - TRIES_WITHIN]
        of_pc = sum(tried[1] == mac for tried in self._tries)
        of_address = sum(tried[2] == address for tried in self._tries)
        if len(self._tries) >= TRIES_IN_ALL or of_pc >= TRIES or of_address >= TRIES:
            return False
        self._tries.append((now, mac, address))
        return True
