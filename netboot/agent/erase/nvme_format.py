"""NVMe Format with SES 1, on the PC: `firmware/engine.py` does it, `firmware/nvme.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.nvme import NvmeFormat

METHOD: Final = FirmwareErase("nvme-format", NvmeFormat(1), lambda disk: disk.transport == "nvme")
