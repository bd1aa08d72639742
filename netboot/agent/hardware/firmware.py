"""The firmware, how it started this boot, and whether Secure Boot is on: what the kernel shows, not what a menu says.

Secure Boot is the global variable `SecureBoot` (UEFI 2.10 §3.3) in efivarfs: four bytes of attributes, one of value.
"""

from typing import Final, Literal

from netboot.agent.host import Host
from netboot.shared.inventory import Firmware
from netboot.shared.uefi_start import UefiBits

_VARIABLES: Final = "sys/firmware/efi/efivars"
_SECURE_BOOT: Final = f"{_VARIABLES}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

_LICENCE: Final = "sys/firmware/acpi/tables/MSDM"
"""Microsoft's table for an OEM licence, whose body is the key itself: that it is there is all that is looked at."""

SecureBoot = Literal["on", "off", "unsupported", "unknown"]


def read_firmware(host: Host) -> Firmware:
    """SMBIOS type 0, the mode, Secure Boot, and whether there is a licence for Windows."""
    uefi = host.exists("sys/firmware/efi")
    return Firmware(
        vendor=host.line("sys/class/dmi/id/bios_vendor"),
        version=host.line("sys/class/dmi/id/bios_version"),
        date=host.line("sys/class/dmi/id/bios_date"),
        mode="uefi" if uefi else "bios",
        uefi_bits=uefi_bits(host),
        secure_boot=_secure_boot(host) if uefi else "unsupported",
        windows_licence=host.exists(_LICENCE),
    )


def parse_secure_boot(variable: bytes) -> SecureBoot:
    """The state that the variable's bytes in efivarfs give."""
    if len(variable) != 5:
        return "unknown"
    return {0: "off", 1: "on"}.get(variable[4], "unknown")  # type: ignore[return-value]  # a dict's values widen


def uefi_bits(host: Host) -> UefiBits:
    """The width of the firmware's own code, as the kernel tells it."""
    match host.line("sys/firmware/efi/fw_platform_size"):
        case "32":
            return 32
        case "64":
            return 64
        case _:
            return 0


def _secure_boot(host: Host) -> SecureBoot:
    if host.exists(_SECURE_BOOT):
        return parse_secure_boot(host.content(_SECURE_BOOT))
    # Firmware without the variable cannot do it; with no variable at all, efivarfs is not mounted.
    return "unsupported" if host.names(_VARIABLES) else "unknown"
