"""A server that is killed while a process of its own makes a master: that ends too, nothing half made is offered."""

import asyncio
import random
import sys
import time
from pathlib import Path

import pytest

from netboot.auth.server_keys import load_key, public_key
from netboot.records.record import open_record
from netboot.shared.process import run
from netboot.store import Store
from netboot.store.upkeep import verify
from netboot.workshop.makings import Makings
from tests.masters.images import LINUX, MIB, SWAP, gpt_disk, is_empty, loops_of, sized
from tests.workshop.player import eventually
from tests.workshop.test_makings import WHO, at_work, is_over, order, state, worker_of, workers_of

pytestmark = pytest.mark.root

SERVER = """
import asyncio, sys
from pathlib import Path
from netboot.records.record import open_record
from netboot.store import Store
from netboot.workshop.makings import Makings
from tests.workshop.test_makings import order

async def serve(folder, file):
    with open_record(folder / "record.sqlite") as record:
        makings = Makings(record, Store(folder / "store").current)
        task = asyncio.create_task(makings.run())
        await makings.begin(order(folder, file), "anne")
        print("begun", flush=True)
        await task

asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A disk of swap, and noise that takes a moment to be packed; no tool has to look into either."""
    swap, noise = sized(tmp_path / "swap", 2 * MIB), tmp_path / "noise"
    run(["mkswap", swap])
    noise.write_bytes(random.Random(18).randbytes(12 * MIB))
    return gpt_disk(tmp_path, [(SWAP, swap), (LINUX, noise)], size=16 * MIB)


def store_in(data: Path) -> Store:
    data.mkdir(mode=0o700)
    return Store(data / "store", accepts=public_key(load_key(data)))


async def begun_server(data: Path, image: Path) -> asyncio.subprocess.Process:
    """A server of its own that begins to take in this image."""
    words = (sys.executable, "-c", SERVER, data, image)
    server = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert server.stdout is not None
    assert await server.stdout.readline() == b"begun\n"
    return server


async def seconds_until_made(store: Store) -> float:
    start = time.monotonic()
    await eventually(lambda: store.current("ecole") is not None)
    return time.monotonic() - start


async def what_the_next_says(data: Path, store: Store, image: Path) -> str | None:
    """What the next server says of it, under which it is made then."""
    with open_record(data / "record.sqlite") as record:
        makings = Makings(record, store.current)
        await makings.recover()
        told = state(makings)
        assert told != "done" or store.current("ecole") is not None
        async with at_work(makings):
            await makings.begin(order(data, image), WHO)
            await eventually(is_over(makings))
        assert state(makings) == "done"
    return told


async def test_a_killed_server_takes_its_work_along_and_the_next_one_says_so(tmp_path: Path, image: Path) -> None:
    store = store_in(data := tmp_path / "data")
    with store.exclusive():  # as a clean-up does: the import waits for it
        server = await begun_server(data, image)
        pid = await worker_of(image)
        server.kill()
        await server.wait()
        await eventually(lambda: not Path(f"/proc/{pid}").exists())
    assert is_empty(store)
    assert await what_the_next_says(data, store, image) == "interrupted"


async def test_a_server_that_is_killed_at_any_moment_leaves_nothing_at_work_and_nothing_half_made(
    tmp_path: Path, image: Path
) -> None:
    whole, found = 0.0, list[tuple[bool, str | None]]()
    for number, share in enumerate((1.0, 0.0, 0.5, 0.8)):  # the first comes to its end and is timed
        store = store_in(data := tmp_path / f"data-{number}")
        server = await begun_server(data, image)
        if number == 0:
            whole = await seconds_until_made(store)
        else:
            await worker_of(image)
            await asyncio.sleep(share * whole)
        server.kill()
        await server.wait()
        await eventually(lambda: not workers_of(image))
        await eventually(lambda: not loops_of(tmp_path))
        assert verify(store, public_key(load_key(data))) == ()
        found.append((store.current("ecole") is not None, await what_the_next_says(data, store, image)))
        assert not any((store.folder / "drafts").iterdir())
    assert {told for _, told in found} <= {"interrupted", "done"}
    assert found[1] == (False, "interrupted"), "what it had begun is over, not made later"
