"""Lets the kernel forget a disk on a port of the PC's own and find it anew: with a reset of its link.

libata reads how large a disk is when it finds it. So one that has grown since is taken away and looked for: its port is
reset (COMRESET), which undoes a SET MAX that was for this once, and the disk is identified from the beginning.
Sources: Linux, drivers/scsi/scsi_sysfs.c (delete, scan), drivers/ata/libata-scsi.c, ata_scsi_user_scan().
Not for: disks behind USB, RAID or SAS. Nothing may be at work on the disk, nor on another of its cable (IDE has two).
"""

import re
import threading
import time
from pathlib import Path
from typing import Final

from netboot.agent.disks.claim import ReadDisks
from netboot.agent.host import Host
from netboot.shared.inventory import Disk

PATIENCE: Final = 60.0
"""Seconds for a disk to stop, start again and be known to udev."""
_EVERY: Final = 0.5
_HOST: Final = re.compile(r"/ata\d+/(host\d+)/")


def found_anew(disk: Disk, read_disks: ReadDisks, root: Path = Path("/")) -> Disk | None:
    """The same disk, found anew, of whatever size and name it now has; None where it did not come back. Blocks.

    It is the same by serial number, WWN and the port that it hangs on.
    """
    device = Host(root).real(f"sys/block/{disk.name}/device")
    port = _HOST.search(f"/{device}/")
    if port is None:
        return None
    # A thread of its own: one that waits for a dead disk never ends.
    words = ((root / device / "delete", "1"), (root / f"sys/class/scsi_host/{port[1]}/scan", "- - -"))
    thread = threading.Thread(target=_tell, args=(words,), daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    thread.join(PATIENCE)
    while not thread.is_alive() and time.monotonic() < until:
        found = [one for one in read_disks() if _is(one, disk)]
        if len(found) == 1:
            return found[0]
        time.sleep(_EVERY)
    return None


def _tell(words: tuple[tuple[Path, str], ...]) -> None:
    for path, word in words:
        try:
            path.write_text(word, encoding="ascii")
        except OSError:
            return


def _is(found: Disk, disk: Disk) -> bool:
    anew = found.id.sequence != disk.id.sequence
    same = (found.id.serial, found.id.wwn, found.id.path) == (disk.id.serial, disk.id.wwn, disk.id.path)
    return anew and same and found.id.size > 0
