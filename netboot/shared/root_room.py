"""How much room a master has where its system is, by its manifest alone: whether what a profile adds fits. Pure."""

from msgspec import UNSET

from netboot.shared.manifest import Manifest, Partition


def room_on_root(manifest: Manifest) -> int | None:
    """The bytes of its root's or its Windows' partition that hold nothing; None when it has neither, or that is not
    known, as of a volume of LVM."""
    around = _around(manifest)
    if around is None or around.whole is not UNSET:
        return None
    inside = (min(end, around.end) - max(start, around.start) for start, end in manifest.used_ranges)
    return around.length - sum(length for length in inside if length > 0)


def _around(manifest: Manifest) -> Partition | None:
    if (root := manifest.root) is not None:
        return None if root.volume is not None else root.partition
    windows = manifest.windows
    return next((one for one in manifest.partitions if windows and one.number == windows.partition), None)
