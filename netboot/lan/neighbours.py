"""The MAC address of a neighbour on our own segment, from the kernel's ARP table (/proc/net/arp, proc(5)).

Of a PC behind a router or a relay the table knows nothing. Not for: asking the LAN (`dhcp/arp_probe.py`).
"""

from pathlib import Path
from typing import Final

TABLE: Final = Path("/proc/thread-self/net/arp")
_COMPLETE: Final = 0x2
"""ATF_COM of if_arp.h: the neighbour has answered."""


def adapter_of(address: str, table: Path = TABLE) -> str:
    """The MAC address that the kernel has for this neighbour, "" when it knows none."""
    try:
        lines = table.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return ""
    for line in lines:
        # IP address, HW type, Flags, HW address, Mask, Device
        fields = line.split()
        if len(fields) == 6 and fields[0] == address and int(fields[2], 16) & _COMPLETE:
            return fields[3].lower()
    return ""
