"""ATA SANITIZE by OVERWRITE EXT, as the server orders and judges it. Pure.

Source: ACS-4 4.17, and IDENTIFY DEVICE word 59, which says whether the disk has it. A frozen feature set takes no
order until it was thawed.
"""

from typing import Final

from netboot.jobs.erase_methods.firmware import firmware_rules
from netboot.shared.disk_ports import on_own_port
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk


def _suits(disk: Disk) -> bool:
    can = disk.can.ata_sanitize
    return on_own_port(disk) and can is not None and can.supported and can.overwrite


RULES: Final = firmware_rules(
    "ata-sanitize-overwrite", Proof(goes_on=True, filled=True), "--sanitize-overwrite hex:", _suits, whole_drive=False
)
