"""SANITIZE: what is ordered, what REQUEST SENSE says of it, and how it is left (SBC-4 4.11, 5.34). Pure."""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from netboot.lab.drives import erasing
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.erasing import Erasing, Fill
from netboot.lab.drives.scsi.spec import SanitizeKind
from netboot.lab.drives.virtio_scsi.sense import INVALID_FIELD, SANITIZE_FAILED, SANITIZING, Key, Sense

OVERWRITE, BLOCK_ERASE, CRYPTOGRAPHIC_ERASE, EXIT_FAILURE_MODE = 0x01, 0x02, 0x03, 0x1F
SERVICE_ACTIONS: Final[dict[int, SanitizeKind]] = {
    OVERWRITE: "overwrite",
    BLOCK_ERASE: "block",
    CRYPTOGRAPHIC_ERASE: "crypto",
}
IMMED: Final = 0x80
"""Bits of byte 1: answer before it is done; and allow an exit from a failure without another sanitize."""
_AUSE: Final = 0x20
INVALID_PARAMETER: Final = Sense(Key.ILLEGAL_REQUEST, 0x26)


class State(StrEnum):
    """What lasts without power."""

    IDLE = "idle"
    RUNNING = "running"
    FAILED = "failed"


class Sanitizing(msgspec.Struct, frozen=True):
    """The sanitize that runs or has failed; `unrestricted`: it was ordered with AUSE."""

    state: State = State.IDLE
    unrestricted: bool = False
    work: Erasing | None = None


def order(
    before: Sanitizing, cdb: bytes, data: bytes, kinds: tuple[SanitizeKind, ...], behaviour: Behaviour, now: float
) -> Sanitizing | Sense:
    """What becomes of the command on a disk with these kinds of it; the sense data where it is refused."""
    action, length = cdb[1] & 0x1F, int.from_bytes(cdb[7:9])
    unrestricted = bool(cdb[1] & _AUSE)
    if action == EXIT_FAILURE_MODE:
        leaves = before.state is State.FAILED and before.unrestricted
        return Sanitizing() if leaves and not length else INVALID_FIELD
    if SERVICE_ACTIONS.get(action) not in kinds or behaviour.erase is Outcome.REFUSES:
        return INVALID_FIELD
    # One that failed in the restricted mode is ended only by another in that mode.
    if before.state is State.FAILED and unrestricted and not before.unrestricted:
        return INVALID_FIELD
    if action != OVERWRITE:
        if length:
            return INVALID_FIELD
        fill = Fill.NOISE if action == CRYPTOGRAPHIC_ERASE else Fill.PATTERN
        return Sanitizing(State.RUNNING, unrestricted, erasing.begin(fill, behaviour.pattern, behaviour, now))
    given = data[:length]
    pattern = given[4:]
    passes, inverts = (given[0] & 0x1F, given[0] & 0x80) if given else (0, 0)
    if not passes or not pattern or int.from_bytes(given[2:4]) != len(pattern):
        return INVALID_PARAMETER
    # So inverted that the last pass has the pattern where their number is odd.
    last = bytes(byte ^ 0xFF for byte in pattern) if inverts and passes % 2 == 0 else pattern
    return Sanitizing(State.RUNNING, unrestricted, erasing.begin(Fill.PATTERN, last, behaviour, now, passes))


def ended(before: Sanitizing, how: erasing.Ending) -> Sanitizing:
    """It is over."""
    return Sanitizing() if how is erasing.Ending.DONE else Sanitizing(State.FAILED, before.unrestricted)


def stands(state: Sanitizing, behaviour: Behaviour, now: float) -> Sense | None:
    """What every command that is not let through ends with, and REQUEST SENSE says; None: nothing stands in the way."""
    if state.work is not None:
        done = int(erasing.progress(state.work, behaviour, now) * 0x10000)
        return _with_progress(SANITIZING, min(0xFFFF, done))
    return SANITIZE_FAILED if state.state is State.FAILED else None


def _with_progress(sense: Sense, progress: int) -> Sense:
    """The same, with how far it is."""
    return Sense(sense.key, sense.code, sense.qualifier, progress)


def without_power(state: Sanitizing, behaviour: Behaviour, now: float) -> Sanitizing:
    """What a power cut leaves: it goes on at power-on at the latest, unless the disk forgets it."""
    if state.work is None:
        return state
    left = erasing.power_lost(state.work, behaviour, now)
    return Sanitizing() if left is None else replace(state, work=left)


def with_power(state: Sanitizing, now: float) -> Sanitizing:
    """One that stood goes on."""
    return state if state.work is None else replace(state, work=erasing.power_came(state.work, now))
