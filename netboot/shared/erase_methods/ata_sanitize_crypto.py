"""ATA SANITIZE by CRYPTO SCRAMBLE EXT: the disk changes the key under which all its data is."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class AtaSanitizedByKey(FirmwareErased, frozen=True, kw_only=True, tag="ata-sanitize-crypto"):
    """What the disk did and said of it."""


KIND: Final = kind_of(
    AtaSanitizedByKey,
    "ATA SANITIZE, changement de la clé de chiffrement (Crypto Scramble)",
    "ATA SANITIZE, Crypto Scramble",
    short_fr="ATA SANITIZE, clé",
    short_en="ATA SANITIZE, key",
)
