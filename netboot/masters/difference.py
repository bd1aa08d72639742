"""What is different between two masters, or two versions of one, as lines for people: `netboot master diff`.

By their manifests: sizes, partitions, file systems, system, loaders, and the chunks that they share. Pure. Not for:
which files or packages differ; nothing is unpacked.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import UNSET, UnsetType

from netboot.masters.account import sectors
from netboot.shared.inventory import amount
from netboot.shared.manifest import Manifest, Partition, Understood
from netboot.shared.offers import Offers

_SHOWN: Final = 5
"""Names of a kind that are written out."""


@dataclass(frozen=True, slots=True)
class Share:
    """Some chunks, each counted once: `plain` their bytes on a disk, `packed` the bytes that they take in the store."""

    chunks: int
    plain: int
    packed: int


@dataclass(frozen=True, slots=True)
class Shares:
    """What two masters have in common, and what each has alone."""

    common: Share
    only_old: Share
    only_new: Share


def shares(old: Manifest, new: Manifest, packed: Mapping[str, int]) -> Shares:
    """How the chunks of two masters lie. `packed`: the bytes of each chunk's frame; one that is missing counts none."""
    was = {chunk.sha256: chunk.length for chunk in old.every_chunk}
    now = {chunk.sha256: chunk.length for chunk in new.every_chunk}

    def share(lengths: Mapping[str, int]) -> Share:
        return Share(len(lengths), sum(lengths.values()), sum(packed.get(sha256, 0) for sha256 in lengths))

    return Shares(
        common=share({sha256: length for sha256, length in was.items() if sha256 in now}),
        only_old=share({sha256: length for sha256, length in was.items() if sha256 not in now}),
        only_new=share({sha256: length for sha256, length in now.items() if sha256 not in was}),
    )


def difference(old: Manifest, new: Manifest, shared: Shares) -> tuple[str, ...]:
    """The lines, in order: what is the same is left out, but for the chunks."""
    lines = (
        *_changed("Title", f"“{old.title}”", f"“{new.title}”"),
        *_changed("Licence", old.licence, new.licence),
        *_changed("Architecture", old.architecture, new.architecture),
        *_changed("System", _understood(old).system or "not known", _understood(new).system or "not known"),
        *_changed("Smallest disk", amount(old.disk), amount(new.disk)),
        *_changed("Sectors", f"{sectors(old)} bytes", f"{sectors(new)} bytes"),
        *_changed("Partition table", old.table.upper(), new.table.upper()),
        *_changed("Written to each PC", amount(old.used), amount(new.used)),
        *_partitions(old, new),
        *_changed("Windows", _windows(old), _windows(new)),
        *_changed("Boot entry", _entry(old), _entry(new)),
        *_changed("UEFI loaders", _loaders(old), _loaders(new)),
        *_changed("Generations (SBAT)", _generations(old), _generations(new)),
        *_offers(_understood(old).offers, _understood(new).offers),
    )
    return (
        *(lines or ("Nothing else that the manifests say differs.",)),
        f"In both: {_share(shared.common)}",
        f"Only in {old.name} {old.version}: {_share(shared.only_old)}",
        f"Only in {new.name} {new.version}: {_share(shared.only_new)}",
    )


def _changed(what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield f"{what}: {old} → {new}"


def _partitions(old: Manifest, new: Manifest) -> Iterator[str]:
    was = {partition.number: _partition(partition) for partition in old.partitions}
    now = {partition.number: _partition(partition) for partition in new.partitions}
    for number in sorted(was.keys() | now.keys()):
        yield from _changed(f"Partition {number}", was.get(number, "none"), now.get(number, "none"))


def _partition(partition: Partition) -> str:
    inside = partition.filesystem
    label = f" “{inside.label}”" if inside is not None and inside.label else ""
    kind = f"{inside.kind}{label}" if inside is not None else "no file system that is known"
    size = f"{amount(partition.length)} at byte {partition.start}"
    return f"{partition.role}, {kind}, {size}{', grows' if partition.grow else ''}"


def _windows(manifest: Manifest) -> str:
    windows = manifest.windows
    return f"{windows.name or '?'}, {windows.state or '?'}" if windows is not None else "none"


def _entry(manifest: Manifest) -> str:
    return manifest.uefi.path if manifest.uefi is not None else "none"


def _loaders(manifest: Manifest) -> str:
    return ", ".join(_understood(manifest).loaders) or "none known"


def _generations(manifest: Manifest) -> str:
    levels = sorted(_understood(manifest).generations.items())
    return ", ".join(f"{name} {level}" for name, level in levels) or "none known"


def _offers(old: Offers | UnsetType, new: Offers | UnsetType) -> Iterator[str]:
    """Names that profiles can ask for, or that other file systems are mounted at: where both versions tell them."""
    if old is UNSET or new is UNSET:
        return
    for what, was, now in (
        ("Locales", old.locales, new.locales),
        ("Keyboards", old.keyboards, new.keyboards),
        ("Time zones", old.timezones, new.timezones),
        ("Groups", old.groups, new.groups),
        ("Accounts", old.accounts, new.accounts),
        ("Mounts beside the root", old.mounts, new.mounts),
    ):
        if was is not UNSET and now is not UNSET and set(was) != set(now):
            words = (_some("gone", set(was) - set(now)), _some("new", set(now) - set(was)))
            yield f"{what}: {'; '.join(filter(None, words))}"


def _some(word: str, names: Collection[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{word} {', '.join(sorted(names)[:_SHOWN])}{more}"


def _understood(manifest: Manifest) -> Understood:
    return manifest.understood if manifest.understood is not UNSET else Understood()


def _share(share: Share) -> str:
    chunks = f"{share.chunks} chunk{'' if share.chunks == 1 else 's'}"
    return f"{amount(share.plain)} in {chunks}, packed {amount(share.packed)}"
