"""What a SCSI disk says of its SANITIZE, from sg3_utils. Pure.

Sources: SBC-4, SANITIZE command; SPC-5, additional sense codes (LOGICAL UNIT NOT READY, SANITIZE IN PROGRESS 04h/1Bh;
SANITIZE COMMAND FAILED 31h/03h); sg3_utils 1.48 (Debian 13), sg_sanitize.c and sg_requests.c.

sg_sanitize's own waiting takes the first answer without a progress for the end, whatever else that says, and ends with
status 0: so it is given --early, and the disk is asked by `sg_requests --hex`. SCSI has no word for a sanitize that
succeeded: a disk at rest says the same as one that never began. It counts after one that was seen at work; one that is
waited for (--wait, without IMMED) has its end in the status of the command itself.
Not for: disks behind a bridge or an adapter that speak ATA (`ata_sanitize.py`). No real disk's answers to these were
found published: they are tested on what the tool printed when it was handed such bytes.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from netboot.agent.answers.hex_dump import dumped_bytes
from netboot.agent.answers.order import Order, in_short
from netboot.agent.answers.sense import HARDWARE_ERROR, MEDIUM_ERROR, NO_SENSE, NOT_READY, Sense, parse_sense

State = Literal["idle", "running", "failed", "not-told"]
_IN_PROGRESS: Final = (0x04, 0x1B)
_COMMAND_FAILED: Final = (0x31, 0x03)
_TOOK: Final = re.compile(r"^\s*Sanitize command (launched|completed) without error\s*$", re.MULTILINE)
"""What --verbose says of a status GOOD: of one with IMMED, and of one that was waited for (--wait)."""
_REFUSALS: Final = {
    2: "not ready",
    5: "illegal request",
    7: "data protect",
    9: "invalid operation code",
    17: "illegal request",
    19: "invalid field in the parameter list",
}
"""sg3_utils' exit statuses (sg_lib.h, SG_LIB_CAT_…) for a disk that answered and did not take the command."""
_SAID: Final = re.compile(r"sense|sanitize|fail", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ScsiSanitizeStatus:
    """The `state` of the disk's SANITIZE, and its `progress` of 65,536 while one runs, None where that is not told."""

    state: State = "not-told"
    progress: int | None = None


def parse_status(text: str) -> ScsiSanitizeStatus:
    """The status in what `sg_requests --hex DEVICE` printed on its standard output."""
    return status_in(parse_sense(dumped_bytes(text)))


def status_in(sense: Sense | None) -> ScsiSanitizeStatus:
    """The status in the answer to REQUEST SENSE, or in that of a command which the disk refused."""
    if sense is None or sense.deferred:
        return ScsiSanitizeStatus()
    if sense.code == _IN_PROGRESS and sense.key in (NO_SENSE, NOT_READY):
        return ScsiSanitizeStatus("running", sense.progress)
    if sense.code == _COMMAND_FAILED and sense.key in (MEDIUM_ERROR, HARDWARE_ERROR):
        return ScsiSanitizeStatus("failed")
    if sense.code == (0, 0) and sense.key == NO_SENSE and sense.progress is None:
        return ScsiSanitizeStatus("idle")
    return ScsiSanitizeStatus()


def parse_order(exit_status: int, transcript: str) -> Order:
    """What became of `sg_sanitize --quick --verbose …` with --early or --wait, from its exit status and all that it
    printed."""
    lines = [line for line in transcript.splitlines() if _SAID.search(line)]
    took = _TOOK.findall(transcript)
    if exit_status == 0 and len(took) == 1:
        return Order("accepted")
    if exit_status in _REFUSALS and not took:
        return Order("refused", in_short(_REFUSALS[exit_status], *lines))
    return Order("not-told", in_short(*lines))
