"""NVMe Format with SES 2, as the server orders and judges it. Pure.

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
    return disk.can.nvme_format.supported and disk.can.nvme_format.crypto


RULES: Final = firmware_rules("nvme-format-crypto", Proof(goes_on=False, even=False), "--ses=2", _suits)
