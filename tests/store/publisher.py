"""Publishes one version of a master after the other, and cleans up now and then, until it is ended: to be cut.

Run as a process of its own: python -m tests.store.publisher FOLDER. Says each version once it is published.
"""

import random
import sys
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
        if number % 3 == 0:
            collect_garbage(store)


if __name__ == "__main__":
    main()
