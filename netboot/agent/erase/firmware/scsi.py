"""SCSI's SANITIZE by sg_sanitize, ordered of a SAS or SCSI disk that the caller holds open.

Only of disks that speak SCSI themselves: what a bridge or an adapter makes of this command for a SATA disk behind it is
told by nobody. The disk's answers are read by `agent/answers/scsi_sanitize.py`.

A block erase and an overwrite answer at once (IMMED), and the disk is asked by REQUEST SENSE; SCSI has no word for one
that ended well, so a disk that is at rest after it was seen at work has. A cryptographic erase is over before anybody
could see it at work: it is ordered without IMMED, and its status, which comes when it is done, is the disk's word.
An overwrite writes one byte throughout, another in each job, and never zeros: a disk that only says that it holds zeros
is so found.
Sources: SBC-4 4.11 (sanitize operations), 5.34 (SANITIZE); SPC-5, REQUEST SENSE, unit serial number (VPD page 80h);
sg3_utils 1.48 (Debian 13), sg_sanitize(8): without --early it waits a minute before it asks, with --wait it clears
IMMED.
Not for: what follows from an answer (`shared/firmware_verdict.py`).
"""

import re
import tempfile
from typing import Final

from netboot.agent.answers.hex_dump import dumped_bytes
from netboot.agent.answers.scsi_sanitize import parse_order, parse_status
from netboot.agent.disks.block_devices import parse_unit_serial
from netboot.agent.disks.scsi_node import generic_node
from netboot.agent.erase.firmware.programs import (
    answer,
    bare_serial,
    device_of,
    is_same_serial,
    ordered,
    other_byte,
    transcript,
)
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.agent.host import Host
from netboot.shared.erase_methods.firmware import FirmwareState
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk
from netboot.shared.stages.erase import DiskErase

_UNIT: Final = re.compile(r"\d+:\d+:\d+:\d+")
_WAIT: Final = 1800
"""Seconds that a cryptographic erase may take: it changes a key."""
_STATES: Final[dict[str, FirmwareState]] = {"idle": "idle", "running": "running", "failed": "failed"}


class ScsiSanitize:
    """One kind of SANITIZE: "block", "crypto" or "overwrite"."""

    tool = "sg_sanitize"

    def __init__(self, kind: str, host: Host | None = None) -> None:
        self._kind = kind
        self._host = host or Host()
        self.proof = Proof(
            goes_on=kind != "crypto", even=kind != "crypto", rests=kind != "crypto", filled=kind == "overwrite"
        )

    def version(self) -> str:
        """sg_sanitize's one line: "sg_sanitize: version: 1.22 20230622"."""
        return transcript(("sg_sanitize", "--version"))[1].partition("\n")[0][:200]

    def is_this(self, disk: Disk) -> bool:
        """Whether the disk behind this name has the serial number that it is known by."""
        page = dumped_bytes(answer("sg_vpd", "--page=0x80", "--hex", device_of(disk)))
        named = bool(bare_serial(disk.id.serial))
        return is_same_serial(parse_unit_serial(page), disk.id.serial) if named else disk.id.by_place

    def beside(self, disk: Disk) -> Beside | None:
        """Any other logical unit of the same target: two actuators of one drive are such."""
        device = self._host.real(f"sys/block/{disk.name}/device")
        target, _, unit = device.rpartition("/")
        if _UNIT.fullmatch(unit) is None:
            return Beside("?")
        others = [name for name in self._host.names(target) if _UNIT.fullmatch(name) and name != unit]
        return Beside(", ".join(others)) if others else None

    def look(self, disk: Disk) -> Look:
        """REQUEST SENSE."""
        status = parse_status(answer("sg_requests", "--hex", generic_node(self._host, disk.name)))
        permille = None if status.progress is None else status.progress * 1000 // 65536
        return Look(_STATES.get(status.state, "not-told"), permille)

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        """Order it. One that failed lets nobody read or write until another has succeeded (no --ause)."""
        if self._kind == "crypto":
            waits = ("--wait", f"--timeout={_WAIT}")
            return self._given(
                ("sg_sanitize", "--crypto", *waits, "--quick", "--verbose", device_of(disk)), _WAIT + 60.0
            )
        if self._kind == "block":
            return self._given(("sg_sanitize", "--block", "--early", "--quick", "--verbose", device_of(disk)))
        byte = other_byte()
        with tempfile.NamedTemporaryFile() as pattern:
            pattern.write(bytes((byte,)))
            pattern.flush()
            how = ("--overwrite", "--count=1", f"--pattern={pattern.name}", "--early", "--quick", "--verbose")
            return self._given(("sg_sanitize", *how, device_of(disk)), pattern=byte)

    def _given(self, command: tuple[str, ...], seconds: float = 60.0, pattern: int | None = None) -> Ordered:
        order = parse_order(*transcript(command, seconds=seconds))
        return ordered(" ".join(command), order, pattern=pattern)
