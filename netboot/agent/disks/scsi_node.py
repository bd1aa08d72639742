"""The device by which a SCSI disk is asked something: its generic one (/dev/bsg), where the kernel has it.

A disk that is still at work on a sanitize when the kernel finds it, after a power cut, refuses to be read (SBC-4 4.11).
The kernel tries for minutes, looking for partitions (drivers/scsi/scsi_lib.c, scsi_io_completion_action: "sanitize in
progress" is tried again later), and whoever opens its block device waits meanwhile (block/bdev.c, open_mutex): seen of
Linux 6.12, to the sanitize's end. The generic device is opened at once.
Not for: reading and writing, and what has to reach the very disk that is held.
"""

import re
from typing import Final

from netboot.agent.host import Host

_UNIT: Final = re.compile(r"\d+:\d+:\d+:\d+")
"""Host, channel, target and logical unit: the name of a SCSI device in sysfs and below /dev/bsg (block/bsg.c)."""


def generic_node(host: Host, name: str) -> str:
    """The path of the disk's generic device, of its block device where there is none."""
    unit = host.target_name(f"sys/block/{name}/device")
    return f"/dev/bsg/{unit}" if _UNIT.fullmatch(unit) and host.exists(f"dev/bsg/{unit}") else f"/dev/{name}"
