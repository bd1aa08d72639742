"""The TFTP service that gives boot files to firmware: read-only, many transfers at once in one event loop.

Follows RFC 1350 (TFTP), 2347 (options), 2348 (blksize), 2349 (tsize, timeout), 7440 (windowsize) and 1123 §4.2.3.
This file takes requests, keeps the limits and reports transfers; the rest is in `tftpd/`: packet (bytes), transfer
(what is sent when), session (one transfer), socket and source (names, files).
Not for: which files exist; the server gives a `Source`.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from netboot.tftpd.packet import (
    MAX_REQUEST,
    ErrorCode,
    Opcode,
    PacketError,
    ReadRequest,
    encode_error,
    opcode_of,
    parse_request,
    printable,
)
from netboot.tftpd.session import Session
from netboot.tftpd.socket import answer_once, listening_socket, receive, transfer_socket
from netboot.tftpd.source import Content, ContentError, FolderSource, Source, clean_name, leads_out, names_within
from netboot.tftpd.transfer import Limits, OptionError, Outcome, Transfer, block_size_for, negotiate

__all__ = [
    "FolderSource",
    "Limits",
    "Outcome",
    "Source",
    "TftpServer",
    "TftpSettings",
    "TransferEvent",
    "block_size_for",
]

log = logging.getLogger(__name__)

REQUESTS_A_WAKE = 32
"""Requests read before transfers get their turn again."""


@dataclass(frozen=True, slots=True)
class TftpSettings:
    """Where to listen and how much to give; `limits.block_size` comes from the LAN's MTU, by `block_size_for`."""

    address: str = "0.0.0.0"  # noqa: S104 - the server passes its interface's address
    port: int = 69
    max_transfers: int = 256
    max_per_client: int = 8
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class TransferEvent:
    """A transfer started (`outcome` None), ended, or was refused.

    `name` and `reason` are printable; `size`, `sent` (confirmed by the client) in bytes; `resent` in blocks;
    `seconds` since the start.
    """

    client: str
    port: int
    name: str
    outcome: Outcome | None
    size: int = 0
    sent: int = 0
    resent: int = 0
    seconds: float = 0.0
    reason: str = ""


class _RefusalError(Exception):
    """Why a request is not served; without a code, the client gets no answer."""

    def __init__(self, reason: str, code: ErrorCode | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class _Running:
    """One entry of the table of transfers."""

    session: Session
    request: bytes
    name: str


class TftpServer:
    """Serves `source` until closed. `on_transfer` is called in the event loop and must not wait."""

    def __init__(
        self,
        settings: TftpSettings,
        source: Source,
        *,
        on_transfer: Callable[[TransferEvent], None] | None = None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._on_transfer = on_transfer
        self._socket: socket.socket | None = None
        self._running: dict[tuple[str, int], _Running] = {}

    @property
    def port(self) -> int:
        """The UDP port in use; differs from the settings' when that was 0."""
        if self._socket is None:
            return self._settings.port
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def transfers(self) -> int:
        """Transfers under way."""
        return len(self._running)

    async def start(self) -> None:
        """Bind the port and begin to answer. Raises NetbootError when that cannot be."""
        sock = self._socket = listening_socket(self._settings.address, self._settings.port)
        asyncio.get_running_loop().add_reader(sock, self._readable)
        log.info("TFTP answers on %s port %d", self._settings.address, self.port)

    async def move(self, address: str) -> None:
        """Answer on another address of this machine from now on. Raises NetbootError, and then stays where it was."""
        if self._socket is not None and address == self._settings.address:
            return
        moved = listening_socket(address, self.port)
        loop = asyncio.get_running_loop()
        if self._socket is not None:
            loop.remove_reader(self._socket)
            self._socket.close()
        self._socket, self._settings = moved, replace(self._settings, address=address)
        loop.add_reader(moved, self._readable)

    async def run(self) -> None:
        """Serve until cancelled, then close."""
        if self._socket is None:
            await self.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.close()

    def close(self) -> None:
        """End every transfer, tell its client, and let the port go; twice does no harm."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        for running in list(self._running.values()):
            running.session.cancel("the server is stopping")

    def _readable(self) -> None:
        for _ in range(REQUESTS_A_WAKE):
            if self._socket is None:
                return
            try:
                datagram, client, local = receive(self._socket, MAX_REQUEST + 1)
            except BlockingIOError:
                return
            except OSError as error:
                log.debug("receiving a request failed: %s", error)
                return
            if local is None:
                log.debug("ignored a datagram from %s: not sent to this machine alone", client[0])
            else:
                self._take(datagram, client, local)

    def _take(self, datagram: bytes, client: tuple[str, int], local: str) -> None:
        """Answer one datagram on the listening port."""
        opcode = opcode_of(datagram)
        if opcode not in (Opcode.RRQ, Opcode.WRQ):
            # Never an answer to an ERROR: two servers could keep each other busy for ever.
            log.debug("ignored a datagram from %s: opcode %d is no request", client[0], opcode)
            return
        name = ""
        try:
            if opcode == Opcode.WRQ:
                name = printable(datagram[2:MAX_REQUEST].partition(b"\0")[0].decode("latin-1"))
                raise _RefusalError("this server is read-only", ErrorCode.ACCESS)
            request = _parsed(datagram)
            name = printable(request.filename)
            self._make_room(datagram, client)
            self._begin(datagram, request, client, local)
        except _RefusalError as refusal:
            self._log_refusal(name, client[0], refusal)
            if refusal.code is not None:
                answer_once(local, client, encode_error(refusal.code, refusal.reason))
            self._tell(TransferEvent(*client, name, Outcome.REFUSED, reason=refusal.reason))

    def _make_room(self, datagram: bytes, client: tuple[str, int]) -> None:
        """Make sure that one more transfer may start for `client`. Raises _RefusalError.

        A request that comes twice is served once: retransmissions of the first answer it. A different request from the
        same port ends the earlier transfer: firmware uses one port again, and a PC may have been switched off and on.
        When all places are taken, the oldest transfer whose client never answered is ended, so that requests with
        forged senders cannot keep honest PCs out; else the PC gets no answer and asks again.
        """
        earlier = self._running.get(client)
        if earlier is not None:
            if earlier.request == datagram and not earlier.session.transfer.silent:
                raise _RefusalError("the same request again")
            earlier.session.abandon("the client started over")
        own = [running for (address, _), running in self._running.items() if address == client[0]]
        if len(own) >= self._settings.max_per_client:
            _give_way(own, f"{client[0]} has {len(own)} transfers under way")
        elif len(self._running) >= self._settings.max_transfers:
            _give_way(list(self._running.values()), f"{len(self._running)} transfers are under way")

    def _begin(self, datagram: bytes, request: ReadRequest, client: tuple[str, int], local: str) -> None:
        """Start the transfer. Raises _RefusalError."""
        content = self._open(request)
        limits = self._settings.limits
        try:
            terms = negotiate(request.options, content.size, limits)
            sock = transfer_socket(local, client)
        except OptionError as error:
            content.close()
            raise _RefusalError(str(error), ErrorCode.OPTIONS) from error
        except OSError as error:
            content.close()
            raise _RefusalError(f"no socket for the transfer: {error}") from error
        transfer = Transfer(terms, content.size, limits, asyncio.get_running_loop().time())
        name = printable(request.filename)

        def ended(session: Session) -> None:
            if (running := self._running.get(client)) is not None and running.session is session:
                del self._running[client]
            self._tell(_event(client, name, session))

        session = Session(sock, content, transfer, ended)
        self._running[client] = _Running(session, datagram, name)
        self._tell(TransferEvent(*client, name, None, content.size))
        session.start()

    def _open(self, request: ReadRequest) -> Content:
        if request.mode != "octet":
            # Netascii would have to rewrite line ends; serving the bytes as they are would make such a client damage
            # a boot file without a word.
            raise _RefusalError("only octet (binary) mode is served", ErrorCode.ILLEGAL)
        if leads_out(request.filename):
            raise _RefusalError("this name is not allowed", ErrorCode.ACCESS)
        file = self._find(request.filename)
        if file is None:
            # Whatever it is: shim goes on without a file on "not found", and on no other error.
            raise _RefusalError("file not found", ErrorCode.NOT_FOUND)
        try:
            return Content(file)
        except ContentError as error:
            raise _RefusalError(str(error), ErrorCode.ACCESS) from error

    def _find(self, asked: str) -> Path | bytes | None:
        """The file of this name, or the one that was meant by a name with junk behind it. Raises _RefusalError."""
        clean = clean_name(asked)
        exact = self._look_up(clean) if clean is not None else None
        if exact is not None:
            return exact
        for name in names_within(asked):
            meant = self._look_up(name)
            if meant is not None:
                log.info("asked for %r by TFTP, and served %s: what stands behind that is no name", asked, name)
                return meant
        return None

    def _look_up(self, name: str) -> Path | bytes | None:
        try:
            return self._source(name)
        except Exception as error:
            log.exception("looking up %r failed", name)
            raise _RefusalError("the server could not look the file up", ErrorCode.UNDEFINED) from error

    def _log_refusal(self, name: str, client: str, refusal: _RefusalError) -> None:
        # Without a code the client gets no answer; it will ask again, and be served then.
        level = logging.DEBUG if refusal.code is None else logging.INFO
        log.log(level, "TFTP does not serve %r to %s: %s", name, client, refusal.reason, extra={"client": client})

    def _tell(self, event: TransferEvent) -> None:
        log.debug("%s", event)
        if self._on_transfer is not None:
            try:
                self._on_transfer(event)
            except Exception:
                log.exception("the listener for transfers failed")


def _parsed(datagram: bytes) -> ReadRequest:
    try:
        return parse_request(datagram)
    except PacketError as error:
        raise _RefusalError(str(error), ErrorCode.ILLEGAL) from error


def _give_way(running: list[_Running], full: str) -> None:
    """End the oldest of `running` whose client never answered. Raises _RefusalError when there is none."""
    for entry in running:
        if not entry.session.transfer.heard:
            entry.session.abandon("gave way to a newer request")
            return
    raise _RefusalError(full)


def _event(client: tuple[str, int], name: str, session: Session) -> TransferEvent:
    transfer = session.transfer
    seconds = asyncio.get_running_loop().time() - session.started
    return TransferEvent(
        *client,
        name,
        transfer.outcome,
        transfer.size,
        transfer.acknowledged,
        transfer.resent,
        seconds,
        transfer.reason,
    )
