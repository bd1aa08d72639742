"""Words of the check: its name."""

from typing import Final

from netboot.shared.language import Language

TITLE: Final[dict[Language, str]] = {"fr": "Vérification", "en": "Check"}
