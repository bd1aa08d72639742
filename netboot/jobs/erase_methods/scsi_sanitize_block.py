"""SCSI SANITIZE by BLOCK ERASE, as the server orders and judges it. Pure.

Source: SBC-4 4.11 and 5.34; REPORT SUPPORTED OPERATION CODES (SPC-5), which says whether the disk has it.
"""

from typing import Final

from netboot.jobs.erase_methods.firmware import firmware_rules
from netboot.shared.disk_ports import speaks_scsi
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk


def _suits(disk: Disk) -> bool:
    can = disk.can.scsi_sanitize
    return speaks_scsi(disk) and can is not None and can.block


RULES: Final = firmware_rules(
    "scsi-sanitize-block", Proof(goes_on=True, rests=True), "sg_sanitize --block", _suits, whole_drive=False
)
