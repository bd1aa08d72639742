"""Folders and files of a profile that a Windows can be given, and those that it cannot: known before the erase."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.jobs.profiles import parse_profile
from netboot.jobs.windows_folders import have_drivers, placing_errors
from netboot.shared.accounts import User
from netboot.shared.errors import NetbootError
from netboot.shared.parcel import PlacedFolder
from netboot.shared.placed_files import PlacedFile
from netboot.shared.system_settings import SystemSettings

APPS = PlacedFolder(path="/apps", beside="apps", parcel="a" * 64)
PUPIL = User(name="eleve", sign_in="first-login")


def folders(*paths: str) -> SystemSettings:
    return SystemSettings(folders=tuple(replace(APPS, path=path) for path in paths))


def files(*placed: PlacedFile) -> SystemSettings:
    return SystemSettings(files=placed)


@pytest.mark.parametrize(
    "settings",
    [
        SystemSettings(),
        folders("/netboot/drivers", "/apps", "/Users/Public/Desktop"),
        folders("/netboot/drivers/a", "/netboot/drivers/b", "/netboot/tools"),
        files(PlacedFile(path="/netboot/drivers.txt", text="x")),
        files(PlacedFile(path="/apps/a.cmd", text="x", mode="0755"), PlacedFile(path="/apps/b.txt", text="x")),
        replace(files(PlacedFile(path="/Users/eleve2/a", text="x")), users=(PUPIL,)),
        replace(files(PlacedFile(path="/apps/unattend.xml", text="x")), users=(PUPIL,)),
    ],
)
def test_these_go_into_a_windows(settings: SystemSettings) -> None:
    assert list(placing_errors(settings)) == []


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (folders("/Windows/INF"), "folders: /Windows/INF"),
        (folders("/windows"), "folders: /windows"),
        (folders("/Boot/x"), "folders: /Boot/x"),
        (SystemSettings(folders=(replace(APPS, not_for_windows="apps/con.inf"),)), "folders: /apps/con.inf"),
        (folders("/apps", "/Apps"), "/apps in a folder of `folders`"),
        (folders("/apps", "/Apps/more"), "/Apps/more in a folder of `folders`"),
        (files(PlacedFile(path="/pagefile.sys", text="x")), "files: /pagefile.sys"),
        (files(PlacedFile(path="/Unattend.xml", text="x")), "files: /Unattend.xml"),
        (files(PlacedFile(path="/ProgramData/Desktop/a.lnk", text="x")), "files: /ProgramData/Desktop/a.lnk"),
        (
            replace(files(PlacedFile(path="/users/Eleve/Desktop/a.lnk", text="x")), users=(PUPIL,)),
            "/users/Eleve/Desktop/a.lnk in the folder of the account eleve",
        ),
        (
            replace(folders("/Users/eleve/Documents"), users=(PUPIL,)),
            "/Users/eleve/Documents in the folder of the account eleve",
        ),
        (files(PlacedFile(path="/apps/aux", text="x")), "files: /apps/aux"),
        (files(PlacedFile(path="/a", text="x", owner="eleve")), "files: /a"),
        (files(PlacedFile(path="/a", text="x", mode="0600")), "files: /a"),
        (files(PlacedFile(path="/a", text="x"), PlacedFile(path="/A", text="x")), "files: /A"),
        (replace(folders("/apps"), files=(PlacedFile(path="/APPS/a", text="x"),)), "/APPS/a in a folder of `folders`"),
        (folders("/NetBoot"), "folders: /NetBoot, not below /netboot/drivers"),
        (
            files(PlacedFile(path="/netboot/Drivers/x.inf", text="x")),
            "files: /netboot/Drivers/x.inf, not in `folders`",
        ),
        (replace(folders("/apps/x"), files=(PlacedFile(path="/Apps", text="x"),)), "/apps/x in a file of `files`"),
        (replace(folders("/apps"), files=(PlacedFile(path="/Apps", text="x"),)), "/apps in a file of `files`"),
    ],
)
def test_these_do_not(settings: SystemSettings, wrong: str) -> None:
    assert wrong in list(placing_errors(settings))


@pytest.mark.parametrize(
    ("path", "drivers"),
    [("/netboot/drivers", True), ("/Netboot/Drivers/x", True), ("/netboot/drivers2", False), ("/netboot", False)],
)
def test_drivers_lie_in_one_place(path: str, drivers: bool) -> None:
    assert have_drivers((replace(APPS, path=path),)) == drivers


PROFILE = """
id: windows
name: {fr: Windows, en: Windows}
stages: [check, erase, deploy, customise, finish]
master: windows
customise:
  folders:
    - {path: /netboot/drivers, beside: drivers}
"""


@pytest.mark.parametrize(
    ("name", "told"),
    [("Wifi.INF", "netboot/drivers/wifi.inf"), ("nul.txt", "netboot/drivers/nul.txt"), ("other.inf", "")],
)
def test_a_profile_knows_what_in_its_folder_no_windows_can_have(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / name).touch()
    (tmp_path / "drivers" / "wifi.inf").touch()
    profile = parse_profile(PROFILE, source="p", folder=tmp_path)
    (folder,) = profile.settings.folders
    assert folder.not_for_windows == told


def test_it_is_not_for_a_person_to_say(tmp_path: Path) -> None:
    text = PROFILE.replace("beside: drivers", "beside: drivers, not_for_windows: x")
    with pytest.raises(NetbootError, match="netboot's own"):
        parse_profile(text, source="p", folder=tmp_path)
