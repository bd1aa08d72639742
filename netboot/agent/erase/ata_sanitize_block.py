"""ATA SANITIZE by block, on the PC: `firmware/engine.py` does it, `firmware/ata.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.ata import AtaSanitize, is_ata
from netboot.agent.erase.firmware.engine import FirmwareErase

METHOD: Final = FirmwareErase("ata-sanitize-block", AtaSanitize("block"), is_ata)
