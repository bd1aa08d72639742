"""Takes in one capture, a PC's own disk that is sent piece by piece: judged beforehand, published at the end.

Nothing of what a PC sends is trusted: its plan is judged as an import's disk is before a byte is stored, it bounds how
many chunks may come and how long each is, and a chunk is kept only under the SHA-256 of its plain bytes. Until the
master is published nobody is offered anything of it; what a capture that broke off has sent stays until the next
clean-up (`store/upkeep.py`), and need not be sent again before that.
Not for: who may send (`workshop/captures.py`), HTTP (`boothttp/captures.py`). Every call may block; all may be made
from several threads at once. Sizes are bytes.
"""

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from threading import Lock

import msgspec
import zstandard
from nacl.signing import SigningKey

from netboot.masters.intake import About, describe
from netboot.shared.capture_plan import CHUNKS_LIMIT, CapturePlan, pieces_of, too_scattered
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import amount
from netboot.shared.manifest import Chunk, Manifest, ManifestError, require_sound
from netboot.shared.problems import Problem
from netboot.shared.stages.capture import Capture, CaptureOptions, CaptureResult
from netboot.store import Store, StoreBusyError, StoreError, StoreFullError
from netboot.store.store import FrameError
from netboot.survey.disk_layout import DiskLayout
from netboot.survey.pieces import GRID
from netboot.survey.sbat import Generations
from netboot.survey.whole_disk import Survey


class NotTakenError(Exception):
    """No master can come of what was sent: `problem` is for the person at the PC."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence("en"))
        self.problem = problem


class NotAnnouncedError(Exception):
    """Nothing is known of this chunk, or something is missing that was there: the agent is to begin anew."""


@dataclass(frozen=True, slots=True)
class CaptureDesk:
    """Where captures are taken in: `key` signs, `level` is what our own shim asks of loaders (None: nothing)."""

    store: Store
    key: SigningKey
    level: Generations | None = None

    def open(self, order: Capture, options: CaptureOptions, source: str, plan: CapturePlan) -> "Capturing":
        """Judge a plan, and be ready for its chunks; `source` is the PC's disk for people.

        Raises NotTakenError, StoreBusyError at once while somebody deletes.
        """
        now = time.gmtime()
        about = About(
            name=options.name,
            version=options.version or time.strftime("%Y-%m-%d.%H%M%S", now),
            title=options.title,
            licence=options.licence,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", now),
            level=self.level,
        )
        about = self._as_published(about, order)
        manifest = msgspec.structs.replace(_described(plan, about, source), captured=order.job)
        with _store_errors_told(manifest.used):
            self.store.every_name()  # where they are lost, none is published in the end
            self.store.require_space(manifest.used)
            return Capturing(self, order, manifest, plan.ranges)

    def _as_published(self, about: About, order: Capture) -> About:
        """Of a capture that was published just before its agent lost the answer: the same version again, so that the
        master keeps the version that it had before."""
        try:
            current = self.store.current(about.name)
        except StoreError:
            return about
        if current is None or current.captured != order.job:
            return about
        return replace(about, version=current.version, created=current.created)

    def find(self, order: Capture, said: CaptureResult) -> CaptureResult | None:
        """What is left to know of a capture that ended before the server was started anew; None when it is not here.

        That it is this very job's stands in its manifest, which this server signed.
        """
        try:
            manifest = self.store.manifest(said.manifest)
        except StoreError:
            return None
        if manifest.captured != order.job:
            return None
        return result_of(manifest, order, sent_chunks=said.sent_chunks, sent=said.sent)


class Capturing:
    """One capture. While it is open, nobody deletes from the store: `close` it."""

    def __init__(
        self, desk: CaptureDesk, order: Capture, manifest: Manifest, ranges: Sequence[tuple[int, int]]
    ) -> None:
        self._desk = desk
        self._order = order
        self._manifest = manifest
        self._ranges = ranges
        self._used = manifest.used
        self._chunks: dict[int, Chunk] = {}
        """What was named, by where it lies."""
        self._named = 0
        self._wanted: dict[str, int] = {}
        self._missing: set[str] = set()
        self._kept: set[str] = set()
        """What was asked for, is not here yet, and has come."""
        self._sent_chunks = 0
        self._sent = 0
        self._lock = Lock()
        self._held = ExitStack()
        # The lock that writers share, but without a wait: this thread is one of a few that the whole server has.
        self._held.enter_context(desk.store.reading())

    def close(self) -> None:
        """Let others delete again; twice does no harm."""
        self._held.close()

    def lacking(self, chunks: Sequence[Chunk]) -> tuple[str, ...]:
        """The disk has these chunks: the names of those that the store lacks, each once.

        Raises NotTakenError for what the plan does not announce.
        """
        with self._lock:
            for chunk in chunks:
                self._note(chunk)
        lengths = {chunk.sha256: chunk.length for chunk in chunks}
        store = self._desk.store
        lacked = [name for name in lengths if name not in self._kept and not store.has_chunk(name)]
        with self._lock:
            lacked = [name for name in lacked if name not in self._kept]
            self._wanted |= {name: lengths[name] for name in lacked}
            self._missing |= set(lacked)
        return tuple(lacked)

    def _note(self, chunk: Chunk) -> None:
        known = self._chunks.get(chunk.offset)
        if known == chunk:
            return
        number = bisect_right(self._ranges, chunk.offset, key=lambda used: used[0]) - 1
        if known is not None or number < 0 or chunk.end > self._ranges[number][1]:
            raise NotTakenError(_refused(f"the chunk at {chunk.offset} is not as the plan has it, or not as before"))
        if self._named + chunk.length > self._used:
            # Else one plan could bring chunks without end.
            raise NotTakenError(_refused(f"more than the {self._used} bytes of the plan"))
        self._chunks[chunk.offset] = chunk
        self._named += chunk.length

    def require_wanted(self, sha256: str) -> int:
        """The length of this chunk's plain bytes. Raises NotAnnouncedError when it was not asked for."""
        length = self._wanted.get(sha256)
        if length is None:
            raise NotAnnouncedError
        return length

    def take(self, sha256: str, frame: bytes) -> None:
        """Keep a chunk that was asked for, sent as one zstd frame. Raises NotAnnouncedError, NotTakenError.

        Sent twice it is kept once.
        """
        length = self.require_wanted(sha256)
        with _store_errors_told(self._used):
            self._desk.store.require_space(len(frame))
            try:
                if zstandard.frame_content_size(frame) != length:
                    raise FrameError("another length than was announced", hint="read the disk again")
                self._desk.store.put_frame(sha256, frame)
            except (FrameError, zstandard.ZstdError) as error:
                raise NotTakenError(_refused(f"the chunk {sha256[:16]}: {error}")) from error
        with self._lock:
            self._sent += len(frame)
            self._sent_chunks += 1
            self._kept.add(sha256)
            self._missing.discard(sha256)

    def publish(self) -> CaptureResult:
        """Sign the master and make it its name's current one. Raises NotAnnouncedError while a chunk is missing,
        NotTakenError when what came makes no master."""
        with self._lock:
            if self._missing or self._named != self._used:
                raise NotAnnouncedError
            chunks = tuple(self._chunks[offset] for offset in sorted(self._chunks))
        # All of what is in use and no more is named: if none overlaps, which is judged now, nothing is left out.
        manifest = msgspec.structs.replace(self._manifest, chunks=chunks)
        try:
            require_sound(manifest)
        except ManifestError as error:
            raise NotTakenError(_refused(str(error))) from error
        with _store_errors_told(self._used):
            self._desk.store.publish(manifest, self._desk.key)
        return result_of(manifest, self._order, sent_chunks=self._sent_chunks, sent=self._sent)


def result_of(manifest: Manifest, order: Capture, *, sent_chunks: int, sent: int) -> CaptureResult:
    """What became of a capture."""
    return CaptureResult(
        manifest=manifest.digest,
        name=manifest.name,
        version=manifest.version,
        source=order.source,
        chunks=len(manifest.chunks),
        used=manifest.used,
        sent_chunks=sent_chunks,
        sent=sent,
    )


@contextmanager
def _store_errors_told(used: int) -> Iterator[None]:
    """What the store cannot keep is a problem of the server's, and no silence of it: NotTakenError. `used`: bytes of
    the disk. A store that is cleaned up (StoreBusyError) is waited for."""
    try:
        yield
    except StoreBusyError:
        raise
    except StoreFullError as error:
        values = {"needed": amount(used), "error": error.message[:300]}
        raise NotTakenError(Problem("capture-no-room", values)) from error
    except StoreError as error:
        raise NotTakenError(Problem("capture-store", {"error": f"{error.message}; {error.hint}"[:512]})) from error


def _described(plan: CapturePlan, about: About, source: str) -> Manifest:
    """The manifest that this plan promises, its chunks without names. Raises NotTakenError."""
    try:
        count = pieces_of(plan.ranges, GRID)
    except ValueError as error:
        raise NotTakenError(_refused(str(error))) from error
    if count > CHUNKS_LIMIT:
        raise NotTakenError(too_scattered(source, count))
    layout = DiskLayout(
        size=plan.disk,
        sector=plan.sector,
        table=plan.table,
        table_id=plan.table_id,
        backup=plan.disk,
        partitions=plan.partitions,
        repaired=plan.understood.repaired,
        system=plan.understood.system,
    )
    try:
        return describe(source, about, Survey(layout, plan.ranges, plan.uefi, plan.understood))
    except NetbootError as error:
        raise NotTakenError(_refused(f"{error.message}; {error.hint}")) from error


def _refused(why: str) -> Problem:
    return Problem("capture-refused", {"why": why[:512]})
