"""Imports, clean-ups and deploys on one store at once: nothing that a reader needs vanishes, nothing is left behind.

Publishers and the clean-up are threads with stores of their own, which share nothing but the folder and its locks, as
processes do; one publisher is a process.
"""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netboot.shared.manifest import Manifest
from netboot.store import Store, StoreBusyError, StoreError
from netboot.store.upkeep import collect_garbage, verify
from tests.store.test_power_cut import Publisher
from tests.store.test_store import PUBLIC, put_master

SECONDS = 4.0
PIECE = 8 * 1024


@pytest.mark.timeout(240)
def test_readers_get_all_of_what_is_current_or_held_while_others_publish_and_clean_up(tmp_path: Path) -> None:
    shared = [random.Random(number).randbytes(PIECE) for number in range(6)]
    put_master(Store(tmp_path), "held", *shared, b"\x01" * PIECE)
    held = Store(tmp_path).names()["held"]
    put_master(Store(tmp_path), "held", *shared[:3], version="2")
    put_master(Store(tmp_path), "held", *shared[:2], version="3")
    put_master(Store(tmp_path), "office", *shared)
    over = threading.Event()
    sources = {seed: random.Random(seed) for seed in (11, 12)}
    faults: list[str] = []
    counts = {"published": 0, "cleaned": 0, "read": 0, "replaced": 0}

    def publish(seed: int) -> None:
        source = sources[seed]
        store = Store(tmp_path)
        with store.writing():
            # Of what another publisher has as well, all but the last.
            parts = [*shared, *(random.Random(number).randbytes(PIECE) for number in range(100, 110))]
            put_master(store, "office", *parts, source.randbytes(PIECE), version=f"{seed}.{counts['published']}")
        counts["published"] += 1
        time.sleep(source.uniform(0, 0.2))

    def clean() -> None:
        try:
            collect_garbage(Store(tmp_path), keep=lambda: [held])
            counts["cleaned"] += 1
        except StoreBusyError:
            pass
        time.sleep(0.01)

    def read(name: str) -> None:
        store = Store(tmp_path)
        digest = held if name == "held" else store.names()[name]
        try:
            fetch(store, store.manifest(digest))
            counts["read"] += 1
        except StoreError:
            versions = store.versions(name)
            assert versions is not None
            # Two newer ones were published meanwhile, and nobody holds it.
            assert digest != held
            assert digest not in versions.all, "what is current or was before it is not whole"
            counts["replaced"] += 1

    def again(work: Callable[[], None]) -> None:
        while not over.is_set():
            try:
                work()
            except BaseException as error:
                faults.append(f"{type(error).__name__}: {error}")
                return

    works = [
        lambda: publish(11),
        lambda: publish(12),
        clean,
        lambda: read("held"),
        lambda: read("office"),
        lambda: read("school"),
    ]
    publisher = Publisher(tmp_path, "pauses")
    try:
        while "school" not in Store(tmp_path).names():
            assert publisher.process.poll() is None
        threads = [threading.Thread(target=again, args=[work]) for work in works]
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        until = time.monotonic() + 120
        while (
            not faults
            and min(counts[each] for each in ("published", "cleaned", "read")) < 3
            and time.monotonic() < until
        ):
            time.sleep(0.1)
        assert publisher.process.poll() is None
        over.set()
        for thread in threads:
            thread.join()
        assert faults == []
        assert min(counts[each] for each in ("published", "cleaned", "read")) >= 3, counts
    finally:
        over.set()
        publisher.end()
    store = Store(tmp_path)
    assert verify(store, PUBLIC) == ()
    collect_garbage(store, keep=lambda: [held])
    kept = {held, *(digest for versions in store.all_versions().values() for digest in versions.all)}
    assert set(store.blobs.list("manifests")) == {f"manifests/{digest}" for digest in kept}
    assert len(store.blobs.list("chunks")) == len({c.sha256 for digest in kept for c in store.manifest(digest).chunks})


def fetch(store: Store, manifest: Manifest) -> None:
    """All of its chunks, as a PC gets them one by one."""
    for chunk in manifest.chunks:
        store.get_chunk(chunk.sha256)
