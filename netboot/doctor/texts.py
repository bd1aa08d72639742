"""The doctor's texts, in French and English: two sentences for each finding, with its values filled in."""

from typing import Final

from netboot.doctor.finding import Code, Finding, Severity, Words
from netboot.doctor.texts_boot import BOOT
from netboot.doctor.texts_lan import LAN
from netboot.shared.language import Language

WORDS: Final[dict[Code, dict[Language, Words]]] = {**LAN, **BOOT}
"""Both sentences of every finding; values stand in braces."""

SEVERITIES: Final[dict[Severity, dict[Language, str]]] = {
    Severity.STOPS: {"fr": "EMPÊCHE DES PC DE DÉMARRER", "en": "STOPS PCs FROM BOOTING"},
    Severity.KNOW: {"fr": "BON À SAVOIR", "en": "WORTH KNOWING"},
    Severity.FINE: {"fr": "EN ORDRE", "en": "FINE"},
}


def words(finding: Finding, language: Language) -> Words:
    """Both sentences with the finding's values in their places; a value that was not given shows as "?"."""
    text = WORDS[finding.code][language]
    values = _Given(finding.values)
    return Words(text.says.format_map(values), text.do.format_map(values))


class _Given(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"
