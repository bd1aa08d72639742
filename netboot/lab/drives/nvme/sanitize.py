"""Sanitize: what is ordered, what it comes to, and what its log page says. Pure.

Follows NVM Express Base 2.0 §5.24 (command), §5.16.1.25 (Sanitize Status, log page 81h), §8.21 (operations); PREQ and
PRGD as in TP4218 (see the package). The data of an overwrite of several passes changes once, over the time of all.
"""

import struct

import msgspec

from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.erasing import Ending, Erasing, Fill, begin, power_came, power_lost, progress
from netboot.lab.drives.nvme.command import CommandError, Status
from netboot.lab.drives.nvme.spec import NvmeSpec, Purge

LOG_BYTES = 512
_UNKNOWN = 0xFFFFFFFF
_EXIT_FAILURE, _BLOCK, _OVERWRITE, _CRYPTO = 1, 2, 3, 4
_NEVER, _SUCCESS, _IN_PROGRESS, _FAILED, _DEALLOCATED = range(5)


class Sanitizing(msgspec.Struct, frozen=True):
    """The most recent sanitize operation; `status` is the low bits of SSTAT, `dword10` that of its command.

    `failure_mode`: it failed, and the drive has not been brought out of that. `erased` is Global Data Erased.
    `work` is there while it goes on.
    """

    status: int = _NEVER
    dword10: int = 0
    erased: bool = False
    purged: bool = False
    failure_mode: bool = False
    work: Erasing | None = None

    @property
    def unrestricted(self) -> bool:
        """Whether its command allowed to leave a failure without another sanitize (AUSE)."""
        return bool(self.dword10 & 1 << 3)


def order(
    before: Sanitizing, dword10: int, dword11: int, spec: NvmeSpec, behaviour: Behaviour, now: float, *, warns: bool
) -> Sanitizing:
    """Carry out a Sanitize command; `warns` is the No-Deallocate Response Mode. Raises CommandError."""
    action = dword10 & 7
    names = {_BLOCK: "block", _OVERWRITE: "overwrite", _CRYPTO: "crypto"}
    if not spec.sanitize:
        raise CommandError(Status.INVALID_OPCODE)
    if before.work is not None:
        raise CommandError(Status.SANITIZE_IN_PROGRESS)
    if action == _EXIT_FAILURE:
        return _exit_failure(before)
    if names.get(action) not in spec.sanitize:
        raise CommandError(Status.INVALID_FIELD)
    if before.failure_mode and not before.unrestricted and dword10 & 1 << 3:
        raise CommandError(Status.SANITIZE_FAILED)
    no_deallocate = bool(dword10 & 1 << 9)
    if no_deallocate and spec.inhibits_no_deallocate and not warns:
        raise CommandError(Status.INVALID_FIELD)
    if behaviour.erase is Outcome.REFUSES:
        raise CommandError(Status.OPERATION_DENIED)
    return Sanitizing(_IN_PROGRESS, dword10, work=_work(dword10, dword11, behaviour, now))


def _exit_failure(before: Sanitizing) -> Sanitizing:
    if before.failure_mode and not before.unrestricted:
        raise CommandError(Status.SANITIZE_FAILED)
    # The most recent operation has failed, also after the drive serves data again.
    return msgspec.structs.replace(before, failure_mode=False)


def _work(dword10: int, pattern: int, behaviour: Behaviour, now: float) -> Erasing:
    match dword10 & 7:
        case 3:
            count = passes(dword10)
            inverted = dword10 & 1 << 8 and count % 2 == 0
            last = pattern ^ 0xFFFFFFFF if inverted else pattern
            return begin(Fill.PATTERN, last.to_bytes(4, "little"), behaviour, now, times=count)
        case 4:
            return begin(Fill.NOISE, b"", behaviour, now)
        case _:
            return begin(Fill.PATTERN, behaviour.pattern, behaviour, now)


def passes(dword10: int) -> int:
    """How often an overwrite goes over the media: OWPASS, of which 0 is 16."""
    return (dword10 >> 4 & 15) or 16


def ended(before: Sanitizing, ending: Ending, spec: NvmeSpec, behaviour: Behaviour) -> Sanitizing:
    """What stands in the state once the operation is over."""
    must_purge = bool(before.dword10 & 1 << 11) and spec.purge is not Purge.UNSAID
    if ending is Ending.FAILED or (must_purge and spec.purge is Purge.ONLY_CLEARS):
        return Sanitizing(_FAILED, before.dword10, failure_mode=True)
    deallocated = bool(before.dword10 & 1 << 9) and spec.inhibits_no_deallocate
    return Sanitizing(
        _DEALLOCATED if deallocated else _SUCCESS, before.dword10, erased=True, purged=must_purge
    )  # fmt: skip


def without_power(before: Sanitizing, behaviour: Behaviour, now: float) -> Sanitizing:
    """What a power cut leaves; a drive that forgets was never sanitized."""
    if before.work is None:
        return before
    left = power_lost(before.work, behaviour, now)
    return Sanitizing() if left is None else msgspec.structs.replace(before, work=left)


def with_power(before: Sanitizing, now: float) -> Sanitizing:
    """An operation that stood goes on."""
    if before.work is None:
        return before
    return msgspec.structs.replace(before, work=power_came(before.work, now))


def written(before: Sanitizing) -> Sanitizing:
    """User data was written: nothing is erased any longer."""
    return msgspec.structs.replace(before, erased=False) if before.erased else before


def forbids(state: Sanitizing) -> Status | None:
    """With which status other commands end now (§8.21.1), None: they are carried out."""
    if state.work is not None:
        return Status.SANITIZE_IN_PROGRESS
    return Status.SANITIZE_FAILED if state.failure_mode else None


def log_page(state: Sanitizing, behaviour: Behaviour, now: float) -> bytes:
    """Log page 81h."""
    done = 0 if state.work is None else progress(state.work, behaviour, now)
    sprog = 0xFFFF if state.work is None else min(0xFFFF, int(done * 0x10000))
    completed = 0
    if state.dword10 & 7 == _OVERWRITE and state.status != _FAILED:
        count = passes(state.dword10)
        completed = count if state.work is None else int(done * count)
    sstat = state.status | completed << 3 | state.erased << 8 | state.purged << 11
    said = behaviour.erase_announces
    seconds = _UNKNOWN if said is None else int(said)
    sixteen = _UNKNOWN if said is None else int(said * 16)
    times = (sixteen, seconds, seconds, _UNKNOWN, _UNKNOWN, _UNKNOWN)
    return struct.pack("<HHI6I", sprog, sstat, state.dword10, *times).ljust(LOG_BYTES, b"\0")
