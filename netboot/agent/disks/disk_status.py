"""Asks a disk what it says about itself before and after an erase (`shared/disk_status.py`).

From the inventory, hdparm (ATA only: `-N` for visible and native sectors, `--dco-identify` for real ones) and smartctl
(JSON). A tool that is missing, or a device that does not answer, is *not told*; native sectors are *unclear* when the
answer about them cannot be true, real ones when its checksum is wrong. Parsers are pure; what follows for the verdict
is `shared/erase_outcome.py`'s.
"""

import re
from typing import Final, Literal

import msgspec

from netboot.shared.disk_ports import speaks_ata
from netboot.shared.disk_status import DiskStatus, Sectors
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk
from netboot.shared.process import run

_NOT_ASKED: Final[tuple[Sectors, Sectors, Sectors]] = ("not-asked", "not-asked", "not-asked")
_MAX_SECTORS: Final = re.compile(
    r"^ *max sectors *= *(\d{1,15})/(\d{1,15}), (?:HPA is|ACCESSIBLE MAX ADDRESS) (enabled|disabled)$", re.MULTILINE
)
_DCO: Final = re.compile(r"^DCO Revision: 0x000[12]$", re.MULTILINE)
_SUM_RIGHT: Final = re.compile(r"^DCO Checksum verified\.$", re.MULTILINE)
_SUM_WRONG: Final = "DCO Checksum FAILED!"
_REAL_SECTORS: Final = re.compile(r"^\s*Real max sectors: (\d{1,15})$", re.MULTILINE)
_SECONDS: Final = 30.0


class _SmartStatus(msgspec.Struct):
    passed: bool


class _Smart(msgspec.Struct):
    smart_status: _SmartStatus


def disk_status(disk: Disk) -> DiskStatus:
    """Ask the disk; blocks for two minutes at worst."""
    device = f"/dev/{disk.name}"
    visible, native, real = _ends(device, disk) if speaks_ata(disk) else _NOT_ASKED
    return DiskStatus(
        name=disk.name,
        serial=disk.id.serial,
        wwn=disk.id.wwn,
        firmware=disk.firmware,
        size=disk.id.size,
        logical_sector=disk.logical_sector,
        visible_sectors=visible,
        native_sectors=native,
        real_sectors=real,
        smart=parse_health(_output("smartctl", "--json", "--health", device)),
    )


def parse_max_sectors(text: str, size: int, sector: int) -> tuple[int, int] | None:
    """(visible, native) sectors from `hdparm -N`, None when it does not say or contradicts the kernel's size.

    Behind USB bridges and RAID drivers hdparm prints such numbers as 0/1 and still ends with status 0.
    """
    match = _MAX_SECTORS.search(text)
    if match is None:
        return None
    visible, native = int(match[1]), int(match[2])
    return (visible, native) if visible * sector == size and native >= visible else None


def parse_real_sectors(text: str, least: int) -> Sectors:
    """The sectors the disk was made with, from `hdparm --dco-identify`; `least` is how many it has at any rate.

    "not-told" when it has no overlay, lets nobody ask (many setups freeze it), or answers with what cannot be true:
    zeros have the right checksum, and hdparm prints them as a revision "unknown" and still ends with status 0.
    "unclear" when the checksum is wrong (hdparm.c, dco_verify_checksum): hdparm prints the figures all the same.
    """
    if _SUM_WRONG in text:
        return "unclear"
    match = _REAL_SECTORS.search(text)
    if match is None or _DCO.search(text) is None or _SUM_RIGHT.search(text) is None:
        return "not-told"
    return int(match[1]) if int(match[1]) >= least else "not-told"


def parse_health(text: str) -> Literal["passed", "failed", "not-told"]:
    """SMART's overall verdict from `smartctl --json --health`."""
    try:
        return "passed" if msgspec.json.decode(text, type=_Smart).smart_status.passed else "failed"
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "not-told"


def _ends(device: str, disk: Disk) -> tuple[Sectors, Sectors, Sectors]:
    """Where an ATA disk ends: for whoever reads it, without its host protected area, and without its overlay."""
    size, sector = disk.id.size, disk.logical_sector
    visible = size // sector
    answer = _output("hdparm", "-N", device)
    sectors = parse_max_sectors(answer, size, sector)
    real = parse_real_sectors(_output("hdparm", "--dco-identify", device), sectors[1] if sectors else visible)
    if sectors is None:
        native: Sectors = "unclear" if "max sectors" in answer else "not-told"
    else:
        native = sectors[1]
    return visible, native, real


def _output(*command: str) -> str:
    try:
        # smartctl's exit status is a set of bits about the disk's health, not about the call.
        return run(command, expect=None, timeout=_SECONDS).stdout
    except NetbootError:
        return ""
