"""Words of the end: its name."""

from typing import Final

from netboot.shared.language import Language

TITLE: Final[dict[Language, str]] = {"fr": "Fin", "en": "End"}
