"""Everything that a master's manifest says, as lines for people: `netboot master show`.

Pure. Not for: what that means for the PCs that get it, in a few lines (`account.py`).
"""

from collections.abc import Iterator

from msgspec import UNSET

from netboot.masters.account import account
from netboot.shared.inventory import amount
from netboot.shared.manifest import LogicalVolume, Manifest, Partition, Understood
from netboot.store.stored import Stored


def describe(manifest: Manifest, stored: Stored) -> tuple[str, ...]:
    """The lines, in order; each says first what it is about."""
    table = "GPT" if manifest.table == "gpt" else "MBR"
    return (
        f"Name: {manifest.name} ({_titles(manifest)})",
        f"Version: {manifest.version}, made {manifest.created}",
        *(() if manifest.captured is UNSET else (f"Captured: by job {manifest.captured}",)),
        f"Licence: {manifest.licence}",
        *_origin(manifest),
        f"Manifest: {manifest.digest}",
        f"In the store: {_in_store(stored)}",
        f"Disk: {manifest.disk} bytes for {manifest.architecture}, {table} {manifest.table_id}".rstrip(),
        *(f"Partition {partition.number}: {_partition(partition)}" for partition in manifest.partitions),
        *_loaders(manifest),
        *account(manifest),
    )


def _origin(manifest: Manifest) -> Iterator[str]:
    if manifest.origin is not UNSET:
        way = ", who had it from ".join(f"“{one.workshop}”" for one in manifest.origin)
        yield f"Taken in from: {way} (there {manifest.origin[0].manifest})"


def _titles(manifest: Manifest) -> str:
    titles = [manifest.title] if manifest.titles is UNSET else list(manifest.titles.values())
    return ", ".join(f"“{title}”" for title in dict.fromkeys(titles))


def _in_store(stored: Stored) -> str:
    chunks = f"{amount(stored.size)}, {stored.chunks} chunk{'' if stored.chunks == 1 else 's'}"
    if not stored.missing:
        return f"{chunks}; masters share chunks that are the same"
    return f"{chunks}; {stored.missing} MISSING: no PC can get this master. Build or import it again"


def _partition(partition: Partition) -> str:
    parts = [partition.role, amount(partition.length), f"at byte {partition.start}"]
    if (inside := partition.filesystem) is None:
        parts.append("no file system that is known")
    else:
        label = f" “{inside.label}”" if inside.label else ""
        parts.append(f"{inside.kind}{label} {inside.uuid}".rstrip())
    if partition.grow:
        parts.append("grows")
    return "; ".join((", ".join(parts), *(_volume(volume) for volume in partition.volumes or ())))


def _volume(volume: LogicalVolume) -> str:
    inside = volume.filesystem
    kind = f"{inside.kind} {inside.uuid}".rstrip() if inside is not None else "no file system that is known"
    grows = ", grows" if volume.grow else ""
    return f"volume {volume.name}, {volume.role}, {amount(volume.length)}, {kind}{grows}"


def _loaders(manifest: Manifest) -> Iterator[str]:
    if manifest.uefi is not None:
        entry = manifest.uefi
        yield f"Boot entry: {entry.path} on partition {entry.partition}, “{entry.label}”"
    if manifest.understood is UNSET:
        yield "Understood: not kept, it is of an older netboot; build or import it again to know more"
        return
    yield from _understood(manifest.understood)


def _understood(understood: Understood) -> Iterator[str]:
    if understood.loaders:
        yield f"UEFI loaders: {', '.join(understood.loaders)}"
    if understood.generations:
        levels = ", ".join(f"{name} {level}" for name, level in sorted(understood.generations.items()))
        yield f"Their generations (SBAT): {levels}"
