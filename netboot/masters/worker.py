"""The process in which a master is built, taken in or made smaller for the page: an order as JSON in, lines of
`work_lines.py` out.

It works as `netboot master build`, `import` and `shrink` do, with the store's own locks, and ends as they would at
SIGTERM: what it mounted and half made is taken away. Not for: who may order it (`workshop/commands.py`).
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import assert_never

import msgspec
from nacl.signing import SigningKey

from netboot.auth.server_keys import load_key
from netboot.bootfiles import current
from netboot.jobs.making import BuildOrder, ImportOrder, Order, ShrinkOrder
from netboot.masters.account import account
from netboot.masters.build import build_master
from netboot.masters.bundle.command_line import is_bundle
from netboot.masters.importing import import_master
from netboot.masters.loader_level import level_of
from netboot.masters.smaller_version import make_smaller_version
from netboot.masters.work_lines import LONGEST, MOST, Line, Made, Publishing, Refused, progress
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest
from netboot.store import Store


def main() -> int:
    """Do what the first argument orders; the exit status is 0 when it is made."""
    signal.signal(signal.SIGTERM, _leave)
    order = msgspec.json.decode(sys.argv[1], type=Order)
    try:
        manifest = _made(order)
    except NetbootError as error:
        _tell(Refused(error.message[:LONGEST], error.hint[:LONGEST]))
        return 1
    except (OSError, MemoryError) as error:
        _tell(
            Refused(f"this server failed at it: {error}"[:LONGEST], "look at its disks and its memory, then try again")
        )
        return 1
    _tell(
        Made(
            digest=manifest.digest,
            name=manifest.name,
            version=manifest.version,
            licence=manifest.licence,
            account=tuple(line[:LONGEST] for line in account(manifest)[:MOST]),
            disk=manifest.disk,
            shrunk_from=manifest.shrunk_from or 0,
        )
    )
    return 0


class _TellingStore(Store):
    """Says which master is about to be current before it is: a process that is killed then says nothing more."""

    def publish(self, manifest: Manifest, key: SigningKey, *, instead_of: str = "") -> str:
        _tell(Publishing(manifest.digest))
        return super().publish(manifest, key, instead_of=instead_of)


def _made(order: Order) -> Manifest:
    store, key = _TellingStore(Path(order.data) / "store"), load_key(Path(order.data))
    match order:
        case BuildOrder():
            return build_master(Path(order.recipe), store, key, progress=_say)
        case ImportOrder():
            return _taken_in(order, store, key)
        case ShrinkOrder():
            return make_smaller_version(store, order.digest, key, version=order.version, progress=_say)
        case _:
            assert_never(order)


def _taken_in(order: ImportOrder, store: Store, key: SigningKey) -> Manifest:
    file = Path(order.file)
    if is_bundle(file):
        raise NetbootError(
            f"{file.name} is a master of another workshop, whose key a person compares",
            hint=f"on the server: netboot master import {file}",
        )
    return import_master(
        file,
        store,
        key,
        level_of(current(Path(order.bootfiles))),
        name=order.name,
        version=order.version or time.strftime("%Y-%m-%d.%H%M%S", time.gmtime()),
        licence=order.licence,
        title=order.title,
        progress=_say,
    )


def _say(line: str) -> None:
    _tell(progress(line))


def _tell(line: Line) -> None:
    os.write(1, msgspec.json.encode(line) + b"\n")


def _leave(number: int, _: FrameType | None) -> None:
    """End by an exception, so that whatever is held is let go."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
