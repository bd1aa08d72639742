"""ATA SECURITY ERASE UNIT, normal: the disk writes zeros or ones into all that its users can reach."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class AtaErased(FirmwareErased, frozen=True, kw_only=True, tag="ata-erase"):
    """What the disk did and said of it."""


KIND: Final = kind_of(
    AtaErased,
    "ATA SECURITY ERASE UNIT",
    "ATA SECURITY ERASE UNIT",
    short_fr="ATA Secure Erase",
    short_en="ATA Secure Erase",
)
