"""How large an ATA disk is beyond what it shows, as hdparm prints it: HPA, AMAC, DCO. Pure.

Sources: hdparm 9.65 (Debian 13), hdparm.c (-N, --dco-identify) and identify.c, dco_identify_print(); ATA/ATAPI-7,
the Host Protected Area and Device Configuration Overlay feature sets; ACS-4, Accessible Max Address Configuration,
which took the place of both. Behind a bridge, or with an answer that lacks its registers, hdparm prints figures that
are none ("0/1, HPA is enabled", of a USB stick): such are not told.
Not for: changing them.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

Way = Literal["hpa", "amac"]
_MAX: Final = re.compile(
    r"^\s*max sectors\s*=\s*(\d{1,20})/(\d{1,20}), (HPA is|ACCESSIBLE MAX ADDRESS) (enabled|disabled)\s*$", re.MULTILINE
)
_REAL_MAX: Final = re.compile(r"^\s*Real max sectors: (\d{1,20})\s*$", re.MULTILINE)
_REVISION: Final = re.compile(r"^DCO Revision: 0x[0-9a-f]{4}", re.MULTILINE)
_CHECKED: Final = "DCO Checksum verified."
_DOUBT: Final = ("SG_IO:", "failed:", "Checksum FAILED")


@dataclass(frozen=True, slots=True)
class MaxSectors:
    """The sectors that the disk shows, those that it has without its HPA or AMAC, and which of both it knows."""

    visible: int
    native: int
    way: Way

    @property
    def hidden(self) -> int:
        """How many sectors are not shown."""
        return self.native - self.visible


@dataclass(frozen=True, slots=True)
class ConfigurationOverlay:
    """The sectors that the disk has by its factory's setting."""

    sectors: int


def parse_max_sectors(transcript: str) -> MaxSectors | None:
    """From all that `hdparm -N` printed; None when it is not told."""
    found = _MAX.findall(transcript)
    if len(found) != 1 or any(word in transcript for word in _DOUBT):
        return None
    visible, native, way, word = found[0]
    sizes = MaxSectors(int(visible), int(native), "hpa" if way.startswith("HPA") else "amac")
    if not 1 < sizes.visible <= sizes.native < 2**48 or (sizes.hidden > 0) != (word == "enabled"):
        return None
    return sizes


def parse_overlay(transcript: str) -> ConfigurationOverlay | None:
    """From all that `hdparm --dco-identify` printed; None when it is not told: the disk has none, it is frozen, or its
    sum is wrong."""
    found = _REAL_MAX.findall(transcript)
    if len(found) != 1 or _CHECKED not in transcript or any(word in transcript for word in _DOUBT):
        return None
    sectors = int(found[0])
    return ConfigurationOverlay(sectors) if _REVISION.search(transcript) and 1 < sectors < 2**48 else None
