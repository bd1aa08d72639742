"""The transport: one drive, served to one PC after another on a Unix socket, by vfio-user (vfio_messages.py).

A client that comes is a PC that is switched on; one that goes, however it goes, has lost its power, and the drive
lives on for the next. Beside it stands a second socket, on which a test tells or asks the drive something in the
middle (`Control`): one JSON object, then one back, and the connection ends.
Not for: what the drive is; that is a PciFunction.
"""

import array
import errno
import json
import logging
import os
import selectors
import socket
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from netboot.lab.drives import vfio_messages as messages
from netboot.lab.drives.guest_memory import GuestMemory
from netboot.lab.drives.pci import CONFIG_BYTES, MSIX_BAR, MSIX_BAR_BYTES, PciFunction
from netboot.lab.drives.vfio_messages import Header, IrqFlags, MessageError, Request, StreamError

_log = logging.getLogger(__name__)

_REGIONS = 9
_CONFIG_REGION = 7
_IRQ_KINDS = 5
_MSIX_IRQ, _ERROR_IRQ = 2, 3

Control = Callable[[Mapping[str, object], float], Mapping[str, object]]
"""What a drive answers on its control socket, and at which second; a ValueError becomes {"error": …}."""


class _Bus:
    """One PC's memory and event files."""

    def __init__(self) -> None:
        self.memory = GuestMemory()
        self._events: dict[int, int] = {}

    def interrupt(self, vector: int) -> None:
        if (file := self._events.get(vector)) is not None:
            with suppress(OSError):  # the client's file: what it is, is the client's affair
                os.eventfd_write(file, 1)

    def listen(self, request: messages.SetIrqs, files: list[int], vectors: int) -> None:
        """Take or let go of event files, as <linux/vfio.h> says of VFIO_DEVICE_SET_IRQS. Takes what it keeps."""
        end = request.start + request.count
        if end > irq_count(request.index, vectors):
            raise MessageError(errno.EINVAL, f"interrupts up to {end} of kind {request.index}")
        if request.index != _MSIX_IRQ or not request.flags & IrqFlags.ACTION_TRIGGER:
            return
        if not request.count:
            self._forget(range(vectors))
        elif request.flags & IrqFlags.DATA_EVENTFD:
            if files and len(files) != request.count:
                raise MessageError(errno.EINVAL, f"{len(files)} files for {request.count} interrupts")
            self._forget(range(request.start, end))
            # The client keeps the other end: an eventfd of its own could block this process at its limit.
            for vector, file in zip(range(request.start, end), list(files), strict=False):
                os.set_blocking(file, False)
                self._events[vector] = file
            files.clear()

    def _forget(self, vectors: range) -> None:
        for vector in vectors:
            if (file := self._events.pop(vector, None)) is not None:
                os.close(file)

    def close(self) -> None:
        self.memory.clear()
        self._forget(range(1 << 11))


class _Client:
    """One connection: its bytes become messages, whatever pieces they come in."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.files: list[int] = []
        self.header: Header | None = None
        self._have = b""

    def receive(self) -> bytes | None:
        """The body of the next message, once it is whole (`header` is its header); b"" has none.

        Reads never go past a message's end, so that files belong to the message that they came with.
        Raises StreamError and OSError.
        """
        wanted = messages.HEADER_BYTES if self.header is None else self.header.size - messages.HEADER_BYTES
        if wanted:
            room = socket.CMSG_SPACE(messages.MAX_FILES * array.array("i").itemsize)
            data, ancillary, flags, _ = self.connection.recvmsg(wanted - len(self._have), room)
            for level, kind, packed in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    files = array.array("i")
                    files.frombytes(packed[: len(packed) - len(packed) % files.itemsize])
                    self.files += files
            if flags & socket.MSG_CTRUNC or len(self.files) > messages.MAX_FILES:
                raise StreamError("more files than were allowed")
            if not data:
                raise StreamError("the client has gone")
            self._have += data
            if len(self._have) < wanted:
                return None
        body, self._have = self._have, b""
        if self.header is None:
            self.header = messages.parse_header(body)
            # A message without a body is whole already; nothing more would come to wake us.
            return b"" if self.header.size == messages.HEADER_BYTES else None
        return body

    def next_message(self) -> None:
        """Let go of the message and of files that nobody took."""
        self.header = None
        for file in self.files:
            os.close(file)
        self.files.clear()

    def close(self) -> None:
        self.next_message()
        self.connection.close()


class DriveServer:
    """Serves one function; `run` comes back after `stop`, from a signal's handler, say."""

    def __init__(self, function: PciFunction, path: Path, control: Control | None = None) -> None:
        """Listens at `path` at once, and for `control` at `path` with `.control` behind it; old sockets go."""
        self._function = function
        self._control = control
        self._path = path
        self._selector = selectors.DefaultSelector()
        self._listener = _listen(path)
        self._controls = _listen(control_path(path)) if control else None
        self._client: _Client | None = None
        self._bus: _Bus | None = None
        self._running = True
        self._wake = os.eventfd(0)
        # Not at the end of `run`: `stop`, in another thread, may be about to write to it, and its number be another's.
        weakref.finalize(self, os.close, self._wake)
        self._selector.register(self._wake, selectors.EVENT_READ, lambda: None)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        if self._controls:
            self._selector.register(self._controls, selectors.EVENT_READ, self._accept_control)

    def stop(self) -> None:
        """Let `run` come back; from any thread, or a signal's handler."""
        self._running = False
        os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        """Serve until `stop`; at the end the drive loses its power, if it had any, and its sockets go."""
        due: float | None = 0.0
        try:
            while self._running:
                for key, _ in self._selector.select(due):
                    key.data()
                due = self._function.work(time.time())
        finally:
            self._gone()
            self._selector.close()
            self._listener.close()
            self._path.unlink(missing_ok=True)
            if self._controls:
                self._controls.close()
                control_path(self._path).unlink(missing_ok=True)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(True)
        # A drive has one place: who else comes waits until this PC is off.
        self._selector.unregister(self._listener)
        self._client = _Client(connection)
        self._selector.register(connection, selectors.EVENT_READ, self._serve)

    def _serve(self) -> None:
        client = self._client
        assert client is not None
        try:
            body = client.receive()
            header = client.header
            if body is not None and header is not None:
                self._answer(client, header, body)
                client.next_message()
        except (StreamError, OSError) as error:
            _log.info("the PC is off: %s", error)
            self._gone()
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _answer(self, client: _Client, header: Header, body: bytes) -> None:
        try:
            answer = messages.reply(header, self._do(messages.parse(header, body), client.files))
        except MessageError as error:
            _log.warning("refused: %s", error)
            answer = messages.error_reply(header, error.errno)
        if header.wants_reply:
            client.connection.sendall(answer)

    def _gone(self) -> None:
        """The client went: as a PC whose plug was pulled."""
        if self._client is not None:
            self._selector.unregister(self._client.connection)
            self._client.close()
            self._client = None
        if self._bus is not None:
            self._function.power_off(time.time())
            self._bus.close()
            self._bus = None

    def _do(self, request: Request, files: list[int]) -> bytes:
        if isinstance(request, messages.Version):
            return self._meet(request)
        if self._bus is None:
            raise StreamError("a client that does not say its version")
        match request:
            case messages.DmaMap():
                self._bus.memory.map(request, files[0] if files else None)
                return b""
            case messages.DmaUnmap():
                self._bus.memory.unmap(request)
                return messages.unmap_body(request)
            case messages.GetInfo():
                return messages.info_body(_REGIONS, _IRQ_KINDS)
            case messages.GetRegionInfo():
                _within(request.index, _REGIONS)
                return messages.region_info_body(request.index, self._region_size(request.index))
            case messages.GetIrqInfo():
                _within(request.index, _IRQ_KINDS)
                return messages.irq_info_body(request.index, irq_count(request.index, self._function.vectors))
            case messages.SetIrqs():
                self._bus.listen(request, files, self._function.vectors)
                return b""
            case messages.RegionRead():
                return messages.read_body(request, self._read(request))
            case messages.RegionWrite():
                self._write(request)
                return messages.write_body(request)
            case messages.Reset():
                self._function.config.reset()
                self._function.reset(time.time())
                return b""

    def _meet(self, version: messages.Version) -> bytes:
        if version.major != 0:
            raise StreamError(f"vfio-user {version.major}.{version.minor}, not 0")
        if self._bus is not None:
            raise MessageError(errno.EINVAL, "the version was said before")
        self._bus = _Bus()
        self._function.config.reset()
        self._function.power_on(self._bus, time.time())
        return messages.version_body()

    def _region_size(self, region: int) -> int:
        if region == _CONFIG_REGION:
            return CONFIG_BYTES
        return MSIX_BAR_BYTES if region == MSIX_BAR else self._function.bars.get(region, 0)

    def _read(self, request: messages.RegionRead) -> bytes:
        self._inside(request.region, request.offset, request.count)
        if request.region == _CONFIG_REGION:
            return self._function.config.read(request.offset, request.count)
        if request.region == MSIX_BAR:
            return bytes(request.count)  # nothing is ever pending: an interrupt is told at once
        return self._function.read(request.region, request.offset, request.count, time.time())

    def _write(self, request: messages.RegionWrite) -> None:
        self._inside(request.region, request.offset, len(request.data))
        if request.region == _CONFIG_REGION:
            self._function.config.write(request.offset, request.data)
        elif request.region != MSIX_BAR:
            self._function.write(request.region, request.offset, request.data, time.time())

    def _inside(self, region: int, offset: int, count: int) -> None:
        _within(region, _REGIONS)
        if offset + count > self._region_size(region):
            raise MessageError(errno.EINVAL, f"{count} bytes at {offset:#x} of region {region}")

    def _accept_control(self) -> None:
        assert self._controls is not None
        connection, _ = self._controls.accept()
        with connection, suppress(OSError):
            connection.settimeout(1)
            with connection.makefile("rwb") as stream:
                stream.write(json.dumps(self._told(stream.readline(1 << 16))).encode() + b"\n")

    def _told(self, line: bytes) -> Mapping[str, object]:
        assert self._control is not None
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                raise ValueError("no JSON object")
            return self._control(asked, time.time())
        except (ValueError, RecursionError) as error:
            return {"error": str(error)}


def irq_count(index: int, vectors: int) -> int:
    """How many interrupts of a kind there are; that for errors, which QEMU wants, is never told."""
    return {_MSIX_IRQ: vectors, _ERROR_IRQ: 1}.get(index, 0)


def control_path(path: Path) -> Path:
    """The socket on which the drive that is served at `path` can be told something."""
    return path.with_name(path.name + ".control")


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(path))
    listener.listen(4)
    return listener


def _within(index: int, count: int) -> None:
    if index >= count:
        raise MessageError(errno.EINVAL, f"there is no number {index}")
