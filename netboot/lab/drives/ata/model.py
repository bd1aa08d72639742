"""What a disk of this package is: its name plate and its abilities, fixed when it is made."""

from enum import StrEnum
from typing import Annotated

import msgspec


class Hiding(StrEnum):
    """How a disk lets a host hide its end: one of these, never two (ACS-3, “Accessible Max Address”)."""

    NONE = "none"
    HPA = "hpa"
    AMAC = "amac"


class AtaModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A disk as it left its factory. `rotation`: 1 is an SSD, else revolutions a minute.

    `physical_exponent`: 2 to this power logical sectors are a physical one (3: 4096 bytes). `settings_preserved`
    (SATA's Software Settings Preservation) keeps what a COMRESET would undo: a frozen disk stays frozen.
    """

    serial: Annotated[str, msgspec.Meta(max_length=20)]
    name: Annotated[str, msgspec.Meta(max_length=40)] = "NETBOOT LAB SSD"
    firmware: Annotated[str, msgspec.Meta(max_length=8)] = "LAB1.0"
    rotation: Annotated[int, msgspec.Meta(ge=0, lt=0xFFFF)] = 1
    wwn: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] = 0
    physical_exponent: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    security: bool = True
    enhanced_erase: bool = True
    sanitize_crypto: bool = True
    sanitize_block: bool = True
    sanitize_overwrite: bool = True
    antifreeze: bool = True
    encrypts: bool = False
    hiding: Hiding = Hiding.HPA
    overlay: bool = True
    trim: bool = True
    settings_preserved: bool = True
    self_test_seconds: Annotated[float, msgspec.Meta(ge=0)] = 20

    @property
    def sanitize(self) -> bool:
        """Whether it has any sanitize operation."""
        return self.sanitize_crypto or self.sanitize_block or self.sanitize_overwrite
