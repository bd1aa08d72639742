"""SCSI SANITIZE by OVERWRITE, on the PC: `firmware/engine.py` does it, `firmware/scsi.py` orders and asks."""

from typing import Final

from netboot.agent.disks.abilities import is_scsi
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.scsi import ScsiSanitize

METHOD: Final = FirmwareErase("scsi-sanitize-overwrite", ScsiSanitize("overwrite"), is_scsi)
