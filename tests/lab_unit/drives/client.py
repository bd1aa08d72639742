"""A small vfio-user client, as QEMU's is: hands memory and event files to a drive's server, reads and writes registers.

Written from docs/interop/vfio-user.rst and QEMU's hw/vfio-user/; not from the server's code.
"""

import array
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

MEMORY = 16 << 20
CONFIG = 7


class RefusedError(Exception):
    """An error reply; args[0] is its errno."""


class VfioClient:
    """One PC's connection, with `memory` of 16 MiB at address 0 and `vectors` MSI-X event files."""

    def __init__(self, path: Path, *, vectors: int = 1) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(os.fspath(path))
        self._number = 0
        self._file = os.memfd_create("guest")
        os.ftruncate(self._file, MEMORY)
        self.events = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(vectors)]

    def power_on(self) -> None:
        """What QEMU says at its start: version, memory, interrupts."""
        said = json.dumps({"capabilities": {"max_msg_fds": 8, "max_data_xfer_size": 1 << 20}}).encode() + b"\0"
        self.call(1, struct.pack("<HH", 0, 0) + said)
        self.map_memory(0, MEMORY)
        self.call(8, struct.pack("<IIIII", 20, 4 | 32, 2, 0, len(self.events)), self.events)

    def map_memory(self, address: int, size: int, offset: int = 0, flags: int = 3) -> None:
        self.call(2, struct.pack("<IIQQQ", 32, flags, offset, address, size), [self._file])

    def unmap_memory(self, address: int, size: int, flags: int = 0) -> None:
        self.call(3, struct.pack("<IIQQ", 24, flags, address, size))

    def send(self, data: bytes, files: list[int] | None = None) -> None:
        """Bytes as they are."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
        self._socket.sendmsg([data], rights)

    def call(self, command: int, body: bytes = b"", files: list[int] | None = None) -> bytes:
        """Ask, and wait for the answer's body. Raises RefusedError."""
        self._number = self._number + 1 & 0xFFFF
        self.send(struct.pack("<HHIII", self._number, command, 16 + len(body), 0, 0) + body, files)
        return self.answer(command)

    def answer(self, command: int) -> bytes:
        number, answered, size, flags, error = struct.unpack("<HHIII", self._exactly(16))
        body = self._exactly(size - 16)
        assert (number, answered, flags & 15) == (self._number, command, 1)
        if flags & 32:
            raise RefusedError(error)
        return body

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            if not (part := self._socket.recv(count - len(data))):
                raise ConnectionError("the drive's server closed the connection")
            data += part
        return data

    def read_region(self, region: int, offset: int, count: int) -> bytes:
        body = self.call(9, struct.pack("<QII", offset, region, count))
        assert struct.unpack_from("<QII", body) == (offset, region, count)
        assert len(body) == 16 + count
        return body[16:]

    def write_region(self, region: int, offset: int, data: bytes) -> None:
        self.call(10, struct.pack("<QII", offset, region, len(data)) + data)

    def read32(self, region: int, offset: int) -> int:
        return int.from_bytes(self.read_region(region, offset, 4), "little")

    def write32(self, region: int, offset: int, value: int) -> None:
        self.write_region(region, offset, value.to_bytes(4, "little"))

    def peek(self, address: int, count: int) -> bytes:
        """The guest's own look into its memory."""
        return os.pread(self._file, count, address)

    def poke(self, address: int, data: bytes) -> None:
        os.pwrite(self._file, data, address)

    def wait_interrupt(self, vector: int = 0, within: float = 20) -> int:
        """Wait until the drive has interrupted; how often it did since the last look."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.events[vector], selectors.EVENT_READ)
            assert selector.select(within), "no interrupt came"
        return os.eventfd_read(self.events[vector])

    def cut_power(self) -> None:
        """Go without a word, as a killed QEMU does."""
        self._socket.close()
        for file in (self._file, *self.events):
            os.close(file)

    def __enter__(self) -> Self:
        self.power_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut_power()


@contextmanager
def drive_process(*words: str | Path, sockets: tuple[Path, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m netboot.lab.drives` with these words, once its sockets are there; ended at exit."""
    with subprocess.Popen(
        [sys.executable, "-m", "netboot.lab.drives", *[os.fspath(word) for word in words]]
    ) as process:
        try:
            until = time.monotonic() + 30
            while not all(path.is_socket() for path in sockets):
                assert process.poll() is None, "the drive ended at once"
                assert time.monotonic() < until, "the drive made no socket"
                time.sleep(0.02)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
