"""Words of the SMART stage: its name, its sentence, and what the page says of each disk."""

from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal["disk-failing"]

TITLE: Final[dict[Language, str]] = {"fr": "Santé des disques", "en": "Health of the disks"}

VERDICTS: Final[dict[str, dict[Language, str]]] = {
    "good": {"fr": "bon", "en": "good"},
    "worn": {"fr": "usé", "en": "worn"},
    "failing": {"fr": "défaillant", "en": "failing"},
    "not-told": {"fr": "ne dit rien de sûr", "en": "not told"},
}

SIGNS: Final[dict[str, dict[Language, str]]] = {
    "status": {"fr": "SMART annonce une panne", "en": "SMART says that it fails"},
    "self-test": {"fr": "l'autotest a échoué", "en": "the self-test failed"},
    "warning": {"fr": "alerte critique {n}", "en": "critical warning {n}"},
    "threshold": {"fr": "seuil d'alerte atteint : {n}", "en": "at its threshold: {n}"},
    "reallocated": {"fr": "secteurs réalloués : {n}", "en": "reallocated sectors: {n}"},
    "pending": {"fr": "secteurs en attente : {n}", "en": "pending sectors: {n}"},
    "uncorrectable": {"fr": "erreurs non corrigées : {n}", "en": "uncorrected errors: {n}"},
    "used": {"fr": "usure : {n} %", "en": "life used: {n} %"},
    "spare": {"fr": "réserve : {n} %", "en": "spare left: {n} %"},
    "aged": {"fr": "seuil d'usure atteint : {n}", "en": "worn to its threshold: {n}"},
    "no-status": {"fr": "pas d'état SMART", "en": "no SMART status"},
    "no-end": {"fr": "pas de résultat de l'autotest", "en": "no result of the self-test"},
    "tested": {"fr": "autotest réussi", "en": "self-test passed"},
    "untested": {"fr": "n'a pas d'autotest", "en": "has no self-test"},
    "hours": {"fr": "{n} h de marche", "en": "{n} h of work"},
}

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "disk-failing": {
        "fr": "D'après ce qu'il dit lui-même, le disque {disk} est défaillant. Rien n'a été écrit. Remplacez-le, puis "
        "redémarrez ce PC sur le réseau.",
        "en": "By its own word the disk {disk} is failing. Nothing was written. Replace it, then boot this PC from the "
        "network again.",
    },
}
