"""ATA's SANITIZE and SECURITY ERASE UNIT by hdparm, ordered of a SATA or IDE disk that the caller holds open.

Only of disks on the PC's own ports, whose registers come back: a USB bridge may take an order for another or cut it off
in the middle, and hdparm takes an answer without registers for an idle disk. The disk's answers are read by
`agent/answers/` and `agent/disks/ata_abilities.py`.

SECURITY ERASE UNIT needs a password. It comes with the order, so that it is on the server before the disk hears it; the
disk drops it itself when the erase is done, and its word that none is set any more is the proof that it was. Where one
is left, it is taken off (`agent/erase/password.py`).
Sources: ACS-4 4.17 (Sanitize Device), 4.16 (Security), 7.36, 7.45 (SECURITY ERASE UNIT); hdparm 9.65 (Debian 13),
hdparm.c: an overwrite is of 16 passes unless it is told otherwise. It writes one byte throughout, another in each job
and never zeros: a disk that only says that it holds zeros is so found.
Not for: what follows from an answer (`shared/firmware_verdict.py`), thawing a frozen disk (`agent/erase/ready.py`).
"""

import re
from typing import Final

from netboot.agent.answers.ata_sanitize import parse_registers
from netboot.agent.answers.hdparm_orders import parse_sanitize_order, parse_security_order
from netboot.agent.disks.ata_abilities import parse_identity
from netboot.agent.erase.firmware.programs import (
    HDPARM_AS_USER,
    SURE,
    answer,
    device_of,
    is_same_serial,
    ordered,
    other_byte,
    transcript,
)
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.agent.erase.password import erase_limit, take_off
from netboot.shared.disk_abilities import AtaSecurity as SecurityState
from netboot.shared.disk_ports import on_own_port
from netboot.shared.erase_methods.firmware import FirmwareState
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk
from netboot.shared.stages.erase import DiskErase

_SERIAL: Final = re.compile(r"^\s*Serial Number:\s*(\S.*?)\s*$", re.MULTILINE)
_ORDERS: Final = {
    "block": ("--sanitize-block-erase",),
    "crypto": ("--sanitize-crypto-scramble",),
    "overwrite": ("--sanitize-overwrite-passes", "1", "--sanitize-overwrite"),
}


def says_its_serial(disk: Disk) -> bool:
    """Whether the disk behind this name says now that it has the serial number that it is known by."""
    found = _SERIAL.findall(_identity(disk))
    return len(found) == 1 and is_same_serial(found[0], disk.id.serial)


def is_locked(disk: Disk) -> bool:
    """Whether it says that a password locks it."""
    security = parse_identity(_identity(disk))[0]
    return security is not None and security.locked


class _Ata:
    """What SANITIZE and SECURITY ERASE UNIT have in common."""

    tool = "hdparm"

    def version(self) -> str:
        """hdparm's one line: "hdparm v9.65"."""
        return answer("hdparm", "-V").strip()[:200]

    def is_this(self, disk: Disk) -> bool:
        """Whether the disk behind this name has the serial number that it is known by."""
        return says_its_serial(disk)

    def beside(self, disk: Disk) -> Beside | None:
        """Nothing: an ATA device is one disk."""
        return None if on_own_port(disk) else Beside("?")


class AtaSanitize(_Ata):
    """One kind of SANITIZE: "block", "crypto" or "overwrite"."""

    def __init__(self, kind: str) -> None:
        self.proof = Proof(goes_on=True, even=kind != "crypto", filled=kind == "overwrite")
        self._how = _ORDERS[kind]

    def look(self, disk: Disk) -> Look:
        """SANITIZE STATUS EXT. A disk at rest has ended well if it says so of the last one; else it tells nothing."""
        status = parse_registers(transcript(("hdparm", "--verbose", "--sanitize-status", device_of(disk)))[1])
        states: dict[str, FirmwareState] = {"running": "running", "failed": "failed", "not-told": "not-told"}
        at_rest: FirmwareState = "done" if status.succeeded else "idle"
        permille = None if status.progress is None else status.progress * 1000 // 65536
        return Look(states.get(status.state, at_rest), permille)

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        """Order it: the disk answers at once, and goes on by itself."""
        byte = other_byte() if self.proof.filled else None
        pattern = () if byte is None else (f"hex:{byte:02x}{byte:02x}{byte:02x}{byte:02x}",)
        command = ("hdparm", "--verbose", SURE, *self._how, *pattern, device_of(disk))
        return ordered(" ".join(command), parse_sanitize_order(transcript(command)[1]), pattern=byte)


class AtaSecurityErase(_Ata):
    """SECURITY ERASE UNIT, the `enhanced` one or the normal."""

    proof = Proof(goes_on=False)

    def __init__(self, *, enhanced: bool) -> None:
        self._enhanced = enhanced
        self._option = "--security-erase-enhanced" if enhanced else "--security-erase"

    def look(self, disk: Disk) -> Look:
        """There is no word for how the last one ended; only for how long one takes."""
        security = parse_identity(_identity(disk))[0]
        if security is None:
            return Look()
        told = security.enhanced_time if self._enhanced else security.time
        return Look("idle", announced=None if told is None or told.or_longer else told.seconds)

    def order(self, disk: Disk, order: DiskErase) -> Ordered:
        """Set the password of the order, erase, and see that the disk has dropped it; this blocks until it is done."""
        shown = " ".join((*HDPARM_AS_USER, self._option, "PASSWORD", device_of(disk)))
        before = parse_identity(_identity(disk))[0]
        why = self._why_not(before, order)
        if before is None or why:
            return Ordered(shown, "no", why)
        setting = (*HDPARM_AS_USER, "--security-set-pass", order.password, device_of(disk))
        took = parse_security_order(transcript(setting)[1], "SECURITY_SET_PASS")
        if took.taken != "accepted":
            take_off(disk, order.password)
            return Ordered(shown, "no", f"no password could be set: {took.said}"[:256])
        ordering = (*HDPARM_AS_USER, self._option, order.password, device_of(disk))
        text = transcript(ordering, seconds=self._limit(before))[1]
        erased = parse_security_order(text.replace(order.password, "PASSWORD"), "SECURITY_ERASE")
        after = parse_identity(_identity(disk))[0]
        if after is not None and not after.enabled:
            return ordered(shown, erased)
        left = take_off(disk, order.password)
        what = "the disk kept its password, which was taken off" if left == "gone" else "the disk kept its password"
        refused = erased.taken == "refused" and left == "gone"
        return Ordered(shown, "no" if refused else "not-told", f"{what}; {erased.said}"[:256])

    def _why_not(self, security: SecurityState | None, order: DiskErase) -> str:
        if not order.password:
            return "no password came with the order"
        if security is None or not security.supported:
            return "the disk does not tell of SECURITY"
        if security.frozen:
            return "the disk is frozen"
        if security.enabled or security.locked or security.expired:
            return "a password is set that is not netboot's"
        return "" if security.enhanced or not self._enhanced else "the disk has no enhanced erase"

    def _limit(self, security: SecurityState) -> float:
        return erase_limit(security.enhanced_time if self._enhanced else security.time)


def _identity(disk: Disk) -> str:
    return answer("hdparm", "-I", device_of(disk))
