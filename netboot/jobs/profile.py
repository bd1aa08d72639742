"""Profiles, which people pick in the boot menu or on the page: named lists of stages, with a master and options.

The value only, and what makes sense in it. Not for: reading its file (`profiles.py`), rendering the menu
(`bootmenu/boot_menu.py`), running a job (`imaging.py`).
"""

import hashlib
from typing import Annotated, Final, Literal, TypeVar, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from netboot.shared.fields import Hostname, Identifier
from netboot.shared.language import Language
from netboot.shared.stages import KINDS, SENDING, WRITING, StageName
from netboot.shared.stages.deploy import DeployOptions
from netboot.shared.stages.finish import EndAction
from netboot.shared.stages.kind import Options
from netboot.shared.system_settings import SystemSettings, settings_error

# Shown in boot menus and on pages: one line, no control characters. Each renderer escapes what its own syntax needs.
Label = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z")]

ORDER: Final[tuple[StageName, ...]] = get_args(StageName)

OneOptions = TypeVar("OneOptions", bound=Options)

_NUMBERS = ("1", "999999")
"""A machine's number in the workshop at its shortest and longest: a name that fits both fits every PC."""


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One choice of the boot menu.

    `master` is the name of a master in the store ("" when nothing is deployed). `unerased` says what a deploy does on
    disks without a verdict of *erased*: "forbid" them, or "waive" for disks bought new. `hostname` may hold {number},
    the machine's number in the workshop. `end` is what the PC does after its last stage. `options` is what is set of a
    stage, whose Options say what it may be; `customise` is what is set of the installed system, or "none": it may stay
    as the master has it. A profile that sets nothing is written, and digested, without either.
    """

    id: Identifier
    name: dict[Language, Label]
    stages: tuple[StageName, ...]
    master: Identifier = ""
    unerased: Literal["forbid", "waive"] = "forbid"
    hostname: Annotated[str, Meta(max_length=60)] = "pc-{number}"
    end: EndAction = "poweroff"
    options: dict[StageName, dict[str, str | int | bool]] | UnsetType = UNSET
    customise: SystemSettings | Literal["none"] | UnsetType = UNSET

    def options_for(self, options: type[OneOptions]) -> OneOptions:
        """What is set of the stage whose options these are; what is not set is as they say.

        Raises msgspec.ValidationError for what `profile_error` tells.
        """
        given = {} if self.options is UNSET else self.options
        mine = next((given[name] for name in given if KINDS[name].options is options), {})
        return msgspec.convert(mine, options)

    def with_options(self, name: StageName, options: Options) -> "Profile":
        """The same, with these options of the stage `name` in place of its own."""
        given = {} if self.options is UNSET else self.options
        return replace(self, options={**given, name: msgspec.to_builtins(options)})

    @property
    def settings(self) -> SystemSettings:
        """What is set of the installed system."""
        return self.customise if isinstance(self.customise, SystemSettings) else SystemSettings()

    @property
    def leaves_as_is(self) -> bool:
        """Whether the installed system may keep the name, the identity and the keys of its master."""
        return self.customise == "none"

    @property
    def erases(self) -> bool:
        """Whether every internal disk is erased."""
        return "erase" in self.stages

    @property
    def writes(self) -> bool:
        """Whether anything is written to a disk: such a profile asks once more before it starts."""
        return bool(WRITING & set(self.stages))

    @property
    def proven(self) -> bool:
        """Whether a pick of it in the boot menu counts only with the menu's ticket, and it never starts by itself: it
        writes to a disk, or sends what is on one."""
        return self.writes or bool(SENDING & set(self.stages))

    @property
    def digest(self) -> str:
        """SHA-256 in hex of all that is in it: what a person agreed to when they chose it."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def profile_error(profile: Profile) -> str:
    """What is wrong in this profile, for the person who wrote its file; "" when nothing is."""
    if not profile.id:
        return "`id` is empty"
    if set(profile.name) != {"fr", "en"}:
        return "`name` needs both `fr` and `en`"
    if not profile.stages or list(profile.stages) != [stage for stage in ORDER if stage in profile.stages]:
        return f"`stages` must be some of {', '.join(ORDER)}, each once, in this order"
    if profile.stages[-1] != "finish":
        return "`stages` must end with `finish`"
    if profile.writes and "check" not in profile.stages:
        return "a profile that writes to a disk starts with the stage `check`"
    if "customise" in profile.stages and "deploy" not in profile.stages:
        return "`customise` needs `deploy`"
    if ("deploy" in profile.stages) != bool(profile.master):
        return "`deploy` needs a `master`, and a `master` needs `deploy`"
    if profile.customise is not UNSET and "customise" not in profile.stages:
        return "`customise` sets something of the stage `customise`, which is not in `stages`"
    if mistake := settings_error(profile.settings):
        return f"`customise`: {mistake}"
    if SENDING & set(profile.stages) and (profile.writes or "check" not in profile.stages):
        return "a profile with `capture` starts with the stage `check`, and has none that writes to a disk"
    if mistake := _options_error(profile):
        return mistake
    if "customise" not in profile.stages and profile.options_for(DeployOptions).grow is not UNSET:
        return "`options` of `deploy`: what `grow` names grows in the stage `customise`, which is not in `stages`"
    if not all(_is_hostname(profile.hostname.replace("{number}", number)) for number in _NUMBERS):
        return "`hostname` may hold a-z, 0-9, {number}, and hyphens between them"
    return ""


def _options_error(profile: Profile) -> str:
    given = {} if profile.options is UNSET else profile.options
    for name in given:
        if KINDS[name].options is None:
            return f"`options`: nothing can be set of `{name}`"
        if name not in profile.stages:
            return f"`options` sets something of `{name}`, which is not in `stages`"
    for name in profile.stages:
        options = KINDS[name].options
        try:
            if options is not None:
                msgspec.convert(given.get(name, {}), options)
        except msgspec.ValidationError as error:
            return f"`options` of `{name}`: {error}"
    return ""


def _is_hostname(text: str) -> bool:
    try:
        msgspec.convert(text, Hostname)
    except msgspec.ValidationError:
        return False
    return True
