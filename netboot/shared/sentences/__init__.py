"""The texts of every problem (`shared/problems.py`), in French and in English: what happened, and what to do next.

Each file of this folder is one subject: its codes, and a sentence for each. One that is named as a stage is holds that
stage's words: its TITLE as well, and what the page says of it. Read here by name, so that a file that is added counts.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

from netboot.shared.language import Language

Words = Mapping[Language, str]


def _files() -> Iterator[tuple[str, ModuleType]]:
    for file in iter_modules(__path__):
        yield file.name, import_module(f"{__name__}.{file.name}")


TITLES: Final[Mapping[str, Words]] = {name: file.TITLE for name, file in _files() if hasattr(file, "TITLE")}
"""The stages' names for people, which a sentence may hold as `{stage}`."""

SENTENCES: Final[Mapping[str, Words]] = {
    code: sentence for _, file in _files() for code, sentence in getattr(file, "SENTENCES", {}).items()
}
