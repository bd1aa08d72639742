"""The check, as agent and server speak of it: the hardware is looked at again."""

from msgspec import Struct

from netboot.shared.inventory import Inventory


class Check(Struct, frozen=True, kw_only=True, tag="check"):
    """Look again at the hardware before anything is written."""


class CheckResult(Struct, frozen=True, kw_only=True, tag="check"):
    """The hardware as it is now."""

    inventory: Inventory
