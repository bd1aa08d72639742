"""What SCSI disks of the lab are, as their owner writes it."""

from typing import Annotated, Literal

import msgspec

from netboot.lab.drives.behaviour import Behaviour

SanitizeKind = Literal["block", "crypto", "overwrite"]


class ScsiModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A disk as it left its factory. `rotation`: 1 is an SSD, else revolutions a minute. `sanitize`: its kinds; none:
    it does not know the command. `lists_commands`: it knows REPORT SUPPORTED OPERATION CODES."""

    serial: Annotated[str, msgspec.Meta(max_length=20)]
    name: Annotated[str, msgspec.Meta(max_length=16)] = "LAB SAS SSD"
    firmware: Annotated[str, msgspec.Meta(max_length=4)] = "0001"
    rotation: Annotated[int, msgspec.Meta(ge=0, lt=0xFFFF)] = 1
    wwn: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] = 0
    sanitize: tuple[SanitizeKind, ...] = ("block", "crypto", "overwrite")
    lists_commands: bool = True


class ScsiDisk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One disk: its image, which has its capacity, what it is, how it behaves. `grown`: defects that it had before."""

    image: str
    model: ScsiModel
    behaviour: Behaviour = Behaviour()
    grown: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0


class ScsiSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="scsi"):
    """One host, with a disk as each of its targets, from 0 on."""

    socket: str
    disks: Annotated[tuple[ScsiDisk, ...], msgspec.Meta(min_length=1, max_length=16)]
