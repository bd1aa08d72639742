"""Runs the tools that order an erase of a drive and ask it: all that they print counts, and no exit status alone.

Nothing here raises: a tool that is missing, hangs or is killed gives a transcript that says so and no more.
What every family of commands needs is here too: a disk's path, its serial number bare, an order's answer as evidence.
"""

import re
import secrets
from typing import Final

from netboot.agent.answers.erase_support import parse_erase_support
from netboot.agent.answers.order import Order
from netboot.agent.erase.firmware.technique import Ordered
from netboot.shared.erase_methods.firmware import Accepted
from netboot.shared.inventory import Disk
from netboot.shared.process import ProgramError, run

ASKING: Final = 30.0
"""Seconds that one answer may take."""
_LOST: Final = -1
ACCEPTED: Final[dict[str, Accepted]] = {"accepted": "yes", "refused": "no", "not-told": "not-told"}
"""Whether a disk took an order (`Order.taken`), as evidence says it."""
SURE: Final = "--yes-i-know-what-i-am-doing"
"""Without it hdparm gives no order that costs data."""
HDPARM_AS_USER: Final = ("hdparm", "--verbose", "--user-master", "u")
"""About passwords, the user's. Verbose: only what went over the cable says what the disk answered."""


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


def device_of(disk: Disk) -> str:
    """Where the kernel has it."""
    return f"/dev/{disk.name}"


def is_same_serial(said: str, known: str) -> bool:
    """Whether what a drive says of itself is the serial number that it is known by; of none, never.

    By letters and digits alone: a drive fills its number up with blanks, and udev writes "_" for every character that
    may not stand in a name (systemd, udev_replace_chars): a "/" is one.
    """
    bare = bare_serial(known)
    return bool(bare) and bare_serial(said) == bare


def bare_serial(serial: str) -> str:
    """Its letters and digits."""
    return re.sub(r"[^0-9A-Za-z]", "", serial)


def ordered(command: str, order: Order, *, dword: int | None = None, pattern: int | None = None) -> Ordered:
    """What became of this order."""
    return Ordered(command, ACCEPTED[order.taken], order.said, dword, pattern)


def other_byte() -> int:
    """What a drive's own overwrite is to leave in every byte: another from job to job, and never what is read of a
    medium that was only unmapped or erased."""
    return 1 + secrets.randbelow(0xFE)


def erase_support(device: str) -> tuple[str, ...] | None:
    """What openSeaChest_Erase lists for this drive, with the levels that it names; None where no list came."""
    listed = parse_erase_support(answer("openSeaChest_Erase", "--device", device, "--showEraseSupport"))
    return None if listed is None else tuple(f"{one.name} ({one.level})" for one in listed)
