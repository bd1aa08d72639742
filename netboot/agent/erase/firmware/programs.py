"""Runs the tools that order an erase of a drive and ask it: all that they print counts, and no exit status alone.

Nothing here raises: a tool that is missing, hangs or is killed gives a transcript that says so and no more.
"""

import secrets
from typing import Final

from netboot.agent.answers.erase_support import parse_erase_support
from netboot.shared.process import ProgramError, run

ASKING: Final = 30.0
"""Seconds that one answer may take."""
_LOST: Final = -1


def answer(*command: str) -> str:
    """What the tool printed; "" when it failed."""
    try:
        return run(command, timeout=ASKING).stdout
    except ProgramError:
        return ""


def transcript(command: tuple[str, ...], *, seconds: float = 2 * ASKING) -> tuple[int, str]:
    """The exit status of an order, and all that it printed, errors first; -1 with the reason when it has none."""
    try:
        done = run(command, expect=None, timeout=seconds)
    except ProgramError as error:
        return _LOST, error.message
    return done.status, "\n".join(filter(None, (done.stderr.strip(), done.stdout.strip())))


def other_byte() -> int:
    """What a drive's own overwrite is to leave in every byte: another from job to job, and never what is read of a
    medium that was only unmapped or erased."""
    return 1 + secrets.randbelow(0xFE)


def erase_support(device: str) -> tuple[str, ...] | None:
    """What openSeaChest_Erase lists for this drive, with the levels that it names; None where no list came."""
    listed = parse_erase_support(answer("openSeaChest_Erase", "--device", device, "--showEraseSupport"))
    return None if listed is None else tuple(f"{one.name} ({one.level})"[:256] for one in listed)
