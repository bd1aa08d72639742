"""The sentence of every problem (`problems.py`), in French and in English: what happened, and what to do next."""

from collections.abc import Mapping
from typing import Final

from netboot.shared.language import Language
from netboot.shared.sentences import choices, disks, erase, masters, starts

SENTENCES: Final[Mapping[str, Mapping[Language, str]]] = {
    **disks.SENTENCES,
    **erase.SENTENCES,
    **masters.SENTENCES,
    **starts.SENTENCES,
    **choices.SENTENCES,
}
