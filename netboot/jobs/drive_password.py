"""The password that netboot gives a disk for SECURITY ERASE UNIT, which the disk drops when it is erased. Pure.

It is made of the disk's own serial number. So it is known before the disk hears it, to every netboot server, with its
record or without; at whatever visit a power cut has left the disk locked, it is found again. It guards nothing: it is
what ATA asks for before it erases. The order carries it, and the PC's page shows it to an operator where a password is
set. Anybody who holds the disk and this file can take it off, and that is what it is for.
Not for: trying it (`agent/erase/password.py`).
"""

import hashlib
import re
from typing import Final

from netboot.shared.disk_ports import OWN_PORTS
from netboot.shared.inventory import Disk

_FOR: Final = b"netboot's password for the disk "
_SIGNS: Final = re.compile(r"[^0-9A-Za-z]+")


def password_of(disk: Disk) -> str:
    """Its password, 24 characters that any keyboard has; "" for a disk that is none of ATA on the PC's own ports."""
    # udev and the kernel write some signs of one serial number otherwise: where udev has `_`, the disk may say `/`.
    serial = _SIGNS.sub("", disk.id.serial)
    if disk.transport not in OWN_PORTS or not serial:
        return ""
    return f"netboot-{hashlib.sha256(_FOR + serial.encode()).hexdigest()[:16]}"
