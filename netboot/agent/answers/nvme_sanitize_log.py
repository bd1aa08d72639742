"""The Sanitize Status log page of an NVMe drive (log identifier 81h), as bytes and as nvme-cli prints it. Pure.

Sources: NVM Express base specification 2.0 and 2.1, Get Log Page, Sanitize Status, and the Sanitize command (SCDW10 is
its Command Dword 10); SSTAT bit 11, Purged, of TP4218 by nvme-cli's commit 5dd0837b4 (2026-08); nvme-cli 2.13 (Debian
13): nvme-print-json.c, json_sanitize_log(); nvme-print-stdout.c, stdout_sanitize_log().

`parse_dump` is the reader to take, of `nvme get-log DEVICE --log-id=0x81 --log-len=512`: libnvme 1.12 printed zeros for
a log that it had not read (libnvme #979), texts of nvme-cli before 2.5 hid the upper bits of SSTAT (#1949), and none of
Debian's knows Purged; the dump is what the drive sent. None of these answers is believed where it contradicts itself: a
drive at rest reports a progress of FFFFh, so a log of zeros is none. No erase is judged by `parse_text`: it is what the
logs of real drives are read by that their owners published, so that what a log means is tried on more than lab drives.
Not for: whether a success is of the order that was given: for that its `cdw10` and its course are compared.
"""

import re
import struct
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from netboot.agent.answers.hex_dump import dumped_bytes

State = Literal["never", "done", "running", "failed"]
Action = Literal["exit-failure", "block", "overwrite", "crypto", "exit-verification"]
LENGTH: Final = 512
_STATES: Final[dict[int, State]] = {0: "never", 1: "done", 2: "running", 3: "failed", 4: "done"}
_UNASKED_DEALLOCATION: Final = 4
_ERASED, _CANCELLED, _PURGED = 1 << 8, 1 << 9, 1 << 11
"""Of SSTAT."""
_ACTIONS: Final[dict[int, Action]] = {
    1: "exit-failure", 2: "block", 3: "overwrite", 4: "crypto", 5: "exit-verification",
}  # fmt: skip
_NO_TIME: Final = 2**32 - 1
_AT_REST: Final = 0xFFFF
_LAYOUT: Final = struct.Struct("<HH7I")
"""SPROG, SSTAT, SCDW10, and the times of an overwrite, a block erase and a crypto erase, twice."""
_DUMP: Final = re.compile(r"Device:\S+ log-id:129 namespace-id:0x[0-9a-f]+\n")
_STATUS: Final = re.compile(r"\(([0-9]{1,5})\)")
_NAMES: Final = ("Overwrite", "Block Erase", "Crypto Erase")


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that each kind takes by the drive's estimate, None where it has none; an overwrite is of 16 passes."""

    crypto: int | None = None
    block: int | None = None
    overwrite: int | None = None


@dataclass(frozen=True, slots=True)
class SanitizeLog:
    """One answer. `state` and `progress`, of 65,536, are the last sanitize's; `cdw10` is the command it began with,
    None where the text did not hold it.

    `passes` of an overwrite are complete. `deallocated`: it was to leave blocks allocated and did not. `all_erased`:
    nothing was written to the drive since (Global Data Erased); None where the text may have left it out. `purged`: as
    IEEE 2883 means it, which the host must have asked for; None where the text has no place for it.
    `times_no_deallocate`: where blocks stay allocated and the drive goes on to modify the media.
    """

    state: State
    progress: int | None
    cdw10: int | None
    passes: int
    deallocated: bool
    all_erased: bool | None
    purged: bool | None
    times: Times
    times_no_deallocate: Times

    @property
    def action(self) -> Action | None:
        """What the last sanitize was to do; None where that is not told."""
        return None if self.cdw10 is None else _ACTIONS.get(self.cdw10 & 7)


def parse_raw(data: bytes) -> SanitizeLog | None:
    """The log as the drive sent it; None when it is too short or contradicts itself."""
    if len(data) < _LAYOUT.size:
        return None
    progress, sstat, cdw10, *times = _LAYOUT.unpack_from(data)
    return _log(progress, sstat, cdw10, times, all_erased=bool(sstat & _ERASED), purged=bool(sstat & _PURGED))


def parse_dump(text: str) -> SanitizeLog | None:
    """The log from `nvme get-log DEVICE --log-id=0x81 --log-len=512`; None when that is not it."""
    if not _DUMP.match(text):
        return None
    data = dumped_bytes(text)
    return parse_raw(data) if len(data) == LENGTH else None


_Half = Annotated[int, Meta(ge=0, le=2**16 - 1)]
_Word = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class _Status(Struct):
    status: str
    global_erased: _Half | UnsetType = UNSET
    no_cmplted_passes: Annotated[int, Meta(ge=0, le=31)] = 0


class _Log(Struct):
    sprog: _Half
    sstat: _Status
    time_over_write: _Word
    time_block_erase: _Word
    time_crypto_erase: _Word
    cdw10_info: _Word | UnsetType = UNSET
    time_over_write_no_dealloc: _Word = 0
    time_block_erase_no_dealloc: _Word = 0
    time_crypto_erase_no_dealloc: _Word = 0


def parse_json(text: str) -> SanitizeLog | None:
    """The log from `nvme sanitize-log --output-format=json`, which stands below the device's name; None when that is
    not it. Not told there is Purged."""
    try:
        logs = msgspec.json.decode(text, type=dict[str, _Log])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if len(logs) != 1:
        return None
    (said,) = logs.values()
    status = _STATUS.match(said.sstat.status)
    if status is None:
        return None
    return _log(
        said.sprog,
        int(status[1]) & 7 | said.sstat.no_cmplted_passes << 3,
        None if said.cdw10_info is UNSET else said.cdw10_info,
        [
            said.time_over_write,
            said.time_block_erase,
            said.time_crypto_erase,
            said.time_over_write_no_dealloc,
            said.time_block_erase_no_dealloc,
            said.time_crypto_erase_no_dealloc,
        ],
        all_erased=None if said.sstat.global_erased is UNSET else bool(said.sstat.global_erased),
        purged=None,
    )


def parse_text(text: str) -> SanitizeLog | None:
    """The log as `nvme sanitize-log` prints it for people, also as others published it; None when that is not it. Not
    told there is Purged, and whether all is erased unless it says so."""
    progress, sstat = _field(text, "SPROG"), _field(text, "SSTAT")
    if progress is None or sstat is None:
        return None
    times = [_time(text, f"{name}{kind}") for kind in ("", " (No-Deallocate)") for name in _NAMES]
    # An older nvme-cli masks the bits above the state: there they are not told.
    erased = True if sstat & _ERASED else None
    return _log(progress, sstat, _field(text, "SCDW10"), times, all_erased=erased, purged=None)


def _log(
    progress: int,
    sstat: int,
    cdw10: int | None,
    times: list[int],
    *,
    all_erased: bool | None,
    purged: bool | None,
) -> SanitizeLog | None:
    state = _STATES.get(sstat & 7)
    if state is None or progress > _AT_REST or (state != "running" and progress != _AT_REST):
        return None
    return SanitizeLog(
        state=state,
        progress=progress if state == "running" else None,
        cdw10=cdw10,
        passes=sstat >> 3 & 0x1F,
        deallocated=sstat & 7 == _UNASKED_DEALLOCATION,
        all_erased=all_erased,
        purged=purged,
        times=_times(times[:3]),
        # Only NVMe 1.4 brought these: before, their place holds zeros.
        times_no_deallocate=_times([time or _NO_TIME for time in times[3:]]),
    )


def _times(said: list[int]) -> Times:
    """0 is a time: the drive is done when it has answered."""
    overwrite, block, crypto = (time if time < _NO_TIME else None for time in said)
    return Times(crypto=crypto, block=block, overwrite=overwrite)


def _field(text: str, name: str) -> int | None:
    found = re.findall(rf"^Sanitize .*\({name}\)\s*:\s+(0x[0-9a-f]{{1,8}}|0|[1-9]\d{{0,4}})\b", text, re.MULTILINE)
    return int(found[0], 0) if len(found) == 1 else None


def _time(text: str, name: str) -> int:
    found = re.findall(rf"^Estimated Time For {re.escape(name)}\s*:\s+(\d{{1,10}})\b", text, re.MULTILINE)
    return int(found[0]) if len(found) == 1 else _NO_TIME
