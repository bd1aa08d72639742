"""A TFTP read as firmware does it: blocks of 1468 bytes, windows of 4 (RFC 1350, 2347, 2348, 2349, 7440), as OVMF.

Bounded in bytes and in time. Not for: serving (`netboot/tftp.py`), or speed: one small file at a time.
"""

import socket
import struct
import time
from ipaddress import IPv4Address
from typing import Final

from netboot.doctor.observed import Trouble

PORT: Final = 69
_BLOCK: Final = 1468  # bytes
_WINDOW: Final = 4  # blocks
_ASKED: Final = ("tsize", "0", "blksize", str(_BLOCK), "windowsize", str(_WINDOW))
_ANSWER_WITHIN: Final = 1.0  # seconds, then what was said last is said again
_TRIES: Final = 3
_DATA, _ACK, _ERROR, _OACK = 3, 4, 5, 6
_NOT_FOUND: Final = 1


class TftpTrouble(Exception):  # noqa: N818 - the word of `observed.Trouble`
    """The file did not come; `trouble` says how, the text says more."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.trouble: Trouble = trouble


def tftp_get(server: IPv4Address, name: str, *, limit: int, until: float, port: int = PORT) -> bytes:
    """The whole file, at most `limit` bytes, before `until` (time.monotonic()). Raises TftpTrouble."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        return _Transfer(opened, server, port, limit, until).run(name)


class _Transfer:
    def __init__(self, opened: socket.socket, server: IPv4Address, port: int, limit: int, until: float) -> None:
        self._socket = opened
        self._server = str(server)
        self._port = port
        self._answered = False
        self._limit = limit
        self._until = until
        self._block, self._window = 512, 1  # RFC 1350's, until the server agrees to others
        self._size: int | None = None
        self._said = b""

    def run(self, name: str) -> bytes:
        words = (name, "octet", *_ASKED)
        self._say(b"\0\1" + b"".join(word.encode("ascii", "replace") + b"\0" for word in words))
        data = bytearray()
        expected, in_window = 1, 0
        while True:
            packet = self._hear()
            kind, number = struct.unpack_from("!HH", packet)
            if kind == _ERROR:
                text = packet[4:].partition(b"\0")[0].decode("ascii", "replace")[:80]
                shown = "".join(letter if letter.isprintable() else "?" for letter in text)
                raise TftpTrouble("missing" if number == _NOT_FOUND else "refused", f"TFTP error {number}: {shown}")
            if kind == _OACK and expected == 1:
                self._agree(packet[2:])
                self._acknowledge(0)
            elif kind == _DATA and number == expected & 0xFFFF:
                data += packet[4:]
                expected, in_window = expected + 1, in_window + 1
                ended = len(packet) - 4 < self._block
                if len(data) > self._limit:
                    raise TftpTrouble("damaged", f"longer than {self._limit} bytes")
                if ended or in_window == self._window:
                    self._acknowledge(expected - 1)
                    in_window = 0
                if ended:
                    return self._whole(bytes(data))
            elif kind == _DATA:
                # A block was lost or came twice: what was got so far is said again (RFC 7440 §4).
                self._acknowledge(expected - 1)
                in_window = 0

    def _whole(self, data: bytes) -> bytes:
        if self._size is not None and self._size != len(data):
            raise TftpTrouble("damaged", f"{self._size} bytes were announced, {len(data)} came")
        return data

    def _agree(self, options: bytes) -> None:
        words = options.split(b"\0")
        try:
            agreed = {words[at].lower(): int(words[at + 1]) for at in range(0, len(words) - 1, 2)}
        except ValueError as error:
            raise TftpTrouble("damaged", "its options are no numbers") from error
        self._block = agreed.get(b"blksize", 512)
        self._window = agreed.get(b"windowsize", 1)
        self._size = agreed.get(b"tsize")
        if not 8 <= self._block <= _BLOCK or not 1 <= self._window <= _WINDOW:
            raise TftpTrouble("damaged", "it agreed to more than was asked")

    def _acknowledge(self, number: int) -> None:
        self._say(struct.pack("!HH", _ACK, number & 0xFFFF))

    def _say(self, packet: bytes) -> None:
        self._said = packet
        try:
            self._socket.sendto(packet, (self._server, self._port))
        except OSError as error:
            raise TftpTrouble("silent", error.strerror or "unreachable") from error

    def _hear(self) -> bytes:
        for _ in range(_TRIES):
            waits = min(time.monotonic() + _ANSWER_WITHIN, self._until)
            while (left := waits - time.monotonic()) > 0:
                self._socket.settimeout(left)
                try:
                    packet, (address, port) = self._socket.recvfrom(_BLOCK + 5)
                except TimeoutError:
                    break
                except OSError as error:
                    raise TftpTrouble("refused", error.strerror or "refused") from error
                if address != self._server or len(packet) < 4:
                    continue
                if not self._answered:
                    self._answered, self._port = True, port  # RFC 1350 §4: it goes on from a port of its own
                if port == self._port:
                    return packet
            if time.monotonic() >= self._until:
                break
            self._say(self._said)
        raise TftpTrouble("silent", f"no answer to {self._server}, UDP port {self._port}")
