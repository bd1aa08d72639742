"""Whether an NVMe drive took an order that nvme-cli gave it: Sanitize, Format. Pure.

Source: nvme-cli 2.13 (Debian 13), nvme.c, sanitize_cmd() and format_cmd(); nvme-print-stdout.c, stdout_status();
the status codes are of NVM Express base specification 2.0, Status Field. `nvme sanitize` prints nothing where the drive
took the order, so its silence counts only together with its exit status, and is no more than that: a drive at work.
Not for: what became of a sanitize (`nvme_sanitize_log.py`).
"""

import re
from typing import Final

from netboot.agent.answers.order import Order, in_short

_CODE: Final = 0x7FF
"""SCT and SC; above are the bits Do Not Retry and More."""
_BROKEN_OFF: Final = frozenset({0x05, 0x07, 0x08})
"""Generic command status: given up for a loss of power, on the host's request, with its queue."""
_ON_THE_WAY: Final = 0x3
"""SCT of path related status: the host gave the command up, or it was lost between host and drive."""
_STATUS: Final = re.compile(r"^NVMe status: (.*)\((0x[0-9a-f]{1,4})\)\s*$", re.MULTILINE | re.IGNORECASE)
_BEHIND: Final = re.compile(r"failed to (set block size to \d{3,5}|re-read partition table)\s*")
"""What it says last, after its success."""
_FORMATTED: Final = re.compile(r"^Success formatting namespace:([0-9a-f]{1,8})\s*$", re.MULTILINE)


def parse_sanitize_order(exit_status: int, transcript: str) -> Order:
    """What became of `nvme sanitize`, from its exit status and all that it printed."""
    refused = _refused(transcript)
    if refused is not None:
        return refused
    silent = not transcript.strip()
    return Order("accepted" if exit_status == 0 and silent else "not-told", in_short(*transcript.splitlines()))


def parse_format_order(exit_status: int, transcript: str) -> Order:
    """What became of `nvme format --force`, from its exit status and all that it printed. `accepted`: it is done, for
    Format answers at its end. One that was given up on the way may still be at work. After a change of its sectors the
    tool tells the kernel by a device that another process holds, and fails in that alone."""
    refused = _refused(transcript)
    if refused is not None:
        return refused
    done = len(_FORMATTED.findall(transcript)) == 1
    rest = [line for line in transcript.splitlines() if not _FORMATTED.match(line)]
    behind = done and bool(rest) and all(_BEHIND.fullmatch(line) for line in rest if line.strip())
    return Order("accepted" if done and (exit_status == 0 or behind) else "not-told", in_short(*rest))


def _refused(transcript: str) -> Order | None:
    """The drive's own words, when it answered with an error; two of them contradict each other, and a command that was
    broken off may have begun, or be at work still."""
    found = _STATUS.findall(transcript)
    if not found:
        return None
    said = in_short(*(f"{words.strip()} ({code})" for words, code in found))
    if len(found) != 1 or not int(found[0][1], 16) & _CODE:
        return Order("not-told", said)
    status = int(found[0][1], 16) & _CODE
    begun = status in _BROKEN_OFF or status >> 8 == _ON_THE_WAY
    return Order("not-told" if begun else "refused", said)
