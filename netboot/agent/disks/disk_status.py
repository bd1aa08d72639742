"""What a disk says about itself before and after an erase, as evidence: identity, hidden areas, SMART health.

From the inventory, hdparm (ATA only) and smartctl (JSON). An ATA disk can end early in two ways: by its host protected
area, called accessible maximum address since ACS-3 (`hdparm -N`: visible and native sectors), and before that by its
device configuration overlay (`hdparm --dco-identify`: real sectors), which ACS-3 took away. A tool that is missing or a
device that does not answer leaves its lines out, but of an ATA disk `hidden` and `dco` are then NOT_TOLD; `hidden` is
UNCLEAR when what it says cannot be true. Parsers are pure; what follows for the verdict is `erase/stage.py`'s.
"""

import re
from typing import Final

import msgspec

from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk
from netboot.shared.process import run

_ATA: Final = frozenset({"sata", "ata"})
NOT_TOLD: Final = "not told"
UNCLEAR: Final = "unclear"
_MAX_SECTORS: Final = re.compile(
    r"^ *max sectors *= *(\d{1,15})/(\d{1,15}), (?:HPA is|ACCESSIBLE MAX ADDRESS) (enabled|disabled)$", re.MULTILINE
)
_DCO: Final = re.compile(r"^DCO Revision: 0x000[12]$", re.MULTILINE)
_REAL_SECTORS: Final = re.compile(r"^\s*Real max sectors: (\d{1,15})$", re.MULTILINE)
_SECONDS: Final = 30.0


class _SmartStatus(msgspec.Struct):
    passed: bool


class _Smart(msgspec.Struct):
    smart_status: _SmartStatus


def disk_status(disk: Disk) -> dict[str, str]:
    """Ask the disk; blocks for two minutes at worst. Short texts; `size` in bytes, `*_sectors` in logical sectors."""
    status = {
        "name": disk.name,
        "serial": disk.id.serial,
        "wwn": disk.id.wwn,
        "firmware": disk.firmware,
        "size": str(disk.id.size),
        "logical_sector": str(disk.logical_sector),
    }
    device = f"/dev/{disk.name}"
    if disk.ata or disk.transport in _ATA:
        status |= _ends(device, disk.id.size, disk.logical_sector)
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


def parse_real_sectors(text: str, least: int) -> int | None:
    """The sectors the disk was made with, from `hdparm --dco-identify`; `least` is how many it has at any rate.

    None when it has no overlay, lets nobody ask (many setups freeze it), or answers with what cannot be true: hdparm
    prints zeros and ones as a revision "unknown" and still ends with status 0.
    """
    found = _REAL_SECTORS.search(text)
    if found is None or _DCO.search(text) is None:
        return None
    return int(found[1]) if int(found[1]) >= least else None


def parse_health(text: str) -> str:
    """SMART's overall verdict from `smartctl --json --health`: "passed", "failed", or "" when there is none."""
    try:
        return "passed" if msgspec.json.decode(text, type=_Smart).smart_status.passed else "failed"
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


def hidden_bytes(status: dict[str, str], sector: int) -> int:
    """How many bytes the disk hides behind its visible end, as far as it told."""
    whole = max(int(status.get("native_sectors", 0)), int(status.get("real_sectors", 0)))
    return (whole - int(status["visible_sectors"])) * sector if whole else 0


def _ends(device: str, size: int, sector: int) -> dict[str, str]:
    """Where an ATA disk ends: for whoever reads it, without its host protected area, and without its overlay."""
    status = {"visible_sectors": str(size // sector)}
    answer = _output("hdparm", "-N", device)
    sectors = parse_max_sectors(answer, size, sector)
    if sectors is None:
        status["hidden"] = UNCLEAR if "max sectors" in answer else NOT_TOLD
    else:
        status["native_sectors"] = str(sectors[1])
    real = parse_real_sectors(_output("hdparm", "--dco-identify", device), sectors[1] if sectors else size // sector)
    return status | ({"dco": NOT_TOLD} if real is None else {"real_sectors": str(real)})


def _output(*command: str) -> str:
    try:
        # smartctl's exit status is a set of bits about the disk's health, not about the call.
        return run(command, expect=None, timeout=_SECONDS).stdout
    except NetbootError:
        return ""
