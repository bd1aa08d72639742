"""The words of the page for what a disk said of itself before and after an erase, in French and in English."""

from typing import Final

from netboot.shared.disk_status import DiskStatus
from netboot.shared.language import Language

FIELDS: Final[dict[str, dict[Language, str]]] = {
    "name": {"fr": "nom", "en": "name"},
    "serial": {"fr": "numéro de série", "en": "serial number"},
    "wwn": {"fr": "WWN", "en": "WWN"},
    "firmware": {"fr": "microprogramme", "en": "firmware"},
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
    "failed": {"fr": "en panne", "en": "failed"},
}


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
