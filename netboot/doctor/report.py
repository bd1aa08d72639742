"""The findings as a person reads them in a terminal, and as one JSON object for programs (pure)."""

import textwrap
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import groupby
from typing import Final

from netboot.doctor.finding import Finding, Severity
from netboot.doctor.observed import Seen
from netboot.doctor.texts import SEVERITIES, words
from netboot.shared.language import Language

_WIDTH: Final = 100
_TITLE: Final[dict[Language, str]] = {
    "fr": "Examen du réseau de {interface} ({address}), {seconds:.0f} s",
    "en": "The network of {interface} ({address}), looked at for {seconds:.0f} s",
}
_END: Final[dict[Language, dict[bool, str]]] = {
    "fr": {
        True: "Des PC ne démarreront pas : voyez les lignes du haut.",
        False: "Rien n'empêche les PC de démarrer.",
    },
    "en": {True: "Some PCs will not boot: see the first lines.", False: "Nothing keeps PCs from booting."},
}


def as_text(seen: Seen, findings: Sequence[Finding], language: Language) -> str:
    """Plain lines, the worst first; what matters is said in words, not by colour."""
    card = seen.card
    title = _TITLE[language].format(interface=card.name, address=card.address or "–", seconds=seen.listened)
    lines = [title]
    for severity, group in groupby(findings, key=lambda finding: finding.severity):
        lines += ["", f"== {SEVERITIES[severity][language]} =="]
        for finding in group:
            told = words(finding, language)
            lines.append(_wrapped(f"- {told.says} [{finding.code}]", "  "))
            if told.do:
                lines.append(_wrapped(f"  → {told.do}", "    "))
    stops = any(finding.severity is Severity.STOPS for finding in findings)
    return "\n".join([*lines, "", _END[language][stops], ""])


def as_json(seen: Seen, findings: Sequence[Finding], language: Language) -> dict[str, object]:
    """`findings` with code, severity, both sentences and values; `seen` is what they were judged from."""
    return {
        "version": 1,
        "stops_pcs": any(finding.severity is Severity.STOPS for finding in findings),
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "says": words(finding, language).says,
                "do": words(finding, language).do,
                "values": finding.values,
            }
            for finding in findings
        ],
        "seen": _plain(seen),
    }


def _plain(value: object) -> object:
    """A value of `observed` in JSON's own kinds; addresses as text, bytes in hexadecimal."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(str(one) for one in value)
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
