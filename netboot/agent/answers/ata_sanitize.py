"""What an ATA disk says of its SANITIZE: the answer to SANITIZE STATUS EXT. Pure.

Sources: ACS-4, SANITIZE STATUS EXT (COUNT bits 15 to 13; progress in LBA bits 15 to 0, which is FFFFh while none is at
work; the reasons of an error in LBA bits 7 to 0) and the Sanitize Device state machine; hdparm 9.65 (Debian 13),
hdparm.c, do_sanitize_cmd() and sgio.c, sg16().

An erase is followed by `parse_registers`, of `hdparm --verbose --sanitize-status`: hdparm ends with status 0 and prints
"SD0 Sanitize Idle" where no registers came, mostly without a word (openSeaChest #229: a SAS3008), and also of a disk
whose sanitize failed: Linux (libata-scsi.c of 6.11 and later) hands on the registers of an error in fixed format, which
hdparm complains of ("bad/missing sense data") and does not read. So its words alone (`parse_status`) are believed of
idleness on the PC's own ports only, and with that complaint not at all.
`succeeded` is about the last sanitize that ended, whenever and by whom it was ordered: it proves this order only after
it was seen at work.
Not for: ordering a sanitize (`hdparm_orders.py`).
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from netboot.agent.answers.hdparm_exchange import complaints, parse_exchanges
from netboot.agent.answers.sense import AtaRegisters, ata_registers

State = Literal["idle", "frozen", "running", "failed", "not-told"]
_SUCCEEDED, _RUNNING, _FROZEN = 1 << 15, 1 << 14, 1 << 13
"""Of COUNT."""
_AT_REST: Final = 0xFFFF
_SANITIZE, _STATUS_EXT = 0xB4, 0x00
_REASONS: Final[dict[int, State]] = {1: "failed", 3: "frozen"}
"""Why a command about SANITIZE was refused: the last one failed, the feature set is frozen; others tell no state."""

_STATE: Final = re.compile(r"^\s*State:\s+SD([0-4]) Sanitize", re.MULTILINE)
_PROGRESS: Final = re.compile(r"^\s*Progress:\s+0x([0-9a-f]{1,4}) \(", re.MULTILINE)
_FAILED: Final = "Drive in SD3 Sanitize Operation Failed state"
_IN_FROZEN: Final = "SANITIZE device error reason: Device in FROZEN state"
_DONE: Final = "Last Sanitize Operation Completed Without Error"


@dataclass(frozen=True, slots=True)
class AtaSanitizeStatus:
    """The `state` of the disk's SANITIZE; its `progress` of 65,536 while one runs. `succeeded`: the last one that ended
    did so without error; False when the disk does not say so, None when it told nothing."""

    state: State = "not-told"
    progress: int | None = None
    succeeded: bool | None = None


NOT_TOLD: Final = AtaSanitizeStatus()


def parse_status(transcript: str, *, own_port: bool) -> AtaSanitizeStatus:
    """The status in what `hdparm --sanitize-status` printed, errors included.

    `own_port`: the disk hangs on a SATA or IDE port of the PC, whose registers always come back.
    """
    if "sense data" in transcript:
        instead = complaints(transcript)
        return status_in(ata_registers(instead[0])) if len(instead) == 1 else NOT_TOLD
    if _FAILED in transcript:
        return AtaSanitizeStatus("failed", succeeded=False)
    if _IN_FROZEN in transcript:
        return AtaSanitizeStatus("frozen")
    done = _DONE in transcript
    match _STATE.findall(transcript):
        case ["0"] if own_port or done:
            return AtaSanitizeStatus("idle", succeeded=done)
        case ["1"]:
            return AtaSanitizeStatus("frozen", succeeded=done)
        case ["2"]:
            progress = _PROGRESS.findall(transcript)
            return AtaSanitizeStatus("running", int(progress[0], 16) if len(progress) == 1 else None, succeeded=False)
        case _:
            return NOT_TOLD


def parse_registers(transcript: str) -> AtaSanitizeStatus:
    """The status in what `hdparm --verbose --sanitize-status` printed, errors included: what the disk's registers say,
    behind whatever adapter or bridge hands them on whole."""
    asked = [one for one in parse_exchanges(transcript) if (one.command, one.feature) == (_SANITIZE, _STATUS_EXT)]
    return status_in(asked[0].registers) if len(asked) == 1 else NOT_TOLD


def status_in(registers: AtaRegisters | None) -> AtaSanitizeStatus:
    """The status in the registers after SANITIZE STATUS EXT, by ATA PASS-THROUGH with CK_COND."""
    if registers is None:
        return NOT_TOLD
    if registers.failed:
        state = _REASONS.get(registers.lba & 0xFF, "not-told")
        return AtaSanitizeStatus(state, succeeded=False if state == "failed" else None)
    if not registers.whole:
        return NOT_TOLD  # the states are in COUNT's upper half
    progress = registers.lba & 0xFFFF
    succeeded = bool(registers.count & _SUCCEEDED)
    if registers.count & _RUNNING:
        return AtaSanitizeStatus("running", progress, succeeded=False)
    if registers.count & _FROZEN:
        return AtaSanitizeStatus("frozen", succeeded=succeeded)
    # Zeros are no answer: a disk at rest has one of both.
    return AtaSanitizeStatus("idle", succeeded=succeeded) if succeeded or progress == _AT_REST else NOT_TOLD
