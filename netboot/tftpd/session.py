"""The I/O shell of one TFTP transfer: its own socket, its file and its timer, around the state machine of transfer.py.

asyncio watches the raw socket (`add_reader`): a DatagramProtocol costs twice as much a block, a thread a transfer costs
a thread. Times are read from asyncio's own clock, time.monotonic. Not for: requests and limits (tftp.py).
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from time import monotonic

from netboot.tftpd.packet import ErrorCode, PacketError, encode_data, encode_error, encode_oack, parse_reply
from netboot.tftpd.source import Content, ContentError
from netboot.tftpd.transfer import NOTHING, Outcome, Transfer

log = logging.getLogger(__name__)

REPLY_SIZE = 516
"""Bytes read of a client's datagram: an ACK has 4, an ERROR's text is cut."""

BLOCKS_A_WAKE = 8
"""Blocks sent to one client before others get their turn; of a longer window, one window."""

REST = 32
"""Wakes without a look for a second packet after one in vain, which costs a fifth of a block's work."""


class Session:
    """Sends one file to one client. `ended` is called once, when the transfer is over and all is closed.

    Takes ownership of `sock` (connected, non-blocking) and `content`.
    """

    def __init__(
        self,
        sock: socket.socket,
        content: Content,
        transfer: Transfer,
        ended: Callable[["Session"], None],
    ) -> None:
        self.transfer = transfer
        self.started = monotonic()
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._content = content
        self._block_size = transfer.terms.block_size
        self._ended = ended
        self._unsent = NOTHING
        self._packets_a_wake = max(1, BLOCKS_A_WAKE // transfer.terms.window)
        self._rest = 0
        self._closed = False
        self._armed_for = float("inf")
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Send the first packets and watch for the client's."""
        self._loop.add_reader(self._sock, self._readable)
        self._proceed(self.transfer.start(monotonic()))

    def cancel(self, reason: str) -> None:
        """End the transfer from the server's side; the client is told."""
        self.transfer.fail(reason)
        self._proceed(NOTHING)

    def abandon(self, reason: str) -> None:
        """End the transfer without a word: the client may already listen for the answer to its next request."""
        self.transfer.abandon(reason)
        self._proceed(NOTHING)

    def _readable(self) -> None:
        """Take the client's packet, and those that arrived while it was answered.

        Each of these spares a turn of the loop, a quarter of a block's work.
        """
        if self._rest:
            self._rest -= 1
            self._take()
            return
        for _ in range(self._packets_a_wake):
            if not self._take():
                self._rest = REST
                return

    def _take(self) -> bool:
        """Take one packet of the client's, and tell whether there may be more."""
        try:
            reply = parse_reply(self._sock.recv(REPLY_SIZE))
        except BlockingIOError:
            return False
        except PacketError as error:
            log.debug("ignored a packet within a transfer: %s", error)
            return True
        except ConnectionRefusedError:
            self.transfer.fail("the client closed its port")
            self._proceed(NOTHING)
            return False
        except OSError as error:
            # An interface that goes down and comes back; the timer decides when it is too late.
            log.debug("receiving failed: %s", error)
            return False
        if isinstance(reply, int):
            self._proceed(self.transfer.acknowledge(reply, monotonic()))
        else:
            self.transfer.stop(reply)
            self._proceed(NOTHING)
        return not self._closed

    def _on_timer(self) -> None:
        self._armed_for = float("inf")
        self._proceed(self.transfer.expire(monotonic()))

    def _proceed(self, blocks: range) -> None:
        """Send `blocks`, then end or wait, as the transfer's state says."""
        if blocks:
            if self._unsent:
                follows = self._unsent.stop == blocks.start
                blocks = range(self._unsent.start if follows else blocks.start, blocks.stop)
            self._send(blocks)
        if self.transfer.outcome is not None:
            self._close()
        elif self.transfer.deadline < self._armed_for:
            # Each ACK moves the deadline on; the timer is left alone and looks again when it fires.
            if self._timer is not None:
                self._timer.cancel()
            self._armed_for = self.transfer.deadline
            self._timer = self._loop.call_at(self._armed_for, self._on_timer)

    def _send(self, blocks: range) -> None:
        """Send `blocks` as far as the socket takes them, and the others when it has room."""
        number = blocks.start
        sock, content, size = self._sock, self._content, self._block_size
        try:
            for number in blocks:
                if number:
                    sock.send(encode_data(number, content.read((number - 1) * size, size)))
                else:
                    sock.send(encode_oack(self.transfer.terms.accepted))
        except BlockingIOError:
            self._unsent = range(number, blocks.stop)
            self._loop.add_writer(self._sock, self._writable)
            return
        except ConnectionRefusedError:
            self.transfer.fail("the client closed its port")
        except ContentError as error:
            self.transfer.fail(str(error))
        except OSError as error:
            log.debug("sending failed: %s", error)
        self._unsent = NOTHING

    def _writable(self) -> None:
        self._loop.remove_writer(self._sock)
        waiting, self._unsent = self._unsent, NOTHING
        self._proceed(waiting)

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self.transfer.outcome is Outcome.FAILED:
            with contextlib.suppress(OSError):
                self._sock.send(encode_error(ErrorCode.UNDEFINED, self.transfer.reason))
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        if self._timer is not None:
            self._timer.cancel()
        self._content.close()
        self._sock.close()
        self._ended(self)
