"""A technique whose drive is played by this program: a loop device, whose file changes behind the kernel's back.

It proves the engine's own steps on a real block device: what is written, read and asked, and in which order. It proves
nothing of any drive, of nvme-cli or of hdparm: for these there are the lab's drives and the recorded answers.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pytest

from netboot.agent.erase.firmware import follow_up
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk
from netboot.shared.stages.erase import DiskErase
from tests.agent.test_erase import MARKER, SIZE

PROOF: Final = Proof(goes_on=True, action=2)
How = Literal[
    "good", "fails", "hangs", "lies", "refuses", "half", "silent", "deaf", "scrambles", "skips", "keeps", "moves"
]


@dataclass
class Played:
    """A drive that takes `seconds` for its erase, on this image; `state` is its log's. `asked` are all orders."""

    image: Path
    how: How = "good"
    state: Literal["never", "running", "done", "failed"] = "never"
    logged: int = 0
    seconds: float = 0.3
    proof: Proof = PROOF
    is_it: bool = True
    others: str = ""
    tool: str = "played"
    asked: list[str] = field(default_factory=list)
    ends: float = 0.0
    on_order: Callable[[], None] = lambda: None

    def version(self) -> str:
        return "played 1"

    def is_this(self, disk: Disk) -> bool:
        return self.is_it

    def beside(self, disk: Disk) -> Beside | None:
        return Beside(self.others) if self.others else None

    def look(self, disk: Disk) -> Look:
        if self.how == "silent" and self.asked:
            return Look()
        left = self.ends - time.monotonic()
        if self.state == "running" and left > 0:
            permille = 400 if self.how == "hangs" else int(1000 * (1 - left / self.seconds))
            logged = None if self.proof.rests else self.logged
            return Look("running", max(0, min(1000, permille)), logged=logged, announced=0, errors=1)
        if self.state == "running":
            self.state = "failed" if self.how == "fails" else "done"
        if self.proof.rests:
            return Look("failed" if self.state == "failed" else "idle", errors=1)
        return Look(self.state, logged=self.logged, announced=0, errors=1)

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        command = f"nvme sanitize /dev/{disk.name} --sanact=start-block-erase"
        self.asked.append(command)
        self.on_order()
        if self.how == "refuses":
            return Ordered(command, "no", "INVALID_FIELD (0x2)", 2)
        if self.how == "deaf":
            return Ordered(command, "yes", dword=2)
        self.state, self.logged = "running", 2
        size = self.image.stat().st_size
        with self.image.open("r+b") as file:
            if self.how in ("good", "silent"):
                file.write(bytes([0xFF]) * size)
            elif self.how == "scrambles":
                file.write((bytes(range(251)) * (size // 251 + 1))[:size])
            elif self.how == "skips":  # every second sector
                for at in range(0, size, 1024):
                    file.seek(at)
                    file.write(bytes(512))
            elif self.how == "keeps":  # three pages between two marks
                kept = self.kept(file.read())
                file.seek(0)
                file.write(kept)
            elif self.how == "moves":  # all is there, at other addresses
                old = file.read()
                file.seek(0)
                file.write(old[7 * 512 :] + old[: 7 * 512])
            elif self.how == "half":
                file.write(bytes(size // 2))
        # From here on, or a busy machine would have it done before anybody asks.
        self.ends = time.monotonic() + (3600 if self.how == "hangs" else self.seconds)
        return Ordered(command, "yes", dword=None if self.proof.rests else 2)

    @staticmethod
    def kept(content: bytes) -> bytes:
        """Zeros, but for one page that is neither marked nor remembered."""
        start, end = 5 * 4096, 6 * 4096
        return bytes(start) + content[start:end] + bytes(len(content) - end)


def impatient(patch: pytest.MonkeyPatch, *, grace: float = 1.0) -> None:
    """A drive is waited for hardly: a second past its time, and so many seconds where it stands still or is silent."""
    patch.setattr(follow_up, "MARGIN", 1.0)
    patch.setattr(follow_up, "GRACE", grace)
    patch.setattr(follow_up, "SILENCE", grace)


def full(path: Path, text: bytes = MARKER, size: int = SIZE) -> Path:
    """An image full of old data."""
    path.write_bytes((text * (size // len(text) + 1))[:size])
    return path
