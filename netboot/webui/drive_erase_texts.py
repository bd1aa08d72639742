"""The page's words about erases by a drive itself, and on flash, in French and English: rows of their proofs.

Part of `texts.py`, which has all others. Not for: problems (`shared/sentences/erase.py`).
"""

from typing import Final

from netboot.shared.language import Language

DRIVE_ERASE_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "drive_order": {"fr": "Ordre donné au disque", "en": "Order given to the disk"},
    "order_yes": {"fr": "accepté par le disque", "en": "accepted by the disk"},
    "order_no": {"fr": "refusé", "en": "refused"},
    "order_none": {"fr": "aucun : cet effacement n'a pas commencé", "en": "none: this erase did not begin"},
    "order_not_told": {"fr": "sans réponse claire du disque", "en": "without a clear answer of the disk"},
    "drive_tool": {"fr": "Outil", "en": "Tool"},
    "drive_said": {"fr": "Ce que le disque a dit", "en": "What the disk said"},
    "drive_never": {"fr": "jamais effacé ainsi", "en": "never erased so"},
    "drive_idle": {"fr": "au repos", "en": "at rest"},
    "drive_running": {"fr": "en cours", "en": "at work"},
    "drive_done": {"fr": "terminé sans erreur", "en": "ended without error"},
    "drive_failed": {"fr": "échec", "en": "failed"},
    "drive_not_told": {"fr": "non dit", "en": "not told"},
    "drive_waited": {
        "fr": "Un effacement plus ancien n'était pas terminé : il a été mené à son terme d'abord.",
        "en": "An earlier erase had not ended: it was brought to its end first.",
    },
    "drive_shut": {
        "fr": "Il était verrouillé : rien n'a pu y être lu ni marqué avant.",
        "en": "It was locked: nothing could be read from it or marked on it before.",
    },
    "reverted": {"fr": "Verrous d'un ancien propriétaire", "en": "Locks of a former owner"},
    "reverted_figures": {
        "fr": "ôtés d'abord par le code PSID que quelqu'un a donné (TCG Opal), puis effacé comme il est dit ici",
        "en": "taken off first by the PSID that a person gave (TCG Opal), then erased as it is told here",
    },
    "drive_found_running": {
        "fr": "L'ordre avait été donné avant la coupure ; au démarrage suivant, le disque s'effaçait encore.",
        "en": "The order had been given before the cut; at the next start the disk was still erasing itself.",
    },
    "drive_found_done": {
        "fr": "L'ordre avait été donné avant la coupure ; au démarrage suivant, le disque avait fini.",
        "en": "The order had been given before the cut; at the next start the disk had ended.",
    },
    "resumed": {"fr": "Écrit avant la coupure, et relu", "en": "Written before the cut, and read back"},
    "drive_announced": {"fr": "Durée annoncée par le disque", "en": "Time that the disk announced"},
    "marks": {"fr": "Marques d'avant", "en": "Marks from before"},
    "marks_figures": {
        "fr": "{marked} écrites et relues avant, {left} encore là ; {compared} endroits comparés, {unchanged} "
        "inchangés ; {unread} pas relus",
        "en": "{marked} written and read back before, {left} still there; {compared} places compared, {unchanged} "
        "unchanged; {unread} not read",
    },
    "read_back": {"fr": "Relu ensuite", "en": "Read back afterwards"},
    "read_sample": {
        "fr": "un échantillon de {share} % ({size} octets), comme le profil le demande",
        "en": "a sample of {share} % ({size} bytes), as the profile asks",
    },
    "one_value": {"fr": "partout la même valeur, {value}", "en": "one value throughout, {value}"},
    "many_values": {"fr": "des valeurs diverses", "en": "various values"},
    "even_of_them": {
        "fr": "dont {size} octets d'un seul et même secteur, encore et encore",
        "en": "{size} bytes of them are one and the same sector again and again",
    },
    "found_elsewhere": {
        "fr": "{count} secteurs d'avant, retrouvés ailleurs sur le disque",
        "en": "{count} sectors of before, found elsewhere on the disk",
    },
    "ordered_value": {
        "fr": "ordonné : partout {value}, une autre valeur à chaque fois",
        "en": "ordered: {value} throughout, another value each time",
    },
    "zero_writes": {"fr": "Zéros et motif, temps d'écriture", "en": "Zeros and pattern, time to write"},
    "zeros_elided": {
        "fr": "ce disque n'enregistre pas les zéros : il les note seulement (netboot n'en écrit pas)",
        "en": "this disk does not store zeros: it only notes them (netboot writes none)",
    },
    "zeros_not_elided": {"fr": "rien de remarquable", "en": "nothing to notice"},
    "media_errors": {"fr": "Erreurs comptées par le disque", "en": "Errors that the disk counts"},
    "support_listed": {
        "fr": "Méthodes que l'outil openSeaChest liste pour ce disque",
        "en": "Methods that the tool openSeaChest lists for this disk",
    },
    "support_not_told": {
        "fr": "aucune liste : l'outil n'a rien dit de ce disque",
        "en": "no list: the tool said nothing of this disk",
    },
    "counts": {"fr": "Ce que le disque compte, avant et après", "en": "What the disk counts, before and after"},
    "counts_not_told": {"fr": "non dit", "en": "not told"},
    "out_of_reach": {"fr": "Hors d'atteinte", "en": "Out of reach"},
    "spare_flash": {"fr": "mémoire flash : blocs de réserve et retirés", "en": "flash: spare and retired blocks"},
}
