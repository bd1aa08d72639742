"""The words for stages, verdicts and endings, in French and English: the same on the PC's screen, the page, the label.

Not for: sentences about problems (`problems.py`), the words of one screen (`agent/wording.py`) or page (its templates).
"""

from typing import Final, Literal

from netboot.problems import STAGES, Language
from netboot.protocol import EndAction, StageName, Verdict

StageState = Literal["waiting", "running", "done", "failed"]
"""As in `imaging.StageRecord`."""

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

_ENDS: Final[dict[EndAction, dict[Language, str]]] = {
    "disk": {"fr": "démarrer sur le disque", "en": "start from the disk"},
    "reboot": {"fr": "redémarrer", "en": "restart"},
    "poweroff": {"fr": "éteindre", "en": "power off"},
}


def stage_name(stage: StageName, language: Language) -> str:
    """A stage's name for people."""
    return STAGES[stage][language]


def state_name(state: StageState, language: Language) -> str:
    """How far a stage is, in a word or two."""
    return _STATES[state][language]


def verdict_name(verdict: Verdict, language: Language) -> str:
    """The verdict on a disk."""
    return _VERDICTS[verdict][language]


def end_name(action: EndAction, language: Language) -> str:
    """What a PC does when its job is over."""
    return _ENDS[action][language]
