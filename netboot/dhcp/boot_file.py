"""Which boot file a PC is to load next: the same choice in every mode of answering DHCP.

Follows RFC 4578 (architectures), PXE 2.1 §2.4 and UEFI 2.10 §24.7 (a URL for HTTP boot). No state, no I/O.
Not for: the packet that names the file (boot_reply.py), the file itself (netboot/tftp.py, boothttp/files.py).
"""

from dataclasses import dataclass
from ipaddress import IPv4Address

from netboot.dhcp.boot_client import BootClient, BootMethod, Firmware, Ignored, IpxeFeature, Reason
from netboot.jobs.policy import Policy

_LONGEST_NAME = 127  # bytes, so that a NUL still fits into `file`


@dataclass(frozen=True, slots=True)
class BootFileNames:
    """What our boot files are called: names on our TFTP, and below `/` on our HTTP, which alone has the script."""

    server_address: IPv4Address
    http_port: int = 80
    script_path: str = "/boot/ipxe"
    bios_file: str = "undionly.kpxe"
    bios_drivers_file: str = "ipxe.pxe"
    bios_keeping_file: str = "undionly.kkpxe"
    uefi_x64_file: str = "shimx64.efi"
    uefi_x64_ipxe_file: str = "snponly.efi"
    uefi_ia32_file: str = "grubnetia32.efi"

    def __post_init__(self) -> None:
        over_http = (f"/{self.uefi_x64_file}", f"/{self.uefi_x64_ipxe_file}", f"/{self.uefi_ia32_file}")
        for name in (
            self.bios_file,
            self.bios_drivers_file,
            self.bios_keeping_file,
            self.uefi_x64_file,
            self.uefi_x64_ipxe_file,
            self.uefi_ia32_file,
            *(self.url(path) for path in (self.script_path, *over_http)),
        ):
            if not name.isascii() or not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
                raise ValueError(f"{name!r} does not fit into a DHCP packet: 1 to {_LONGEST_NAME} ASCII characters")

    def url(self, path: str) -> str:
        """A path on our HTTP, with the address in figures: firmware has no names to ask for yet."""
        port = "" if self.http_port == 80 else f":{self.http_port}"
        return f"http://{self.server_address}{port}{path}"


@dataclass(frozen=True, slots=True)
class BootFile:
    """What a client is to load next. `skip_discovery` is option 43's "take this file"."""

    name: str
    skip_discovery: bool


def choose_boot_file(client: BootClient, names: BootFileNames, policy: Policy) -> BootFile | Ignored:
    """The next loader for this client, or why it gets none."""
    if policy.denied:
        return Ignored(Reason.DENIED)
    by_ipxe = client.ipxe is not None
    match client.firmware, client.method:
        case Firmware.BIOS, BootMethod.PXE:
            script = runs_our_script(client)
            file = names.url(names.script_path) if script else _bios_file(names, policy)
            return BootFile(file, skip_discovery=True)
        case Firmware.UEFI_X64, BootMethod.PXE if runs_our_script(client) and policy.loader != "grub":
            return BootFile(names.url(names.script_path), skip_discovery=True)
        # Older EDK2 drops proxy offers that carry option 43.6 to 43.10 (edk2 #6944): without 43 it asks on 4011.
        case Firmware.UEFI_X64, BootMethod.PXE:
            return BootFile(_uefi_x64_file(names, policy, by_ipxe=by_ipxe), skip_discovery=by_ipxe)
        case Firmware.UEFI_IA32, BootMethod.PXE:
            # Debian has neither shim nor iPXE for IA32.
            return BootFile(names.uefi_ia32_file, skip_discovery=by_ipxe)
        case Firmware.UEFI_X64, BootMethod.HTTP:
            file = _uefi_x64_file(names, policy, by_ipxe=by_ipxe)
            return BootFile(names.url(f"/{file}"), skip_discovery=False)
        case Firmware.UEFI_IA32, BootMethod.HTTP:
            return BootFile(names.url(f"/{names.uefi_ia32_file}"), skip_discovery=False)
        case Firmware.UEFI_ARM, _:
            reason = Reason.FIRMWARE_ARM
        case _:
            reason = Reason.FIRMWARE_UNKNOWN
    return Ignored(reason, f"architecture {client.architecture}, {client.method.value.decode()}")


def _bios_file(names: BootFileNames, policy: Policy) -> str:
    match policy.loader:
        case "ipxe.pxe":
            return names.bios_drivers_file
        case "kkpxe":
            return names.bios_keeping_file
        case _:
            return names.bios_file


def _uefi_x64_file(names: BootFileNames, policy: Policy, *, by_ipxe: bool) -> str:
    """An iPXE that cannot run our script gets ours, which can; other firmware shim, for Secure Boot may be on."""
    loader = policy.loader if policy.loader in ("grub", "ipxe") else "ipxe" if by_ipxe else "grub"
    return names.uefi_x64_ipxe_file if loader == "ipxe" else names.uefi_x64_file


_SCRIPT_NEEDS = {
    Firmware.BIOS: {IpxeFeature.HTTP, IpxeFeature.MENU, IpxeFeature.BZIMAGE},
    Firmware.UEFI_X64: {IpxeFeature.HTTP, IpxeFeature.MENU, IpxeFeature.EFI},
}


def runs_our_script(client: BootClient) -> bool:
    """Is this an iPXE with all that our script asks of one? Only for BIOS and UEFI of 64 bits."""
    return client.ipxe is not None and client.ipxe.features >= _SCRIPT_NEEDS[client.firmware]
