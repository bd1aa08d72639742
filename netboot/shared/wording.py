"""The words for stages, verdicts and endings, in French and English: the same on the PC's screen, the page, the label.

Not for: sentences about problems (`problems.py`), the words of one screen (`agent/screen/`) or page (its templates).
"""

from typing import Final, Literal

from netboot.shared.language import Language
from netboot.shared.protocol import Stuck
from netboot.shared.sentences import TITLES
from netboot.shared.stages import StageName
from netboot.shared.stages.erase import Verdict
from netboot.shared.stages.finish import EndAction

StageState = Literal["waiting", "running", "done", "failed"]
"""As in `StageRecord` (`jobs/job.py`)."""

_STATES: Final[dict[StageState, dict[Language, str]]] = {
    "waiting": {"fr": "à venir", "en": "to come"},
    "running": {"fr": "en cours", "en": "running"},
    "done": {"fr": "fait", "en": "done"},
    "failed": {"fr": "échec", "en": "failed"},
}

_VERDICTS: Final[dict[Verdict, dict[Language, str]]] = {
    "erased": {"fr": "effacé", "en": "erased"},
    "not-erased": {"fr": "non effacé", "en": "not erased"},
    "undetermined": {"fr": "indéterminé", "en": "undetermined"},
}

_STUCK: Final[dict[str, dict[Language, str]]] = {
    "disk": {
        "fr": "Le disque {disk} n'avance plus depuis {since}. N'éteignez pas ce PC : sans réponse pendant 5 min, ce "
        "disque est abandonné et le reste continue.",
        "en": "The disk {disk} has not come further for {since}. Do not switch this PC off: without an answer for 5 "
        "min this disk is given up, and the rest goes on.",
    },
    "drive": {
        "fr": "Le disque {disk}, qui s'efface lui-même, n'avance plus depuis {since}. N'éteignez pas ce PC : sans "
        "progrès pendant encore {left}, ce disque est abandonné et le reste continue.",
        "en": "The disk {disk}, which erases itself, has not come further for {since}. Do not switch this PC off: "
        "without any progress for another {left} this disk is given up, and the rest goes on.",
    },
    "target": {
        "fr": "Le disque {disk} n'avance plus depuis {since}. N'éteignez pas ce PC : sans réponse pendant 5 min, "
        "l'installation s'arrête et dit que faire.",
        "en": "The disk {disk} has not come further for {since}. Do not switch this PC off: without an answer for 5 "
        "min the installation stops and says what to do.",
    },
    "format": {
        "fr": "Le disque {disk} se formate pour le système et ne répond pas depuis {since}. N'éteignez pas ce PC : "
        "sans réponse pendant encore {left}, l'installation s'arrête et dit que faire.",
        "en": "The disk {disk} formats itself for the system and has not answered for {since}. Do not switch this PC "
        "off: without an answer for another {left} the installation stops and says what to do.",
    },
    "server": {
        "fr": "Le serveur n'envoie plus rien à ce PC depuis {since}. Vérifiez le câble, le switch et le serveur : le "
        "travail reprend dès qu'il répond. Sans réponse pendant 10 min, il s'arrête.",
        "en": "The server has sent this PC nothing for {since}. Check the cable, the switch and the server: the work "
        "goes on as soon as it answers. Without an answer for 10 min it stops.",
    },
    "sleep": {
        "fr": "Ce PC se met en veille quelques secondes pour dégeler le disque {disk} : rien n'est encore écrit. "
        "L'écran s'éteint et le PC se réveille seul ; s'il dort encore après une minute, appuyez brièvement sur son "
        "bouton. S'il ne revient pas, éteignez-le et choisissez un profil qui ne dégèle pas.",
        "en": "This PC goes to sleep for a few seconds, so that the disk {disk} thaws: nothing is written yet. The "
        "screen goes dark and the PC wakes by itself; if it still sleeps after a minute, press its button briefly. If "
        "it does not come back, switch it off and choose a profile that does not thaw.",
    },
    "hidden": {
        "fr": "Le disque {disk} rend la zone qu'il cachait, pour qu'elle soit effacée aussi. N'éteignez pas ce PC.",
        "en": "The disk {disk} gives back the area that it hid, so that it is erased as well. Do not switch this PC "
        "off.",
    },
}

_ENDS: Final[dict[EndAction, dict[Language, str]]] = {
    "disk": {"fr": "démarrer sur le disque", "en": "start from the disk"},
    "reboot": {"fr": "redémarrer", "en": "restart"},
    "poweroff": {"fr": "éteindre", "en": "power off"},
}


def stage_name(stage: StageName, language: Language) -> str:
    """A stage's name for people."""
    return TITLES[stage][language]


def state_name(state: StageState, language: Language) -> str:
    """How far a stage is, in a word or two."""
    return _STATES[state][language]


def verdict_name(verdict: Verdict, language: Language) -> str:
    """The verdict on a disk."""
    return _VERDICTS[verdict][language]


def stuck_sentence(stuck: Stuck, language: Language) -> str:
    """What holds a stage up, since when, and what to do."""
    since, left = _minutes(stuck.seconds), _minutes(stuck.left)
    return _STUCK[stuck.what][language].format(disk=stuck.disk, since=since, left=left)


def _minutes(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes >= 2 else f"{seconds:.0f} s"


def end_name(action: EndAction, language: Language) -> str:
    """What a PC does when its job is over."""
    return _ENDS[action][language]
