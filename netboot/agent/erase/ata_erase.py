"""ATA SECURITY ERASE UNIT, normal, on the PC: `firmware/engine.py` does it, `firmware/ata.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.ata import AtaSecurityErase
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.shared.disk_ports import on_own_port

METHOD: Final = FirmwareErase("ata-erase", AtaSecurityErase(enhanced=False), on_own_port)
