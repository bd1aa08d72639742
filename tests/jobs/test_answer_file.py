"""The answer file of a Windows: what it says by Microsoft's reference, and what a profile cannot ask of a Windows."""

from itertools import product
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tzlocal.windows_tz import tz_win, win_tz

from netboot.jobs.answer_file import answer_file, not_a_windows_name, not_in_windows
from netboot.shared.accounts import User
from netboot.shared.parcel import PlacedFolder
from netboot.shared.placed_files import PlacedFile, Script
from netboot.shared.system_settings import SystemSettings
from netboot.shared.windows import READY, AnswerFile, Windows

FRENCH = SystemSettings(locale="fr_FR.UTF-8", keyboard="fr", keyboard_variant="oss", timezone="Europe/Paris")
ELEVEN = Windows(
    partition=3, name="Windows 11 Pro 24H2 (26100)", state=READY, architecture="amd64", language="fr_FR",
    panther="Windows/Panther", answers=(),
)  # fmt: skip
OLD = replace(ELEVEN, name="Windows 10 Pro 1511 (10586)")
SPACE = "{urn:schemas-microsoft-com:unattend}"
WCM = "{http://schemas.microsoft.com/WMIConfig/2002/State}"


def said(file: AnswerFile) -> dict[str, str]:
    """What it sets, by pass, component and name; as any reader of XML has it."""
    root = ElementTree.fromstring(file.text)
    assert root.tag == f"{SPACE}unattend"
    return {
        f"{settings.get('pass')} {component.get('name')} {value.tag.removeprefix(SPACE)}": value.text or ""
        for settings in root
        for component in settings
        for value in component
    }


def test_it_names_the_pc_and_sets_language_keyboard_and_time_zone() -> None:
    file = answer_file(ELEVEN, "pc-7", FRENCH)
    assert file.path == "Windows/Panther/unattend.xml"
    region = "oobeSystem Microsoft-Windows-International-Core"
    assert said(file) == {
        "specialize Microsoft-Windows-Shell-Setup ComputerName": "pc-7",
        "specialize Microsoft-Windows-Shell-Setup TimeZone": "Romance Standard Time",
        f"{region} InputLocale": "040c:0000040c",
        f"{region} SystemLocale": "fr-FR",
        f"{region} UILanguage": "fr-FR",
        f"{region} UserLocale": "fr-FR",
    }
    assert file.text.count('processorArchitecture="amd64"') == 2


def test_what_is_not_set_is_left_to_windows_and_its_owner() -> None:
    assert said(answer_file(ELEVEN, "pc-7", SystemSettings())) == {
        "specialize Microsoft-Windows-Shell-Setup ComputerName": "pc-7"
    }


def test_its_pages_are_in_the_language_only_where_that_is_installed() -> None:
    english = said(answer_file(replace(ELEVEN, language="en_US"), "pc-7", FRENCH))
    assert not [name for name in english if "UILanguage" in name]
    assert "oobeSystem Microsoft-Windows-International-Core UserLocale" in english


def test_without_a_keyboard_it_is_the_language_s_own() -> None:
    told = said(answer_file(ELEVEN, "pc-7", SystemSettings(locale="fr_CH.UTF-8")))
    assert told["oobeSystem Microsoft-Windows-International-Core InputLocale"] == "fr-CH"


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (FRENCH, ""),
        (SystemSettings(), ""),
        (SystemSettings(locale="fr_BE.UTF-8", keyboard="be", timezone="Indian/Reunion"), ""),
        (SystemSettings(users=(User(name="eleve"), User(name="prof", groups=("administrators",)))), ""),
        (SystemSettings(users=(User(name="eleve", groups=("audio",)),)), "users: eleve, group audio"),
        (SystemSettings(files=(PlacedFile(path="/workshop/read-me.txt", text="x"),)), ""),
        (SystemSettings(scripts=(Script(text="#!/bin/sh\n"),)), "scripts"),
        (SystemSettings(locale="xx_XX.UTF-8"), "locale: xx_XX.UTF-8"),
        (SystemSettings(locale="fr_FR.UTF-8", keyboard="fr", keyboard_variant="bepo"), "keyboard: fr bepo"),
        (SystemSettings(keyboard="fr"), "keyboard without locale"),
        (SystemSettings(timezone="Europe/Nowhere"), "timezone: Europe/Nowhere"),
        (
            SystemSettings(timezone="Mars/Base", users=(User(name="guest"),)),
            "users: guest, timezone: Mars/Base",
        ),
    ],
)
def test_what_cannot_be_set_of_a_windows_is_named(settings: SystemSettings, what: str) -> None:
    assert not_in_windows(settings, ELEVEN) == what


def test_groups_need_a_windows_that_knows_them_by_their_number() -> None:
    users = SystemSettings(users=(User(name="prof", groups=("administrators",)),))
    what = "group administrators before Windows 10 version 1607 (build {})"
    assert not_in_windows(users, OLD) == what.format(10586)
    assert not_in_windows(users, replace(OLD, name="Windows 10 Pro (old)")) == what.format("?")
    assert not_in_windows(SystemSettings(users=(User(name="prof", groups=("users",)),)), OLD) == ""


DRIVERS = PlacedFolder(path="/netboot/drivers/latitude", beside="drivers", parcel="a" * 64)


def test_no_network_goes_into_a_windows() -> None:
    assert not_in_windows(SystemSettings(wifi="guests"), ELEVEN) == "wifi"


def test_drivers_need_a_windows_that_installs_a_folder_of_them() -> None:
    assert not_in_windows(SystemSettings(folders=(DRIVERS,)), ELEVEN) == ""
    assert (
        not_in_windows(SystemSettings(folders=(DRIVERS,)), OLD)
        == "drivers before Windows 10 version 1607 (build 10586)"
    )
    assert not_in_windows(SystemSettings(folders=(replace(DRIVERS, path="/apps"),)), OLD) == ""


def test_it_installs_drivers_first() -> None:
    settings = SystemSettings(users=(User(name="eleve"),), folders=(DRIVERS, replace(DRIVERS, path="/apps")))
    assert commands(answer_file(ELEVEN, "pc-7", settings)) == [
        r"pnputil.exe /add-driver %SystemDrive%\netboot\drivers\*.inf /subdirs /install",
        'net.exe user eleve "" /add /active:no',
        'net.exe user eleve "" /active:no',
    ]
    assert (
        "RunSynchronous"
        not in answer_file(ELEVEN, "pc-7", replace(settings, users=(), folders=settings.folders[1:])).text
    )


@pytest.mark.parametrize(
    ("name", "wrong"), [("pc-1", False), ("a" * 15, False), ("a" * 16, True), ("4711", True), ("4711a", False)]
)
def test_a_windows_has_a_short_name_that_is_no_number(name: str, wrong: bool) -> None:
    assert not_a_windows_name(name, SystemSettings()) == wrong


def test_no_account_is_called_as_the_pc() -> None:
    settings = SystemSettings(users=(User(name="pc-7"),))
    assert not_a_windows_name("pc-7", settings)
    assert not not_a_windows_name("pc-8", settings)


def commands(file: AnswerFile) -> list[str]:
    """What runs once in the pass `specialize`, in the order that it says."""
    (run_once,) = ElementTree.fromstring(file.text).iter(f"{SPACE}RunSynchronous")
    orders = {}
    for command in run_once:
        assert (command.tag, command.attrib) == (f"{SPACE}RunSynchronousCommand", {f"{WCM}action": "add"})
        values = {value.tag.removeprefix(SPACE): value.text or "" for value in command}
        assert (set(values), values["WillReboot"]) == ({"Order", "Path", "WillReboot"}, "Never")
        orders[int(values["Order"])] = values["Path"]
    assert list(orders) == list(range(1, len(orders) + 1))
    return list(orders.values())


def test_it_makes_the_accounts_before_anybody_signs_in() -> None:
    users = (
        User(name="eleve", title="Élève & Cie <1>", sign_in="first-login"),
        User(name="prof", groups=("users", "administrators"), sign_in="first-login"),
        User(name="depot"),
    )
    file = answer_file(ELEVEN, "pc-7", SystemSettings(users=users))
    assert commands(file) == [
        'net.exe user eleve "" /add /fullname:"Élève & Cie <1>" /logonpasswordchg:yes',
        'net.exe user eleve "" /fullname:"Élève & Cie <1>" /active:yes /logonpasswordchg:yes',
        'net.exe user prof "" /add /logonpasswordchg:yes',
        'net.exe user prof "" /active:yes /logonpasswordchg:yes',
        'powershell.exe -NoProfile -Command "Add-LocalGroupMember -SID S-1-5-32-544 -Member prof"',
        'net.exe user depot "" /add /active:no',
        'net.exe user depot "" /active:no',
    ]
    assert said(file)["specialize Microsoft-Windows-Deployment RunSynchronous"].strip() == ""


def test_every_time_zone_that_can_be_set_is_one_of_windows() -> None:
    assert tz_win["Europe/Paris"] == "Romance Standard Time"
    assert set(tz_win.values()) <= set(win_tz)


@given(
    locale=st.sampled_from(["", "fr_FR.UTF-8", "de_CH.UTF-8", "en_GB.UTF-8", "nl_BE.UTF-8"]),
    timezone=st.sampled_from(sorted(zone for zone in tz_win if zone)),
    hostname=st.from_regex(r"\A[a-z]([a-z0-9-]{0,13}[a-z0-9])?\Z"),
    language=st.sampled_from(["", "fr_FR"]),
)
def test_what_is_allowed_makes_a_file_that_can_be_sent_and_read(
    locale: str, timezone: str, hostname: str, language: str
) -> None:
    settings = SystemSettings(locale=locale, timezone=timezone)
    assert not not_in_windows(settings, ELEVEN)
    file = answer_file(replace(ELEVEN, language=language), hostname, settings)
    assert msgspec.json.decode(msgspec.json.encode(file), type=AnswerFile) == file
    assert said(file)["specialize Microsoft-Windows-Shell-Setup ComputerName"] == hostname
    assert said(file)["specialize Microsoft-Windows-Shell-Setup TimeZone"] == tz_win[timezone]


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({}, ""),
        ({"state": ""}, "ImageState: ?"),
        ({"state": "IMAGE_STATE_COMPLETE"}, "IMAGE_STATE_COMPLETE"),
        ({"answers": None}, "?"),
        ({"answers": ("unattend.xml", "Windows/Panther/unattend.xml")}, "unattend.xml, Windows/Panther/unattend.xml"),
        ({"panther": ""}, "?"),
        ({"architecture": ""}, "?"),
    ],
)
def test_what_is_not_known_of_a_windows_stands_against_it(change: dict[str, object], obstacle: str) -> None:
    assert replace(ELEVEN, **change).obstacle == obstacle


def test_nothing_but_a_windows_own_folder_can_be_named_in_a_manifest_or_an_order() -> None:
    for first, last in product(("Windows", "windows", "../../x", "Win dow", ""), ("Panther", "..", "/etc/pa")):
        right = first.lower() == "windows" and last == "Panther"
        for kind, value in (
            (Windows, {"partition": 1, "panther": f"{first}/{last}"}),
            (AnswerFile, {"path": f"{first}/{last}/unattend.xml", "text": "<unattend/>"}),
        ):
            try:
                msgspec.convert(value, kind)
            except msgspec.ValidationError:
                assert not right
            else:
                assert right
