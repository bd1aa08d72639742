"""What a disk hid behind its end and was made to give back before it was erased, as agent and server speak of it.

The three ways to hide an end are those of `disk_status.py`. Pure. Not for: ordering it (`agent/erase/give_back.py`).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from netboot.shared.disk_status import Sectors
from netboot.shared.erase_methods.firmware import Accepted
from netboot.shared.inventory import Size, Text

Area = Literal["max-address", "overlay"]
"""max-address: the HPA, or what ACS-3 put in its place (AMAC). overlay: the DCO."""


class GiveBackOrder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order to the disk, and whether it took it."""

    area: Area
    command: Text
    accepted: Accepted
    said: Text = ""


class GivenBack(Struct, frozen=True, kw_only=True):
    """Where the disk ended when it was found, in sectors, as `DiskStatus` has them; what was ordered of it; and how
    many bytes it had for everybody after a reset of its own, 0 where it did not come back."""

    visible: Sectors
    native: Sectors
    real: Sectors
    orders: Annotated[tuple[GiveBackOrder, ...], Meta(max_length=4)] = ()
    size: Size = 0
