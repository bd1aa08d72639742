"""What an NVMe drive of the lab is: what its owner writes, and what it tells of itself."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.tcg.spec import OpalSpec

_Text = r"^[\x20-\x7e]*$"


class Purge(StrEnum):
    """What a drive says of purging as IEEE 2883 means it (TP4218)."""

    UNSAID = "unsaid"
    """It does not know the question."""
    DONE = "done"
    """Each sanitize purges, and is reported so when it was asked for."""
    ONLY_CLEARS = "only-clears"
    """None does: one that is asked to purge fails."""


class Namespace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One namespace: its image, and its sectors' size as it left the factory (a Format may change it)."""

    image: str
    sector: Literal[512, 4096] = 512


class NvmeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="nvme"):
    """One drive. The default knows all three sanitize actions, and Format with SES 0, 1 and 2.

    Without `format_user_data` it refuses SES 1, as no drive may by the standard.
    `format_all` and `erase_all` are FNA's first two bits: a Format, or its secure erase, is about every namespace.
    `inhibits_no_deallocate`: NDI, the drive deallocates even if it is told not to. `opal`: it has TCG's locks.
    """

    socket: str
    namespaces: Annotated[tuple[Namespace, ...], msgspec.Meta(min_length=1, max_length=16)]
    serial: Annotated[str, msgspec.Meta(max_length=20, pattern=_Text)]
    model: Annotated[str, msgspec.Meta(max_length=40, pattern=_Text)] = "NETBOOT LAB NVME"
    firmware: Annotated[str, msgspec.Meta(max_length=8, pattern=_Text)] = "LAB1"
    behaviour: Behaviour = Behaviour()
    sanitize: tuple[Literal["block", "crypto", "overwrite"], ...] = ("block", "crypto", "overwrite")
    inhibits_no_deallocate: bool = False
    purge: Purge = Purge.UNSAID
    format: bool = True
    format_user_data: bool = True
    format_crypto: bool = True
    format_all: bool = False
    erase_all: bool = False
    self_test_seconds: Annotated[float, msgspec.Meta(ge=0)] | None = 10
    opal: OpalSpec | None = None
    percentage_used: Annotated[int, msgspec.Meta(ge=0, le=255)] = 3

    @property
    def sanicap(self) -> int:
        """Identify Controller's SANICAP (Base §5.17.2.1)."""
        bits = {"crypto": 1, "block": 2, "overwrite": 4}
        value = sum(bits[action] for action in set(self.sanitize))
        if value:
            value |= (self.inhibits_no_deallocate << 29) | (1 << 30)  # NODMMAS: nothing more is done to the media
            value |= (self.purge is not Purge.UNSAID) << 5
        return value

    @property
    def fna(self) -> int:
        """Format NVM Attributes (Base §5.17.2.1)."""
        return self.format_all | self.erase_all << 1 | self.format_crypto << 2
