"""How much room a master has on its root, by its manifest alone: whether what a profile adds fits. Pure."""

from msgspec import UNSET

from netboot.shared.manifest import Manifest


def room_on_root(manifest: Manifest) -> int | None:
    """The bytes of its root's partition that hold nothing; None when it has no root, or that is not known, as of a
    volume of LVM."""
    root = manifest.root
    if root is None or root.volume is not None or root.partition.whole is not UNSET:
        return None
    around = root.partition
    inside = (min(end, around.end) - max(start, around.start) for start, end in manifest.used_ranges)
    return around.length - sum(length for length in inside if length > 0)
