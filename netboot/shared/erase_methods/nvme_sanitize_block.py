"""NVMe Sanitize by Block Erase: the drive itself erases every block, those out of reach too."""

from typing import Final

from netboot.shared.erase_methods.firmware import FirmwareErased, kind_of


class NvmeSanitizedByBlocks(FirmwareErased, frozen=True, kw_only=True, tag="nvme-sanitize-block"):
    """What the drive did and said of it."""


KIND: Final = kind_of(
    NvmeSanitizedByBlocks,
    "NVMe Sanitize, effacement par blocs (Block Erase)",
    "NVMe Sanitize, Block Erase",
    short_fr="NVMe Sanitize, blocs",
    short_en="NVMe Sanitize, blocks",
)
