"""`netboot kit collect PLACE`: what a kit's stick brings back goes onto the record, each job with its evidence.

A stick may come from anywhere and hold anything. So a device is never mounted: mtools reads it, in processes that may
write no more than a file's limit; of files only those of FOLDER are looked at, so many of so many bytes; and nothing is
parsed before its signature is found to be that of a kit of this workshop. Then its reports are judged as an agent's
are. Nothing is taken off the stick. Not for: certificates, which are made from the record.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from nacl.signing import SigningKey, VerifyKey

from netboot.alone.kit_visit import LIMIT, KitVisit, KitVisitError, job_as_judged, opened
from netboot.alone.stick import FOLDER
from netboot.imaging import Run, next_stage
from netboot.kit.identity import kit_of
from netboot.kit.partitions import FIRST
from netboot.records.kits import Brought, News, Reported
from netboot.records.record import Record
from netboot.shared.errors import NetbootError
from netboot.shared.process import ProgramError, run

log = logging.getLogger(__name__)

MOST: Final = 4096
"""Files of one stick that are read."""
_READ: Final = LIMIT + 1
"""Bytes of each: one more than it may have shows that it is too long."""
_SECONDS: Final = 60.0
"""For each file: a stick that fails may answer never."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One file: what came of it, or why it was refused."""

    name: str
    news: News | Literal["refused"]
    why: str = ""
    machine: str = ""


def collect(place: Path, record: Record, workshop: SigningKey) -> tuple[Taken, ...]:
    """Take in every file of this folder, image or device, in order of name. Raises NetbootError for what is neither."""
    with _files(place) as files:
        return tuple(_take(path, record, workshop) for path in files)


def _take(path: Path, record: Record, workshop: SigningKey) -> Taken:
    try:
        content = _read(path)
        visit = opened(content, lambda name: _key(name, workshop))
        news = record.kits.take_in(brought(visit, hashlib.sha256(content).hexdigest()))
    except (KitVisitError, NetbootError) as error:
        log.warning("%s: %s", path.name, error)
        return Taken(path.name, "refused", str(error))
    except OSError as error:
        return Taken(path.name, "refused", f"cannot be read: {error.strerror}")
    system = visit.inventory.system
    return Taken(path.name, news, machine=f"{system.manufacturer} {system.product} {system.serial}".strip())


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


def _read(path: Path) -> bytes:
    """No more of it than is looked at; of a file only, not of what a link or a pipe leads to. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise KitVisitError("it is no file")
        return file.read(_READ)


@contextmanager
def _files(place: Path) -> Iterator[list[Path]]:
    try:
        kind = place.stat().st_mode
    except OSError as error:
        raise NetbootError(
            f"{place}: {error.strerror}", hint="give the stick's folder, or its device, such as /dev/sdb"
        ) from error
    if stat.S_ISDIR(kind):
        inside = place / FOLDER
        yield _named(inside if inside.is_dir() else place)
        return
    with TemporaryDirectory(prefix="netboot-collect-") as folder:
        _copy(place, Path(folder))
        yield _named(Path(folder))


def _named(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".json")
    if len(found) > MOST:
        raise NetbootError(f"{folder} has {len(found)} files; {MOST} are read", hint="move some elsewhere, then again")
    return found


def _copy(device: Path, folder: Path) -> None:
    """Copy the files off the data file system of a whole stick, or of its partition. Raises NetbootError."""
    for where in (f"{device}@@{FIRST}", f"{device}"):
        try:
            listed = run(["mdir", "-i", where, "-b", f"::{FOLDER}"], timeout=_SECONDS, env=_MTOOLS).stdout.splitlines()
        except ProgramError:
            continue
        names = [name for line in listed if (name := line.rpartition("/")[2]).lower().endswith(".json")]
        if len(names) > MOST:
            raise NetbootError(f"{device} has {len(names)} files; {MOST} are read", hint="remove some, then again")
        for number, name in enumerate(names):
            # Under a name of our own: its own is the stick's word.
            within = ["prlimit", f"--fsize={_READ}", "--", "mcopy", "-i", where, f"::{FOLDER}/{name}"]
            try:
                run([*within, folder / f"{number:04}.json"], timeout=_SECONDS, env=_MTOOLS)
            except ProgramError as error:
                log.warning("%s: %s", name, error.message)
        return
    raise NetbootError(
        f"{device} has no folder {FOLDER} of a kit", hint="give the stick's device, such as /dev/sdb, or its folder"
    )


_MTOOLS: Final = {"MTOOLSRC": "/dev/null", "MTOOLS_SKIP_CHECK": "1"}
