"""What is ordered of a disk so that it gives back what it hides behind its end, one order after the other. Pure.

First the maximum address, by SET MAX ADDRESS EXT or ACS-3's SET ACCESSIBLE MAX ADDRESS EXT, lasting; then the overlay,
whose RESTORE a disk refuses while its maximum address hides something. A disk that has no overlay any more may hide the
rest by its maximum address again, but takes one lasting SET MAX between two power-ons: the second order is given, and
a disk that refuses it keeps what it hides until the next visit.
Sources: ATA8-ACS and ACS-2, the Host Protected Area and Device Configuration Overlay feature sets; ACS-4, Accessible
Max Address Configuration feature set.
Not for: giving the orders (`give_back.py`), what the ends mean (`shared/disk_status.py`).
"""

from collections.abc import Sequence
from typing import Final

from netboot.shared.disk_status import DiskStatus
from netboot.shared.given_back import Area

_MOST: Final[dict[Area, int]] = {"max-address": 2, "overlay": 1}


def next_order(status: DiskStatus, given: Sequence[Area]) -> Area | None:
    """What is ordered next of a disk that says this of its ends, after the orders that were given; None for nothing.

    Only figures count: a disk that does not tell where it ends is left as it is, and its verdict says so.
    """
    visible, native, real = status.ends
    if not isinstance(visible, int) or not isinstance(native, int):
        return None
    area: Area | None = None
    if visible < native:
        area = "max-address"
    elif isinstance(real, int) and native < real:
        area = "overlay"
    return area if area is not None and list(given).count(area) < _MOST[area] else None


def hides(status: DiskStatus) -> bool:
    """Whether it says that it hides something, or that cannot be known any more."""
    visible, native, real = status.ends
    return not isinstance(visible, int) or visible != native or (isinstance(real, int) and real != native)
