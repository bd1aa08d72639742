"""Tells the iPXE in a network adapter's ROM from the iPXE that it then loads, by the order of their dialogues.

Only for the virtual workshop, whose BIOS PCs have iPXE in their ROM: with `plain_pxe_first` that one is answered as the
plain PXE ROM of a real PC would be. The two send the same packets, so only the order tells them apart.
Not for: real PCs, where an iPXE is taken at its word.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

from netboot.dhcp.boot_client import BootClient, Firmware

MAX_ENTRIES = 4096

ROM_TO_LOADER = 120.0
"""Seconds from the ROM's last packet to the first of the iPXE it loads, at most; under emulation it takes about ten."""

LOADER_TO_ROM = 10.0
"""Seconds from the loaded iPXE's last packet to the ROM's first, at least: a menu and a restart lie between."""


@dataclass(frozen=True, slots=True)
class _Dialogue:
    of_rom: bool
    xid: int
    at: float


class RomDialogues:
    """Whose dialogue a PC is in: of each power-on the first is the ROM's, what follows is the loaded iPXE's."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, _Dialogue] = OrderedDict()

    def is_rom(self, mac: str, xid: int, now: float) -> bool:
        """Does this packet come from the ROM? `now` is in seconds on any steady clock."""
        last = self._last.pop(mac, None)
        if last is None:
            of_rom = True
        elif last.xid == xid:
            of_rom = last.of_rom
        elif last.of_rom:
            of_rom = now - last.at > ROM_TO_LOADER
        else:
            of_rom = now - last.at > LOADER_TO_ROM
        self._last[mac] = _Dialogue(of_rom, xid, now)
        if len(self._last) > MAX_ENTRIES:
            self._last.popitem(last=False)
        return of_rom

    def as_plain_rom(self, client: BootClient, now: float) -> BootClient:
        """The client as it is to be answered: the ROM's iPXE as if it were the plain PXE of a real PC's BIOS."""
        if client.ipxe is None or client.firmware is not Firmware.BIOS:
            return client
        if not self.is_rom(client.mac, client.packet.xid, now):
            return client
        return replace(client, ipxe=None, user_classes=())
