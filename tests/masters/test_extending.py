"""Recipes that extend one another: what joins, what replaces, and mistakes told in the file where they stand."""

from pathlib import Path

import pytest

from netboot.masters.recipe_reading import load_recipe, read_beside
from netboot.shared.errors import NetbootError

BASE = """\
suite: trixie
components: [main]
packages: [linux-image-amd64, sudo]
locales: [fr_FR.UTF-8]
keyboard: fr
timezone: Europe/Paris
licence: LicenseRef-Debian-main
hostname: pc
needs:
  memory: 512
  disk: 4096
users:
  - name: atelier
    groups: [sudo]
mask: [a.service]
disk: 1536
"""
ABOVE = """\
extends: base
name: school
version: "1"
title: {fr: École, en: School}
packages: [gcompris-qt]
keyboard: be
needs:
  memory: 2048
users:
  - name: eleve
    sign_in: open
"""


def write(folder: Path, **recipes: str) -> None:
    for name, text in recipes.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_lists_join_and_single_values_replace(tmp_path: Path) -> None:
    write(tmp_path, base=BASE, school=ABOVE)
    recipe = load_recipe(tmp_path / "school.yaml")
    assert recipe.packages == ("linux-image-amd64", "sudo", "gcompris-qt")
    assert [user.name for user in recipe.users] == ["atelier", "eleve"]
    assert recipe.keyboard == "be"
    assert recipe.mask == ("a.service",)
    assert (recipe.needs.memory, recipe.needs.disk) == (2048, 4096)


def test_locales_replace_those_of_the_extended_recipe(tmp_path: Path) -> None:
    write(tmp_path, base=BASE, school=ABOVE, german=f"{ABOVE}locales: [de_DE.UTF-8, fr_FR.UTF-8]\n")
    assert load_recipe(tmp_path / "school.yaml").locales == ("fr_FR.UTF-8",)
    assert load_recipe(tmp_path / "german.yaml").locales == ("de_DE.UTF-8", "fr_FR.UTF-8")


def test_a_recipe_may_extend_one_that_extends_another(tmp_path: Path) -> None:
    above = 'extends: school\nname: other\npackages: [tuxpaint]\ntitle: {fr: "Autre"}\n'
    write(tmp_path, base=BASE, school=ABOVE, other=above)
    recipe = load_recipe(tmp_path / "other.yaml")
    assert recipe.name == "other"
    assert recipe.packages[-2:] == ("gcompris-qt", "tuxpaint")
    assert (recipe.title.fr, recipe.title.en) == ("Autre", "School")


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("disk: 10", "disk: 1536", r"base\.yaml, line 16: disk: .*>= 512"),
        ("keyboard: [fr]", "keyboard: fr", r""),
        ("hostname: -pc", "hostname: pc", r"base\.yaml, line 8: hostname: "),
        (
            "    groups: [a b]",
            "    groups: [sudo]",
            r"base\.yaml, line 14: users\[0\]\.groups\[0\]: expected a group's name",
        ),
        ("mask: 5", "mask: [a.service]", r"base\.yaml, line 15: mask: Expected `array`"),
    ],
)
def test_a_mistake_in_the_extended_recipe_is_told_there(tmp_path: Path, wrong: str, right: str, says: str) -> None:
    write(tmp_path, base=BASE.replace(right, wrong), school=ABOVE)
    if not says:
        # What is replaced above is not looked at.
        assert load_recipe(tmp_path / "school.yaml").keyboard == "be"
        return
    with pytest.raises(NetbootError, match=says):
        load_recipe(tmp_path / "school.yaml")


def test_a_mistake_above_is_told_above(tmp_path: Path) -> None:
    write(tmp_path, base=BASE, school=ABOVE.replace("name: eleve", "name: atelier"))
    with pytest.raises(NetbootError, match=r"school\.yaml, line 10: users\[1\]\.name: there is another atelier"):
        load_recipe(tmp_path / "school.yaml")


def test_a_key_twice_in_the_extended_recipe_is_told_there(tmp_path: Path) -> None:
    write(tmp_path, base=f"{BASE}disk: 2048\n", school=ABOVE)
    with pytest.raises(NetbootError, match=r"base\.yaml, line 17: this is not YAML: `disk` is there twice"):
        load_recipe(tmp_path / "school.yaml")


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_circle_is_told(tmp_path: Path, length: int) -> None:
    for number in range(length):
        write(tmp_path, **{f"r{number}": f"extends: r{(number + 1) % length}\nname: r{number}\n"})
    with pytest.raises(NetbootError, match=rf"r{length - 1}\.yaml, line 1: extends: a circle: .*r0\.yaml"):
        load_recipe(tmp_path / "r0.yaml")


def test_what_is_no_mapping_extends_nothing(tmp_path: Path) -> None:
    write(tmp_path, base="- a\n- b\n", school=ABOVE)
    with pytest.raises(NetbootError, match=r"school\.yaml, line \d+: "):
        load_recipe(tmp_path / "school.yaml")


def test_files_beside_the_recipe_are_read(tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/wallpaper.png").write_bytes(b"\x89PNG")
    files = "files:\n  - path: /usr/share/backgrounds/school.png\n    beside: beside/wallpaper.png\n"
    write(tmp_path, base=BASE, school=ABOVE + files)
    recipe = load_recipe(tmp_path / "school.yaml")
    assert read_beside(recipe, tmp_path) == {"beside/wallpaper.png": b"\x89PNG"}
    (tmp_path / "beside/wallpaper.png").unlink()
    with pytest.raises(NetbootError, match=r"names beside/wallpaper\.png, which cannot be read"):
        read_beside(recipe, tmp_path)


def test_a_file_beside_the_recipe_that_is_too_large_is_told(tmp_path: Path) -> None:
    with (tmp_path / "film.mkv").open("wb") as file:
        file.truncate((16 << 20) + 1)
    write(tmp_path, base=BASE, school=ABOVE + "files:\n  - {path: /srv/film.mkv, beside: film.mkv}\n")
    with pytest.raises(NetbootError, match="more than 16 MiB"):
        read_beside(load_recipe(tmp_path / "school.yaml"), tmp_path)
