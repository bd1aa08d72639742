"""What a person calls a new master, judged before anything is made: its name, version, title and licence. Pure.

A name that is taken is no mistake: what is made then becomes a new version of that master, which the person is told
first. The licence is an SPDX expression (SPDX 2.3, annex D), its identifiers those of the SPDX list or `LicenseRef-…`.
Not for: the values' forms, which are the manifest's (`shared/manifest.py`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from netboot.shared.fields import Identifier
from netboot.shared.manifest import Line, MasterName

LONGEST: Final = 120
"""Characters of a title or a licence, as a manifest has them."""

Field = Literal["name", "version", "title", "licence"]
Mistake = Literal["name-form", "version-form", "version-taken", "title-form", "licence-form", "licence-unknown"]

_FORMS: Final[dict[Field, tuple[Any, Mistake]]] = {
    "name": (MasterName, "name-form"),
    "version": (Identifier, "version-form"),
    "title": (Line, "title-form"),
    "licence": (Line, "licence-form"),
}


@dataclass(frozen=True, slots=True)
class Called:
    """As it was typed. Without a `version` it is the moment at which the master is made."""

    name: str
    version: str
    title: str
    licence: str

    def mistakes(self, known: Mapping[str, Collection[str]]) -> dict[Field, Mistake]:
        """What is wrong, by the field; `known` are the versions that there are of each master, by its name."""
        found = {field: mistake for field, (form, mistake) in _FORMS.items() if not _is(getattr(self, field), form)}
        if self.version and self.version in known.get(self.name, ()):
            found.setdefault("version", "version-taken")
        if "licence" not in found and licence(self.licence) is None:
            found["licence"] = "licence-unknown"
        return found


def licence(text: str) -> str | None:
    """The expression as SPDX writes it; None when it is none."""
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return None


def _is(text: str, form: Any) -> bool:
    try:
        msgspec.convert(text, form)
    except msgspec.ValidationError:
        return False
    return True
