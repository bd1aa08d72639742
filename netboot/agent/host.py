"""Reads files of /proc and /sys and the output of a few programs, for all that reads the hardware.

Nothing here raises: what cannot be read is empty, because on used hardware anything may be missing. A test gives a
recorded tree as `root` and recorded outputs as `programs`.
Not for: opening disks.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from netboot.agent.disks.sed_opal import discovery
from netboot.agent.text import number, one_line
from netboot.shared.process import ProgramError, run

log = logging.getLogger(__name__)

FILE_LIMIT: Final = 1 << 20
OUTPUT_LIMIT: Final = 8 << 20
NAMES_LIMIT: Final = 4096
PROGRAM_SECONDS: Final = 30.0
"""How long one program may take: a dying NVMe controller answers late, or never."""

Programs = Callable[[Sequence[str]], str]
"""Runs a command line and returns its output, "" when it failed."""


def run_program(command: Sequence[str]) -> str:
    """The output of a program of this PC, "" when it is missing, fails or takes too long."""
    try:
        return run(command, timeout=PROGRAM_SECONDS).stdout[:OUTPUT_LIMIT]
    except ProgramError as error:
        log.info("%s", error)
        return ""


def transcribe(command: Sequence[str]) -> str:
    """All that a program of this PC printed, errors first, whatever its status; "" when it is missing or too slow."""
    try:
        done = run(command, expect=None, timeout=PROGRAM_SECONDS)
    except ProgramError as error:
        log.info("%s", error)
        return ""
    return f"{done.stderr}\n{done.stdout}"[:OUTPUT_LIMIT]


class Host:
    """Reads the PC. Paths are relative to its root: "sys/class/net"."""

    def __init__(
        self, root: Path = Path("/"), programs: Programs = run_program, transcripts: Programs = transcribe
    ) -> None:
        self._root = root
        self.output = programs
        self.transcript = transcripts

    def content(self, path: str) -> bytes:
        """The first MiB of a file, b"" when it cannot be read."""
        try:
            with (self._root / path).open("rb") as file:
                return file.read(FILE_LIMIT)
        except OSError:
            return b""

    def text(self, path: str) -> str:
        """A file as text, as it is."""
        return self.content(path).decode("utf-8", "replace")

    def line(self, path: str) -> str:
        """A one-line attribute, cleaned."""
        return one_line(self.text(path))

    def number(self, path: str) -> int:
        """An attribute that is a number, 0 when it is none."""
        return number(self.text(path))

    def level_0(self, name: str) -> bytes:
        """What a drive says of TCG's locks, b"" when it has none that the kernel knows of."""
        return discovery(self._root / "dev" / name)

    def exists(self, path: str) -> bool:
        """Whether the file or directory is there."""
        try:
            return (self._root / path).exists()
        except OSError:
            return False

    def names(self, directory: str) -> tuple[str, ...]:
        """The names in a directory, sorted; none when it is missing."""
        try:
            return tuple(sorted(entry.name for entry in (self._root / directory).iterdir())[:NAMES_LIMIT])
        except OSError:
            return ()

    def real(self, path: str) -> str:
        """The path behind every symbolic link, relative to the root; "" when it is missing."""
        try:
            return (self._root / path).resolve(strict=True).relative_to(self._root.resolve()).as_posix()
        except (OSError, ValueError, RuntimeError):
            return ""

    def target_name(self, link: str) -> str:
        """The last name of what a link leads to, such as a driver's; "" when there is no such link."""
        return self.real(link).rpartition("/")[2]
