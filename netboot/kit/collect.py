"""`netboot kit collect PLACE`: what a kit's stick brings back goes onto the record, each job with its evidence.

A stick may come from anywhere and hold anything. So a device is never mounted: mtools reads it, in processes that may
write no more than a file's limit; of files only those of FOLDER are looked at, so many of so many bytes, together no
more than such a file system holds; and nothing is parsed before its signature is found to be that of a kit of this
workshop. Then its reports are judged as an agent's are. Jobs are taken in the order in which they began by their PC's
own clock: of two jobs of one PC the later is to be the newest. Nothing is taken off the stick, and each file that is
there is told by its own name: one that cannot be read is refused, never passed over.
Not for: certificates, which are made from the record.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from nacl.signing import SigningKey, VerifyKey

from netboot.alone.kit_visit import LIMIT, KitVisit, KitVisitError, job_as_judged, opened
from netboot.alone.stick import FOLDER
from netboot.imaging import Run, next_stage
from netboot.jobs.job import erasures
from netboot.kit.identity import kit_of
from netboot.kit.image import READ_ME
from netboot.kit.partitions import DATA, FIRST
from netboot.records.kits import Brought, News, Reported
from netboot.records.record import Record
from netboot.shared.errors import NetbootError
from netboot.shared.long_programs import follow
from netboot.shared.process import ProgramError, run
from netboot.shared.stages.erase import Verdict
from netboot.shared.visible import visible

log = logging.getLogger(__name__)

MOST: Final = 4096
"""Files of one stick that are read."""
_READ: Final = LIMIT + 1
"""Bytes of each: one more than it may have shows that it is too long."""
_NAMES: Final = 4 * MOST
"""Names of any kind that its folder may have."""
_SECONDS: Final = 60.0
"""For each file: a stick that fails may answer never."""
_AGAIN: Final = "plug it in again, and collect once more"
_MTOOLS: Final = ("env", "MTOOLSRC=/dev/null", "MTOOLS_SKIP_CHECK=1")


@dataclass(frozen=True, slots=True)
class Taken:
    """One file: what came of it, or why it was refused. `visit` is what it stands as on the record, "" for none.

    `disks` are those that its job was to erase, each with its verdict; `ended` is not true of a job that was cut short.
    """

    name: str
    news: News | Literal["refused"]
    why: str = ""
    machine: str = ""
    visit: str = ""
    disks: tuple[tuple[str, Verdict], ...] = ()
    ended: bool = True


@dataclass(frozen=True, slots=True)
class _File:
    """One of a stick's files: its own name, where it or its copy is, and why it cannot be read, "" when it can."""

    name: str
    path: Path
    why: str = ""


def collect(place: Path, record: Record, workshop: SigningKey) -> tuple[Taken, ...]:
    """Take in every file of this folder, image or device. Raises NetbootError for what is neither.

    They are told in order of name, and taken in the order in which they were begun.
    """
    told: dict[_File, Taken] = {}
    begun: list[tuple[float, str, _File]] = []
    left = DATA
    with _files(place) as files:
        for file in files:
            try:
                content = _read(file)
                left -= len(content)
                if left < 0:
                    raise KitVisitError(f"there are more than {DATA >> 20} MiB of files, which no kit's stick holds")
                begun.append((opened(content, lambda kit: _key(kit, workshop)).clock, file.name, file))
            except (KitVisitError, OSError) as error:
                told[file] = _refused(file, error)
        for _, _, file in sorted(begun, key=lambda one: one[:2]):
            told[file] = _take(file, record, workshop)
        return tuple(told[file] for file in files)


def _take(file: _File, record: Record, workshop: SigningKey) -> Taken:
    try:
        content = _read(file)
        visit = opened(content, lambda kit: _key(kit, workshop))
        told = brought(visit, hashlib.sha256(content).hexdigest())
        entered = record.kits.take_in(told)
    except (KitVisitError, NetbootError, OSError) as error:
        return _refused(file, error)
    system = visit.inventory.system
    machine = visible(f"{system.manufacturer} {system.product} {system.serial}".strip())
    return Taken(
        _shown(file.name),
        entered.news,
        machine=machine,
        visit=entered.visit,
        disks=tuple((visible(one.disk.text), one.verdict) for one in erasures(told.job)),
        ended=told.over,
    )


def _refused(file: _File, error: Exception) -> Taken:
    why = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else visible(str(error))
    return Taken(_shown(file.name), "refused", why)


def _shown(name: str) -> str:
    return visible(name)[:120]


def brought(visit: KitVisit, digest: str) -> Brought:
    """What the record is told: each stage as it is judged now, by this server. Raises KitVisitError."""
    job = job_as_judged(visit)
    judged = {record.stage: record for record in job.stages}
    stages = tuple(
        Reported(
            record=judged[one.stage],
            started=one.started,
            finished=one.finished,
            seconds=_seconds(one.began, one.ended),
        )
        for one in visit.stages
    )
    following = next_stage(job)
    over = not isinstance(following, Run)
    return Brought(
        kit=visit.kit,
        boot=visit.boot,
        clock=visit.clock,
        digest=digest,
        inventory=visit.inventory,
        job=job,
        stages=stages,
        over=over,
        problem=None if isinstance(following, Run) else following.problem,
    )


def _seconds(began: float | None, ended: float | None) -> float:
    """How long a stage took; 0 of one whose beginning or end was not told."""
    return 0.0 if began is None or ended is None else max(0.0, ended - began)


def _key(name: str, workshop: SigningKey) -> VerifyKey:
    try:
        return kit_of(name, workshop).key.verify_key
    except NetbootError as error:
        raise KitVisitError(str(error)) from error


def _read(file: _File) -> bytes:
    """No more of it than is looked at; of a file only, not of what a link or a pipe leads to.

    Raises OSError, and KitVisitError for what is no file or could not be copied.
    """
    if file.why:
        raise KitVisitError(file.why)
    handle = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as content:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise KitVisitError("it is no file")
        return content.read(_READ)


@contextmanager
def _files(place: Path) -> Iterator[Sequence[_File]]:
    """In order of name."""
    try:
        kind = place.stat().st_mode
        os.close(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        raise NetbootError(
            f"{place}: {error.strerror}", hint="give the stick's folder, or its device, such as /dev/sdb"
        ) from error
    if stat.S_ISDIR(kind):
        inside = place / FOLDER
        yield _named(inside if inside.is_dir() else place)
        return
    with TemporaryDirectory(prefix="netboot-collect-") as folder:
        yield sorted(_copied(place, Path(folder)), key=lambda one: one.name)


def _named(folder: Path) -> list[_File]:
    names = list(islice(folder.iterdir(), _NAMES + 1))
    _few(folder, len(names))
    found = sorted(path for path in names if path.suffix.lower() == ".json")
    if len(found) > MOST:
        raise NetbootError(f"{folder} has {len(found)} files; {MOST} are read", hint="move some elsewhere, then again")
    return [_File(path.name, path) for path in found]


def _few(place: Path, names: int) -> None:
    if names > _NAMES:
        raise NetbootError(
            f"{place} has more than {_NAMES} names, which is no kit's", hint="give the stick's device, or its folder"
        )


def _copied(device: Path, folder: Path) -> list[_File]:
    """Copy the files off the data file system of a whole stick, or of its partition. Raises NetbootError."""
    for where in (f"{device}@@{FIRST}", f"{device}"):
        try:
            names = _listed(device, where)
        except ProgramError:
            continue
        files: list[_File] = []
        left = DATA
        for number, name in enumerate(names):
            # Under a name of our own: its own is the stick's word.
            files.append(_copy(where, name, folder / f"{number:04}.json"))
            left -= _size(files[-1].path)
            if left < 0:
                raise NetbootError(
                    f"{device} has more than {DATA >> 20} MiB of files, which no kit's stick holds",
                    hint="look at what is on it; copy the files that are a kit's into a folder, and give that",
                )
        return files
    if _is_unused(device):
        return []
    raise NetbootError(
        f"{device} has no folder {FOLDER} of a kit", hint="give the stick's device, such as /dev/sdb, or its folder"
    )


def _copy(where: str, name: str, copy: Path) -> _File:
    """One file. What is too long is copied so far that this is seen; any other failure of mcopy's is told."""
    within = ["prlimit", f"--fsize={_READ}", "--", *_MTOOLS, "mcopy", "-i", where]
    try:
        run([*within, f"::{FOLDER}/{name}", copy], timeout=_SECONDS)
    except ProgramError as error:
        log.warning("%s: %s", _shown(name), visible(error.message))
        if _size(copy) < _READ:
            return _File(name, copy, f"the stick did not give it whole; {_AGAIN}")
    return _File(name, copy)


def _size(copy: Path) -> int:
    return copy.stat().st_size if copy.exists() else 0


def _is_unused(device: Path) -> bool:
    """Whether this is a kit's stick, whole or its partition, onto which nothing was written yet."""
    for where in (f"{device}@@{FIRST}", f"{device}"):
        try:
            names = {name.rstrip("/").lower() for name in _names_in(device, where, "")}
        except ProgramError:
            continue
        return READ_ME.lower() in names and FOLDER not in names
    return False


def _listed(device: Path, where: str) -> list[str]:
    """The names of the files of FOLDER that are looked at. Raises ProgramError when mtools finds no such folder."""
    found = [name for name in _names_in(device, where, FOLDER) if name.lower().endswith(".json")]
    if len(found) > MOST:
        raise NetbootError(f"{device} has {len(found)} files; {MOST} are read", hint="remove some, then again")
    return found


def _names_in(device: Path, where: str, folder: str) -> list[str]:
    """All names in this folder; a folder's own ends in a slash.

    Raises ProgramError when mtools finds no such folder, NetbootError when the device does not answer.
    """
    found: list[str] = []
    lines = 0

    def note(line: str) -> None:
        nonlocal lines
        lines += 1
        if line.startswith("::/"):
            found.append(line.rstrip("/").rpartition("/")[2] + "/" * line.endswith("/"))
        _few(device, lines)

    try:
        follow([*_MTOOLS, "mdir", "-i", where, "-b", f"::{folder}"], note, timeout=_SECONDS)
    except ProgramError as error:
        if error.completed is None:  # it came to no end, which is no word on what is there
            raise NetbootError(f"{device} does not answer: {error.message}", hint=_AGAIN) from error
        raise
    return found
