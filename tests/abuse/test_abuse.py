"""A server that is abused stays small, writes few lines, and honest PCs boot meanwhile.

The bounds are those that docs/security.md states.
"""

import asyncio
import time
from pathlib import Path

import pytest

from netboot.lab.network import INTERFACE, SERVER
from tests.abuse.conftest import ADDRESSES, Victim

pytestmark = pytest.mark.root

HONEST_WITHIN = 10.0
"""Seconds for an honest PC's DHCP, TFTP and HTTP; at rest they take about two."""
AT_MOST = "40"

OPENS = str(Path(__file__).parent / "opens.py")
ABUSES = {
    "a thousand DISCOVERs a second from forged MACs": (
        *("-m", "netboot.lab.dhcp_load", "--interface", INTERFACE, "--rate", "1000", "--seconds", AT_MOST),
    ),
    "TFTP requests whose answers nobody acknowledges": (OPENS, "tftp", str(SERVER), AT_MOST, *map(str, ADDRESSES)),
    "HTTP connections that read and say next to nothing": (OPENS, "http", str(SERVER), AT_MOST, *map(str, ADDRESSES)),
    "agents' lines with an unfinished first message": (OPENS, "lines", str(SERVER), AT_MOST, *map(str, ADDRESSES)),
    "agents' lines whose first message comes a byte at a time": (
        *(OPENS, "slow", str(SERVER), AT_MOST, *map(str, ADDRESSES)),
    ),
    "what foreign pages let a browser ask for": (OPENS, "foreign", str(SERVER), AT_MOST, *map(str, ADDRESSES)),
}
AT_LEAST = dict(zip(ABUSES, (20.0, 5.0, 5.0, 10.0, 12.0, 5.0), strict=True))
"""Seconds that an abuse lasts: of DISCOVERs, five times as many as any table has places."""
MEMORY = dict(zip(ABUSES, (16 << 20, 32 << 20, 32 << 20, 48 << 20, 16 << 20, 16 << 20), strict=True))
"""Bytes that an abuse may cost beyond what the server holds at rest."""
LINES = dict(zip(ABUSES, ((200, 600), (100, 600), (0, 600), (50, 600), (10, 600), (50, 800)), strict=True))
"""Lines that it writes into the log, of each kind 200 and then five a second: at least, so that the forged packets are
known to arrive, and at most."""
HOLDS = dict(zip(ABUSES, ((-10, 50), (100, 600), (500, 1400), (4, 100), (-10, 100), (-10, 50)), strict=True))
"""Descriptors that the server has open for each, more than at rest: at least, so that it is known to be abused, and at
most. Of HTTP 1,024 connections, and an open file for every third."""
SLOW_READERS = dict(zip(ABUSES, (0, 0, 100, 0, 0, 0), strict=True))
"""To so many at least it is sending a file that they do not read."""


async def settled(victim: Victim) -> None:
    """Wait until what the attack before held is let go, such as a TFTP transfer after its last try."""
    deadline = time.monotonic() + 90
    while victim.descriptors > victim.at_rest + 20:
        assert time.monotonic() < deadline, f"{victim.descriptors} are open, {victim.at_rest} were before all attacks"
        await asyncio.sleep(1)


@pytest.mark.parametrize("abuse", ABUSES)
async def test_under_abuse_memory_and_log_are_bounded_and_an_honest_pc_boots(victim: Victim, abuse: str) -> None:
    await victim.honest_boot(HONEST_WITHIN)
    await settled(victim)
    memory, lines, descriptors = victim.memory, victim.log_lines, victim.descriptors
    async with victim.attacked(*ABUSES[abuse]) as attack:
        started = time.monotonic()
        await asyncio.sleep(2)
        asked = time.monotonic()
        await victim.honest_boot(HONEST_WITHIN)
        waited = time.monotonic() - asked
        await asyncio.sleep(AT_LEAST[abuse] + started - time.monotonic())
        held, readers = victim.descriptors - descriptors, victim.slow_readers
        attack.must_run()
    grown, written = victim.memory - memory, victim.log_lines - lines
    print(
        f"{abuse}: {grown / 1e6:.1f} MB and {held} descriptors more, {readers} slow readers, {written} lines; "
        f"an honest PC booted in {waited:.1f} s"
    )
    victim.program.must_run()
    assert grown < MEMORY[abuse]
    assert LINES[abuse][0] <= written <= LINES[abuse][1], victim.program.tail(60)
    assert HOLDS[abuse][0] <= held <= HOLDS[abuse][1]
    assert readers >= SLOW_READERS[abuse]
    await victim.honest_boot(HONEST_WITHIN)
