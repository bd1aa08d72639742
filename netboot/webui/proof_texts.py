"""The words of the page for what a disk said of itself before and after an erase, in French and in English."""

from typing import Final

from netboot.shared.disk_counts import COUNTS, DiskCounts
from netboot.shared.disk_status import DiskStatus
from netboot.shared.language import Language

FIELDS: Final[dict[str, dict[Language, str]]] = {
    "name": {"fr": "nom", "en": "name"},
    "serial": {"fr": "numéro de série", "en": "serial number"},
    "wwn": {"fr": "WWN", "en": "WWN"},
    "firmware": {"fr": "micrologiciel", "en": "firmware"},
    "size": {"fr": "taille en octets", "en": "size in bytes"},
    "logical_sector": {"fr": "octets par secteur", "en": "bytes a sector"},
    "visible_sectors": {"fr": "secteurs visibles", "en": "sectors that everybody sees"},
    "native_sectors": {
        "fr": "secteurs avec la zone protégée (HPA)",
        "en": "sectors with the host protected area (HPA)",
    },
    "real_sectors": {"fr": "secteurs avec la DCO", "en": "sectors with the device configuration overlay (DCO)"},
    "smart": {"fr": "SMART", "en": "SMART"},
}
VALUES: Final[dict[str, dict[Language, str]]] = {
    "not-told": {"fr": "non dit", "en": "not told"},
    "unclear": {"fr": "réponse impossible", "en": "an answer that cannot be true"},
    "passed": {"fr": "bon", "en": "passed"},
    "failed": {"fr": "échec", "en": "failed"},
}

COUNTED: Final[dict[str, dict[Language, str]]] = {
    "reallocated": {"fr": "secteurs remplacés", "en": "sectors replaced"},
    "pending": {"fr": "secteurs en attente", "en": "sectors pending"},
    "offline_uncorrectable": {"fr": "secteurs illisibles hors ligne", "en": "sectors uncorrectable offline"},
    "reported_uncorrectable": {"fr": "erreurs non corrigées annoncées", "en": "uncorrectable errors reported"},
    "media_errors": {"fr": "erreurs du support", "en": "media errors"},
    "used": {"fr": "usure (%)", "en": "used up (%)"},
    "spare": {"fr": "réserve (%)", "en": "spare (%)"},
    "grown_defects": {"fr": "défauts apparus", "en": "grown defects"},
    "uncorrected": {"fr": "erreurs non corrigées", "en": "uncorrected errors"},
}


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
    for field, name in FIELDS.items():
        value = getattr(status, field)
        untold = ("size", 0), ("logical_sector", 0), ("smart", "not-told")
        if value not in ("", "not-asked") and (field, value) not in untold:
            rows.append(
                (name[language], VALUES[value][language] if value in VALUES and field not in _FREE else str(value))
            )
    return [*rows, *status.other.items()]


_FREE: Final = frozenset({"name", "serial", "wwn", "firmware"})
"""Texts of the disk's own, which may be any word."""
