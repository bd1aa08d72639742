"""What an AHCI controller of the lab and its disks are, as their owner writes it."""

from typing import Annotated

import msgspec

from netboot.lab.drives.ata.attached import SataDisk


class AhciSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="ahci"):
    """One controller, with a disk on each of its ports."""

    socket: str
    disks: Annotated[tuple[SataDisk, ...], msgspec.Meta(min_length=1, max_length=32)]
