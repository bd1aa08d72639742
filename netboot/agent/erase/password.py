"""Takes a password of netboot's off an ATA disk again: after an erase that left it, and at a later visit.

The password comes with the order; the server knows each disk's own (`jobs/drive_password.py`). It is tried once, for a
disk takes no more than five wrong ones. hdparm's --security-disable unlocks first; whether it helped, the disk says.
A disk whose power went off in the middle of its erase may refuse to be unlocked and take nothing but that erase again:
where the order allows it, it is given that, under the same password, so that it can be marked and erased with proof.
Whether a disk refused a password, or nobody answered, is read from what went over the cable: hdparm's exit status is 0
of both.
Sources: ACS-4 4.16 (Security feature set), IDENTIFY DEVICE word 128.
Not for: passwords of former owners, which nobody here knows.
"""

from typing import Final, Literal

from netboot.agent.answers.hdparm_orders import parse_security_order
from netboot.agent.disks.ata_abilities import parse_identity
from netboot.agent.erase.firmware.programs import HDPARM_AS_USER, answer, transcript
from netboot.shared.disk_abilities import LONGEST, Announced
from netboot.shared.inventory import Disk

Password = Literal["none", "gone", "foreign", "locked", "untried", "not-told"]
"""none: there was none. gone: it was netboot's, and is off. foreign, locked: another's, which lets the disk be used or
not. untried: the disk is locked, and takes no password now, or did not answer. not-told: the disk says nothing of
passwords."""

_MOST: Final = 32
"""Characters of an ATA password."""
_UNTOLD: Final = 12 * 3600
"""Seconds for an erase whose time the disk does not tell, or tells as more than its largest number, 508 minutes."""
_MARGIN: Final = 600


def erase_limit(told: Announced | None) -> int:
    """Seconds after which a SECURITY ERASE UNIT that has not been answered is given up."""
    return _UNTOLD if told is None or told.or_longer else 2 * min(told.seconds, LONGEST) + _MARGIN


def take_off(disk: Disk, password: str, *, by_erase: bool = False) -> Password:
    """Take netboot's password off this disk, where one is set; `by_erase`: by erasing it, where nothing else helps.

    Blocks, for as long as an erase takes if need be; raises nothing.
    """
    device = f"/dev/{disk.name}"
    before = parse_identity(answer("hdparm", "-I", device))[0]
    if before is None or not before.supported:
        return "not-told"
    if not before.enabled:
        return "none"
    tried = False
    if password and len(password) <= _MOST and not before.frozen and not before.expired:
        told = transcript((*HDPARM_AS_USER, "--security-disable", password, device))[1]
        if not _is_set(device):
            return "gone"
        tried = parse_security_order(told, "SECURITY_DISABLE").taken == "refused"
        if by_erase and before.locked:
            transcript((*HDPARM_AS_USER, "--security-erase", password, device), seconds=erase_limit(before.time))
            if not _is_set(device):
                return "gone"
    if not before.locked:
        return "foreign"
    return "locked" if tried else "untried"


def _is_set(device: str) -> bool:
    """Whether a password is set, or may be."""
    security = parse_identity(answer("hdparm", "-I", device))[0]
    return security is None or security.enabled
