"""The firmwares of the lab's PCs: SeaBIOS, and OVMF variants: 64 and 32 bits, Secure Boot, HTTP boot.

Paths are those of Debian 12 and 13 (packages seabios, ovmf, ovmf-ia32, ipxe-qemu).
"""

import shutil
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from netboot.shared.errors import NetbootError


class Firmware(StrEnum):
    """What a PC starts with."""

    BIOS = "bios"
    UEFI = "uefi"
    SECURE_BOOT = "secure-boot"
    UEFI_IA32 = "uefi-ia32"
    UEFI_IA32_HTTP = "uefi-ia32-http"
    UEFI_HTTP = "uefi-http"
    SECURE_BOOT_HTTP = "secure-boot-http"
    UEFI_IPXE = "uefi-ipxe"


@dataclass(frozen=True, slots=True)
class FirmwareFiles:
    """One firmware: its code, the variables a PC leaves the factory with (None for BIOS), and how it is run.

    `smm`: built for Secure Boot, so that it keeps its variables in system management mode. `http_only`: its setup
    allows no PXE, so that it boots by HTTP. `ipxe`: its network adapter carries iPXE in its ROM.
    """

    package: str
    code: Path
    factory_variables: Path | None
    smm: bool = False
    http_only: bool = False
    ipxe: bool = False


_OVMF = Path("/usr/share/OVMF")
_PLAIN = (_OVMF / "OVMF_CODE_4M.fd", _OVMF / "OVMF_VARS_4M.fd")
_MICROSOFT = (_OVMF / "OVMF_CODE_4M.ms.fd", _OVMF / "OVMF_VARS_4M.ms.fd")
# No keys in these variables, so Secure Boot is off; Debian 12 has no other build for IA32.
_IA32 = (_OVMF / "OVMF32_CODE_4M.secboot.fd", _OVMF / "OVMF32_VARS_4M.fd")

FILES = {
    # The ROM of QEMU's network adapter, an iPXE, is a BIOS PC's only network boot firmware.
    Firmware.BIOS: FirmwareFiles("seabios", Path("/usr/share/seabios/bios-256k.bin"), None, ipxe=True),
    Firmware.UEFI: FirmwareFiles("ovmf", *_PLAIN),
    Firmware.SECURE_BOOT: FirmwareFiles("ovmf", *_MICROSOFT, smm=True),
    Firmware.UEFI_IA32: FirmwareFiles("ovmf-ia32", *_IA32, smm=True),
    Firmware.UEFI_IA32_HTTP: FirmwareFiles("ovmf-ia32", *_IA32, smm=True, http_only=True),
    Firmware.UEFI_HTTP: FirmwareFiles("ovmf", *_PLAIN, http_only=True),
    Firmware.SECURE_BOOT_HTTP: FirmwareFiles("ovmf", *_MICROSOFT, smm=True, http_only=True),
    Firmware.UEFI_IPXE: FirmwareFiles("ovmf", *_PLAIN, ipxe=True),
}


def firmware_files(firmware: Firmware, root: Path = Path("/")) -> FirmwareFiles:
    """The files of a firmware, in `root`, seen to exist. Raises NetbootError that names the missing package."""
    known = FILES[firmware]
    variables = known.factory_variables
    files = replace(known, code=_inside(root, known.code), factory_variables=variables and _inside(root, variables))
    for path in (files.code, files.factory_variables):
        if path is not None and not path.exists():
            raise NetbootError(
                f"{path} is missing", hint=f"install the package {files.package}: apt-get install {files.package}"
            )
    return files


def clear_variables(files: FirmwareFiles, variables: Path) -> None:
    """Give a PC the variables of a factory-new one, as clearing its CMOS does: boot entries are forgotten."""
    if files.factory_variables is not None:
        shutil.copyfile(files.factory_variables, variables)


def _inside(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
