"""ATA SANITIZE by overwrite, on the PC: `firmware/engine.py` does it, `firmware/ata.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.ata import AtaSanitize
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.shared.disk_ports import on_own_port

METHOD: Final = FirmwareErase("ata-sanitize-overwrite", AtaSanitize("overwrite"), on_own_port)
