"""NVMe Sanitize by Crypto Erase, as the server orders and judges it. Pure.

Source: NVM Express base specification 2.0, §5.24: SANACT 100b; SANICAP says whether the drive has it.
"""

from typing import Final

from netboot.jobs.erase_methods.firmware import firmware_rules
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk


def _suits(disk: Disk) -> bool:
    return disk.transport == "nvme" and disk.can.nvme_sanitize is not None and disk.can.nvme_sanitize.crypto


RULES: Final = firmware_rules(
    "nvme-sanitize-crypto", Proof(goes_on=True, action=4, even=False), "--sanact=start-crypto-erase", _suits
)
