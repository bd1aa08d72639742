"""TCG Opal's Revert by the PSID, as the server orders and judges it. Pure.

Source: TCG Storage Opal SSC 2.01 §5.1.2.2 and its Feature Set PSID 1.00. It changes the keys of a drive whose locks
somebody had switched on, and of no other (sedutil's manual: "if the Locking SP is active"). A person has to read the
PSID from the label, so it is ordered only where a profile names it. It is about the whole drive, with all of its
namespaces.
"""

from typing import Final

from netboot.jobs.erase_methods.firmware import firmware_rules
from netboot.shared.disk_ports import on_own_port
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk


def _suits(disk: Disk) -> bool:
    can = disk.can.opal
    return (disk.transport == "nvme" or on_own_port(disk)) and can is not None and can.owned


RULES: Final = firmware_rules(
    "opal-revert", Proof(goes_on=False, even=False, opens=True), "IOC_OPAL_PSID_REVERT_TPR PSID", _suits, asks=True
)
