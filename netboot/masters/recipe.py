"""Reads a master's recipe, `images/<name>.yaml`: which Debian, which packages, which language, how large a disk.

Parsing is strict: a wrong key or value is an error that names the file, the place and what was expected.
Not for: the agent's own image, which has another recipe (`bootfiles/recipe.py`).
"""

import re
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from netboot.files import core_yaml
from netboot.shared.errors import NetbootError
from netboot.shared.fields import Hostname
from netboot.shared.manifest import Line, MasterName

Package = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2,3}_[A-Z]{2}\.UTF-8$")]
Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._/-]+$")]
KernelParameter = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._,:=/-]+$")]
MIB: Final = 1024 * 1024


class User(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one account people sign in with. Nobody ever knows a password beforehand:

    `locked`: no password opens it, until something else sets one; `first-login`: whoever signs in first, at the PC's
    own keyboard, must choose one (ssh refuses the account until then).
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    title: Annotated[str, Meta(max_length=60, pattern=r"^[^:,\x00-\x1f]*$")] = ""
    groups: tuple[Word, ...] = ()
    sign_in: Literal["locked", "first-login"] = "locked"


class Recipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole recipe. `disk` and `esp` are MiB; `licence` is an SPDX expression."""

    name: MasterName
    version: Annotated[str, Meta(pattern=r"^[0-9A-Za-z.]{1,32}$")]
    title: Line
    licence: Line
    suite: Annotated[str, Meta(pattern=r"^[a-z]+$")]
    components: Annotated[tuple[Word, ...], Meta(min_length=1)] = ("main",)
    packages: Annotated[tuple[Package, ...], Meta(min_length=1)]
    locales: Annotated[tuple[Locale, ...], Meta(min_length=1)]
    keyboard: Word
    timezone: Word
    hostname: Hostname
    user: User
    kernel_parameters: tuple[KernelParameter, ...] = ()
    mask: tuple[Word, ...] = ()
    disk: Annotated[int, Meta(ge=512, le=1024 * 1024)]
    esp: Annotated[int, Meta(ge=40, le=4096)] = 128

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the locales, such as ("fr", "en"): translations of others are left out."""
        return tuple(dict.fromkeys(locale.partition("_")[0] for locale in self.locales))


def load_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises NetbootError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NetbootError(
            f"the recipe {path} cannot be read: {error}", hint="give the path of a recipe, such as those in images/"
        ) from error
    return parse_recipe(text, source=str(path))


def parse_recipe(text: str, *, source: str) -> Recipe:
    """Read a recipe from YAML; `source` names the file in errors. Raises NetbootError."""
    try:
        return msgspec.convert(core_yaml.load(text), Recipe)
    except yaml.YAMLError as error:
        raise NetbootError(
            f"{source} is not YAML: {error}", hint="compare it with images/debian-minimal.yaml"
        ) from error
    except msgspec.ValidationError as error:
        place = re.sub(r" - at `\$\.?(.*)`$", r" (at \1)", str(error))
        raise NetbootError(f"{source}: {place}", hint="compare it with images/debian-minimal.yaml") from error
