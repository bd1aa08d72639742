"""Reads files of the store into the kernel's memory before they are sent, in threads of its own.

sendfile(2) runs in the event loop, and blocks it while the disk reads: on a slow disk every boot and hello waited (12
and 20 s at 400 kB/s). Once a file was read here, sendfile finds it in memory. The pool is a separate one, so that a
slow disk does not hold up the threads that the record and the boot files use.
Nothing is pinned: what the kernel drops before it is sent is read again, in the event loop.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

THREADS: Final = 4
_PIECE: Final = 1 << 20  # bytes


class PageCache:
    """One pool of threads, as many as a disk serves well at once."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page-cache")

    async def warm(self, path: Path) -> bool:
        """Read this file once; False when it is not there or cannot be read."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _read, path)

    def close(self) -> None:
        """Let go of the threads; one that waits for the disk ends when that answers."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _read(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while os.read(file, _PIECE):
            pass
    except OSError:
        return False
    finally:
        os.close(file)
    return True
