"""What is told of an erase that was cut short, and of a password that was left by one, in French and in English.

For the PC's page and for its paper alike. Not for: what is wrong with a disk (`sentences/erase.py`).
"""

from collections.abc import Callable
from typing import Final

from netboot.shared.erase_begun import Cut, Found
from netboot.shared.erase_methods import KINDS
from netboot.shared.language import Language

CUTS: Final[dict[Found, dict[Language, str]]] = {
    "followed": {
        "fr": "L'effacement demandé le {at} ({method}) a été coupé : courant coupé, ou PC redémarré. Le disque l'a "
        "continué de lui-même, et a été suivi jusqu'à sa fin : cette preuve est celle de cet effacement.",
        "en": "The erase ordered on {at} ({method}) was cut short: the power went, or the PC was restarted. The disk "
        "went on with it by itself and was followed to its end: this proof is of that erase.",
    },
    "resumed": {
        "fr": "L'effacement demandé le {at} ({method}) a été coupé : courant coupé, ou PC redémarré. Ce qui était "
        "écrit a été relu, et le reste a été écrit ensuite.",
        "en": "The erase ordered on {at} ({method}) was cut short: the power went, or the PC was restarted. What had "
        "been written was read back, and the rest was written then.",
    },
    "failed": {
        "fr": "L'effacement demandé le {at} ({method}) a été coupé : courant coupé, ou PC redémarré. Le disque dit "
        "qu'il a échoué : le disque a été effacé à nouveau.",
        "en": "The erase ordered on {at} ({method}) was cut short: the power went, or the PC was restarted. The disk "
        "says that it failed: the disk was erased again.",
    },
    "undone": {
        "fr": "L'effacement demandé le {at} ({method}) a été coupé : courant coupé, ou PC redémarré. Le disque a été "
        "effacé à nouveau, depuis le début.",
        "en": "The erase ordered on {at} ({method}) was cut short: the power went, or the PC was restarted. The disk "
        "was erased again, from the beginning.",
    },
    "unclear": {
        "fr": "L'effacement demandé le {at} ({method}) a été coupé : courant coupé, ou PC redémarré. Ce qui en a été "
        "trouvé ne prouvait rien : le disque a été effacé à nouveau, depuis le début.",
        "en": "The erase ordered on {at} ({method}) was cut short: the power went, or the PC was restarted. What was "
        "found of it proved nothing: the disk was erased again, from the beginning.",
    },
}

UNLOCKED: Final[dict[Language, str]] = {
    "fr": "Un mot de passe de netboot, resté d'un effacement coupé, a été ôté d'abord.",
    "en": "A password of netboot's, left by an erase that was cut short, was taken off first.",
}


def cut_sentence(cut: Cut, language: Language, clock: Callable[[float], str]) -> str:
    """What became of it, for people; `clock` writes a moment."""
    method = next((kind.short[language] for name, kind in KINDS.items() if name == cut.method), cut.method)
    return CUTS[cut.found][language].format(at=clock(cut.at), method=method)
