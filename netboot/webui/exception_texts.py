"""The page's texts for exceptions and for disks that were taken out of a PC, in French and in English.

Not for: the words on a paper (`certificates/texts.py`).
"""

from typing import Final

from netboot.jobs.disk_take_out import Became
from netboot.jobs.erase_exception import State
from netboot.shared.language import Language

EXCEPTION_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "exception": {"fr": "Installer sans preuve d'effacement", "en": "Install without a proof of erasure"},
    "exception_button": {"fr": "Exception…", "en": "Exception…"},
    "exception_stopped": {
        "fr": "« {profile} » s'est arrêté : l'effacement de ce PC n'est pas prouvé.",
        "en": "“{profile}” has stopped: the erasure of this PC is not proven.",
    },
    "exception_help": {
        "fr": "Vous pouvez signer une exception : le système est alors installé. Elle n'efface rien. Elle vaut pour ce "
        "PC, ce passage, ces disques et ces verdicts, et pour rien d'autre.",
        "en": "You may sign an exception: the system is then installed. It erases nothing. It holds for this PC, this "
        "visit, these disks and these verdicts, and for nothing else.",
    },
    "exception_reason": {
        "fr": "Pourquoi ? Imprimé sur le papier de ce PC ({least} à {most} caractères)",
        "en": "Why? Printed on this PC's paper ({least} to {most} characters)",
    },
    "exception_sign": {"fr": "Signer une exception", "en": "Sign an exception"},
    "exception_sure": {
        "fr": "Des données peuvent rester sur ces disques. Le système est installé quand même.",
        "en": "Data may be left on these disks. The system is installed all the same.",
    },
    "exception_paper": {
        "fr": "Le papier de ce PC reste un rapport, jamais un certificat. Il dit l'exception, sa raison et votre nom.",
        "en": "This PC's paper stays a report, never a certificate. It says the exception, its reason and your name.",
    },
    "exception_yes": {"fr": "Oui, je signe : installer", "en": "Yes, I sign: install"},
    "exception_why": {"fr": "Raison", "en": "Reason"},
    "exception_by": {"fr": "Signé par", "en": "Signed by"},
    "exception_begun": {
        "fr": "L'exception est signée. L'installation commence.",
        "en": "The exception is signed. The installation begins.",
    },
    "exception_followed": {"fr": "Suit une exception", "en": "Goes by an exception"},
    "take_outs": {"fr": "Disques sortis de ce PC", "en": "Disks taken out of this PC"},
    "take_out_button": {"fr": "Disque sorti…", "en": "Disk taken out…"},
    "take_out_asked": {
        "fr": "Ce profil veut que ce disque soit sorti et détruit. Dites qui l'a sorti, puis démarrez le PC sans lui.",
        "en": "This profile wants this disk out and destroyed. Say who took it out, then start the PC without it.",
    },
    "take_out_offered": {
        "fr": "Ce disque n'est pas effacé. S'il a été sorti du PC, dites par qui.",
        "en": "This disk is not erased. If it was taken out of the PC, say by whom.",
    },
    "take_out_by": {"fr": "Sorti par (nom)", "en": "Taken out by (name)"},
    "take_out_became": {"fr": "Ce qu'il est devenu", "en": "What became of it"},
    "take_out_note": {"fr": "Noter", "en": "Note it"},
    "take_out_kept": {"fr": "C'est noté.", "en": "It is noted."},
    "take_out_said": {"fr": "{disk} : sorti du PC, {became}", "en": "{disk}: taken out of the PC, {became}"},
    "take_out_who": {"fr": "par {taken_by}, noté par {who}", "en": "by {taken_by}, noted by {who}"},
}

STATES: Final[dict[State, dict[Language, str]]] = {
    "erased": {"fr": "effacé", "en": "erased"},
    "not-erased": {"fr": "NON EFFACÉ", "en": "NOT ERASED"},
    "undetermined": {"fr": "INDÉTERMINÉ", "en": "UNDETERMINED"},
    "untreated": {"fr": "PAS TRAITÉ dans ce passage", "en": "NOT WORKED ON in this visit"},
}
"""How a disk stands, before a person signs."""

BECAME: Final[dict[Became, dict[Language, str]]] = {
    "not-told": {"fr": "pas encore dit", "en": "not told yet"},
    "kept": {"fr": "gardé de côté", "en": "kept aside"},
    "destroyed": {"fr": "détruit", "en": "destroyed"},
}
"""What became of a disk that was taken out."""
