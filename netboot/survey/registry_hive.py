"""Values of a Windows registry hive in a file, read by hivexsh (hivex, LGPL-2.1, of libguestfs); none is written.

A hive of an image is anybody's. Its head is checked here, by the "Windows registry file format specification" of
M. Suhanov: whole, and written out by Windows. All else is hivex's, in a process of its own that is nobody, may write no
file, and ends at a limit of memory and time. Each value is asked for by its name: no key of a licence is read.
Not for: getting the hive out of a file system (`file_reader.py`), what a value means (`windows.py`).
"""

import os
import re
import struct
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.process import Completed, run

NOBODY: Final = 65534
HIVE_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of a hive that is read: Windows 11's SOFTWARE has some 100 MB."""
_SECONDS: Final = 120
_MEMORY: Final = 1024 * 1024 * 1024
_LONGEST: Final = 1000
"""Characters of a value that are kept."""
_HEAD: Final = 4096
# Signature, the two sequence numbers of which the second is written last, and at 40 the length of all that follows.
_BASE: Final = struct.Struct("<4sII28xI")

_NO_KEY: Final = re.compile(r"hivexsh: cd: subkey '.*' not found")


class HiveError(NetbootError):
    """What is no hive, or one of which nothing can be said."""


def require_written_out(hive: Path) -> None:
    """Raises HiveError for what is no whole hive, and where the last changes are still in Windows' logs beside it."""
    with hive.open("rb") as file:
        head, length = file.read(_HEAD), os.fstat(file.fileno()).st_size
    if len(head) < _HEAD or not head.startswith(b"regf"):
        raise HiveError(f"{hive.name} is no registry hive", hint="look at the image")
    _, begun, ended, following = _BASE.unpack_from(head)
    if begun != ended:
        raise HiveError(
            f"Windows has not written {hive.name} out",
            hint="start that Windows, shut it down whole, make the image again",
        )
    if length < _HEAD + following:
        raise HiveError(f"{hive.name} is cut short", hint="make the image again")


def read_value(hive: Path, key: str, name: str) -> str:
    """The text of this value of this key (`\\Setup\\Status`), "" where there is none. Raises HiveError.

    Key and name must be our own constants: they are not escaped. `NOBODY` must be allowed to read the file.
    """
    done = _ask(hive, f"cd {key}\nlsval {name}\n")
    if done.status == 0:
        return done.stdout.removesuffix("\n")[:_LONGEST]
    # It ends with 1 for each failure, and says which only in words.
    said = done.stderr.strip()
    last = said.rpartition("\n")[2]
    if last == f"hivexsh: {name}: key not found" or _NO_KEY.fullmatch(last):
        return ""
    raise HiveError(f"{hive.name} cannot be read: {said[:200] or f'status {done.status}'}", hint="look at the image")


def _ask(hive: Path, commands: str) -> Completed:
    nobody = [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--no-new-privs",
        "--pdeathsig=KILL",
    ]
    limits = ["prlimit", f"--as={_MEMORY}", f"--cpu={_SECONDS}", "--fsize=0", "--core=0"]
    # It would look for its history at home.
    nowhere = {"HOME": "/nonexistent"}
    return run([*limits, *nobody, "--", "hivexsh", hive], stdin=commands, expect=None, timeout=_SECONDS, env=nowhere)
