"""The firmware's boot entry for the installed system, by efibootmgr: one of ours, first in the order.

The entry of the disk goes before the network, because the next person to switch this PC on is its new owner. Entries
that bear the same label are ours from an earlier imaging and are removed first, which also makes room in firmware that
is nearly full. What was written is read again: firmware is known to accept and forget (efibootmgr #19, #130).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.shared.errors import NetbootError
from netboot.shared.manifest import UefiLoader
from netboot.shared.process import run

_FIRMWARE: Final = Path("/sys/firmware/efi")
# efibootmgr 17 prints the label alone, 18 a tab and the device path after it.
_ENTRY: Final = re.compile(r"^Boot([0-9A-F]{4})([* ]) ([^\t]*)(?:\t.*)?$")
_ORDER: Final = re.compile(r"^BootOrder: ([0-9A-F]{4}(?:,[0-9A-F]{4})*)$")


@dataclass(frozen=True, slots=True)
class BootEntries:
    """The firmware's entries: `labels` by number (four hex digits), and the numbers in the order they are tried."""

    labels: dict[str, str]
    order: tuple[str, ...]

    def labelled(self, label: str) -> tuple[str, ...]:
        """The numbers of the entries with this label."""
        return tuple(number for number, known in self.labels.items() if known == label)


def parse_entries(text: str) -> BootEntries:
    """Read what efibootmgr (17 or 18) prints; lines of any other shape are passed over."""
    labels: dict[str, str] = {}
    order: tuple[str, ...] = ()
    for line in text.splitlines():
        if entry := _ENTRY.match(line):
            labels[entry[1]] = entry[3]
        elif order_line := _ORDER.match(line):
            order = tuple(order_line[1].split(","))
    return BootEntries(labels, order)


def started_by_uefi() -> bool:
    """Whether this PC's firmware is UEFI and was started as such."""
    return _FIRMWARE.is_dir()


def write_boot_entry(disk: Path, loader: UefiLoader) -> str:
    """Write the entry and return "Boot0003 label". Blocks; raises NetbootError when the firmware does not keep it."""
    for number in read_entries().labelled(loader.label):
        run(["efibootmgr", "--quiet", "--bootnum", number, "--delete-bootnum"], timeout=60)
    run(
        [
            "efibootmgr",
            "--quiet",
            "--create",
            "--disk",
            disk,
            "--part",
            str(loader.partition),
            "--label",
            loader.label,
            "--loader",
            loader.path.replace("/", "\\"),
        ],
        timeout=60,
    )
    entries = read_entries()
    ours = entries.labelled(loader.label)
    if not ours:
        raise NetbootError("the firmware did not keep the entry", hint="update the PC's firmware")
    if entries.order[:1] != ours[:1]:
        rest = [number for number in entries.order if number != ours[0]]
        run(["efibootmgr", "--quiet", "--bootorder", ",".join([ours[0], *rest])], timeout=60)
        if read_entries().order[:1] != ours[:1]:
            raise NetbootError("the firmware does not put the entry first", hint="set the boot order in its setup")
    return f"Boot{ours[0]} {loader.label}"


def read_entries() -> BootEntries:
    """The firmware's entries now. Blocks; raises ProgramError."""
    return parse_entries(run(["efibootmgr"], timeout=60).stdout)
