"""SCSI SANITIZE by CRYPTOGRAPHIC ERASE, as the server orders and judges it. Pure.

Source: SBC-4 4.11 and 5.34; REPORT SUPPORTED OPERATION CODES (SPC-5), which says whether the disk has it.
It is waited for: its status is its word.
"""

from typing import Final

from netboot.jobs.erase_methods.firmware import firmware_rules
from netboot.shared.disk_ports import speaks_scsi
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk


def _suits(disk: Disk) -> bool:
    can = disk.can.scsi_sanitize
    return speaks_scsi(disk) and can is not None and can.crypto


RULES: Final = firmware_rules(
    "scsi-sanitize-crypto", Proof(goes_on=False, even=False), "sg_sanitize --crypto", _suits, whole_drive=False
)
