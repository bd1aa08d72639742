"""The manifest of a master: its disk's geometry, partitions and boot loader, and the chunks that hold its used parts.

A manifest is signed by the workshop's key (Ed25519) and named by the SHA-256 of its payload. It travels as:

    18 bytes   b"netboot-manifest1\\n"
    64 bytes   Ed25519 signature over the magic and the payload
    the rest   the payload: the manifest as JSON, in the one form that `payload` gives

The signature is checked over the exact bytes before any of them is parsed. A chunk is named by the SHA-256 of its
plain bytes; how it is kept and sent (a zstd frame) is not said here. What no chunk covers is not in use on the master
and is never written. A chunk of zeros is a chunk like any other, because an erased disk does not hold zeros.
Not for: where manifests and chunks are kept (`store/`), how they are made (`masters/`). All sizes are bytes.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from netboot.shared.fields import Digest, Identifier
from netboot.shared.growth import EXT, goes_to_the_end
from netboot.shared.inventory import Size, Text
from netboot.shared.language import Language
from netboot.shared.manifest_faults import wrong_chunks, wrong_partitions
from netboot.shared.offers import Offers
from netboot.shared.windows import Windows

MAGIC: Final = b"netboot-manifest1\n"
SIGNATURE_LENGTH: Final = 64
LENGTH_LIMIT: Final = 16 * 1024 * 1024
"""Longest signed manifest that is read, in bytes: some 150,000 chunks."""
CHUNK_LIMIT: Final = 4 * 1024 * 1024
"""Longest chunk that may stand in a manifest, in bytes; `survey/pieces.py` says which length is made."""
CUSTOMISABLE: Final = EXT | {"xfs", "btrfs"}
"""The root file systems, as blkid names them, inside which the agent can make a system a PC's own."""

Line = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z")]
# A part that is only dots is no name of a file, and the agents hand the path on to firmware.
EfiPath = Annotated[str, Meta(max_length=200, pattern=r"^(/(?!\.+/)[A-Za-z0-9._-]+)+\.(efi|EFI)\Z")]
MASTER_NAME: Final = r"[0-9A-Za-z_][0-9A-Za-z._-]{0,63}"
MasterName = Annotated[str, Meta(pattern=rf"^{MASTER_NAME}\Z", description="a letter, digit or _, then also . and -")]
"""A master's name is a file's name in the store as well: it never begins with a dot, nor like an option."""
Kind = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z_][0-9A-Za-z_.+-]*\Z")]
VolumeName = Annotated[
    str, Meta(max_length=255, pattern=r"^[0-9A-Za-z_+.][0-9A-Za-z_+.-]*/[0-9A-Za-z_+.][0-9A-Za-z_+.-]*\Z")
]
Role = Literal["bios-boot", "esp", "boot", "root", "home", "swap", "data", "recovery", "reserved", "extended", "other"]

Repair = Literal["protective-mbr", "primary-gpt", "backup-gpt", "disk-end"]
FirmwareMode = Literal["bios", "uefi"]
REMOVABLE_PATHS: Final = frozenset({"/efi/boot/bootx64.efi", "/efi/boot/bootia32.efi", "/efi/boot/bootaa64.efi"})


class ManifestError(ValueError):
    """Bytes that are no manifest of this workshop, or one that contradicts itself."""


class ForeignManifestError(ManifestError):
    """A manifest that another key signed."""


class FileSystem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file system as blkid names it: `kind` is ext4, vfat, ntfs, swap…; `uuid` in blkid's own writing.

    `largest` is the length in bytes to which it can be grown; missing for one that grows with any disk, or with none.
    """

    kind: Kind
    uuid: Text = ""
    label: Text = ""
    largest: Size | UnsetType = UNSET


class LogicalVolume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A volume of LVM: `name` is its group's and its own, `length` that of all its extents. `start` is where in the
    partition it begins; missing where it lies in pieces, LVM may not move it, and in older masters."""

    name: VolumeName
    length: Annotated[int, Meta(gt=0, le=2**63 - 1)]
    role: Role = "other"
    grow: bool = False
    filesystem: FileSystem | None = None
    start: Size | UnsetType = UNSET


class Partition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One partition. `type` is a GUID in lower case (gpt) or two hex digits (dos), `uuid` its PARTUUID.

    `grow` marks the one partition, and in LVM the volume, that takes the rest of a larger disk: the last one that does
    not go to the end itself. `whole` is why all of it was taken, free parts too, for people; missing where only what is
    in use was. `volumes` are those of a physical volume of LVM that was understood; missing in older masters.
    """

    number: Annotated[int, Meta(ge=1, le=128)]
    start: Size
    length: Annotated[int, Meta(gt=0, le=2**63 - 1)]
    type: Annotated[str, Meta(pattern=r"^[0-9a-f-]{1,36}\Z")]
    uuid: Annotated[str, Meta(pattern=r"^[0-9a-f-]{0,36}\Z")] = ""
    name: Annotated[str, Meta(max_length=36)] = ""
    role: Role = "other"
    grow: bool = False
    filesystem: FileSystem | None = None
    whole: Line | UnsetType = UNSET
    volumes: Annotated[tuple[LogicalVolume, ...], Meta(max_length=128)] | UnsetType = UNSET

    @property
    def end(self) -> int:
        """The first byte after the partition."""
        return self.start + self.length

    @property
    def goes_to_the_end(self) -> bool:
        """Whether it is moved when one before it grows."""
        return goes_to_the_end(self.filesystem.kind if self.filesystem is not None else "", self.type, self.length)

    @property
    def growing_volume(self) -> LogicalVolume | None:
        """The volume of LVM in it that takes what it has more."""
        return next((volume for volume in self.volumes or () if volume.grow), None)


@dataclass(frozen=True, slots=True)
class Root:
    """Where an installed system is: on a file system in this partition, or in this volume of LVM there."""

    partition: Partition
    volume: LogicalVolume | None
    filesystem: FileSystem | None


class UefiLoader(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The boot loader that the firmware's boot entry names: a file on the ESP, and the entry's label."""

    partition: Annotated[int, Meta(ge=1, le=128)]
    path: EfiPath
    label: Line

    @property
    def bits(self) -> Literal[32, 64]:
        """Which UEFI starts it, by the file's name: loaders end as UEFI 2.10 §3.5.1.1 has it for the removable path."""
        return 32 if self.path.lower().endswith("ia32.efi") else 64

    @classmethod
    def named(cls, path: str, partition: int) -> "UefiLoader":
        """The loader of this path, its entry labelled as the folder that it is in, as systems' installers do."""
        parts = path.split("/")
        return cls(partition=partition, path=path, label=parts[min(2, len(parts) - 1)])


class Understood(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was understood of the disk when it was taken in, for people and for the judge before an erase.

    `system`: the installed Linux by its own os-release, "Linux" when that is not there, "" when none was found.
    `bios`: there is boot code in the first sector. `loaders`: all UEFI loaders on the ESP, in order of choice.
    `repaired`: which parts of the partition table were wrong in the image, and are right in the master.
    `generations`: the lowest of each component (SBAT) among the UEFI loaders that it starts by.
    `offers`: what the system has of what a profile may ask for; missing where nobody looked, or could.
    `windows`: the installed Windows; missing where none was found, and in masters of before it was looked for.
    `plain`: the table can be written with partitions elsewhere and loses nothing; missing in masters of before.
    """

    system: Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")] = ""
    bios: bool = False
    loaders: Annotated[tuple[EfiPath, ...], Meta(max_length=64)] = ()
    repaired: Annotated[tuple[Repair, ...], Meta(max_length=8)] = ()
    generations: Annotated[
        dict[Annotated[str, Meta(max_length=64)], Annotated[int, Meta(ge=0, lt=10**9)]], Meta(max_length=64)
    ] = {}
    offers: Offers | UnsetType = UNSET
    windows: Windows | UnsetType = UNSET
    plain: bool | UnsetType = UNSET

    @property
    def removable(self) -> tuple[str, ...]:
        """The removable paths (UEFI 2.10 §3.5.1.1) among the loaders: what firmware starts without a boot entry."""
        return tuple(path for path in self.loaders if path.lower() in REMOVABLE_PATHS)


class Origin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A workshop that a master came from: its name and its public key, and the digest of its own manifest of this."""

    workshop: Line
    key: Digest
    manifest: Digest


class Needs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a PC must have for it, by whoever made it: `memory` that is fitted and `disk` in bytes, 0 for any.

    `firmware`: how a PC may be started that gets it.
    """

    memory: Size = 0
    disk: Size = 0
    firmware: Annotated[tuple[FirmwareMode, ...], Meta(min_length=1, max_length=2)] = ("bios", "uefi")


class Chunk(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`length` bytes at `offset` of the disk; `sha256` of the plain bytes is the chunk's name. In JSON: a list."""

    offset: Size
    length: Annotated[int, Meta(gt=0, le=CHUNK_LIMIT)]
    sha256: Digest

    @property
    def end(self) -> int:
        """The first byte after the chunk."""
        return self.offset + self.length


class OtherSectors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The master on disks of another sector size: between the bytes `start` and `end` of the disk the chunks are the
    manifest's own, before and behind they are these (the partition table, the ESP)."""

    sector: Literal[512, 4096]
    start: Size
    end: Size
    chunks: Annotated[tuple[Chunk, ...], Meta(min_length=1)]


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of one master. `disk` is the smallest disk it fits on; `sector` the sector size of the disks that
    `chunks` are for, and `other` what is otherwise on those of the other size (missing: it fits none).

    `licence` is an SPDX expression, `created` a UTC time, `architecture` Debian's name, `table_id` the disk's GUID
    (gpt) or its signature in hex (dos). `uefi` is None when the master has no boot loader for UEFI. `understood`,
    `titles` (the title by language) and `needs` are missing in masters of before they were kept. `origin`: the workshop
    that it was taken in from, then the one that this had it from, as each said; missing in masters made here.
    `shrunk_from`: how large the disk was before its last file system was made smaller to fit smaller disks; missing
    where it has its own size. `captured`: the job whose capture it is; missing for all others.
    """

    format: Literal[1] = 1
    name: MasterName
    version: Annotated[Identifier, Meta(min_length=1)]
    title: Line
    licence: Line
    created: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")]
    architecture: Literal["amd64", "i386", "arm64"]
    sector: Literal[512, 4096]
    disk: Annotated[int, Meta(gt=0, le=2**63 - 1)]
    table: Literal["gpt", "dos"]
    table_id: Annotated[str, Meta(pattern=r"^[0-9a-f-]{0,36}\Z")] = ""
    partitions: Annotated[tuple[Partition, ...], Meta(min_length=1, max_length=128)]
    uefi: UefiLoader | None = None
    understood: Understood | UnsetType = UNSET
    chunks: Annotated[tuple[Chunk, ...], Meta(min_length=1)]
    origin: Annotated[tuple[Origin, ...], Meta(min_length=1, max_length=8)] | UnsetType = UNSET
    shrunk_from: Size | UnsetType = UNSET
    titles: dict[Language, Line] | UnsetType = UNSET
    needs: Needs | UnsetType = UNSET
    captured: Annotated[Identifier, Meta(min_length=1)] | UnsetType = UNSET
    other: OtherSectors | UnsetType = UNSET

    def on_sectors(self, size: int) -> "Manifest | None":
        """The master as it lies on a disk with sectors of `size` bytes; None when it fits none such."""
        if size == self.sector or (other := self.other) is UNSET or other.sector != size:
            return self if size == self.sector else None
        shared = [chunk for chunk in self.chunks if other.start <= chunk.offset and chunk.end <= other.end]
        chunks = sorted((*other.chunks, *shared), key=lambda chunk: chunk.offset)
        return msgspec.structs.replace(self, sector=other.sector, chunks=tuple(chunks), other=UNSET)

    @property
    def every_chunk(self) -> tuple[Chunk, ...]:
        """The chunks for disks of any sector size: what the store must keep."""
        return self.chunks if self.other is UNSET else (*self.chunks, *self.other.chunks)

    @property
    def used(self) -> int:
        """How many bytes of the disk the chunks cover: what is written, and what is read back."""
        return sum(chunk.length for chunk in self.chunks)

    @property
    def used_ranges(self) -> tuple[tuple[int, int], ...]:
        """What the chunks cover, as (start, end) with neighbours joined."""
        ranges: list[tuple[int, int]] = []
        for chunk in self.chunks:
            start = ranges.pop()[0] if ranges and ranges[-1][1] == chunk.offset else chunk.offset
            ranges.append((start, chunk.end))
        return tuple(ranges)

    @property
    def digest(self) -> str:
        """The manifest's name: the SHA-256 of its payload, 64 hex digits."""
        return hashlib.sha256(payload(self)).hexdigest()

    @property
    def root(self) -> Root | None:
        """Where the installed system is, None when no partition and no volume is its root."""
        plain = (Root(one, None, one.filesystem) for one in self.partitions if one.role == "root")
        volumes = (Root(one, volume, volume.filesystem) for one in self.partitions for volume in one.volumes or ())
        return next(plain, None) or next((one for one in volumes if one.volume and one.volume.role == "root"), None)

    @property
    def windows(self) -> Windows | None:
        """The Windows that customising is about: none beside a Linux, which is what is customised then."""
        found = UNSET if self.understood is UNSET or self.root is not None else self.understood.windows
        return None if found is UNSET else found

    @property
    def not_customisable(self) -> str:
        """ "" when the agent can make the system on it a PC's own, else what stands against it: the file system that
        its root is on, what a Windows lacks, "?" when no root was found."""
        if self.windows is not None:
            return self.windows.obstacle
        if (root := self.root) is None:
            kinds = [partition.filesystem.kind for partition in self.partitions if partition.filesystem is not None]
            return next((kind for kind in kinds if kind in _AROUND_A_ROOT), "?")
        kind = root.filesystem.kind if root.filesystem is not None else "?"
        if kind not in CUSTOMISABLE:
            return kind
        return "?" if self.understood is not UNSET and not self.understood.system else ""


_AROUND_A_ROOT: Final = frozenset({"LVM2_member", "crypto_LUKS", "zfs_member", "linux_raid_member"})
_decoder = msgspec.json.Decoder(Manifest)


def payload(manifest: Manifest) -> bytes:
    """The manifest as JSON, in its one form: fields in the order they are declared, no white space."""
    return msgspec.json.encode(manifest)


def require_sound(manifest: Manifest) -> None:
    """Raises ManifestError when no agent would accept it, however it is signed."""
    body = payload(manifest)
    if len(MAGIC) + SIGNATURE_LENGTH + len(body) > LENGTH_LIMIT:
        raise ManifestError(f"{len(manifest.chunks)} chunks make a manifest of more than {LENGTH_LIMIT >> 20} MiB")
    _parse(body)


def sign(manifest: Manifest, key: SigningKey) -> bytes:
    """The signed manifest, ready to be kept and sent. Raises ManifestError when no agent would accept it."""
    require_sound(manifest)
    body = MAGIC + payload(manifest)
    return MAGIC + key.sign(body).signature + body[len(MAGIC) :]


def parse_signed(data: bytes, public_key: bytes) -> Manifest:
    """Check the signature, then read the manifest. `public_key` is the workshop's, 32 bytes. Raises ManifestError."""
    if len(data) > LENGTH_LIMIT:
        raise ManifestError(f"a manifest of {len(data)} bytes; at most {LENGTH_LIMIT} are read")
    start = len(MAGIC) + SIGNATURE_LENGTH
    if not data.startswith(MAGIC) or len(data) <= start:
        raise ManifestError("these bytes are no signed manifest")
    signature, body = data[len(MAGIC) : start], data[start:]
    try:
        VerifyKey(public_key).verify(MAGIC + body, signature)
    except (CryptoError, TypeError, ValueError) as error:
        raise ForeignManifestError("the manifest's signature is not this workshop's") from error
    return _parse(body)


def parse_own(data: bytes) -> Manifest:
    """Read a signed manifest from the server's own store, its signature not checked: never what came over the network
    (`parse_signed`). Raises ManifestError."""
    if not data.startswith(MAGIC) or len(data) > LENGTH_LIMIT:
        raise ManifestError("these bytes are no signed manifest")
    return _parse(data[len(MAGIC) + SIGNATURE_LENGTH :])


def digest_of(data: bytes) -> str:
    """The name under which these signed bytes are kept. Says nothing about the signature."""
    return hashlib.sha256(data[len(MAGIC) + SIGNATURE_LENGTH :]).hexdigest()


def _parse(body: bytes) -> Manifest:
    try:
        manifest = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ManifestError(str(error)[:300]) from error
    if payload(manifest) != body:
        raise ManifestError("the manifest is not written in its one form")
    fault = _fault(manifest) or _fault_of_other(manifest)
    if fault:
        raise ManifestError(fault)
    return manifest


def _fault(manifest: Manifest) -> str:
    disk, sector = manifest.disk, manifest.sector
    loader = manifest.uefi.partition if manifest.uefi is not None else None
    return wrong_partitions(manifest.partitions, disk, sector, loader) or wrong_chunks(manifest.chunks, disk, sector)


def _fault_of_other(manifest: Manifest) -> str:
    if (other := manifest.other) is UNSET:
        return ""
    fitted = manifest.on_sectors(other.sector)
    if fitted is None or other.sector == manifest.sector:
        return "it is said twice for one sector size"
    if any(chunk.offset < edge < chunk.end for chunk in manifest.every_chunk for edge in (other.start, other.end)):
        return "a chunk lies across an end of what both sector sizes have in common"
    fault = _fault(fitted)
    return fault and f"for sectors of {other.sector} bytes: {fault}"
