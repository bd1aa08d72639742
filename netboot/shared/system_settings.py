"""What a profile sets of the installed system, and the files that say so, as Debian, Fedora and their kin read them.

Which files: locale.conf(5), vconsole.conf(5), localtime(5), keyboard(5) of keyboard-configuration, and xorg.conf(5) for
a desktop without it. They are written whole, so that the server knows each by its digest. Pure: shared by the agent,
which writes them, and the server, which judges what is on the disk. Not for: which of them a system gets
(`agent/customise/region.py`), the files and scripts of a profile's own (`placed_files.py`).
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from netboot.shared.accounts import USERS, User, users_error
from netboot.shared.parcel import FOLDERS, PlacedFolder, folders_error
from netboot.shared.placed_files import FILES, UNIT, WANTED, PlacedFile, Script, files_error, first_start
from netboot.shared.wifi import WifiName, wifi_file

Locale = Annotated[str, Meta(pattern=r"^([a-z]{2,3}_[A-Z]{2}\.UTF-8)?\Z")]
Layout = Annotated[str, Meta(pattern=r"^[a-z]{0,16}\Z")]
Variant = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,32}\Z")]
TimeZone = Annotated[str, Meta(max_length=64, pattern=r"^([A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*){0,2})?\Z")]
SettingPart = Literal["locale", "keyboard", "timezone", "users", "files", "scripts", "wifi", "folders"]


class SystemSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is "" stays as the master has it. `keyboard` and `keyboard_variant` are XKB's layout and variant.

    `wifi` names a network; what it is, with its password, is kept elsewhere (`private_files.py`).
    """

    locale: Locale = ""
    keyboard: Layout = ""
    keyboard_variant: Variant = ""
    timezone: TimeZone = ""
    users: Annotated[tuple[User, ...], Meta(max_length=USERS)] = ()
    files: Annotated[tuple[PlacedFile, ...], Meta(max_length=FILES)] = ()
    scripts: Annotated[tuple[Script, ...], Meta(max_length=FILES)] = ()
    wifi: WifiName = ""
    folders: Annotated[tuple[PlacedFolder, ...], Meta(max_length=FOLDERS)] = ()

    def for_model(self, *names: str) -> "SystemSettings":
        """What a PC of which these are the names (`System.models`) gets of it."""
        return replace(
            self,
            files=tuple(one for one in self.files if one.is_for(*names)),
            scripts=tuple(one for one in self.scripts if one.is_for(*names)),
            folders=tuple(one for one in self.folders if one.is_for(*names)),
        )


class Written(Struct, frozen=True, kw_only=True):
    """A file as it is to be, or, with `link`, what the link in its place points to.

    `mode` is the permission bits in octal and `owner` an account of the system; "" for what an earlier file had.
    """

    part: SettingPart
    content: bytes
    link: bool = False
    mode: str = ""
    owner: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


_ONE_OF: Final[Mapping[SettingPart, frozenset[str]]] = {
    "locale": frozenset({"etc/locale.conf"}),
    "keyboard": frozenset({"etc/default/keyboard", "etc/vconsole.conf"}),
    "timezone": frozenset({"etc/localtime"}),
}
"""What is set is on the disk when one of these files is as it is to be."""

_ACCOUNT_NAMES: Final = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")
ACCOUNT_FILES: Final = (*(f"etc/{name}{copy}" for name in _ACCOUNT_NAMES for copy in ("", "-")), "etc/.pwd.lock")
"""What making an account writes, by the system's own tools, beside its home: the files and their copies of before."""


def settings_error(settings: SystemSettings) -> str:
    """What makes no sense in them, for the person who wrote the profile; "" when all does."""
    if settings.keyboard_variant and not settings.keyboard:
        return "`keyboard_variant` needs a `keyboard`"
    if settings.wifi and wifi_file(settings.wifi) in {file.inside for file in settings.files}:
        return "a file of `files` lies where `wifi` puts its network"
    return (
        users_error(settings.users) or files_error(settings.files, settings.scripts) or folders_error(settings.folders)
    )


def asked(settings: SystemSettings) -> tuple[SettingPart, ...]:
    """The parts of which something is set."""
    given: dict[SettingPart, object] = {
        "locale": settings.locale, "keyboard": settings.keyboard, "timezone": settings.timezone,
        "users": settings.users, "files": settings.files, "scripts": settings.scripts, "wifi": settings.wifi,
        "folders": settings.folders,
    }  # fmt: skip
    return tuple(part for part, value in given.items() if value)


def needed(settings: SystemSettings) -> tuple[tuple[SettingPart, frozenset[str]], ...]:
    """For each thing that is set, the paths of which one at least must be there."""
    either = tuple((part, _ONE_OF[part]) for part in asked(settings) if part in _ONE_OF)
    each = tuple((file.part, frozenset({path})) for path, file in written(settings).items() if file.part not in _ONE_OF)
    users = ("etc/passwd", "etc/shadow", *(f"home/{user.name}" for user in settings.users)) if settings.users else ()
    of_users: tuple[tuple[SettingPart, frozenset[str]], ...] = tuple(("users", frozenset({path})) for path in users)
    wifi: tuple[tuple[SettingPart, frozenset[str]], ...] = ()
    if settings.wifi:
        wifi = (("wifi", frozenset({wifi_file(settings.wifi)})),)
    folders: tuple[tuple[SettingPart, frozenset[str]], ...] = tuple(
        ("folders", frozenset({folder.inside})) for folder in settings.folders
    )
    return (*either, *of_users, *each, *wifi, *folders)


def written(settings: SystemSettings) -> dict[str, Written]:
    """Every file that may say what is set, but those that hold a secret, by its path from the root without a leading
    slash."""
    files: dict[str, Written] = {}
    if settings.locale:
        for path in ("etc/locale.conf", "etc/default/locale"):
            files[path] = Written(part="locale", content=f"LANG={settings.locale}\n".encode())
    if settings.keyboard:
        for path, text in _keyboard(settings.keyboard, settings.keyboard_variant).items():
            files[path] = Written(part="keyboard", content=text.encode())
    if settings.timezone:
        zone = f"../usr/share/zoneinfo/{settings.timezone}"
        files["etc/localtime"] = Written(part="timezone", content=zone.encode(), link=True)
        files["etc/timezone"] = Written(part="timezone", content=f"{settings.timezone}\n".encode())
    for file in settings.files:
        files[file.inside] = Written(part="files", content=file.content, mode=file.mode, owner=file.owner)
    for path, (content, mode) in first_start(settings.scripts).items():
        files[path] = Written(part="scripts", content=content, mode=mode, owner="root")
    if settings.scripts:
        files[WANTED] = Written(part="scripts", content=f"/{UNIT}".encode(), link=True)
    return files


def keymap(settings: SystemSettings) -> str:
    """The console's name for the keyboard, where keymaps are made from XKB's layouts."""
    return "-".join(word for word in (settings.keyboard, settings.keyboard_variant) if word)


def _keyboard(layout: str, variant: str) -> dict[str, str]:
    debian = {"XKBMODEL": "pc105", "XKBLAYOUT": layout, "XKBVARIANT": variant, "XKBOPTIONS": "", "BACKSPACE": "guess"}
    # The font has the letters of the languages of Europe; with none the console keeps the firmware's, which has not.
    console = {
        "KEYMAP": f"{layout}-{variant}" if variant else layout,
        "FONT": "eurlatgr",
        "XKBMODEL": "pc105",
        "XKBLAYOUT": layout,
        "XKBVARIANT": variant,
    }
    desktop = (
        'Section "InputClass"\n        Identifier "system-keyboard"\n        MatchIsKeyboard "on"\n'
        f'        Option "XkbModel" "pc105"\n        Option "XkbLayout" "{layout}"\n'
        f'        Option "XkbVariant" "{variant}"\nEndSection\n'
    )
    return {
        "etc/default/keyboard": "".join(f'{name}="{value}"\n' for name, value in debian.items()),
        "etc/vconsole.conf": "".join(f"{name}={value}\n" for name, value in console.items()),
        "etc/X11/xorg.conf.d/00-keyboard.conf": desktop,
    }
