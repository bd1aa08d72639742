"""What `smartctl --json` says of a disk, as the evidence has it. Pure: a program's output in, values out.

The names are those that smartctl 7.4 (Debian 13) writes; what is not there, or is not what it should be, is not told.
An ATA attribute's count is the number at the head of its raw value as smartctl's own table prints it: how the six bytes
are packed differs from drive to drive, and its drive database knows (`smartctl(8)`, -v). Which attribute counts what
is told by its id and by its name, since makers give the same id to other things.
Not for: what follows for the disk (`jobs/stages/smart.py`), running a self-test (`self_test.py`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from netboot.agent.text import one_line
from netboot.shared.disk_counts import DiskCounts
from netboot.shared.inventory import Disk
from netboot.shared.stages.smart import ATTRIBUTES, Attribute, DiskHealth, SelfTest

COULD_NOT_ASK: Final = 0b11
"""Bits of smartctl's exit status: its command line was wrong, or the device could not be opened or identified."""
COMMAND_FAILED: Final = 0b100
"""A command to the disk failed, or a part of what it answered was wrong."""

_MOST: Final = 2**53
_LEADING: Final = re.compile(r"\s*(\d{1,18})\b")
_REPLACED: Final = re.compile("realloc|retired|bad_block", re.IGNORECASE)
_PENDING: Final = re.compile("pending", re.IGNORECASE)
_UNCORRECTED: Final = re.compile("uncorr|_unc_", re.IGNORECASE)
"""Names of the ATA attributes that count replaced sectors, those that wait to be, and what could not be read."""
_IN_PROGRESS: Final = 15
_ATA_RESULTS: Final[dict[int, SelfTest]] = {0: "passed", **dict.fromkeys(range(4, 9), "failed")}
"""ATA's self-test execution status, bits 7 to 4 (SMART READ DATA); 1 to 3 ended early, which says nothing."""
_NVME_RESULTS: Final[dict[int, SelfTest]] = {0: "passed", 5: "failed", 6: "failed", 7: "failed"}
"""NVMe's device self-test status, bits 3 to 0 (Base Specification 1.4c, figure 203); the others were aborted."""
_SCSI_RESULTS: Final[dict[int, SelfTest]] = {0: "passed", **dict.fromkeys(range(3, 8), "failed")}
"""SCSI's self-test results (SPC-3, 7.2.10)."""
_SPEC_MINUTES: Final = 2
"""How long a short self-test takes where a disk does not announce it: "two minutes or less" (NVMe 1.4, 8.11; SPC)."""


@dataclass(frozen=True, slots=True)
class SelfTestState:
    """Where a disk's self-tests are: `able` None where that is not told. `minutes`: how long a short one takes.

    `running`: one is at work, `percent` of it done. `ended` is how the newest ended; `log` tells whether that is an
    older one: it is another once a further test has ended.
    """

    able: bool | None
    minutes: int = _SPEC_MINUTES
    running: bool = False
    percent: int = 0
    ended: SelfTest = "not-told"
    log: object = None


@dataclass(frozen=True, slots=True)
class SmartReport:
    """One answer of smartctl. `said` is what it complained of."""

    data: Mapping[str, Any]
    status: int
    said: str

    @property
    def asked(self) -> bool:
        """Whether the disk could be asked at all."""
        return bool(self.data) and not self.status & COULD_NOT_ASK


def read_report(text: str, status: int) -> SmartReport:
    """Read what smartctl wrote; whatever is no JSON object says nothing."""
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        data = None
    known = data if isinstance(data, dict) else {}
    messages = [_text(_at(message, "string")) for message in _list(_at(known, "smartctl", "messages"))]
    said = "; ".join(filter(None, messages))
    return SmartReport(known, status, said[:256] or ("" if known else "smartctl told nothing that can be read"))


def self_test_state(report: SmartReport) -> SelfTestState:
    """Where the disk's self-tests are, from an answer that holds its capabilities and its self-test log."""
    data = report.data
    if "nvme_self_test_log" in data:
        log = data["nvme_self_test_log"]
        newest = next((one for one in _list(_at(log, "table")) if one is not None), None)
        ended = _NVME_RESULTS.get(_number(_at(newest, "self_test_result", "value"), -1), "not-told")
        running = _number(_at(log, "current_self_test_operation", "value"), 0) != 0
        percent = min(100, _number(_at(log, "current_self_test_completion_percent"), 0))
        return SelfTestState(True, running=running, percent=percent, ended=ended, log=_at(log, "table"))
    kind = _text(_at(data, "device", "protocol"))
    if kind == "ATA":
        return _ata_state(data)
    if kind == "SCSI":
        newest = data.get("scsi_self_test_0")
        value = _number(_at(newest, "result", "value"), -1)
        log = [data.get(f"scsi_self_test_{number}") for number in range(20)]
        ended = _SCSI_RESULTS.get(value, "not-told") if newest is not None else "not-told"
        return SelfTestState(None, running=value == _IN_PROGRESS, ended=ended, log=log)
    # smartctl leaves an NVMe drive's log out when the drive has none, and when it could not be read.
    return SelfTestState(None if kind != "NVMe" or report.status & COMMAND_FAILED else False)


def _ata_state(data: Mapping[str, Any]) -> SelfTestState:
    able = _at(data, "ata_smart_data", "capabilities", "self_tests_supported")
    test = _at(data, "ata_smart_data", "self_test")
    minutes = _number(_at(test, "polling_minutes", "short"), 0) or _SPEC_MINUTES
    value = _number(_at(test, "status", "value"), -1)
    running = value >= 0 and value >> 4 == _IN_PROGRESS
    left = _number(_at(test, "status", "remaining_percent"), 100)
    return SelfTestState(
        able if isinstance(able, bool) else None,
        minutes=min(minutes, 255),
        running=running,
        percent=max(0, 100 - left) if running else 0,
        ended=_ATA_RESULTS.get(value >> 4, "not-told") if value >= 0 else "not-told",
        log=_at(data, "ata_smart_self_test_log"),
    )


def disk_counts(report: SmartReport) -> DiskCounts:
    """All that the disk counts of damage and wear, each for itself."""
    data = report.data
    nvme = _at(data, "nvme_smart_health_information_log")
    return DiskCounts(
        reallocated=_count(data, 5, _REPLACED),
        pending=_first(_count(data, 197, _PENDING), _number(_at(data, "scsi_pending_defects", "count"))),
        offline_uncorrectable=_count(data, 198, _UNCORRECTED),
        reported_uncorrectable=_count(data, 187, _UNCORRECTED),
        media_errors=_number(_at(nvme, "media_errors")),
        used=_used(data),
        spare=_byte(_at(nvme, "available_spare")),
        grown_defects=_number(data.get("scsi_grown_defect_list")),
        uncorrected=_scsi_errors(data),
        said=report.said,
    )


def health(disk: Disk, report: SmartReport, self_test: SelfTest, said: str = "", most: int = ATTRIBUTES) -> DiskHealth:
    """What the disk says of itself, with `most` attributes; `said` is why its self-test told nothing."""
    data = report.data
    passed = _at(data, "smart_status", "passed")
    nvme = _at(data, "nvme_smart_health_information_log")
    attributes = tuple(_attributes(data))
    counts = disk_counts(report)
    unread = [count for count in (counts.offline_uncorrectable, counts.reported_uncorrectable) if count is not None]
    return DiskHealth(
        disk=disk.id,
        model=disk.model[:256],
        passed=passed if isinstance(passed, bool) else None,
        self_test=self_test,
        reallocated=counts.replaced,
        pending=counts.pending,
        uncorrectable=_first(max(unread, default=None), counts.media_errors, counts.uncorrected),
        warning=_byte(_at(nvme, "critical_warning")),
        used=counts.used,
        spare=counts.spare,
        least_spare=_byte(_at(nvme, "available_spare_threshold")),
        hours=_number(_at(data, "power_on_time", "hours")),
        attributes=attributes[:most],
        said="; ".join(filter(None, (said, report.said)))[:256],
    )  # fmt: skip


def _used(data: Mapping[str, Any]) -> int | None:
    """How much of its life it has used up, in per cent."""
    nvme = _at(data, "nvme_smart_health_information_log", "percentage_used")
    ata, scsi = _at(data, "endurance_used", "current_percent"), data.get("scsi_percentage_used_endurance_indicator")
    return _byte(_first(nvme, ata, scsi))


def _attributes(data: Mapping[str, Any]) -> Iterator[Attribute]:
    for one in _list(_at(data, "ata_smart_attributes", "table")):
        if not isinstance(one, dict):
            continue
        failed: Literal["", "now", "past"] = "now" if one.get("when_failed") == "now" else ""
        yield Attribute(
            id=_byte(one.get("id")) or 0,
            name=_text(one.get("name"))[:64],
            raw=_text(_at(one, "raw", "string"))[:64],
            value=_byte(one.get("value")),
            worst=_byte(one.get("worst")),
            threshold=_byte(one.get("thresh")),
            failed="past" if one.get("when_failed") == "past" else failed,
            prefailure=_at(one, "flags", "prefailure") is True,
        )
    for place in ("nvme_smart_health_information_log", "scsi_error_counter_log"):
        yield from _figures(_at(data, place), "")
    for name in ("scsi_grown_defect_list", "scsi_percentage_used_endurance_indicator"):
        yield from _figures({name: data[name]} if name in data else None, "")


def _figures(given: object, before: str) -> Iterator[Attribute]:
    """The numbers of a log, those inside of others by the names of both."""
    for name, value in given.items() if isinstance(given, dict) else ():
        called = f"{before}{_text(name)}"[:64]
        if isinstance(value, dict) and not before:
            yield from _figures(value, f"{called}.")
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield Attribute(name=called, raw=_text(str(value)[:64])[:64])


def _count(data: Mapping[str, Any], number: int, names: re.Pattern[str]) -> int | None:
    """What this ATA attribute counts, the greatest of several; None where the disk has none of the number and name."""
    greatest = None
    for one in _list(_at(data, "ata_smart_attributes", "table")):
        if _number(_at(one, "id"), -1) == number and names.search(_text(_at(one, "name"))):
            leading = _LEADING.match(_text(_at(one, "raw", "string")))
            if leading is not None:
                greatest = max(greatest or 0, min(int(leading[1]), _MOST))
    return greatest


def _scsi_errors(data: Mapping[str, Any]) -> int | None:
    log = _at(data, "scsi_error_counter_log")
    counts = [_number(_at(log, what, "total_uncorrected_errors")) for what in ("read", "write", "verify")]
    told = [count for count in counts if count is not None]
    return min(sum(told), _MOST) if told else None


def _at(data: object, *names: str) -> Any:
    for name in names:
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""


def _number(value: object, default: Any = None) -> Any:
    """A whole number from nought up, at most what the evidence holds; `default` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return default
    return min(value, _MOST)


def _byte(value: object) -> int | None:
    number = _number(value)
    return None if number is None else min(number, 255)
