"""The answer file by which a prepared Windows becomes one PC's own at its first start: what it says, and cannot say.

By Microsoft's "Unattended Windows Setup Reference": ComputerName and TimeZone of Microsoft-Windows-Shell-Setup in the
pass `specialize`, InputLocale, SystemLocale, UILanguage and UserLocale of Microsoft-Windows-International-Core in
`oobeSystem`, and commands in RunSynchronous of Microsoft-Windows-Deployment in `specialize`, where they run as the
system, one after the other, and go on whatever one of them ends with (WillReboot: Never). No password: the owner is
asked for an account, as without the file. Time zones' names are CLDR's, by tzlocal; languages' numbers Python's;
keyboards' those of "Keyboard identifiers and input method editors". Pure. Not for: which Windows takes it
(`shared/windows.py`), which commands (`windows_accounts.py`, `windows_folders.py`), writing it
(`agent/customise/windows.py`).
"""

import locale
from collections.abc import Iterable, Mapping
from typing import Final
from xml.sax.saxutils import escape

from tzlocal.windows_tz import tz_win

from netboot.jobs.windows_accounts import account_commands, account_error, needs_powershell
from netboot.jobs.windows_folders import driver_commands, have_drivers, placing_errors
from netboot.shared.system_settings import SystemSettings
from netboot.shared.windows import ANSWER_FILE, AnswerFile, Windows

NAME_LONGEST: Final = 15
"""Letters of a computer's name (NetBIOS)."""
_KEYBOARDS: Final[Mapping[tuple[str, str], str]] = {
    ("be", ""): "0000080c", ("be", "oss"): "0000080c", ("ca", ""): "00001009", ("ch", ""): "00000807",
    ("ch", "fr"): "0000100c", ("de", ""): "00000407", ("es", ""): "0000040a", ("fr", ""): "0000040c",
    ("fr", "azerty"): "0000040c", ("fr", "oss"): "0000040c", ("gb", ""): "00000809", ("it", ""): "00000410",
    ("pt", ""): "00000816", ("us", ""): "00000409", ("us", "intl"): "00020409",
}  # fmt: skip
"""By XKB's layout and variant."""
_COMPONENT: Final = (
    '    <component name="{name}" processorArchitecture="{architecture}" publicKeyToken="31bf3856ad364e35" '
    'language="neutral" versionScope="nonSxS"{more}>\n{inside}    </component>\n'
)
_LISTS: Final = ' xmlns:wcm="http://schemas.microsoft.com/WMIConfig/2002/State"'
_COMMAND: Final = (
    '        <RunSynchronousCommand wcm:action="add">\n          <Order>{order}</Order>\n'
    "          <Path>{path}</Path>\n          <WillReboot>Never</WillReboot>\n        </RunSynchronousCommand>\n"
)
_VERSION_1607: Final = 14393
"""The build of Windows 10 version 1607."""


def not_in_windows(settings: SystemSettings, windows: Windows) -> str:
    """What is set that netboot cannot set of this Windows, for a person; "" for nothing."""
    others: dict[str, object] = {"scripts": settings.scripts, "wifi": settings.wifi}
    given = [name for name, value in others.items() if value]
    given += [fault for user in settings.users if (fault := account_error(user))]
    given += placing_errors(settings)
    new = {"group administrators": needs_powershell(settings.users), "drivers": have_drivers(settings.folders)}
    if windows.build < _VERSION_1607:
        build = windows.build or "?"
        given += [f"{what} before Windows 10 version 1607 (build {build})" for what, asked in new.items() if asked]
    if settings.locale and not _number(settings.locale):
        given.append(f"locale: {settings.locale}")
    if settings.keyboard and (settings.keyboard, settings.keyboard_variant) not in _KEYBOARDS:
        given.append(f"keyboard: {settings.keyboard} {settings.keyboard_variant}".rstrip())
    if settings.keyboard and not settings.locale:
        given.append("keyboard without locale")
    if settings.timezone and settings.timezone not in tz_win:
        given.append(f"timezone: {settings.timezone}")
    return ", ".join(given)


def not_a_windows_name(hostname: str, settings: SystemSettings) -> bool:
    """Whether a Windows cannot be called so: its names are short, no number, and no account's."""
    return len(hostname) > NAME_LONGEST or hostname.isdecimal() or hostname in {user.name for user in settings.users}


def answer_file(windows: Windows, hostname: str, settings: SystemSettings) -> AnswerFile:
    """The file. What is not set is left out, and Windows keeps or asks it."""
    shell = {"ComputerName": hostname, "TimeZone": tz_win[settings.timezone] if settings.timezone else ""}
    passes = {
        "specialize": _component("Microsoft-Windows-Shell-Setup", windows, shell)
        + _run_once(windows, (*driver_commands(settings.folders), *account_commands(settings.users))),
        "oobeSystem": _component("Microsoft-Windows-International-Core", windows, _region(windows, settings)),
    }
    inside = "".join(f'  <settings pass="{name}">\n{text}  </settings>\n' for name, text in passes.items() if text)
    head = '<?xml version="1.0" encoding="utf-8"?>\n<unattend xmlns="urn:schemas-microsoft-com:unattend">\n'
    text = f"{head}{inside}</unattend>\n".encode("ascii", "xmlcharrefreplace").decode("ascii")
    return AnswerFile(path=f"{windows.panther}/{ANSWER_FILE}", text=text)


def _region(windows: Windows, settings: SystemSettings) -> dict[str, str]:
    """Without a locale nothing is set. The pages are shown in it only where that language is known to be installed."""
    name = settings.locale.removesuffix(".UTF-8")
    if not name:
        return {}
    language = name.replace("_", "-")
    keyboard = _KEYBOARDS.get((settings.keyboard, settings.keyboard_variant), "")
    return {
        "InputLocale": f"{_number(settings.locale)}:{keyboard}" if keyboard else language,
        "SystemLocale": language,
        "UILanguage": language if windows.language == name else "",
        "UserLocale": language,
    }


def _component(name: str, windows: Windows, values: Mapping[str, str]) -> str:
    lines = "".join(f"      <{key}>{escape(value)}</{key}>\n" for key, value in values.items() if value)
    return _COMPONENT.format(name=name, architecture=windows.architecture, more="", inside=lines) if lines else ""


def _run_once(windows: Windows, commands: Iterable[str]) -> str:
    numbered = enumerate(commands, start=1)
    run = "".join(_COMMAND.format(order=order, path=escape(command)) for order, command in numbered)
    inside = f"      <RunSynchronous>\n{run}      </RunSynchronous>\n"
    name = "Microsoft-Windows-Deployment"
    return _COMPONENT.format(name=name, architecture=windows.architecture, more=_LISTS, inside=inside) if run else ""


def _number(name: str) -> str:
    """A locale's number in four hex digits; "" when Windows has none for it."""
    wanted = name.removesuffix(".UTF-8")
    return next((f"{number:04x}" for number, known in _NUMBERS if known == wanted), "")


_NUMBERS: Final = tuple(locale.windows_locale.items())
