"""What a disk says that it can do to erase itself, and the state that this is in, as the inventory keeps it.

None is *not told*, and is never *cannot*: the disk is of another kind, stands behind a bridge that nobody asks through,
or gave no answer that can be believed in the time that it had. What a disk cannot do it says: then the word is False.
Nothing here counts up, such as progress or hours do: an inventory is kept once, and one disk has few of these.
That a disk says it can erase itself proves nothing; an overwrite asks no more of it than to take writes.

Sources: ATA/ATAPI Command Set ACS-3 and -4, IDENTIFY DEVICE (words 59, 82, 89, 90, 128), the Security and Sanitize
Device feature sets; NVM Express base specification 2.0, Identify Controller (OACS, FNA, SANICAP), the sanitize log;
TCG Storage Opal SSC 2.01, Level 0 Discovery; SBC-4, SANITIZE.
Not for: asking (`agent/disks/abilities.py`); which method is taken.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Seconds = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Bytes = Annotated[int, Meta(ge=0, le=2**63 - 1)]
SectorSize = Literal[512, 4096]
AtaSanitizeState = Literal["idle", "frozen", "running", "failed"]
LONGEST: Final = 3 * 86_400
"""Seconds for which a drive is waited for at most because it announced them, whatever it announced. One pass over
30 TB, more than any disk of a PC has, takes 2.3 days at 150 MB/s; what moves on is waited for anyway."""
ScsiSanitizeState = Literal["idle", "running", "failed"]
NvmeSanitizeState = Literal["never", "done", "running", "failed"]


class Announced(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How long a disk says that something takes. `or_longer`: it has no number for more than that."""

    seconds: Seconds
    or_longer: bool = False


class AtaSecurity(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """ATA's passwords, and with them SECURITY ERASE UNIT.

    `enabled`: a password is set. `locked`: it must be given before anything is read or written. `frozen`: no command
    about passwords or erasing is taken until power goes off and on, a reset or a resume. `expired`: too many wrong
    passwords since power came. `maximum`: of a password that is set, that the master's does not unlock, only erase.
    `enhanced`: the enhanced erase is there too. The times are the two erases'.
    """

    supported: bool
    enabled: bool = False
    locked: bool = False
    frozen: bool = False
    expired: bool = False
    maximum: bool = False
    enhanced: bool = False
    time: Announced | None = None
    enhanced_time: Announced | None = None


class AtaSanitize(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """ATA's SANITIZE. ATA has no field for how long one takes: only its progress tells.

    `antifreeze`: it can be told to take no freeze. `state`: that of its Sanitize Device state machine.
    """

    supported: bool
    crypto: bool = False
    block: bool = False
    overwrite: bool = False
    antifreeze: bool = False
    state: AtaSanitizeState | None = None


class NvmeFormat(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """NVMe's Format. One that erases user data (SES 1) goes with it, one by a change of key (SES 2) if `crypto`.

    `formats_all`, `erases_all`: asked for one namespace, it does it to every one of the drive. `sectors`: which sizes
    (of those that a master may have), in bytes and without metadata, its sectors can be given by it.
    """

    supported: bool
    crypto: bool = False
    formats_all: bool = False
    erases_all: bool = False
    sectors: Annotated[tuple[SectorSize, ...], Meta(max_length=2)] = ()


class SanitizeTimes(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How long each kind of sanitize takes by the drive's estimate; an overwrite is one of sixteen passes."""

    crypto: Seconds | None = None
    block: Seconds | None = None
    overwrite: Seconds | None = None


class NvmeSanitize(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """NVMe's Sanitize, by its kinds. `state` is that of the last one.

    `no_deallocate`: the host can ask that the blocks stay allocated, so that what is read after is what is there;
    `times_no_deallocate` are then meant. `purges_on_demand`: it can be asked to purge as IEEE 2883 means it or to fail,
    and its log says that it did (TP4218).
    """

    crypto: bool = False
    block: bool = False
    overwrite: bool = False
    no_deallocate: bool = False
    purges_on_demand: bool = False
    times: SanitizeTimes = SanitizeTimes()
    times_no_deallocate: SanitizeTimes = SanitizeTimes()
    state: NvmeSanitizeState | None = None

    @property
    def supported(self) -> bool:
        """Whether there is any kind of it."""
        return self.crypto or self.block or self.overwrite


class Opal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """TCG's locks on an Opal drive, by its Level 0 Discovery; a drive without them has none of this.

    `owned`: somebody switched them on. `locked`: a range of it, or all, is shut. `shadow`: its first sectors read as a
    start program of its own (MBR shadow). `encrypts`: it says that what it stores is enciphered.
    """

    owned: bool = False
    locked: bool = False
    shadow: bool = False
    encrypts: bool = False

    @property
    def shut(self) -> bool:
        """Whether something of it cannot be read or written."""
        return self.locked or self.shadow


class ScsiSanitize(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """SCSI's SANITIZE, by its kinds; how long one takes it does not say. `state` is that of one that runs or failed."""

    crypto: bool = False
    block: bool = False
    overwrite: bool = False
    state: ScsiSanitizeState | None = None

    @property
    def supported(self) -> bool:
        """Whether there is any kind of it."""
        return self.crypto or self.block or self.overwrite


class Discard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Discard (TRIM, UNMAP, Deallocate): `most` bytes by one command, 0 where there is none. It is no erasure."""

    most: Bytes
    granularity: Bytes = 0


class Abilities(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that one disk told of it."""

    ata_security: AtaSecurity | None = None
    ata_sanitize: AtaSanitize | None = None
    nvme_format: NvmeFormat | None = None
    nvme_sanitize: NvmeSanitize | None = None
    opal: Opal | None = None
    scsi_sanitize: ScsiSanitize | None = None
    discard: Discard | None = None
