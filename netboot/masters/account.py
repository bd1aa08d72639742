"""A summary of a master for people: what it is, what grows, what customising can do, how it boots.

Made from its manifest alone, so that it can be shown at any time. Pure. Not for: the progress of an import.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, UnsetType

from netboot.masters.worth_shrinking import SHRINKABLE, kind_inside, mostly_free, why_it_keeps
from netboot.shared.growth import GROWABLE
from netboot.shared.inventory import BIOS_SECTOR, gigabytes, module_size
from netboot.shared.manifest import CUSTOMISABLE, LogicalVolume, Manifest, Needs, Partition, Repair, Understood
from netboot.shared.sentences.deploy import obstacle_in_words
from netboot.shared.stages.deploy import Named
from netboot.shared.uefi_start import loader_for, removable_path
from netboot.shared.windows import READY, Windows
from netboot.survey.named_growth import NotGrowingError, copied_behind, with_growing
from netboot.survey.places import behind, is_empty_extended
from netboot.survey.root_growth import least_disk

_ANY_DISK: Final = 8 * 10**12
"""Bytes: up to so much, how far a file system grows is worth a word. No PC's disk is larger."""
_LATE: Final = "what one asks for in vain is found out on the PC, after its erase"
_REPAIRED: Final[dict[Repair, str]] = {
    "protective-mbr": "the protective MBR was missing",
    "primary-gpt": "the partition table at its start was damaged",
    "backup-gpt": "the partition table's copy at its end was missing or damaged",
    "disk-end": "it was cut behind its last partition, so the partition table has a new end",
}


_IN_A_GROUP: Final = (
    "of its volumes the last one that is no swap grows, where it is in one piece, on "
    f"{', '.join(sorted(CUSTOMISABLE))}, and LVM may change the group"
)


def account(manifest: Manifest) -> tuple[str, ...]:
    """The lines, in order; each says first what it is about."""
    understood = manifest.understood if manifest.understood is not UNSET else Understood()
    return (
        f"What it is: {_system(manifest, understood)}.",
        f"Size: {_size(manifest)}.",
        *(f"Smaller disks: NO: {why}." for why in _keeps(manifest)),
        *(f"Taken whole: {_named(one)}, because {one.whole}." for one in manifest.partitions if one.whole),
        *(f"Repaired: {_REPAIRED[repair]}; the master has it right." for repair in understood.repaired),
        *(f"Needs: {need}." for need in _needs(manifest)),
        f"Grows: {_growth(manifest)}.",
        *(f"Grows when named: {line}." for line in _named_growth(manifest)),
        f"Customising: {_customising(manifest)}.",
        *(f"{line}." for line in _offers(manifest, understood)),
        *(f"Starts: {way}." for way in _starts(manifest, understood)),
    )


def sectors(manifest: Manifest) -> str:
    """The sector sizes of the disks that it fits, in bytes: "512 or 4096"."""
    sizes = [manifest.sector] if manifest.other is UNSET else sorted((manifest.sector, manifest.other.sector))
    return " or ".join(map(str, sizes))


def _system(manifest: Manifest, understood: Understood) -> str:
    root = manifest.root
    if root is not None:
        where = _named(root.partition) if root.volume is None else _in_volume(root.partition, root.volume)
        return f"{understood.system or 'no Linux that was found'}, its root on {where}"
    if manifest.windows is not None:
        return f"{_windows_name(manifest.windows)}, on partition {manifest.windows.partition}"
    if any(path.lower().endswith("/bootmgfw.efi") for path in understood.loaders):
        return "Windows, by its boot loader"
    around = manifest.not_customisable
    return f"{understood.system or 'a system'} inside {around}" if around != "?" else "no system that is known here"


def _windows_name(windows: Windows) -> str:
    state = f"its state is {windows.state}" if windows.state else "its state is not known"
    return f"{windows.name or 'a Windows'}; {state}"


def _size(manifest: Manifest) -> str:
    needed, used = gigabytes(manifest.disk), gigabytes(manifest.used)
    size = f"it needs a disk of {needed} with sectors of {sectors(manifest)} bytes; {used} are written to each PC"
    if manifest.shrunk_from is UNSET:
        return size
    return f"{size}. It was made smaller, from {gigabytes(manifest.shrunk_from)}, and grows again when it is customised"


def _keeps(manifest: Manifest) -> Iterator[str]:
    """Why it is not made to fit smaller disks, though it is mostly free."""
    partition = mostly_free(manifest.partitions, manifest.used_ranges, manifest.disk)
    if partition is not None and manifest.other is UNSET and kind_inside(partition) not in SHRINKABLE:
        yield why_it_keeps(partition)


def _needs(manifest: Manifest) -> Iterator[str]:
    needs = manifest.needs if manifest.needs is not UNSET else Needs()
    if needs.memory:
        yield f"a PC with {module_size(needs.memory)} of memory"
    if needs.disk > manifest.disk:
        yield f"a disk of {gigabytes(needs.disk)}, so that there is room to work"
    if len(needs.firmware) == 1:
        yield f"a PC that is started in {needs.firmware[0].upper()} mode"


def _growth(manifest: Manifest) -> str:
    growing = next((partition for partition in manifest.partitions if partition.grow), None)
    if growing is not None:
        volume = growing.growing_volume
        named = _named(growing) if volume is None else _in_volume(growing, volume)
        inside = growing.filesystem if volume is None else volume.filesystem
        most = inside.largest if inside is not None else UNSET
        moved = _moved_behind(manifest, growing)
        if most is UNSET or most > _ANY_DISK:
            return f"{named} takes the rest of a larger disk{moved}"
        if most <= (growing.length if volume is None else volume.length):
            return f"nothing; {named} is the last one, and its file system is of a form that does not grow"
        return f"{named} takes the rest of a larger disk up to {gigabytes(most)}; what is behind stays free{moved}"
    last = max(manifest.partitions, key=_comes_last)
    return f"nothing; {_why_it_stays(manifest, last)}"


def _why_it_stays(manifest: Manifest, last: Partition) -> str:
    named, kind = _named(last), last.filesystem.kind if last.filesystem is not None else ""
    if last.role == "recovery":
        return f"{named} is the last one, a recovery of a kind that stays as it is and where it is"
    if any(one.start >= last.end and is_empty_extended(one, manifest.partitions) for one in manifest.partitions):
        return f"behind {named} is an extended partition with nothing in it, which cannot be moved"
    most = last.filesystem.largest if last.filesystem is not None else UNSET
    if kind in GROWABLE and ((kind == "f2fs" and last.whole) or (most is not UNSET and most <= last.length)):
        return f"{named} is the last one, and its file system is in a state that does not grow"
    if (kind in GROWABLE or last.volumes) and _moved_behind(manifest, last):
        return (
            f"what is behind {named} stays where it is, since a change of the partition table would lose some of it: a "
            "hybrid MBR, or characters of a partition's name"
        )
    if last.volumes:
        return f"{named} is the last one, and {_IN_A_GROUP}"
    return f"{named} is the last one, and only {', '.join(sorted(GROWABLE))} grow, also in LVM"


def _named_growth(manifest: Manifest) -> Iterator[str]:
    """What a profile may name in place of what grows by itself, and why it may not name the others that could grow."""
    for one in manifest.partitions:
        if not one.grow and one.filesystem is not None and one.filesystem.kind in GROWABLE:
            moved = "".join(f"; {_named(other)} goes to the end" for other in behind(manifest.partitions, one))
            yield from _when_named(manifest, one.number, _named(one), moved, least_disk(manifest, one))
        for volume in one.volumes or ():
            if volume.grow or volume.filesystem is None or volume.filesystem.kind not in CUSTOMISABLE:
                continue
            moved = "".join(f"; {_in_volume(one, other)} goes to its end" for other in copied_behind(one, volume))
            yield from _when_named(
                manifest, volume.name, _in_volume(one, volume), moved, least_disk(manifest, one, volume)
            )


def _when_named(manifest: Manifest, named: Named, words: str, moved: str, least: int) -> Iterator[str]:
    try:
        with_growing(manifest, named)
    except NotGrowingError as error:
        if error.obstacle != "kind":
            yield f"{words} CANNOT: {obstacle_in_words('en', error.obstacle)}"
        return
    disks = f"on disks of {gigabytes(least)} and more" if moved else "on larger disks"
    yield f"{words}, by “deploy: {{grow: {named}}}” in a profile's options, {disks}{moved}"


def _comes_last(partition: Partition) -> tuple[bool, bool, int]:
    return partition.role != "extended", not partition.goes_to_the_end, partition.start


def _moved_behind(manifest: Manifest, growing: Partition) -> str:
    moved = [one for one in manifest.partitions if one.start >= growing.end and one.goes_to_the_end]
    return "".join(f"; {_named(one)} goes to the end of the disk" for one in moved)


def _customising(manifest: Manifest) -> str:
    obstacle = manifest.not_customisable
    if manifest.windows is not None:
        return _customising_windows(obstacle)
    if not obstacle:
        return (
            "each PC gets its own hostname, machine-id and SSH host keys; leases, secrets and logs of the prepared PC "
            "are taken out, and what was in memory out of its swap files"
        )
    reason = "no root file system was found" if obstacle == "?" else f"its root is on {obstacle}"
    return (
        f"IMPOSSIBLE, {reason}: each PC would keep this image's hostname, machine-id and SSH host keys. "
        "A profile with the stage customise is refused with this master, unless it says customise: none"
    )


def _offers(manifest: Manifest, understood: Understood) -> Iterator[str]:
    """What profiles can have of the installed system."""
    if manifest.not_customisable or manifest.windows is not None:
        return
    offers = understood.offers
    if offers is UNSET:
        yield f"What profiles can set is not known; {_LATE}"
        return
    known: tuple[tuple[str, tuple[str, ...] | bool | UnsetType], ...] = (
        ("locales", offers.locales),
        ("keyboards", offers.keyboards),
        ("time zones", offers.timezones),
        ("groups", offers.groups),
        ("accounts", offers.makes_accounts),
        ("scripts at the first start", offers.runs_scripts),
        ("a Wi-Fi network", offers.joins_wifi),
    )
    if can := [_counted(what, found) for what, found in known if found is not UNSET and found]:
        yield f"Profiles can set: {', '.join(can)}"
    if none := [what for what, found in known if found is not UNSET and not found]:
        yield f"Profiles CANNOT set: {', '.join(none)}; one that does is refused before an erase"
    unknown = [what for what, found in known if found is UNSET]
    unknown += ["what its fstab mounts"] if offers.mounts is UNSET else []
    if unknown:
        yield f"Not known: {', '.join(unknown)}; {_LATE}"
    if offers.mounts is not UNSET and offers.mounts:
        folders = ", ".join(f"/{folder}" for folder in offers.mounts)
        yield f"Mounts beside its root: {folders}; what lies there stays as it is, and no profile puts anything there"


def _counted(what: str, found: tuple[str, ...] | bool) -> str:
    return what if isinstance(found, bool) else f"{len(found)} {what}"


def _customising_windows(obstacle: str) -> str:
    if not obstacle:
        return (
            "each PC gets an answer file with its hostname, language, keyboard, time zone and the profile's accounts, "
            "and the profile's folders and files; what was in memory is taken out of its page files; "
            "an identity of its own Windows makes at its first start, when it asks the owner for an account too"
        )
    return (
        f"IMPOSSIBLE ({obstacle}): a Windows is customised once sysprep /generalize /oobe /shutdown has left it with "
        f"{READY}, and with no answer file of its own; else each PC keeps this one's name and identity. A profile with "
        "the stage customise is refused with this master, unless it says customise: none"
    )


def _starts(manifest: Manifest, understood: Understood) -> Iterator[str]:
    if manifest.understood is not UNSET:
        yield f"by BIOS, {_by_bios(manifest, understood)}"
    if manifest.uefi is None:
        yield "by UEFI, NO: there is no boot loader for x86 on an EFI system partition"
        return
    for loader in filter(None, dict.fromkeys((manifest.uefi, loader_for(manifest, 32)))):
        shim = loader.path.rsplit("/", 1)[1].lower().startswith(("shim", "bootmgfw"))
        yield (
            f"by UEFI of {loader.bits} bits with {loader.path}"
            f"{'' if shim else ', which Secure Boot may refuse (it is no shim)'}; "
            f"without a boot entry with {removable_path(manifest, loader) or 'a copy that is made on each PC'}"
        )


def _in_volume(partition: Partition, volume: LogicalVolume) -> str:
    kind = volume.filesystem.kind if volume.filesystem is not None else "unknown file system"
    return f"volume {volume.name} ({kind}) in partition {partition.number}"


def _by_bios(manifest: Manifest, understood: Understood) -> str:
    if not understood.bios:
        return "NO: there is no boot code"
    if manifest.sector != BIOS_SECTOR:
        return f"NO: no BIOS starts a disk with sectors of {manifest.sector} bytes"
    alone = "" if manifest.other is UNSET else f", of disks with sectors of {BIOS_SECTOR} bytes alone"
    return f"there is boot code in the first sector{alone}"


def _named(partition: Partition) -> str:
    kind = partition.filesystem.kind if partition.filesystem is not None else "unknown file system"
    return f"partition {partition.number} ({kind})"
