"""The page's texts for questions about a PC's disks, in French and in English.

Not for: the sentence that stops a PC until somebody answers (`shared/problems.py`).
"""

from typing import Final

from netboot.jobs.disk_answers import AnswerKind
from netboot.shared.language import Language

DISK_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "disk_questions": {"fr": "Disques : à vous de le dire", "en": "Disks: for you to say"},
    "disk_answer_button": {"fr": "Répondre", "en": "Answer"},
    "disk_in_doubt": {"fr": "en fait-il partie ? Répondez plus haut", "en": "is it part of this PC? Answer above"},
    "disk_said_left": {"fr": "n'en fait pas partie : laissé tel quel", "en": "not part of this PC: left alone"},
    "disk_is_read_only": {"fr": "protégé en écriture", "en": "write-protected"},
    "ask_controller": {
        "fr": "L'agent ne connaît pas ce contrôleur. Y a-t-il un disque derrière ? Regardez ce que c'est, et la fiche "
        "du PC.",
        "en": "The agent does not know this controller. Is there a disk behind it? Look what it is, and at the PC's "
        "data sheet.",
    },
    "ask_belonging": {
        "fr": "Ce disque fait-il partie de ce PC ? Ouvrez le PC, ou regardez ce qui y est branché.",
        "en": "Is this disk part of this PC? Open the PC, or look what is plugged into it.",
    },
    "ask_place": {
        "fr": "Ces disques ne se reconnaissent pas par eux-mêmes : pas de numéro de série, ou le même pour deux. "
        "Désignez-les par leur place et leur taille, pour ce passage seulement.",
        "en": "These disks cannot be told by themselves: no serial number, or one for two. Name them by their place "
        "and size, for this visit only.",
    },
    "answered": {"fr": "Réponse", "en": "Answer"},
    "not_answered": {"fr": "pas encore de réponse", "en": "no answer yet"},
    "answer_yes": {"fr": "Oui, c'est ma réponse", "en": "Yes, that is my answer"},
    "answer_kept": {
        "fr": "La réponse est notée. Choisissez maintenant un profil.",
        "en": "The answer is noted. Now choose a profile.",
    },
    "answer_on_record": {
        "fr": "La réponse reste au journal, avec votre nom, et paraît avec les preuves d'effacement de ce PC.",
        "en": "The answer stays in the journal, with your name, and shows with this PC's proofs of erasure.",
    },
    "answers_followed": {"fr": "Dit par l'atelier", "en": "Said by the workshop"},
    "by_place_only": {
        "fr": "Disque reconnu par sa place seulement : rien d'autre ne le distingue.",
        "en": "Disk known by its place only: nothing else tells it apart.",
    },
}

ANSWERS: Final[dict[AnswerKind, dict[Language, str]]] = {
    "vouched": {"fr": "Aucun disque derrière ce contrôleur", "en": "No disk behind this controller"},
    "not-vouched": {"fr": "Je ne sais pas : rien n'est effacé", "en": "I do not know: nothing is erased"},
    "belongs": {
        "fr": "Il fait partie de ce PC : il est effacé avec lui",
        "en": "It is part of this PC: it is erased with it",
    },
    "left": {"fr": "Il n'en fait pas partie : ne pas y toucher", "en": "It is not part of it: leave it alone"},
    "by-place": {"fr": "Ce sont bien ces disques, à ces places", "en": "These are the disks, at these places"},
}
"""What is answered, as buttons say it."""
