"""ATA SANITIZE by crypto, on the PC: `firmware/engine.py` does it, `firmware/ata.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.ata import AtaSanitize, is_ata
from netboot.agent.erase.firmware.engine import FirmwareErase

METHOD: Final = FirmwareErase("ata-sanitize-crypto", AtaSanitize("crypto"), is_ata)
