"""NVMe Format with SES 1, as the server orders and judges it. Pure.

Source: NVM Express base specification 2.0, §5.14. A drive may erase all its namespaces by it (FNA), so none may stand
beside. SES is always in the order: without it nvme-cli sends 0, which erases nothing.
"""

from typing import Final

from netboot.jobs.erase_methods.firmware import firmware_rules
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk


def _suits(disk: Disk) -> bool:
    if disk.transport != "nvme" or disk.can.nvme_format is None:
        return False
    return disk.can.nvme_format.supported


RULES: Final = firmware_rules("nvme-format", Proof(goes_on=False), "--ses=1", _suits)
