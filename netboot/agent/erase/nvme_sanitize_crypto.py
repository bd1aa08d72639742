"""NVMe Sanitize by crypto, on the PC: `firmware/engine.py` does it, `firmware/nvme.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.firmware.nvme import NvmeSanitize

METHOD: Final = FirmwareErase("nvme-sanitize-crypto", NvmeSanitize("crypto"), lambda disk: disk.transport == "nvme")
