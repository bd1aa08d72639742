"""ATA SECURITY ERASE UNIT, normal, as the server orders and judges it. Pure.

Source: ACS-4 4.16 and 7.45. Never over USB. A frozen disk takes no such order until it was thawed.
A password that is set may be one that netboot left: the agent takes it off first, or the disk refuses this method.
"""

from typing import Final

from netboot.jobs.erase_methods.firmware import firmware_rules
from netboot.shared.disk_ports import on_own_port
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk


def _suits(disk: Disk) -> bool:
    can = disk.can.ata_security
    return on_own_port(disk) and can is not None and can.supported


RULES: Final = firmware_rules("ata-erase", Proof(goes_on=False), "--security-erase PASSWORD", _suits, whole_drive=False)
