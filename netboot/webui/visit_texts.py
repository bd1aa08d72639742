"""The words of the page for a PC's visits: on the LAN, or without a server, from a kit's stick."""

from typing import Final

from netboot.shared.language import Language

VISIT_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "visit_of": {"fr": "Passage du {date}", "en": "Visit of {date}"},
    "visit_of_kit": {
        "fr": "Sans serveur, sur la clé « {kit} », relevée à cette date. Quand c'était vraiment, seule l'horloge du PC "
        "le sait.",
        "en": "Without a server, from the stick “{kit}”, which was collected then. When it really was, only the PC's "
        "own clock knows.",
    },
    "give_up": {
        "fr": "Ce PC ne reviendra pas : terminer son travail…",
        "en": "This PC will not be back: end its job…",
    },
    "give_up_sure": {
        "fr": "Le travail « {profile} » s'arrête à l'étape {stage} et sera noté comme inachevé.",
        "en": "The job “{profile}” stops at the stage {stage} and goes on the record as unfinished.",
    },
    "give_up_after": {
        "fr": "Pour un PC mis au rebut ou parti. Le système qu'il recevait n'est plus gardé pour lui. Ses disques "
        "peuvent être à moitié effacés ou à moitié écrits. S'il est encore au travail sans réseau, ce qu'il a fait "
        "n'est pas perdu pour le journal, mais son travail ne reprend pas.",
        "en": "For a PC that was scrapped, or is gone. The system that it was getting is kept for it no longer. Its "
        "disks may be half erased or half written. If it is still at work without a network, what it did is not lost "
        "for the journal, but its job does not go on.",
    },
    "give_up_yes": {"fr": "Oui, terminer son travail", "en": "Yes, end its job"},
    "erased_before": {"fr": "Effacement", "en": "Erase"},
    "erased_before_at": {
        "fr": "fait avant la coupure, le {date} ; sa preuve est avec ce travail-là.",
        "en": "done before the power cut, on {date}; its proof is with that job.",
    },
    "in_menu": {"fr": "le menu de démarrage du PC", "en": "the PC's boot menu"},
    "at_kit": {"fr": "la personne devant le PC, avec la clé", "en": "whoever stood at the PC, with the stick"},
}
