"""The reasons for which a report of an erase is rejected as contradictory, in French and English.

Not for: finding out (`jobs/honest_erasure.py`), what follows for the stage (`jobs/evidence.py`). Pure: no I/O.
"""

from typing import Final, Literal

Reason = Literal[
    "two-reports",
    "not-ordered",
    "not-all",
    "other-order",
    "stage-failed",
    "stage-done",
    "other-boot",
    "with-problem",
    "method",
    "level",
    "amounts",
    "bad-ranges",
    "times",
    "too-fast",
    "pattern",
    "not-asked",
    "unknown-words",
    "other-disk",
    "other-size",
    "hidden",
    "resumed",
]

REASONS: Final[dict[str, dict[Literal["fr", "en"], str]]] = {
    "two-reports": {"fr": "il parle deux fois de ce disque", "en": "it tells of this disk twice"},
    "not-ordered": {"fr": "il parle d'un disque qui n'était pas à effacer", "en": "it tells of a disk not ordered"},
    "not-all": {"fr": "il ne parle pas de tous les disques", "en": "it does not tell of all disks"},
    "other-order": {"fr": "les disques y sont dans un autre ordre", "en": "its disks are in another order"},
    "stage-failed": {
        "fr": "l'étape a échoué sans que ce rapport dise sur quel disque",
        "en": "the stage failed, and on which disk it does not say",
    },
    "stage-done": {
        "fr": "l'étape serait réussie, avec un problème",
        "en": "the stage is said to be done, with a problem",
    },
    "other-boot": {
        "fr": "il vient d'un démarrage de ce PC d'avant celui d'aujourd'hui",
        "en": "it is of a start of this PC before its newest",
    },
    "with-problem": {"fr": "ce disque serait effacé, avec un problème", "en": "the disk is erased, with a problem"},
    "method": {"fr": "la méthode n'est pas celle demandée", "en": "the method is not the one ordered"},
    # Of records from before the level was the server's to say.
    "level": {"fr": "le niveau n'est pas celui de cette méthode", "en": "the level is not this method's"},
    "amounts": {
        "fr": "les octets écrits ou relus ne sont pas ceux du disque entier",
        "en": "the bytes written or read back are not those of the whole disk",
    },
    "bad-ranges": {
        "fr": "des parties du disque y ont refusé ou rendu autre chose",
        "en": "parts of the disk refused or gave back something else",
    },
    "times": {"fr": "ses heures se contredisent", "en": "its times contradict each other"},
    "too-fast": {"fr": "aucun disque n'est aussi rapide", "en": "no disk is as fast as that"},
    "pattern": {"fr": "ce qui a été écrit n'est pas dit", "en": "what was written is not told"},
    "not-asked": {
        "fr": "le disque n'a pas été interrogé avant et après",
        "en": "the disk was not asked before and after",
    },
    "unknown-words": {"fr": "il contient des mots inconnus", "en": "it has words that are not known"},
    "other-disk": {"fr": "il décrit un autre disque", "en": "it describes another disk"},
    "other-size": {"fr": "les tailles s'y contredisent", "en": "its sizes contradict each other"},
    "hidden": {"fr": "le disque y cache une zone", "en": "the disk hides an area in it"},
    "resumed": {
        "fr": "il serait la suite d'un effacement qui n'est pas au registre",
        "en": "it is said to go on from an erase that is not on the record",
    },
}
