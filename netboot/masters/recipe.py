"""A master's recipe, `images/<name>.yaml`: which system, packages, languages, accounts, desktop, how large a disk.

The values only. Not for: reading the file and the one it extends (`recipe_reading.py`), what makes no sense in it
(`recipe_rules.py`), the agent's own image, which has another recipe (`bootfiles/recipe.py`).
"""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from netboot.masters.distributions import DistributionName
from netboot.masters.users import RecipeUser
from netboot.shared.accounts import UserName
from netboot.shared.fields import Hostname
from netboot.shared.language import Language
from netboot.shared.manifest import FirmwareMode, Line, MasterName

Package = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9+.-]+\Z", description="a package's name")]
Locale = Annotated[str, Meta(pattern=r"^[a-z]{2,3}_[A-Z]{2}\.UTF-8\Z", description="a locale such as fr_FR.UTF-8")]
Word = Annotated[
    str,
    Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._/-]+\Z", description="letters, digits, . _ / -"),
]
KernelParameter = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z0-9._,:=/-]+\Z",
        description="one word of letters, digits and . _ , : = / -",
    ),
]
BesideName = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^([A-Za-z0-9_][A-Za-z0-9._-]*(/(?!\Z)|\Z))*\Z",
        description="a file in the recipe's folder or below it",
    ),
]
Content = Annotated[str, Meta(max_length=1024 * 1024)]
InstalledPath = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^(/[A-Za-z0-9_@.+-]*[A-Za-z0-9_@+-][A-Za-z0-9_@.+-]*)+\Z",
        description="a whole path such as /etc/motd, without spaces",
    ),
]
MIB: Final = 1024 * 1024


class Contents(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in a file of the system: the `text` itself, or that of a file `beside` the recipe."""

    text: Content = ""
    beside: BesideName = ""

    def bytes_of(self, beside: Mapping[str, bytes]) -> bytes:
        """The contents; `beside` are those of the files by the recipe."""
        return beside[self.beside] if self.beside else self.text.encode()


class InstalledFile(Contents, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file to put at `path`. `mode` is octal.

    Those of root are there before the accounts are made, so that /etc/skel works; those of others after.
    """

    path: InstalledPath
    owner: UserName = "root"
    mode: Annotated[str, Meta(pattern=r"^0[0-7]{3}\Z", description='four octal digits in quotes, such as "0644"')] = (
        "0644"
    )


class Script(Contents, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shell script that runs as root inside the system at the end of its making; a line that fails stops it all."""


class Titles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people read of the master, in each language."""

    fr: Line
    en: Line

    def in_languages(self) -> dict[Language, str]:
        """The same, by language."""
        return {"fr": self.fr, "en": self.en}


class FirstSteps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page for the new owner, an HTML file in each language: an icon on the desktop and an entry of the menu."""

    fr: BesideName
    en: BesideName


class Desktop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The desktop that LightDM starts: `session` is a file's name in /usr/share/xsessions, without its ending.

    `autologin` is the account that is signed in when the PC starts, "" for none: then everybody is asked.
    """

    session: Word
    autologin: Annotated[str, Meta(max_length=31, pattern=r"^([a-z][a-z0-9-]*)?\Z", description="a user's name")] = ""


class WantedPc(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a PC must have beyond room for the image: `memory` and `disk` in MiB, 0 for whatever there is.

    `memory` is what is fitted, as the shop says it: 2048 for a PC of 2 GiB. `firmware`: how it may be started.
    """

    memory: Annotated[int, Meta(ge=0, le=1024 * 1024)] = 0
    disk: Annotated[int, Meta(ge=0, le=16 * 1024 * 1024)] = 0
    firmware: Annotated[tuple[FirmwareMode, ...], Meta(min_length=1, max_length=2)] = ("bios", "uefi")


class Recipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole recipe. `disk` and `esp` are MiB; `licence` is an SPDX expression.

    `extends` names another recipe of the same folder that this one adds to; it is done when the recipe has been read.
    """

    extends: Annotated[str, Meta(max_length=64)] = ""
    name: MasterName
    version: Annotated[str, Meta(pattern=r"^[0-9A-Za-z.]{1,32}\Z", description='a version in quotes, such as "13.1"')]
    title: Titles
    licence: Line
    distribution: DistributionName = "debian"
    suite: Annotated[str, Meta(pattern=r"^[a-z]+\Z", description="a release's name, such as trixie")]
    components: Annotated[tuple[Word, ...], Meta(min_length=1)] = ("main",)
    packages: Annotated[tuple[Package, ...], Meta(min_length=1)]
    locales: Annotated[tuple[Locale, ...], Meta(min_length=1)]
    keyboard: Word
    timezone: Word
    hostname: Hostname
    users: Annotated[tuple[RecipeUser, ...], Meta(min_length=1, max_length=32)]
    desktop: Desktop | None = None
    first_steps: FirstSteps | None = None
    files: Annotated[tuple[InstalledFile, ...], Meta(max_length=1000)] = ()
    scripts: Annotated[tuple[Script, ...], Meta(max_length=100)] = ()
    kernel_parameters: tuple[KernelParameter, ...] = ()
    mask: tuple[Word, ...] = ()
    needs: WantedPc = WantedPc()
    disk: Annotated[int, Meta(ge=512, le=1024 * 1024)]
    esp: Annotated[int, Meta(ge=40, le=4096)] = 260

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the locales, such as ("fr", "en"): translations of others are left out."""
        return tuple(dict.fromkeys(locale.partition("_")[0] for locale in self.locales))

    @property
    def beside(self) -> tuple[str, ...]:
        """The files beside the recipe that it names, each once."""
        contents: tuple[Contents, ...] = (*self.files, *self.scripts)
        named = [entry.beside for entry in contents if entry.beside]
        if self.first_steps is not None:
            named += [self.first_steps.fr, self.first_steps.en]
        return tuple(dict.fromkeys(named))
