"""TCG Opal's Revert by the PSID of its label: the drive changes its keys and forgets who had locked it."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class OpalReverted(FirmwareErased, frozen=True, kw_only=True, tag="opal-revert"):
    """What the drive did and said of it."""


KIND: Final = kind_of(
    OpalReverted,
    "TCG Opal, retour à l'état d'usine par le code PSID (Revert)",
    "TCG Opal, Revert by its PSID",
    short_fr="TCG Opal Revert",
    short_en="TCG Opal Revert",
)
