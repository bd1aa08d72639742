"""Publishes one version of a master after the other until it is ended, with pauses or with clean-ups in between.

Run as a process of its own: python -m tests.store.publisher FOLDER pauses|clean. Says each version that is published.
"""

import random
import sys
import time
from itertools import count
from pathlib import Path

from netboot.store import Store
from netboot.store.upkeep import collect_garbage
from tests.store.test_store import put_master

PIECE = 32 * 1024


def main() -> None:
    """Go on for ever."""
    store = Store(Path(sys.argv[1]))
    source = random.Random(1)
    same = [source.randbytes(PIECE) for _ in range(8)]
    for number in count(1):
        with store.writing():
            own = [source.randbytes(PIECE) for _ in range(20)]
            put_master(store, "school", *same, *own, version=str(number))
        print(number, flush=True)
        if sys.argv[2] == "pauses":
            time.sleep(source.uniform(0, 0.2))
        elif number % 3 == 0:
            collect_garbage(store)


if __name__ == "__main__":
    main()
