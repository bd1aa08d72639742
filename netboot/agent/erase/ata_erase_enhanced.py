"""ATA SECURITY ERASE UNIT, enhanced, on the PC: `firmware/engine.py` does it, `firmware/ata.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.ata import AtaSecurityErase, is_ata
from netboot.agent.erase.firmware.engine import FirmwareErase

METHOD: Final = FirmwareErase("ata-erase-enhanced", AtaSecurityErase(enhanced=True), is_ata)
