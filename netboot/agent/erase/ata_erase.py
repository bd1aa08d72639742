"""ATA SECURITY ERASE UNIT, normal, on the PC: `firmware/engine.py` does it, `firmware/ata.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.ata import AtaSecurityErase, is_ata
from netboot.agent.erase.firmware.engine import FirmwareErase

METHOD: Final = FirmwareErase("ata-erase", AtaSecurityErase(enhanced=False), is_ata)
