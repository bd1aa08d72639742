"""One TFTP transfer as a state machine: terms, window, retransmission, end (RFC 1350, 2347, 2348, 2349, 7440).

Block numbers and times go in, the blocks to send come out; nothing here reads a file, a socket or a clock. Blocks are
counted from 1 without rolling over; block 0 stands for the OACK.

A repeated ACK must not send a window twice for ever (the "Sorcerer's Apprentice", RFC 1123 §4.2.3.1), yet with windows
a repeated or early ACK is how a client reports a loss (RFC 7440 §4). So the window is sent again at the first sign of
a loss only; further signs are taken for echoes of it, until more has been acknowledged than had been sent by then.
Not for: packets as bytes (packet.py), sockets and files (tftp.py).
"""

from dataclasses import dataclass
from enum import Enum

from netboot.tftpd.packet import ClientError, printable

MIN_BLOCK_SIZE = 8
MAX_BLOCK_SIZE = 65464
"""Bytes; the range of blksize (RFC 2348)."""

HEADERS = 32
"""Bytes before a block in its packet: 20 of IPv4, 8 of UDP, 4 of TFTP."""

MAX_WINDOW = 64
MAX_BACKOFF = 8.0
"""Seconds; a retransmission waits no longer, unless the client asked for more."""

QUICK = 0.05
"""Seconds; the shortest wait before a retransmission, once the client's pace is known."""

NOTHING = range(0)


def block_size_for(mtu: int) -> int:
    """The longest block, in bytes, that fits into one packet of this MTU: firmware need not reassemble fragments.

    Never under 512 bytes, which is what a client gets that does not negotiate.
    """
    return min(max(512, mtu - HEADERS), MAX_BLOCK_SIZE)


class OptionError(Exception):
    """An option's value is not a number in its range; the text is for the client."""


class Outcome(Enum):
    """How a transfer ended."""

    FINISHED = "finished"
    PROBED = "probed"
    """The client only wanted the size: OVMF stops with ERROR 8 after the OACK, then asks again."""
    ABORTED = "aborted"
    """The client sent an ERROR (GRUB does when it closes a file early), started over, or never answered."""
    FAILED = "failed"
    REFUSED = "refused"
    """Nothing was sent but an ERROR, or nothing at all: no such file, bad options, too many transfers."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server grants: bytes a block, blocks a window, seconds, retransmissions in a row."""

    block_size: int = block_size_for(1500)
    window: int = MAX_WINDOW
    timeout: float = 1.0
    retries: int = 6
    longest: float = 1800.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one transfer; `accepted` are the options to confirm, as the client spelt them."""

    block_size: int = 512
    window: int = 1
    timeout: float | None = None
    accepted: tuple[tuple[str, str], ...] = ()

    @property
    def asked_size(self) -> bool:
        """Whether the client asked for the file's size (RFC 2349)."""
        return any(name.lower() == "tsize" for name, _ in self.accepted)


def negotiate(options: tuple[tuple[str, str], ...], size: int, limits: Limits) -> Terms:
    """Answer a request's options for a file of `size` bytes; unknown ones are ignored (RFC 2347).

    Block and window sizes may be granted smaller than asked, the timeout only as asked. Raises OptionError.
    """
    block_size, window, timeout = 512, 1, None
    accepted: dict[str, tuple[str, str]] = {}
    for name, value in options:
        key = name.lower()
        if key in accepted or key not in ("blksize", "tsize", "timeout", "windowsize"):
            continue
        asked = _number(key, value)
        if key == "blksize":
            if asked < MIN_BLOCK_SIZE:
                raise OptionError(f"blksize must be {MIN_BLOCK_SIZE} or more")
            granted = block_size = min(asked, limits.block_size)
        elif key == "windowsize":
            if asked < 1:
                raise OptionError("windowsize must be 1 or more")
            granted = window = min(asked, limits.window)
        elif key == "timeout":
            if not 1 <= asked <= 255:
                continue
            granted = asked
            timeout = float(asked)
        else:
            granted = size
        accepted[key] = (name, str(granted))
    return Terms(block_size, window, timeout, tuple(accepted.values()))


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise OptionError(f"{name} is not a number")
    return int(value)


class Transfer:
    """The sender's side of one transfer. `start`, `acknowledge` and `expire` return the blocks to send now.

    `deadline` is when `expire` wants to be called, on the clock that `now` comes from; `outcome` is None until the
    transfer is over, and `reason` then says why it did not finish. `resent` counts blocks sent more than once.
    """

    def __init__(self, terms: Terms, size: int, limits: Limits, now: float) -> None:
        self.terms = terms
        self.size = size
        self.last = size // terms.block_size + 1
        self.deadline = now
        self.outcome: Outcome | None = None
        self.reason = ""
        self.resent = 0
        self._acked = -1 if terms.accepted else 0
        self._sent = self._acked
        self._window = terms.window
        self._retries = limits.retries
        self._tries = 0
        self._timeout = terms.timeout or limits.timeout
        self._patience = self._timeout
        self._learns = terms.timeout is None
        self._pace: float | None = None
        self._sent_at = now
        self._settled = 0
        self._end = now + limits.longest

    @property
    def heard(self) -> bool:
        """Whether the client has acknowledged anything yet."""
        return self._acked > (-1 if self.terms.accepted else 0)

    @property
    def silent(self) -> bool:
        """Whether the client has missed at least one deadline since it was last heard."""
        return self._tries > 0

    @property
    def acknowledged(self) -> int:
        """Bytes of the file that the client has confirmed."""
        return min(max(self._acked, 0) * self.terms.block_size, self.size)

    def start(self, now: float) -> range:
        """The OACK, or the first window when no option was accepted."""
        return self._send(self._acked + 1, now)

    def acknowledge(self, number: int, now: float) -> range:
        """Take an ACK's 16-bit block number."""
        sent = self._sent
        ahead = (number - self._acked) & 0xFFFF
        if ahead > sent - self._acked or self.outcome is not None:
            return NOTHING
        if ahead == 0:
            return self._repeated(now)
        self._acked = acked = self._acked + ahead
        self._tries = 0
        if acked == self.last:
            self.outcome = Outcome.FINISHED
            return NOTHING
        if self._settled <= acked:
            if acked < sent:
                return self._go_back(now)
            if self._learns:
                self._measure(now - self._sent_at)
        return self._send(sent + 1, now)

    def _repeated(self, now: float) -> range:
        """With windows, the last ACK once more says that the window's first block was lost."""
        lost_first = self._window > 1 and self._acked >= 0 and self._settled <= self._acked
        return self._go_back(now) if lost_first else NOTHING

    def expire(self, now: float) -> range:
        """Take the passing of time; before `deadline` nothing happens but the end of a transfer that took too long."""
        if self.outcome:
            return NOTHING
        if now >= self._end:
            return self._fail("the transfer took too long")
        if now < self.deadline:
            return NOTHING
        if self._tries >= self._retries:
            waiting = "the option answer" if self._acked < 0 else f"block {self._acked + 1} of {self.last}"
            return self._fail(f"no acknowledgement of {waiting} after {self._tries} retransmissions")
        self._tries += 1
        return self._go_back(now)

    def stop(self, error: ClientError) -> None:
        """Take a client's ERROR."""
        if self.outcome:
            return
        only_size = self.terms.asked_size and self._acked <= 0
        self.outcome = Outcome.PROBED if only_size else Outcome.ABORTED
        self.reason = f"the client sent error {error.code}: {printable(error.message)}"

    def abandon(self, reason: str) -> None:
        """Take the end of the client's interest."""
        if not self.outcome:
            self.outcome = Outcome.ABORTED
            self.reason = reason

    def fail(self, reason: str) -> None:
        """Take a failure outside the protocol: an unreadable file, a closed port, the server's end."""
        if not self.outcome:
            self._fail(reason)

    def _fail(self, reason: str) -> range:
        self.outcome = Outcome.FAILED
        self.reason = reason
        return NOTHING

    def _go_back(self, now: float) -> range:
        sent = self._sent
        blocks = self._send(self._acked + 1, now)
        self.resent += max(0, sent + 1 - blocks.start)
        self._settled = self._sent + 1
        return blocks

    def _send(self, first: int, now: float) -> range:
        """Blocks from `first` to the window's edge; the OACK stands alone in its window."""
        edge = self._acked + self._window if self._acked >= 0 else 0
        # Not `min`, here and below: these lines run once a window, and its call costs as much as the rest of them.
        self._sent = edge = edge if edge < self.last else self.last
        self._sent_at = now
        self.deadline = now + (self._backoff() if self._tries else self._patience)
        return range(first, edge + 1)

    def _measure(self, seconds: float) -> None:
        """Smooth the time from a window to its ACK (as RFC 6298 §2), and set the timeout by it."""
        pace = self._pace
        self._pace = pace = seconds if pace is None else 0.875 * pace + 0.125 * seconds
        patience = 4 * pace if 4 * pace > QUICK else QUICK
        self._patience = patience if patience < self._timeout else self._timeout

    def _backoff(self) -> float:
        """Seconds to wait after a retransmission: the timeout, then doubled again and again."""
        doubled = self._tries if self._patience == self._timeout else self._tries - 1
        return min(self._timeout * float(2**doubled), max(MAX_BACKOFF, self._timeout))
