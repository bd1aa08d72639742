"""NVMe Format with SES 2, on the PC: `firmware/engine.py` does it, `firmware/nvme.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.nvme import NvmeFormat

METHOD: Final = FirmwareErase("nvme-format-crypto", NvmeFormat(2), lambda disk: disk.transport == "nvme")
