"""What a disk said of itself before and after an erase, as rows of the page, in a paper's own words."""

from typing import Final

from netboot.certificates.figure_texts import COUNTED, STATUS, VALUES
from netboot.shared.disk_counts import COUNTS, DiskCounts
from netboot.shared.disk_status import DiskStatus
from netboot.shared.language import Language


def count_rows(
    before: DiskCounts | None, after: DiskCounts | None, language: Language
) -> list[tuple[str, int | str, int | str]]:
    """What the disk counted at one of both moments: the name, and the figures; one that it did not tell says so."""
    untold = VALUES["not-told"][language]
    rows: list[tuple[str, int | str, int | str]] = []
    for name in COUNTS:
        figures = [None if counts is None else getattr(counts, name) for counts in (before, after)]
        if figures != [None, None]:
            first, second = (untold if figure is None else figure for figure in figures)
            rows.append((COUNTED[name][language], first, second))
    return rows


def status_rows(status: DiskStatus | None, language: Language) -> list[tuple[str, str]]:
    """What the disk told, and what it did not tell though it was asked: a name and a value each."""
    if status is None:
        return []
    rows = []
    for field, name in STATUS.items():
        value = getattr(status, field)
        untold = ("size", 0), ("logical_sector", 0), ("smart", "not-told")
        if value not in ("", "not-asked") and (field, value) not in untold:
            rows.append(
                (name[language], VALUES[value][language] if value in VALUES and field not in _FREE else str(value))
            )
    return [*rows, *status.other.items()]


_FREE: Final = frozenset({"name", "serial", "wwn", "firmware"})
"""Texts of the disk's own, which may be any word."""
