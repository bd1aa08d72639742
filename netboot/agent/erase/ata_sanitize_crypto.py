"""ATA SANITIZE by crypto, on the PC: `firmware/engine.py` does it, `firmware/ata.py` orders and asks."""

from typing import Final

from netboot.agent.erase.firmware.ata import AtaSanitize
from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.shared.disk_ports import on_own_port

METHOD: Final = FirmwareErase("ata-sanitize-crypto", AtaSanitize("crypto"), on_own_port)
