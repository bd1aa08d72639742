"""In what condition a file system is before a master is made of it, by its own tools: sound, taken whole, or refused.

- **Refused**: what its own check finds damaged, since every PC would get the damage; a Windows that is hibernated (its
  Fast Startup hibernates at every shutdown) or marked for a check, since it would wake up on other hardware, or start
  with a check that nobody waits for; BitLocker, whose key the first PC keeps; a Linux that is hibernated.
- **Taken whole**: what was switched off while it worked but has a journal, or a log, to put it right: the PC that gets
  it does that at its first start. Its check would call what only the journal knows damage, and a map of its used blocks
  would leave that out. Also what has features that its tools here do not know, and what is encrypted by LUKS.
- A tool that fails, ends too early or says nothing has not found a file system sound: that is refused too.

Tools get the partition as a read-only device and are told to change nothing. Not for: which blocks are in use
(`used_ranges.py`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.fields import one_line
from netboot.shared.growth import HEAD, SUPERBLOCK
from netboot.shared.manifest import Partition
from netboot.shared.process import Command, Completed, ends_with_us, run
from netboot.survey.btrfs import SUPERBLOCK as BTRFS_SUPERBLOCK
from netboot.survey.btrfs import btrfs_map_problem
from netboot.survey.disk_file import DiskFile
from netboot.survey.fat_check import fat_damage, was_left_dirty
from netboot.survey.features import unknown_features, wants_repair
from netboot.survey.journals import UNCLEAN, ext_map_problem, has_journal_to_replay, xfs_map_problem
from netboot.survey.loop import loop_device

_AGAIN: Final = "then make the image, or the capture, again"
_WINDOWS_OFF: Final = (
    f"in Windows, as administrator: powercfg /hibernate off, then shutdown /s /t 0 (not Restart), {_AGAIN}"
)
_WINDOWS_CHECK: Final = f"in Windows, as administrator: chkdsk /f, restart twice, then shutdown /s /t 0, {_AGAIN}"
_BITLOCKER: Final = (
    "in Windows, as administrator: manage-bde -off C: (and every other drive), wait until manage-bde -status says "
    f"“Fully Decrypted”, shut down, {_AGAIN}"
)
_LONGEST: Final = 2 * 3600
"""Seconds that one check may take."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`refused`: why no master may be made with it, and `cure`, what to do. `whole`: why it is taken as a whole. All ""
    when it is sound."""

    refused: str = ""
    cure: str = ""
    whole: str = ""


SOUND: Final = Condition()


def condition_of(disk: DiskFile, partition: Partition) -> Condition:
    """Have the file system of this partition checked, nothing written. Raises ProgramError. Needs root."""
    kind = partition.filesystem.kind if partition.filesystem is not None else ""
    if kind in _BY_NAME:
        return _BY_NAME[kind]
    check = _CHECKS.get(kind)
    if check is None:
        return SOUND
    head = disk.read(partition.start, min(partition.start + HEAD, partition.end))
    if unknown := unknown_features(kind, head):
        return Condition(whole=unknown)
    with loop_device(disk.path, offset=partition.start, length=partition.length) as device:
        return check(device, head)


def require_takeable(
    disk: DiskFile, partitions: Iterable[Partition], progress: Callable[[str], None]
) -> Mapping[int, str]:
    """Check every file system. Gives those of which no map of used blocks can be trusted, by number, and why. Raises
    NetbootError for the first that no master may be made with. Needs root."""
    unclear = {}
    for partition in partitions:
        kind = partition.filesystem.kind if partition.filesystem is not None else ""
        if kind in _CHECKS:
            progress(f"partition {partition.number} ({kind}): checking")
        condition = condition_of(disk, partition)
        if condition.refused:
            raise NetbootError(
                f"partition {partition.number} ({kind}) of {disk.name} makes no master: {condition.refused}",
                hint=condition.cure,
            )
        if condition.whole:
            unclear[partition.number] = condition.whole
    return unclear


def _ext(device: Path, head: bytes) -> Condition:
    superblock = head[SUPERBLOCK]
    if has_journal_to_replay(superblock):
        return Condition(whole=UNCLEAN)
    done = _checked(["e2fsck", "-f", "-n", device])
    if done.status:
        return _damaged("e2fsck", done, "e2fsck -f")
    return Condition(whole=ext_map_problem(superblock))


def _xfs(device: Path, head: bytes) -> Condition:
    if wants_repair(head):
        return Condition("a repair of it was broken off", f"repair it (xfs_repair), {_AGAIN}")
    unclear = xfs_map_problem(device)
    if unclear == UNCLEAN:
        return Condition(whole=unclear)
    done = _checked(["xfs_repair", "-n", device])
    return _damaged("xfs_repair", done, "xfs_repair") if done.status else Condition(whole=unclear)


def _btrfs(device: Path, head: bytes) -> Condition:
    if unclear := btrfs_map_problem(head[BTRFS_SUPERBLOCK]):
        return Condition(whole=unclear)
    done = _checked(["btrfs", "check", "--readonly", device])
    return _damaged("btrfs check", done, "see btrfs-check(8) before --repair") if done.status else SOUND


def _f2fs(device: Path, head: bytes) -> Condition:
    if head[_F2FS_SECOND_DEVICE]:
        return Condition(whole="it lies on several devices")
    return judge_f2fs(_checked(["fsck.f2fs", "--dry-run", device]))


def judge_f2fs(done: Completed) -> Condition:
    """By what `fsck.f2fs --dry-run` (f2fs-tools) said: it ends with status 0 after some of what it calls [Fail]."""
    state = _F2FS_STATE.search(done.stdout)
    if done.status or "[Fail]" in done.stdout or "[FSCK]" not in done.stdout or state is None:
        return _damaged("fsck.f2fs", done, "fsck.f2fs -f")
    return SOUND if int(state[1], 16) & _F2FS_UNMOUNTED else Condition(whole=UNCLEAN)


def _fat(device: Path, _: bytes) -> Condition:
    done = _checked(["fsck.fat", "-n", device])
    damage = fat_damage(done.stdout + done.stderr) if done.status in (0, 1) else f"status {done.status}"
    if damage:
        return Condition(f"fsck.fat finds damage: {damage}", f"mend it (fsck.fat -a), {_AGAIN}")
    return Condition(whole=UNCLEAN) if was_left_dirty(done.stdout) else SOUND


def _exfat(device: Path, head: bytes) -> Condition:
    done = _checked(["fsck.exfat", "-n", device])
    if done.status:
        return _damaged("fsck.exfat", done, "fsck.exfat")
    return Condition(whole=UNCLEAN) if head[_EXFAT_FLAGS] & _EXFAT_DIRTY else SOUND


def _ntfs(device: Path, _: bytes) -> Condition:
    # The device is read-only: it only says whether Windows left it so that it could be written to.
    probed = _checked(["ntfs-3g.probe", "--readwrite", device])
    if probed.status:
        return _NTFS_PROBED.get(probed.status, _damaged("ntfs-3g.probe", probed, "chkdsk /f"))
    done = _checked(["ntfsresize", "--info", "--no-action", "--no-progress-bar", "--bad-sectors", device])
    if "scheduled for check" in done.stdout:
        return Condition("Windows marked it for a check", _WINDOWS_CHECK)
    if done.status or "Space in use" not in done.stdout:
        return Condition(f"ntfsresize finds it inconsistent ({_last(done)})", _WINDOWS_CHECK)
    return SOUND


def _checked(command: Command) -> Completed:
    return run(ends_with_us(command), expect=None, timeout=_LONGEST)


def _damaged(tool: str, done: Completed, cure: str) -> Condition:
    return Condition(f"{tool} finds it damaged (status {done.status}: {_last(done)})", f"repair it ({cure}), {_AGAIN}")


def _last(done: Completed) -> str:
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    return one_line(lines[-1]) if lines else "it said nothing"


_F2FS_STATE: Final = re.compile(r"checkpoint state = ([0-9a-f]{1,8}) ")
_F2FS_UNMOUNTED: Final = 0x1
_F2FS_SECOND_DEVICE: Final = 1024 + 2201  # the first letter of its first device's path: one alone has no name
_EXFAT_FLAGS: Final = 106
_EXFAT_DIRTY: Final = 0x2
# As ntfs-3g.probe(8) has them.
_NTFS_PROBED: Final[Mapping[int, Condition]] = {
    14: Condition("a Windows that uses it is hibernated, as its Fast Startup leaves it", _WINDOWS_OFF),
    15: Condition("Windows was not shut down", _WINDOWS_OFF),
}
_BY_NAME: Final[Mapping[str, Condition]] = {
    "BitLocker": Condition("it is encrypted by BitLocker, and only the PC that it comes from has the key", _BITLOCKER),
    "swsuspend": Condition(
        "the Linux that uses it is hibernated, its memory is in it", f"start that PC, shut it down whole, {_AGAIN}"
    ),
    "crypto_LUKS": Condition(whole="it is encrypted by LUKS"),
}
_CHECKS: Final[Mapping[str, Callable[[Path, bytes], Condition]]] = {
    "ext2": _ext,
    "ext3": _ext,
    "ext4": _ext,
    "xfs": _xfs,
    "btrfs": _btrfs,
    "f2fs": _f2fs,
    "vfat": _fat,
    "exfat": _exfat,
    "ntfs": _ntfs,
}
