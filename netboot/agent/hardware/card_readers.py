"""Controllers of memory cards that call themselves mass storage: they have no disk of the PC's own.

Most have no Linux driver (those for Memory Stick, xD and SmartMedia), so that only class, vendor and device tell them
from a controller that hides disks. Names and numbers from the PCI ID database as Debian 13 has it (systemd 257,
20-pci-vendor-model.hwdb), which says of each that it reads Memory Stick, xD, SmartMedia or flash cards. Owners of Linux
PCs reported 104c:803b, 1106:401a and 1217:7130, 8130, 8330 and 8331 of them with this class and no driver, and
1217:8231 as "O2Micro Integrated MS/MSPRO/xD" (linux-hardware.org, "Storage (PCI)").

Hosts for SD and MMC are left out on purpose: eMMC may be soldered behind one, and all of them have a driver here
(`images/agent.yaml`). Not for: cards in a reader (`agent/disks/listing.py`).
"""

from collections.abc import Mapping
from typing import Final

MASS_STORAGE: Final = 0x0180
"""Class and subclass "mass storage controller, other", from the PCI Code and ID Assignment specification."""

_READERS: Final[Mapping[int, frozenset[int]]] = {
    0x104C: frozenset({0x8033, 0x803B, 0xAC4B, 0xAC4C, 0xAC8F}),  # Texas Instruments, flash media of CardBus bridges
    0x104D: frozenset({0x808A}),  # Sony
    0x10B9: frozenset({0x5471, 0x5473}),  # ULi
    0x10EC: frozenset({0x5208, 0x5288}),  # Realtek, those that rtsx_pci does not know
    0x1106: frozenset({0x365A, 0x401A}),  # VIA
    0x1179: frozenset({0x0804}),  # Toshiba, SmartMedia
    0x1180: frozenset({0x0592, 0x0852, 0xE230, 0xE852}),  # Ricoh
    0x1217: frozenset({0x7130, 0x8130, 0x8231, 0x8330, 0x8331}),  # O2 Micro
    0x14E4: frozenset({0x16BE, 0x16BF}),  # Broadcom, BCM57765/57785
    0x1524: frozenset({0x0520, 0x0530, 0x0610, 0x0720, 0x0730}),  # ENE
    0x1969: frozenset({0x2010, 0x3010}),  # Qualcomm Atheros
    0x197B: frozenset({0x2383, 0x2384, 0x2388, 0x2389, 0x2393, 0x2394}),  # JMicron
}
"""Device numbers by vendor."""


def is_card_reader(kind: int, vendor: int, device: int) -> bool:
    """Whether a PCI function of this 24-bit class code is a reader of memory cards, and nothing else."""
    return kind >> 8 == MASS_STORAGE and device in _READERS.get(vendor, ())
