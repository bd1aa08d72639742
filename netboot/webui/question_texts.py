"""The words of the page about the question of a stage, each in French and in English.

Not for: the question and its choices, whose words the stage brings; what is asked of disks (`disk_texts.py`).
"""

from typing import Final

from netboot.shared.language import Language

QUESTION_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "asks": {"fr": "Question", "en": "Question"},
    "asks_until": {
        "fr": "Répondez ici, ou au clavier de ce PC, avant {time} (UTC). Sans réponse, ce PC continue seul.",
        "en": "Answer here, or at this PC's keyboard, before {time} (UTC). Without an answer this PC "
        "goes on by itself.",
    },
    "asks_code": {"fr": "Code PSID de l'étiquette", "en": "PSID code on the label"},
    "asks_code_help": {
        "fr": "8 à 32 chiffres et lettres, sans espaces, tapés ou scannés. Il va au disque et n'est gardé nulle part.",
        "en": "8 to 32 digits and letters, without blanks, typed or scanned. It goes to the disk and is kept nowhere.",
    },
    "asks_given": {
        "fr": "Réponse transmise au PC : {choice}",
        "en": "Answer passed on to the PC: {choice}",
    },
    "asks_contested": {
        "fr": "Dites d'abord quelle connexion est celle de ce PC.",
        "en": "Say first which line is this PC.",
    },
    "counted_page": {
        "fr": "Réponse retenue, donnée ici : {choice}",
        "en": "The answer that counted, given here: {choice}",
    },
    "counted_keyboard": {
        "fr": "Réponse retenue, donnée au clavier du PC : {choice}",
        "en": "The answer that counted, given at the PC's keyboard: {choice}",
    },
    "counted_time-out": {"fr": "Personne n'a répondu à temps.", "en": "Nobody answered in time."},
    "counted_withdrawn": {"fr": "Cette question ne se pose plus.", "en": "This question is no longer asked."},
    "counted_unclear": {
        "fr": "Ce que ce PC dit de la réponse ne peut pas être : regardez-le.",
        "en": "What this PC says of the answer cannot be: look at it.",
    },
    "stage_answered": {"fr": "La réponse est transmise au PC.", "en": "The answer is passed on to the PC."},
}
