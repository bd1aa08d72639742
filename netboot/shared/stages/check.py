"""The check, as agent and server speak of it: the hardware is looked at again."""

from typing import Final

from netboot.shared.inventory import Inventory
from netboot.shared.stages.kind import Evidence, Kind, Order


class Check(Order, frozen=True, kw_only=True, tag="check"):
    """Look again at the hardware before anything is written."""


class CheckResult(Evidence, frozen=True, kw_only=True, tag="check"):
    """The hardware as it is now."""

    inventory: Inventory


KIND: Final = Kind(order=Check, result=CheckResult, writes=False)
