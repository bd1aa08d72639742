"""Registers the names of imaged PCs in the building's DNS, one after the other, and retries until that worked.

The queue is bounded, kept across a restart, and an entry given up after a day. A failure is shown, but fails no job:
the PC is ready whatever its name is. Sent by TCP; only answers signed with our key are trusted (RFC 8945).
Not for: what the messages say (update.py).
"""

import asyncio
import binascii
import contextlib
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address
from pathlib import Path
from threading import Lock
from typing import Annotated, Final, Protocol

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.tsig
import dns.update
import msgspec
from msgspec import Meta, Struct

from netboot.dns.update import Outcome, Step, UpdateTarget, fqdn, judge, message, reverse_name
from netboot.jobs.named import Named
from netboot.settings.names import UpdateSettings
from netboot.shared.errors import NetbootError
from netboot.shared.fields import Hostname, Identifier
from netboot.shared.inventory import Mac
from netboot.shared.problems import Problem

log = logging.getLogger(__name__)

WAITING: Final = 512
"""Names that may wait; the oldest are given up for the newest."""
WITHIN: Final = 10.0
"""Seconds that one message may take."""
FIRST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = 900.0
GIVEN_UP_AFTER: Final = 86400.0
"""Seconds: an address that was right yesterday is not told to anybody today."""
KEPT_AS: Final = "names-to-tell"
"""The setting on the record under which the waiting names are kept."""
_SECRET_LIMIT: Final = 4096

Tell = Callable[[str, Problem | None], None]
"""Says of a machine what is wrong with its name, or that nothing is any more."""
Send = Callable[[dns.update.UpdateMessage, UpdateTarget], Awaitable[dns.rcode.Rcode]]


class Keep(Protocol):
    """The part of the record that keeps the queue. Called in a worker thread."""

    def setting(self, key: str) -> str | None: ...
    def set_setting(self, key: str, value: str) -> None: ...


class NotToldError(Exception):
    """The DNS did not take a message; the text is a word or two, such as "BADKEY" or "no answer"."""


class Waiting(Struct, frozen=True, kw_only=True):
    """A name that is to be told, `since` (seconds since the epoch), tried so many times."""

    machine: Identifier
    hostname: Hostname
    mac: Mac
    address: Annotated[str, Meta(max_length=15)]
    since: float
    tries: int = 0

    @property
    def named(self) -> Named:
        """The PC, its name and its address. Raises ValueError when the address is none."""
        return Named(self.machine, self.hostname, self.mac, IPv4Address(self.address))


class Announcer:
    """The service: `start` loads the queue, `announce` adds to it, `run` works it off until cancelled.

    `close` comes last, once nobody announces any more.
    """

    def __init__(
        self,
        target: UpdateTarget,
        keep: Keep,
        tell: Tell,
        *,
        send: Send | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._target = target
        self._keep = keep
        self._tell = tell
        self._send = send or send_update
        self._clock = clock
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()
        self._due: dict[str, float] = {}
        """When a name that failed is tried again, by the loop's clock, which nobody sets."""
        self._new = asyncio.Event()
        self._unsaved = asyncio.Event()
        self._text = ""
        self._writing = Lock()
        self._began = False

    async def start(self) -> None:
        """Take up what waited before the restart. Nothing may be announced before that."""
        for waiting in _read(await asyncio.to_thread(self._keep.setting, KEPT_AS)):
            self._waiting[waiting.machine] = waiting
        self._unsaved.set()

    def announce(self, named: Named) -> None:
        """Tell this PC's name as soon as may be, and no earlier one; nothing when it has no name or no address."""
        self._began = True
        self._forget(named.machine)
        self._unsaved.set()
        if not named.hostname or named.address is None:
            return
        self._waiting[named.machine] = Waiting(
            machine=named.machine,
            hostname=named.hostname,
            mac=named.mac,
            address=str(named.address),
            since=self._clock(),
        )
        while len(self._waiting) > WAITING:
            given_up = next(iter(self._waiting.values()))
            self._forget(given_up.machine)
            log.error("the name %s is not told to the building's DNS: too many wait", given_up.hostname)
        self._new.set()

    async def run(self) -> None:
        """Tell what waits, and keep it as it changes, until cancelled."""
        self._began = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_all())
            tasks.create_task(self._keep_up())

    async def close(self) -> None:
        """Keep what waits for the next start, also what was announced after `run` was cancelled.

        Where nothing was told or announced, nothing is written: a second server that found its ports taken would write
        the line of the first one back as it had read it.
        """
        if self._began:
            await self._save()

    def _forget(self, machine: str) -> None:
        self._waiting.pop(machine, None)
        self._due.pop(machine, None)

    async def _tell_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._new.clear()
            now = loop.time()
            ready = [waiting for machine, waiting in self._waiting.items() if self._due.get(machine, now) <= now]
            for waiting in ready:
                await self._try(waiting)
            if ready:
                continue
            # None is ready: each that waits is due later, and the pause is longer than 0.
            pause = min((self._due[machine] - now for machine in self._waiting), default=None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._new.wait(), pause)

    async def _keep_up(self) -> None:
        """Not in turn with the telling: a DNS that is down takes 10 s a name, and a withdrawn one is not kept on."""
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()
            await self._save()

    async def _try(self, waiting: Waiting) -> None:
        if not self._is_current(waiting):
            return
        named = waiting.named
        name = fqdn(self._target, named).to_text(omit_final_dot=True)
        problem: Problem | None = None
        over = True
        try:
            if await self._tell_name(named):
                log.info("the building's DNS has %s: %s", name, named.address, extra={"mac": named.mac})
            else:
                problem = Problem("name-taken", {"name": name})
                log.error("the name %s belongs to somebody else in the building's DNS; nothing was changed", name)
        except NotToldError as error:
            problem = Problem("name-not-told", {"name": name, "server": str(self._target.server), "error": f"{error}"})
            over = self._clock() - waiting.since > GIVEN_UP_AFTER
            log.warning(
                "the building's DNS %s did not take the name %s: %s; %s",
                self._target.server, name, error, "given up" if over else "it is tried again",
            )  # fmt: skip
        if not self._is_current(waiting):
            return
        if over:
            self._forget(waiting.machine)
        else:
            self._waiting[waiting.machine] = msgspec.structs.replace(waiting, tries=waiting.tries + 1)
            self._due[waiting.machine] = asyncio.get_running_loop().time() + pause_after(waiting.tries)
        self._unsaved.set()
        self._tell(named.machine, problem)

    def _is_current(self, waiting: Waiting) -> bool:
        """Whether the PC was neither imaged again nor erased since."""
        return self._waiting.get(waiting.machine) is waiting

    async def _tell_name(self, named: Named) -> bool:
        """Put the name there, and its reverse; False when it is somebody else's. Raises NotToldError."""
        if await self._put(named, Step.ADD, Step.REPLACE) is not Outcome.DONE:
            return False
        reverse = reverse_name(self._target, named)
        if reverse is not None and await self._put(named, Step.ADD_REVERSE, Step.REPLACE_REVERSE) is not Outcome.DONE:
            log.warning("%s in the building's DNS was not put by netboot; it is left as it is", reverse)
        return True

    async def _put(self, named: Named, add: Step, replace: Step) -> Outcome:
        outcome = await self._step(named, add)
        return await self._step(named, replace) if outcome is Outcome.EXISTS else outcome

    async def _step(self, named: Named, step: Step) -> Outcome:
        code = await self._send(message(self._target, named, step), self._target)
        outcome = judge(step, code)
        if outcome is Outcome.REFUSED:
            raise NotToldError(dns.rcode.to_text(code))
        return outcome

    async def _save(self) -> None:
        self._text = msgspec.json.encode(list(self._waiting.values())).decode()
        try:
            await asyncio.to_thread(self._write)
        except Exception:
            # A full disk: the names still wait in memory, and the server goes on.
            log.exception("the names that wait to be told are not kept for the next start")

    def _write(self) -> None:
        """In a thread, which goes on when `run` is cancelled: however late it comes, it writes what is newest."""
        with self._writing:
            self._keep.set_setting(KEPT_AS, self._text)


def pause_after(tries: int) -> float:
    """Seconds until the next try, after `tries` before the one that failed."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries, 10))


async def send_update(update: dns.update.UpdateMessage, target: UpdateTarget) -> dns.rcode.Rcode:
    """Send one message and return what the server says of it. Raises NotToldError."""
    try:
        async with asyncio.timeout(WITHIN):
            reply = await dns.asyncquery.tcp(update, str(target.server), timeout=WITHIN, port=target.port)
    except dns.tsig.PeerBadKey:
        raise NotToldError("BADKEY") from None
    except dns.tsig.PeerBadTime:
        raise NotToldError("BADTIME") from None
    except (dns.tsig.PeerError, dns.tsig.BadSignature):
        raise NotToldError("BADSIG") from None
    except (dns.exception.Timeout, TimeoutError):
        raise NotToldError("no answer") from None
    except OSError as error:
        raise NotToldError(os.strerror(error.errno) if error.errno else "no answer") from None
    except Exception as error:
        # A reply that is none: dnspython names no closed list of errors.
        raise NotToldError(type(error).__name__) from None
    if not reply.had_tsig:
        raise NotToldError(f"{dns.rcode.to_text(reply.rcode())}, not signed")
    return reply.rcode()


def load_target(settings: UpdateSettings) -> UpdateTarget | None:
    """Where names are told, with its key; None when that is not set. Raises NetbootError."""
    if not settings.server:
        return None
    secret = settings.secret or _read_secret(Path(settings.secret_file))
    try:
        key = dns.tsig.Key(settings.key, binascii.a2b_base64(secret, strict_mode=True), settings.algorithm)
    except (binascii.Error, ValueError, dns.exception.DNSException) as error:
        raise NetbootError(
            f"`names.update`: the key's secret is not base64: {error}",
            hint="copy it as `tsig-keygen` or `keymgr` prints it, without quotes",
        ) from error
    reverse = settings.reverse_zone
    return UpdateTarget(
        server=IPv4Address(settings.server),
        zone=dns.name.from_text(settings.zone),
        reverse_zone=dns.name.from_text(reverse) if reverse else None,
        key=key,
        ttl=settings.ttl,
    )


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise NetbootError(
                    f"`names.update.secret_file`: others may read {path}", hint=f"close it: chmod 600 {path}"
                )
            return file.read(_SECRET_LIMIT).decode("ascii", "replace").strip()
    except OSError as error:
        raise NetbootError(
            f"`names.update.secret_file`: {path} cannot be read: {error.strerror}",
            hint="it holds the key's secret alone, and only root may read it",
        ) from error


def _read(text: str | None) -> list[Waiting]:
    try:
        kept = msgspec.json.decode(text or "[]", type=list[Waiting])
        return [waiting for waiting in kept[-WAITING:] if waiting.named.address is not None]
    except (msgspec.MsgspecError, ValueError) as error:
        log.warning("the names that waited to be told cannot be read: %s", error)
        return []
