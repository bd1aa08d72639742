"""The PCI devices the kernel lists under /sys/bus/pci (Documentation/ABI/testing/sysfs-bus-pci), and the displays."""

from dataclasses import dataclass
from typing import Final

from netboot.agent.host import Host
from netboot.agent.udev import Database, hardware_name, properties
from netboot.shared.inventory import Gpu

GPU_LIMIT: Final = 16
DISPLAY: Final = 0x03
STORAGE: Final = 0x01
"""Base classes, from the PCI Code and ID Assignment specification."""


@dataclass(frozen=True, slots=True)
class PciDevice:
    """One function. `kind` is its 24-bit class code; `path` its real path below the root; `driver` may be ""."""

    address: str
    path: str
    kind: int
    vendor: int
    device: int
    driver: str
    name: str

    @property
    def base_class(self) -> int:
        """The first byte of the class code."""
        return self.kind >> 16

    @property
    def ids(self) -> str:
        """Vendor and device as people look them up: "8086:9a0b"."""
        return f"{self.vendor:04x}:{self.device:04x}"

    @property
    def label(self) -> str:
        """Its name and its numbers."""
        return f"{self.name} [{self.ids}]" if self.name else self.ids


def read_pci(host: Host, database: Database) -> tuple[PciDevice, ...]:
    """Every PCI function, in order of address."""
    devices = []
    for address in host.names("sys/bus/pci/devices"):
        here = f"sys/bus/pci/devices/{address}"
        path = host.real(here)
        if path:
            devices.append(
                PciDevice(
                    address=address,
                    path=path,
                    kind=host.number(f"{here}/class") & 0xFFFFFF,
                    vendor=host.number(f"{here}/vendor") & 0xFFFF,
                    device=host.number(f"{here}/device") & 0xFFFF,
                    driver=host.target_name(f"{here}/driver"),
                    name=hardware_name(properties(database, path)),
                )
            )
    return tuple(devices)


def gpus(devices: tuple[PciDevice, ...]) -> tuple[Gpu, ...]:
    """The display adapters."""
    displays = [device for device in devices if device.base_class == DISPLAY]
    return tuple(Gpu(model=device.name, pci=device.ids) for device in displays[:GPU_LIMIT])
