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
    "in_menu": {"fr": "le menu de démarrage du PC", "en": "the PC's boot menu"},
    "at_kit": {"fr": "la personne devant le PC, avec la clé", "en": "whoever stood at the PC, with the stick"},
}
