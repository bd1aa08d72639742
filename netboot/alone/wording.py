"""What a kit's stick asks and writes, in French and English. Plain words, in Latin-1 as the rest of the PC's screen.

The words of the erase's question are the boot menu's. Not for: sentences of problems (`netboot/shared/sentences/`).
"""

from collections.abc import Sequence
from typing import Final

from netboot.jobs.profile import Profile
from netboot.shared.inventory import Disk, label
from netboot.shared.language import Language
from netboot.shared.problems import sizes_in
from netboot.shared.stage_question import AnswerChoice, Sentence, ShortWords

MENU: Final = Sentence(
    fr="Que faire de ce PC ? Si le serveur de l'atelier répond sur le réseau, ce PC le rejoint de lui-même.",
    en="What should this PC do? If the workshop's server answers on the network, this PC joins it by itself.",
)
OFF: Final = AnswerChoice(id="off", words=ShortWords(fr="Éteindre ce PC", en="Switch this PC off"))
RESTART: Final = AnswerChoice(
    id="restart",
    words=ShortWords(fr="Redémarrer (retirez d'abord la clé)", en="Restart (take the stick out first)"),
)
AGAIN: Final = AnswerChoice(id="again", words=ShortWords(fr="Revenir au menu", en="Back to the menu"))
RETRY: Final = AnswerChoice(
    id="retry", words=ShortWords(fr="La clé est branchée : réessayer", en="It is in: try again")
)
NO: Final = AnswerChoice(id="no", words=ShortWords(fr="NON : revenir au menu", en="NO: back to the menu"))
YES: Final = AnswerChoice(
    id="yes", words=ShortWords(fr="OUI : EFFACER ces disques de ce PC", en="YES: ERASE these disks of this PC")
)
MORE: Final = AnswerChoice(id="more", words=ShortWords(fr="Voir les disques suivants", en="See the next disks"))

STOPPED: Final = Sentence(fr="Et maintenant ?", en="What now?")

LINES_A_QUESTION: Final = 9
"""So many lines of disks fit on a screen of 25 lines, with the question and its answers."""
_LINE: Final = 72
"""Characters of a line, of 80 with the screen's margins, less what a break between words may leave free."""

_SURE: Final[dict[Language, str]] = {
    "fr": "Êtes-vous sûr ? Rien ne revient après. Seront effacés :",
    "en": "Are you sure? Nothing comes back from it. These are erased:",
}
_PART: Final[dict[Language, str]] = {"fr": " ({0} sur {1})", "en": " ({0} of {1})"}

STICK_GONE: Final = Sentence(
    fr="La clé de l'atelier n'est plus branchée. Rebranchez-la, la même : la preuve de ce PC doit y être écrite.",
    en="The workshop's stick is out. Plug it in again, the same one: this PC's proof is to be written onto it.",
)
STICK_TWICE: Final = Sentence(
    fr="Deux clés du même nom sont branchées. N'en laissez qu'une.",
    en="Two sticks of the same name are plugged in. Leave one only.",
)
STICK_FULL: Final = Sentence(
    fr="La clé est pleine. Sur un autre ordinateur, déplacez des fichiers de son dossier visits, puis rebranchez-la.",
    en="The stick is full. On another computer move files out of its folder visits, then plug it in again.",
)
STICK_REFUSES: Final = Sentence(
    fr="La clé n'a pas gardé la preuve (retirée trop tôt, protégée ou usée). Rebranchez-la, ou changez de prise.",
    en="The stick has not kept the proof (taken out too early, protected or worn). Plug it in again, or try another"
    " port.",
)
WITHOUT: Final = AnswerChoice(
    id="without",
    words=ShortWords(fr="Éteindre ce PC sans preuve", en="Switch this PC off without proof"),
)


def profile_choice(profile: Profile) -> AnswerChoice:
    """A profile as an answer: of every id, those that are none of the kit's own are told apart by their place."""
    return AnswerChoice(id=profile_id(profile), words=ShortWords(fr=profile.name["fr"], en=profile.name["en"]))


def profile_id(profile: Profile) -> str:
    """The answer that stands for this profile."""
    return f"p-{profile.digest[:16]}"


def parts_of(disks: Sequence[Disk]) -> list[list[Disk]]:
    """The disks as they are asked about, one question a part: each is on the screen as a whole, whatever its name."""
    parts: list[list[Disk]] = []
    free = 0
    for disk in disks:
        lines = -(-len(label(disk)) // _LINE)
        if lines > free:
            parts.append([])
            free = LINES_A_QUESTION
        parts[-1].append(disk)
        free -= lines
    return parts


def sure(disks: Sequence[Disk], part: int, parts: int) -> Sentence:
    """The question before anything is erased: each disk by its model, serial number and size."""
    return Sentence(fr=_sure("fr", disks, part, parts), en=_sure("en", disks, part, parts))


def _sure(language: Language, disks: Sequence[Disk], part: int, parts: int) -> str:
    title = _SURE[language] + (_PART[language].format(part, parts) if parts > 1 else "")
    return "\n".join([title, *(sizes_in(language, label(disk)) for disk in disks)])
