"""A store whose disk reads 400 kB a second: PCs that fetch chunks from it wait, boots and hellos do not."""

import asyncio
import hashlib
import os
import time
from pathlib import Path

import pytest

from netboot.lab.network import SERVER
from tests.abuse.conftest import Victim
from tests.abuse.slow_disk import forget, slow_for
from tests.abuse.test_abuse import HONEST_WITHIN

pytestmark = pytest.mark.root

RATE = 400_000
"""Bytes a second."""
CHUNKS = 24
CHUNK = 1 << 20


async def test_boots_and_hellos_do_not_wait_for_chunks_of_a_slow_disk(victim: Victim) -> None:
    names = [hashlib.sha256(bytes([number])).hexdigest() for number in range(CHUNKS)]
    for name in names:
        path = victim.store / "chunks" / name[:2] / f"{name}.zst"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(CHUNK))
    await asyncio.to_thread(forget, victim.store_device, victim.store)
    await victim.honest_boot(HONEST_WITHIN)
    waits = []
    with slow_for(victim.program.pid, victim.store_device, RATE):
        words = [f"http://{SERVER}/chunks/{name}" for name in names]
        outputs = [word for name in names for word in ("--output", os.fspath(Path("/dev/null")))]
        fetching = ("curl", "--silent", "--parallel", "--parallel-max", str(CHUNKS), *outputs, *words)
        async with victim.attacked(fetching[0], *fetching[1:]) as fetch:
            await asyncio.sleep(1)
            for _ in range(3):
                asked = time.monotonic()
                await victim.honest_boot(HONEST_WITHIN)
                waits.append(time.monotonic() - asked)
                # At that rate they take a minute: the disk is still being waited for.
                fetch.must_run()
    print(f"{CHUNKS} PCs wait for chunks at {RATE} bytes a second: an honest PC booted in {max(waits):.1f} s at most")
