"""What a disk says about itself before and after an erase, as evidence: identity, hidden area (HPA), SMART health.

From the inventory, hdparm (`-N`: visible and native sectors, ATA only) and smartctl (JSON). A tool that is missing or
a device that does not answer leaves its lines out, but an ATA disk that does not say whether it hides an area has
`hidden` "not told"; nothing here fails a job by itself. Parsers are pure.
"""

import re
from typing import Final

import msgspec

from netboot.errors import NetbootError
from netboot.inventory import Disk
from netboot.process import run

_ATA: Final = frozenset({"sata", "ata"})
_MAX_SECTORS: Final = re.compile(r"^ *max sectors *= *(\d{1,15})/(\d{1,15}), HPA is (enabled|disabled)", re.MULTILINE)
_SECONDS: Final = 30.0


class _SmartStatus(msgspec.Struct):
    passed: bool


class _Smart(msgspec.Struct):
    smart_status: _SmartStatus


def disk_status(disk: Disk) -> dict[str, str]:
    """Ask the disk; blocks for a minute at worst. Short texts; `size` in bytes, `*_sectors` in logical sectors."""
    status = {
        "name": disk.name,
        "serial": disk.id.serial,
        "wwn": disk.id.wwn,
        "firmware": disk.firmware,
        "size": str(disk.id.size),
        "logical_sector": str(disk.logical_sector),
    }
    device = f"/dev/{disk.name}"
    if disk.transport in _ATA:
        sectors = parse_max_sectors(_output("hdparm", "-N", device), disk.id.size, disk.logical_sector)
        if sectors is None:
            status["hidden"] = "not told"
        else:
            status["visible_sectors"], status["native_sectors"] = map(str, sectors)
    health = parse_health(_output("smartctl", "--json", "--health", device))
    if health:
        status["smart"] = health
    return {key: value for key, value in status.items() if value}


def parse_max_sectors(text: str, size: int, sector: int) -> tuple[int, int] | None:
    """(visible, native) sectors from `hdparm -N`, None when it does not say or contradicts the kernel's size.

    Behind USB bridges and RAID drivers hdparm prints such numbers as 0/1 and still ends with status 0.
    """
    found = _MAX_SECTORS.search(text)
    if found is None:
        return None
    visible, native = int(found[1]), int(found[2])
    return (visible, native) if visible * sector == size and native >= visible else None


def parse_health(text: str) -> str:
    """SMART's overall verdict from `smartctl --json --health`: "passed", "failed", or "" when there is none."""
    try:
        return "passed" if msgspec.json.decode(text, type=_Smart).smart_status.passed else "failed"
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


def hidden_bytes(status: dict[str, str], sector: int) -> int:
    """How many bytes the disk hides behind its visible end, as far as it told."""
    return (int(status.get("native_sectors", 0)) - int(status.get("visible_sectors", 0))) * sector


def _output(*command: str) -> str:
    try:
        # smartctl's exit status is a set of bits about the disk's health, not about the call.
        return run(command, expect=None, timeout=_SECONDS).stdout
    except NetbootError:
        return ""
