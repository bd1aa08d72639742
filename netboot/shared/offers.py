"""What an installed system offers to a profile, as a survey of its master found it, and what of a profile it lacks.

So that a master without the time zone, the keyboard or the group that a profile asks for is told before a disk is
erased for it, and not by the agent afterwards (`agent/customise/`, whose rules these are). What could not be told is
UNSET, and forbids nothing. Pure. Not for: looking into a system (`survey/offers.py`).
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from netboot.shared.accounts import FIRST_UID, LAST_UID
from netboot.shared.inventory import Text
from netboot.shared.mount_points import hidden_by, mounted_within
from netboot.shared.system_settings import SystemSettings, keymap, written
from netboot.shared.wifi import wifi_file

LOCALES: Final = 1024
KEYBOARDS: Final = 8192
TIME_ZONES: Final = 2048
NAMES: Final = 1024
"""Of groups, and of accounts."""
MOUNTS: Final = 64
_LISTED: Final = 3
_XKB: Final = "usr/share/X11/xkb/"

LOCALE: Final = r"^[a-z]{2,3}_[A-Z]{2}\Z"
KEYBOARD: Final = r"^[A-Za-z0-9_-]{1,49}\Z"
ZONE: Final = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*){0,2}\Z"
NAME: Final = r"^[a-z_][a-z0-9_-]{0,31}\Z"
FOLDER: Final = r"^[^/\x00-\x1f\x7f-\x9f\u2028\u2029][^\x00-\x1f\x7f-\x9f\u2028\u2029]{0,199}\Z"

LocaleName = Annotated[str, Meta(pattern=LOCALE)]
KeyboardName = Annotated[str, Meta(pattern=KEYBOARD)]
ZoneName = Annotated[str, Meta(max_length=64, pattern=ZONE)]
Name = Annotated[str, Meta(pattern=NAME)]
Folder = Annotated[str, Meta(pattern=FOLDER)]
Number = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class Offers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in it. UNSET: it could not be told.

    `mounts`: the folders that its fstab mounts something at, without a leading slash. `locales`: those of UTF-8 that
    are there or can be made (fr_FR). `keyboards`: as `keymap` names them. `accounts`: their numbers.
    `makes_accounts`: the tools for it are there. `runs_scripts`: systemd is, which runs a profile's scripts.
    `joins_wifi`: it joins a Wi-Fi network that it is given (`wifi.py`).
    """

    mounts: Annotated[tuple[Folder, ...], Meta(max_length=MOUNTS)] | UnsetType = UNSET
    locales: Annotated[tuple[LocaleName, ...], Meta(max_length=LOCALES)] | UnsetType = UNSET
    keyboards: Annotated[tuple[KeyboardName, ...], Meta(max_length=KEYBOARDS)] | UnsetType = UNSET
    timezones: Annotated[tuple[ZoneName, ...], Meta(max_length=TIME_ZONES)] | UnsetType = UNSET
    groups: Annotated[tuple[Name, ...], Meta(max_length=NAMES)] | UnsetType = UNSET
    accounts: Annotated[dict[Name, Number], Meta(max_length=NAMES)] | UnsetType = UNSET
    makes_accounts: bool | UnsetType = UNSET
    runs_scripts: bool | UnsetType = UNSET
    joins_wifi: bool | UnsetType = UNSET


class Lack(Struct, frozen=True):
    """Something that a profile asks for and a system has not: `place` is a path that another file system would hide,
    `owner` an account that a file is for, `person` a name that is the system's own account's, or its group's."""

    what: Literal[
        "locale",
        "keyboard",
        "timezone",
        "group",
        "owner",
        "person",
        "makes-accounts",
        "runs-scripts",
        "place",
        "joins-wifi",
    ]
    value: Text = ""

    @property
    def text(self) -> str:
        """Its word, and what it is of that kind."""
        return f"{self.what} {self.value}".rstrip()


def listed(lacks: Sequence[Lack]) -> str:
    """As a Problem has them (`{lacks}`): the first ones, and three dots for more."""
    more = ("…",) if len(lacks) > _LISTED else ()
    return ", ".join((*(lack.text for lack in lacks[:_LISTED]), *more))


def lacking(settings: SystemSettings, offers: Offers) -> tuple[Lack, ...]:
    """What of these settings a system that offers this cannot be given."""
    return (*_of_region(settings, offers), *_of_users(settings, offers), *_of_files(settings, offers))


def _of_region(settings: SystemSettings, offers: Offers) -> tuple[Lack, ...]:
    lacks: list[Lack] = []
    if settings.locale and offers.locales is not UNSET and _plain(settings.locale) not in offers.locales:
        lacks.append(Lack("locale", settings.locale))
    known = offers.keyboards if not _brings_keyboards(settings) else UNSET
    if settings.keyboard and known is not UNSET and keymap(settings) not in known:
        lacks.append(Lack("keyboard", keymap(settings)))
    if settings.timezone and offers.timezones is not UNSET and _is_missing(settings.timezone, offers.timezones):
        lacks.append(Lack("timezone", settings.timezone))
    return tuple(lacks)


def _brings_keyboards(settings: SystemSettings) -> bool:
    """Whether it may put keyboards of its own into the system: X's, which the agent asks for nothing."""
    files = any(path.startswith(_XKB) for path in written(settings))
    inside = (f"{folder.inside}/" for folder in settings.folders)
    return files or any(path.startswith(_XKB) or _XKB.startswith(path) for path in inside)


def _plain(locale: str) -> str:
    return locale.removesuffix(".UTF-8")


def _is_missing(zone: str, known: tuple[str, ...]) -> bool:
    # The second and third copy of all zones are not looked into.
    return zone not in known and not zone.startswith(("posix/", "right/"))


def _of_users(settings: SystemSettings, offers: Offers) -> tuple[Lack, ...]:
    lacks: list[Lack] = []
    if settings.users and offers.makes_accounts is False:
        lacks.append(Lack("makes-accounts"))
    for user in settings.users:
        number = offers.accounts.get(user.name) if offers.accounts is not UNSET else FIRST_UID
        # A new account gets a group of its name, which useradd does not make where there is one already.
        taken = number is None and offers.groups is not UNSET and user.name in offers.groups
        if taken or not FIRST_UID <= (FIRST_UID if number is None else number) <= LAST_UID:
            lacks.append(Lack("person", user.name))
        if offers.groups is not UNSET:
            lacks += (Lack("group", group) for group in user.groups if group not in offers.groups)
    return tuple(dict.fromkeys(lacks))


def _of_files(settings: SystemSettings, offers: Offers) -> tuple[Lack, ...]:
    lacks: list[Lack] = []
    if settings.scripts and offers.runs_scripts is False:
        lacks.append(Lack("runs-scripts"))
    if settings.wifi and offers.joins_wifi is False:
        lacks.append(Lack("joins-wifi"))
    made = {"root", *(user.name for user in settings.users)}
    if offers.accounts is not UNSET:
        owners = (file.owner for file in settings.files)
        lacks += (Lack("owner", owner) for owner in owners if owner not in made and owner not in offers.accounts)
    if offers.mounts is not UNSET:
        private = (wifi_file(settings.wifi),) if settings.wifi else ()
        paths = (*(f"home/{user.name}" for user in settings.users), *written(settings), *private)
        lacks += (Lack("place", path) for path in paths if hidden_by(path, offers.mounts))
        # Its files may lie below a mount that is further down: which they are is not known here.
        folders = (folder.inside for folder in settings.folders)
        lacks += (Lack("place", path) for path in folders if mounted_within(path, offers.mounts))
    return tuple(dict.fromkeys(lacks))


def what_matters(offers: Offers, settings: SystemSettings) -> Offers:
    """The part of it that these settings ask about, which is enough for `lacking`: a few names of thousands."""
    groups = {group for user in settings.users for group in (user.name, *user.groups)}
    accounts = {*(user.name for user in settings.users), *(file.owner for file in settings.files)}
    return replace(
        offers,
        locales=_among(offers.locales, {_plain(settings.locale)}),
        keyboards=_among(offers.keyboards, {keymap(settings)}),
        timezones=_among(offers.timezones, {settings.timezone}),
        groups=_among(offers.groups, groups),
        accounts=offers.accounts
        if offers.accounts is UNSET
        else {name: number for name, number in offers.accounts.items() if name in accounts},
    )


def _among(names: tuple[str, ...] | UnsetType, asked: set[str]) -> tuple[str, ...] | UnsetType:
    return UNSET if names is UNSET else tuple(name for name in names if name in asked)
