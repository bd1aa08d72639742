"""The files that a recipe puts into its system, unpacked by the real tar; the desktop's settings and its page."""

import re
import tarfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

from netboot.files.assets import asset_folder
from netboot.masters.desktop_files import desktop_files
from netboot.masters.placed_files import PlacedFile, packed
from netboot.masters.recipe_reading import load_recipe, read_beside
from netboot.masters.system_root import build_files
from netboot.shared.process import run

IMAGES = asset_folder("images")


def test_tar_lays_the_files_out_with_their_modes(tmp_path: Path) -> None:
    placed = [
        PlacedFile("/etc/motd", "Bonjour é\n".encode()),
        PlacedFile("/usr/local/bin/go", b"#!/bin/sh\n", mode=0o755),
    ]
    (tmp_path / "a.tar").write_bytes(packed(placed))
    root = tmp_path / "root"
    root.mkdir()
    run(["tar", "--extract", "--no-same-owner", "--file", tmp_path / "a.tar", "--directory", root])
    assert (root / "etc/motd").read_text(encoding="utf-8") == "Bonjour é\n"
    assert (root / "usr/local/bin/go").stat().st_mode & 0o777 == 0o755
    assert (root / "etc/motd").stat().st_mode & 0o777 == 0o644


def test_the_same_files_make_the_same_archive() -> None:
    one, two = PlacedFile("/a", b"1"), PlacedFile("/b", b"2")
    assert packed([one, two]) == packed([two, one])


def test_folders_in_a_home_are_their_account_s() -> None:
    placed = [
        PlacedFile("/home/eleve/.config/xfce4/panel.xml", b"x", owner="eleve"),
        PlacedFile("/srv/x", b"", owner="eleve"),
    ]
    with tarfile.open(fileobj=BytesIO(packed(placed))) as tar:
        members = {member.name: (member.isdir(), member.uname, member.gname) for member in tar}
    assert members == {
        "home/eleve/.config": (True, "eleve", "eleve"),
        "home/eleve/.config/xfce4": (True, "eleve", "eleve"),
        "home/eleve/.config/xfce4/panel.xml": (False, "eleve", "eleve"),
        "srv/x": (False, "eleve", "eleve"),
    }


@pytest.mark.parametrize(("name", "autologin"), [("ecole", "eleve"), ("association", ""), ("leger", "")])
def test_the_desktop_s_files_are_well_formed(name: str, autologin: str, tmp_path: Path) -> None:
    recipe = load_recipe(IMAGES / f"{name}.yaml")
    placed = {file.path: file for file in desktop_files(recipe, read_beside(recipe, IMAGES))}
    settings = placed["/etc/lightdm/lightdm.conf.d/50-netboot.conf"].content.decode()
    assert (f"autologin-user={autologin}\n" in settings) == bool(autologin)
    assert recipe.desktop is not None
    assert f"user-session={recipe.desktop.session}\n" in settings
    for path, file in placed.items():
        if file.content.startswith(b"#!/bin/sh"):
            script = tmp_path / path.rpartition("/")[2]
            script.write_bytes(file.content)
            run(["sh", "-n", script])
            assert file.mode == 0o755
    (icon,) = re.findall(
        "^Icon=(.*)$", placed["/usr/local/share/applications/first-steps.desktop"].content.decode(), re.M
    )
    assert ElementTree.fromstring(placed[icon].content).tag == "{http://www.w3.org/2000/svg}svg"
    for language in ("fr", "en"):
        page = placed[f"/usr/local/share/first-steps/{language}.html"].content.decode()
        assert f'<html lang="{language}">' in page


def test_a_recipe_without_a_desktop_gets_none_of_it() -> None:
    recipe = load_recipe(IMAGES / "debian-minimal.yaml")
    assert desktop_files(recipe, {}) == ()
    given = build_files(recipe, {})
    assert set(given) == {"debconf", "words", "users", "files-of-root.tar", "files-of-users.tar"}
