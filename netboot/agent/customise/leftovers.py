"""What the prepared PC left in its master: leases, secrets, names of adapters and disks, the journal and other logs,
and its memory in swap files.

The system makes each anew when it needs it (systemd, "Safely Building Images"). A log that is written to stays, empty,
with its owner and mode: not every program makes its own again; what was rotated goes. Only what is on the root's own
file system; logs that a link leads to elsewhere (/var or /var/log itself) stay, for that may be anybody's.
Not for: what a PC is given instead (`installed_system.py`), how a swap file is cleared (`swap_files.py`).
"""

import re
import stat
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final, get_args

from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.swap_files import clear_swap_files, count_swap_files
from netboot.shared.errors import NetbootError
from netboot.shared.stages.customise import Leftover

PLACES: Final[Mapping[Leftover, tuple[str, ...]]] = {
    # By NetworkManager (timestamps and seen-bssids tell where the PC has been), dhclient on Debian and on Fedora,
    # dhcpcd with its DUID and secret, and openSUSE's wicked. systemd-networkd keeps its own in /run.
    "dhcp-leases": (
        "var/lib/NetworkManager/*.lease", "var/lib/NetworkManager/timestamps", "var/lib/NetworkManager/seen-bssids",
        "var/lib/dhcp/*.lease*", "var/lib/dhclient/*.lease*", "var/lib/dhcpcd/*.lease*", "var/lib/dhcpcd/duid",
        "var/lib/dhcpcd/secret", "etc/dhcpcd.duid", "etc/dhcpcd.secret", "var/lib/wicked/lease-*.xml",
        "var/lib/wicked/duid.xml",
    ),
    "network-secret": ("var/lib/NetworkManager/secret_key",),
    "system-secret": ("var/lib/systemd/credential.secret",),
    "adapter-names": ("etc/udev/rules.d/70-persistent-net.rules", "etc/udev/rules.d/70-persistent-cd.rules"),
    # By serial numbers (lvmdevices(8)): with it, LVM passes over the disk of every other PC; without, it looks at all.
    "lvm-devices": ("etc/lvm/devices/system.devices",),
}  # fmt: skip
_LOGS: Final = "var/log"
_JOURNAL: Final = re.compile(r"var/log/journal/.*\.journal~?")
_ROTATED: Final = re.compile(r".*(\.(\d+|old|gz|xz|bz2|zst)|-\d{8})")
_DEEPEST: Final = 12
_FILES_MOST: Final = 200_000


def forget_leftovers(tree: InstalledTree) -> dict[Leftover, int]:
    """Remove them, empty logs and swap files; how many files of each kind. Raises NetbootError, OSError."""
    forgotten = _nothing()
    for what, name in _leftovers(tree):
        if what == "logs" and _ROTATED.fullmatch(name) is None:
            tree.empty(name)
        else:
            tree.remove(None, name)
        forgotten[what] += 1
    forgotten["swap"] = clear_swap_files(tree)
    return forgotten


def count_leftovers(tree: InstalledTree) -> dict[Leftover, int]:
    """How many there are of each kind. Raises NetbootError, OSError."""
    counted = _nothing()
    for what, _ in _leftovers(tree):
        counted[what] += 1
    counted["swap"] = count_swap_files(tree)
    return counted


def _nothing() -> dict[Leftover, int]:
    return dict.fromkeys(get_args(Leftover), 0)


def _leftovers(tree: InstalledTree) -> list[tuple[Leftover, str]]:
    found: list[tuple[Leftover, str]] = []
    for what, patterns in PLACES.items():
        for pattern in patterns:
            folder, _, last = pattern.rpartition("/")
            names = (f"{folder}/{name}" for name in tree.names(folder) if fnmatchcase(name, last))
            found += ((what, name) for name in names if not tree.is_folder(name))
    linked = any(tree.is_link(folder) for folder in ("var", _LOGS))
    for name in () if linked else _files_below(tree, _LOGS, _DEEPEST):
        found.append(("journal" if _JOURNAL.fullmatch(name) else "logs", name))
        if len(found) > _FILES_MOST:
            raise NetbootError("/var/log of the master holds too many files", hint="empty it in the master")
    return found


def _files_below(tree: InstalledTree, folder: str, deepest: int) -> Iterator[str]:
    """The files with something in them, none by way of a link."""
    for name in tree.names(folder):
        path = f"{folder}/{name}"
        status = tree.status(path)
        if status is None:
            continue
        if stat.S_ISDIR(status.st_mode) and deepest:
            yield from _files_below(tree, path, deepest - 1)
        elif stat.S_ISREG(status.st_mode) and status.st_size:
            yield path
