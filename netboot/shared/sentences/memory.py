"""Words of the memory test: its name, its sentences, and what the page says of it."""

from typing import Final, Literal

from netboot.shared.language import Language

Code = Literal[
    "memory",
    "memory-faulty",
    "memory-untested",
]

TITLE: Final[dict[Language, str]] = {"fr": "Test de la mémoire", "en": "Memory test"}

TESTED: Final[dict[Language, str]] = {
    "fr": "{tested} testés, valeurs fausses : {wrong}",
    "en": "{tested} tested, wrong values: {wrong}",
}

SENTENCES: Final[dict[Code, dict[Language, str]]] = {
    "memory": {
        "fr": "Ce PC a trop peu de mémoire ({memory}). Il en faut au moins {needed}.",
        "en": "This PC has too little memory ({memory}). It needs at least {needed}.",
    },
    "memory-faulty": {
        "fr": "La mémoire de ce PC a rendu {wrong} valeur(s) fausse(s). Éteignez-le, débranchez-le, remplacez les "
        "barrettes une à une, et recommencez le test.",
        "en": "This PC's memory gave back {wrong} wrong value(s). Switch it off, unplug it, replace the modules one by "
        "one, and test again.",
    },
    "memory-untested": {
        "fr": "Le test de la mémoire n'est pas allé au bout : on ne sait pas si elle est bonne. Redémarrez ce PC sur "
        "le réseau et recommencez ; si cela se répète, remplacez les barrettes une à une.",
        "en": "The memory test did not come to its end: it is not known whether the memory is good. Boot this PC from "
        "the network again and start again; if it happens once more, replace the modules one by one.",
    },
}
