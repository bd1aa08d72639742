"""ATA SECURITY ERASE UNIT, enhanced: the disk writes its maker's pattern, also where sectors were replaced."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class AtaErasedEnhanced(FirmwareErased, frozen=True, kw_only=True, tag="ata-erase-enhanced"):
    """What the disk did and said of it."""


KIND: Final = kind_of(
    AtaErasedEnhanced,
    "ATA SECURITY ERASE UNIT étendu (Enhanced)",
    "ATA SECURITY ERASE UNIT, Enhanced",
    short_fr="ATA Secure Erase étendu",
    short_en="ATA Secure Erase, enhanced",
)
