"""The firmwares of the lab's PCs: SeaBIOS, OVMF, and OVMF with Secure Boot on and Microsoft's keys.

Paths are those of Debian 12 and 13 (packages seabios, ovmf, ipxe-qemu). Not for: IA32 firmware.
"""

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from netboot.errors import NetbootError


class Firmware(StrEnum):
    """What a PC starts with."""

    BIOS = "bios"
    UEFI = "uefi"
    SECURE_BOOT = "secure-boot"


@dataclass(frozen=True, slots=True)
class FirmwareFiles:
    """The files of one firmware: its code, and the variables a PC leaves the factory with (None for BIOS)."""

    code: Path
    factory_variables: Path | None


_OVMF = Path("/usr/share/OVMF")

FILES = {
    Firmware.BIOS: FirmwareFiles(Path("/usr/share/seabios/bios-256k.bin"), None),
    Firmware.UEFI: FirmwareFiles(_OVMF / "OVMF_CODE_4M.fd", _OVMF / "OVMF_VARS_4M.fd"),
    Firmware.SECURE_BOOT: FirmwareFiles(_OVMF / "OVMF_CODE_4M.ms.fd", _OVMF / "OVMF_VARS_4M.ms.fd"),
}
_PACKAGES = {Firmware.BIOS: "seabios", Firmware.UEFI: "ovmf", Firmware.SECURE_BOOT: "ovmf"}


def firmware_files(firmware: Firmware) -> FirmwareFiles:
    """The files of a firmware, seen to exist. Raises NetbootError that names the missing package."""
    files = FILES[firmware]
    for path in (files.code, files.factory_variables):
        if path is not None and not path.exists():
            package = _PACKAGES[firmware]
            raise NetbootError(f"{path} is missing", hint=f"install the package {package}: apt-get install {package}")
    return files


def clear_variables(firmware: Firmware, variables: Path) -> None:
    """Give a PC the variables of a factory-new one, as clearing its CMOS does: boot entries are forgotten."""
    factory = firmware_files(firmware).factory_variables
    if factory is not None:
        shutil.copyfile(factory, variables)
