"""The names of figures and of what a disk says of itself, and how values are written, in French and in English. Pure.

A figure that has no name here stands under its field's name: a method that is added says all it has without this file.
"""

from typing import Final

from netboot.shared.erase_methods import KINDS
from netboot.shared.inventory import gigabytes
from netboot.shared.language import Language

STATUS: Final[dict[str, dict[Language, str]]] = {
    "name": {"fr": "nom dans ce démarrage", "en": "name in this boot"},
    "serial": {"fr": "numéro de série", "en": "serial number"},
    "wwn": {"fr": "WWN", "en": "WWN"},
    "firmware": {"fr": "micrologiciel", "en": "firmware"},
    "size": {"fr": "taille en octets", "en": "size in bytes"},
    "logical_sector": {"fr": "octets par secteur", "en": "bytes a sector"},
    "visible_sectors": {"fr": "secteurs visibles", "en": "sectors that everybody sees"},
    "native_sectors": {
        "fr": "secteurs avec la zone protégée (HPA)",
        "en": "sectors with the host protected area (HPA)",
    },
    "real_sectors": {"fr": "secteurs avec la DCO", "en": "sectors with the device configuration overlay (DCO)"},
    "smart": {"fr": "SMART", "en": "SMART"},
}
"""What a disk says of itself (`shared/disk_status.py`), on papers and on a PC's page."""

COUNTED: Final[dict[str, dict[Language, str]]] = {
    "reallocated": {"fr": "secteurs remplacés", "en": "sectors replaced"},
    "pending": {"fr": "secteurs en attente", "en": "sectors pending"},
    "offline_uncorrectable": {"fr": "secteurs illisibles hors ligne", "en": "sectors uncorrectable offline"},
    "reported_uncorrectable": {"fr": "erreurs non corrigées annoncées", "en": "uncorrectable errors reported"},
    "media_errors": {"fr": "erreurs du support", "en": "media errors"},
    "used": {"fr": "usure (%)", "en": "used up (%)"},
    "spare": {"fr": "réserve (%)", "en": "spare (%)"},
    "grown_defects": {"fr": "défauts apparus", "en": "grown defects"},
    "uncorrected": {"fr": "erreurs non corrigées", "en": "uncorrected errors"},
}
"""What a disk counts of its damage (`shared/disk_counts.py`), on papers and on a PC's page."""


def _counted(moment: str, *, fr: str, en: str) -> dict[str, dict[Language, str]]:
    """The names of those counts as figures of one moment."""
    return {
        f"counts_{moment}.{name}": {"fr": f"{words['fr']}, {fr}", "en": f"{words['en']}, {en}"}
        for name, words in COUNTED.items()
    }


FIGURES: Final[dict[str, dict[Language, str]]] = {
    "written": {"fr": "octets écrits", "en": "bytes written"},
    "verified": {"fr": "octets relus et comparés", "en": "bytes read back and compared"},
    "unwritten": {"fr": "octets qui n'ont pas pu être écrits", "en": "bytes that could not be written"},
    "unread": {"fr": "octets qui n'ont pas pu être relus", "en": "bytes that could not be read back"},
    "different": {"fr": "octets relus autres qu'écrits", "en": "bytes read back other than written"},
    "more_bad": {"fr": "parties en défaut non énumérées", "en": "bad parts that are not listed"},
    "pattern": {"fr": "motif écrit", "en": "pattern written"},
    "command": {"fr": "ordre donné", "en": "order given"},
    "accepted": {"fr": "ordre accepté", "en": "order accepted"},
    "said": {"fr": "réponse de l'outil", "en": "the tool's answer"},
    "announced": {"fr": "durée annoncée par le disque (s)", "en": "time that the drive announced (s)"},
    "waited": {"fr": "un effacement d'avant a été attendu", "en": "an erase of before was waited for"},
    "resumed": {"fr": "suite d'avant une coupure", "en": "gone on from before a cut"},
    "state_before": {"fr": "état avant", "en": "state before"},
    "state_after": {"fr": "état après", "en": "state after"},
    "seconds": {"fr": "durée (s)", "en": "time it took (s)"},
    "to_mark": {"fr": "marques à écrire", "en": "marks to be written"},
    "marked": {"fr": "marques écrites avant", "en": "marks written before"},
    "marks_left": {"fr": "marques encore là après", "en": "marks that are still there"},
    "shut": {"fr": "verrouillé avant", "en": "locked before"},
    "marks_unread": {"fr": "marques illisibles après", "en": "marks that could not be read"},
    "compared": {"fr": "endroits comparés", "en": "places compared"},
    "unchanged": {"fr": "endroits inchangés", "en": "places unchanged"},
    "to_read": {"fr": "octets à relire", "en": "bytes to be read back"},
    "read": {"fr": "octets relus", "en": "bytes read back"},
    "value": {"fr": "valeur de tous les octets", "en": "value of every byte"},
    "even": {"fr": "octets d'un même secteur répété", "en": "bytes of one sector again and again"},
    "elsewhere": {"fr": "secteurs d'avant retrouvés ailleurs", "en": "sectors of before found elsewhere"},
    "media_errors_before": {"fr": "erreurs du support avant", "en": "media errors before"},
    "media_errors": {"fr": "erreurs du support après", "en": "media errors after"},
    "purged": {"fr": "dit avoir purgé (PRGD)", "en": "says that it purged (PRGD)"},
    "reverted": {"fr": "verrous TCG Opal ôtés d'abord (PSID)", "en": "TCG Opal's locks taken off first (PSID)"},
    "thawing.tried": {"fr": "gelé : PC mis en veille pour le dégeler", "en": "frozen: PC suspended to thaw it"},
    "thawing.thawed": {"fr": "dégelé", "en": "thawed"},
    "thawing.slept": {"fr": "durée de la veille (s)", "en": "time asleep (s)"},
    "thawing.not_tried": {"fr": "gelé : pourquoi le PC n'a pas dormi", "en": "frozen: why the PC was not suspended"},
    "given_back.visible": {"fr": "secteurs visibles à l'arrivée", "en": "sectors seen at first"},
    "given_back.native": {"fr": "avec la zone protégée (HPA)", "en": "with the protected area (HPA)"},
    "given_back.real": {"fr": "avec la DCO", "en": "with the overlay (DCO)"},
    "given_back.size": {"fr": "octets après restitution", "en": "bytes once all was given back"},
    "formatted.before": {
        "fr": "Format demandé après, pour le système : octets par secteur avant",
        "en": "Format asked for afterwards, for its system: bytes a sector before",
    },
    "formatted.wanted": {
        "fr": "Format demandé : octets voulus par secteur",
        "en": "Format asked for: bytes a sector wanted",
    },
    "formatted.after": {
        "fr": "Format demandé : octets par secteur trouvés ensuite",
        "en": "Format asked for: bytes a sector found then",
    },
    "formatted.size": {
        "fr": "Format demandé : taille trouvée ensuite, en octets",
        "en": "Format asked for: size found then, in bytes",
    },
    "formatted.command": {"fr": "Format demandé : ordre donné", "en": "Format asked for: order given"},
    "formatted.accepted": {"fr": "Format demandé : ordre accepté", "en": "Format asked for: order accepted"},
    "formatted.said": {"fr": "Format demandé : réponse ou raison", "en": "Format asked for: answer or reason"},
    "counts_before": {"fr": "ce que le disque compte, avant", "en": "what the disk counts, before"},
    "counts_before.said": {"fr": "réponse de smartctl, avant", "en": "smartctl's answer, before"},
    **_counted("before", fr="avant", en="before"),
    "counts_after": {"fr": "ce que le disque compte, après", "en": "what the disk counts, after"},
    "counts_after.said": {"fr": "réponse de smartctl, après", "en": "smartctl's answer, after"},
    **_counted("after", fr="après", en="after"),
    "zero_writes.zeros": {"fr": "temps pour écrire des zéros (s)", "en": "time to write zeros (s)"},
    "zero_writes.pattern": {"fr": "temps pour écrire le motif (s)", "en": "time to write the pattern (s)"},
    "zero_writes.elided": {"fr": "n'enregistre pas les zéros", "en": "does not store zeros"},
    "support": {"fr": "liste d'openSeaChest", "en": "openSeaChest's list"},
    "sample": {"fr": "part du disque relue (%)", "en": "share of the disk read back (%)"},
    **STATUS,
}

LEVEL_WORDS: Final[dict[str, str]] = {
    "openSeaChest": "openSeaChest",
    "openSeaChest; SP 800-88r1, appendix A (withdrawn)": "openSeaChest ; SP 800-88r1, annexe A (retirée)",
    "SP 800-88r1, appendix A (withdrawn), does not name it for SSDs; openSeaChest says Purge": (
        "SP 800-88r1, annexe A (retirée), ne la nomme pas pour les SSD ; openSeaChest dit Purge"
    ),
    "SP 800-88r1, appendix A (withdrawn); openSeaChest says Purge": (
        "SP 800-88r1, annexe A (retirée) ; openSeaChest dit Purge"
    ),
    "SP 800-88r1, appendix A (withdrawn), says Purge; openSeaChest lists none": (
        "SP 800-88r1, annexe A (retirée), dit Purge ; openSeaChest n'en liste aucun"
    ),
    "openSeaChest; SP 800-88r1, appendix A (withdrawn), says Purge": (
        "openSeaChest ; SP 800-88r1, annexe A (retirée), dit Purge"
    ),
    "openSeaChest, which says “Clear, Possible Purge”": "openSeaChest, qui dit « Clear, Possible Purge »",
    "openSeaChest, which says “Clear, Possible Purge”; SP 800-88r1, appendix A (withdrawn), says Purge": (
        "openSeaChest, qui dit « Clear, Possible Purge » ; SP 800-88r1, annexe A (retirée), dit Purge"
    ),
    "no plain text was ever stored, the key has 128 bits or more, no copy of it is left (SP 800-88r2): not checked": (
        "rien n'a jamais été écrit en clair, la clé a 128 bits ou plus, il n'en reste aucune copie (SP 800-88r2) : "
        "non vérifié"
    ),
    "does not reach spare and retired blocks": "n'atteint pas les blocs de réserve et retirés",
    "does not reach spare and retired blocks, nor the boot areas and RPMB, which are the firmware's": (
        "n'atteint ni les blocs de réserve et retirés, ni les zones de démarrage et la RPMB, qui sont au micrologiciel"
    ),
    "if it is flash, does not reach spare and retired blocks": (
        "s'il est en mémoire flash, n'atteint pas les blocs de réserve et retirés"
    ),
}
"""The sources and conditions of the table of levels (`jobs/erase_methods/levels.py`), in French."""

VALUES: Final[dict[str, dict[Language, str]]] = {
    "not-told": {"fr": "non dit", "en": "not told"},
    "unclear": {"fr": "réponse impossible", "en": "an answer that cannot be true"},
    "passed": {"fr": "bon", "en": "passed"},
    "failed": {"fr": "échec", "en": "failed"},
    "never": {"fr": "jamais effacé", "en": "never sanitised"},
    "idle": {"fr": "au repos", "en": "idle"},
    "running": {"fr": "en cours", "en": "running"},
    "done": {"fr": "terminé", "en": "done"},
    "yes": {"fr": "oui", "en": "yes"},
    "no": {"fr": "non", "en": "no"},
}


def level_words(text: str, language: Language) -> str:
    """A source or a condition of a level; one that is not known here stands in English."""
    return LEVEL_WORDS.get(text, text) if language == "fr" else text


def figure_name(name: str, language: Language) -> str:
    """A figure's name for people."""
    return FIGURES[name][language] if name in FIGURES else name.replace("_", " ").replace(".", " ")


def figure_value(value: bool | int | float | str, language: Language) -> str:
    """What a figure says: a word in the language, a long number in groups of three."""
    if isinstance(value, bool):
        return VALUES["yes" if value else "no"][language]
    if isinstance(value, float):
        return decimal(value, language)
    if isinstance(value, int):
        return grouped(value, language) if value >= 10_000 else str(value)
    return VALUES[value][language] if value in VALUES else value


def decimal(value: float, language: Language) -> str:
    """A number with one digit behind the mark of its language."""
    text = f"{value:.1f}"
    return text.replace(".", ",") if language == "fr" else text


def grouped(number: int, language: Language) -> str:
    """A number in groups of three digits."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}" if language == "fr" else ",")


def technique_name(method: str, language: Language) -> str:
    """A method's name for people; of one that this netboot does not know, its own."""
    return next((kind.name[language] for name, kind in KINDS.items() if name == method), method)


def joined(*texts: str) -> str:
    """Those of the texts that say something."""
    return ", ".join(text for text in texts if text)


def size_text(size: int, language: Language) -> str:
    """A size in bytes as a disk's label has it."""
    text = gigabytes(size).replace(" ", "\N{NO-BREAK SPACE}")
    return text.replace(".", ",").replace("TB", "To").replace("GB", "Go") if language == "fr" else text


def clock_text(moment: str) -> str:
    """A moment to the minute."""
    return f"{moment[:10]} {moment[11:16]} UTC" if moment else "? UTC"


def time_text(seconds: float, language: Language) -> str:
    """How long something took."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{decimal(seconds / 3600, language)} h"
