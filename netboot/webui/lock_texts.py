"""The page's words about frozen disks and hidden areas, in French and English: rows of an erase's proof.

Part of `texts.py`, which has all others. Not for: problems (`shared/sentences/erase.py`).
"""

from collections.abc import Sequence
from typing import Final

from netboot.shared.given_back import GiveBackOrder, GivenBack
from netboot.shared.inventory import amount
from netboot.shared.language import Language
from netboot.shared.problems import sizes_in
from netboot.shared.thawing import NotTried, Thawing
from netboot.webui.drive_erase_texts import DRIVE_ERASE_TEXTS

LOCK_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "frozen_at_first": {"fr": "Gelé à l'arrivée", "en": "Frozen at first"},
    "gave_back": {"fr": "Zone cachée", "en": "Hidden area"},
}

_NOT_TRIED: Final[dict[NotTried, dict[Language, str]]] = {
    "not-allowed": {"fr": "le profil ne le veut pas", "en": "the profile does not want it"},
    "once": {"fr": "le PC a déjà dormi pendant ce passage", "en": "the PC had slept in this visit already"},
    "cut": {
        "fr": "le dernier effacement de ce PC a été coupé, peut-être par une veille sans réveil",
        "en": "the last erase of this PC was cut off, perhaps by a sleep without a wake",
    },
    "under-way": {"fr": "un disque s'efface, ou y a échoué", "en": "a disk is at an erase, or failed at one"},
    "password": {
        "fr": "un disque ouvert serait verrouillé par son mot de passe",
        "en": "a disk that is open would be locked by its password",
    },
    "not-told": {"fr": "un disque ne dit pas où il en est", "en": "a disk does not say what it is at"},
    "no-sleep": {"fr": "ce PC ne sait pas dormir (S3)", "en": "this PC cannot suspend (S3)"},
    "no-clock": {"fr": "rien ne réveillerait ce PC", "en": "nothing would wake this PC"},
}
_THAWED: Final[dict[bool | None, dict[Language, str]]] = {
    True: {"fr": "le PC a dormi {slept} s : dégelé", "en": "the PC slept for {slept} s: thawed"},
    False: {"fr": "le PC a dormi {slept} s : resté gelé", "en": "the PC slept for {slept} s: still frozen"},
    None: {"fr": "le PC a dormi {slept} s : le disque n'a rien dit", "en": "the PC slept for {slept} s: no word since"},
}
_DID_NOT_SLEEP: Final[dict[Language, str]] = {
    "fr": "le PC n'a pas réussi à dormir",
    "en": "the PC did not manage to sleep",
}
_NOT: Final[dict[Language, str]] = {"fr": "pas dégelé : {why}", "en": "not thawed: {why}"}
_BACK: Final[dict[Language, str]] = {
    "fr": "{size} de plus rendus à la demande de netboot, et effacés avec le reste s'il est effacé",
    "en": "{size} more given back when netboot asked, and erased with the rest if it is erased",
}
_KEPT: Final[dict[Language, str]] = {"fr": "rien n'en a été rendu", "en": "nothing of it was given back"}


def thawing_text(thawing: Thawing, language: Language) -> str:
    """What was done about a disk that was frozen, and what came of it."""
    if thawing.not_tried is not None:
        return _NOT[language].format(why=_NOT_TRIED[thawing.not_tried][language])
    if not thawing.slept:
        return _DID_NOT_SLEEP[language]
    return _THAWED[thawing.thawed][language].format(slept=f"{thawing.slept:.0f}")


def given_back_rows(back: GivenBack, before: int, language: Language) -> Sequence[str]:
    """How much a disk of `before` bytes gave back, and each order with the disk's answer."""
    more = back.size - before
    size = sizes_in(language, amount(more)) if more > 0 else ""
    first = _BACK[language].format(size=size) if size else _KEPT[language]
    return [first, *(f"{order.command} – {_answer_words(order, language)}" for order in back.orders)]


def _answer_words(order: GiveBackOrder, language: Language) -> str:
    return DRIVE_ERASE_TEXTS["order_" + order.accepted.replace("-", "_")][language]
