"""A recipe's time zone, locales and keyboard against what its packages have: told by file and line."""

import shutil
from pathlib import Path

import pytest

from netboot.files.assets import asset_folder
from netboot.masters.built_tree import BuiltTree
from netboot.masters.recipe_reading import load_recipe, require_none
from netboot.masters.recipe_rules import Mistake, not_offered
from netboot.shared.errors import NetbootError
from netboot.shared.offers import Offers
from netboot.shared.process import run
from netboot.survey.offers import read_offers
from netboot.survey.unmounted_tree import UnmountedTree
from tests.masters.images import MIB, sized
from tests.survey.systems import lay_out

IMAGES = asset_folder("images")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    lay_out(root, debian=True)
    return root


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The shipped minimal Debian and what it extends, in a folder of their own."""
    for name in ("debian-minimal", "debian-base"):
        shutil.copy(IMAGES / f"{name}.yaml", tmp_path)
    return tmp_path / "debian-minimal.yaml"


def judged(recipe: Path, root: Path) -> str:
    try:
        require_none(not_offered(load_recipe(recipe), read_offers(BuiltTree(root))), recipe)
    except NetbootError as error:
        return error.message
    return ""


def change(path: Path, old: str, new: str) -> str:
    """Write it; where that is, as an error says it."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return f"{path}, line {text[: text.index(old)].count(chr(10)) + 1}: "


def test_the_shipped_recipe_asks_for_what_there_is(recipe: Path, root: Path) -> None:
    assert judged(recipe, root) == ""


def test_a_wrong_time_zone_is_told_at_its_line_of_the_recipe_that_is_extended(recipe: Path, root: Path) -> None:
    where = change(recipe.with_name("debian-base.yaml"), "timezone: Europe/Paris", "timezone: Europe/Pariss")
    said = judged(recipe, root)
    assert said.startswith(f"{where}timezone: the packages have no time zone Europe/Pariss; expected ")
    assert "such as Europe/Paris" in said


def test_a_wrong_locale_and_keyboard_are_told_at_theirs(recipe: Path, root: Path) -> None:
    base = recipe.with_name("debian-base.yaml")
    where = change(base, "locales: [fr_FR.UTF-8, en_GB.UTF-8]", "locales:\n  - fr_FR.UTF-8\n  - en_XX.UTF-8")
    file, _, line = where.removesuffix(": ").rpartition(" ")
    said = judged(recipe, root)
    assert said.startswith(f"{file} {int(line) + 2}: locales[1]: the packages have no locale en_XX.UTF-8; ")
    assert "en_GB.UTF-8" in said
    change(base, "en_XX.UTF-8", "en_GB.UTF-8")
    where = change(base, "keyboard: fr", "keyboard: fr-bepo")
    assert judged(recipe, root).startswith(f"{where}keyboard: the packages have no keyboard layout fr-bepo; ")


def test_what_the_packages_have_none_of_is_not_judged(recipe: Path) -> None:
    minimal = load_recipe(recipe)
    assert list(not_offered(minimal, Offers())) == []
    assert list(not_offered(minimal, Offers(timezones=(), locales=(), keyboards=()))) == []
    (mistake,) = not_offered(minimal, Offers(timezones=("a", "b", "c", "d")))
    words = "the packages have no time zone Europe/Paris; expected one of theirs, such as a, b, c"
    assert mistake == Mistake("$.timezone", words)


@pytest.mark.root
@pytest.mark.parametrize("debian", [True, False])
def test_a_system_offers_the_same_as_a_folder_and_on_a_disk(tmp_path: Path, debian: bool) -> None:
    root, part = tmp_path / "root", sized(tmp_path / "part.ext4", 64 * MIB)
    lay_out(root, debian=debian)
    run(["mke2fs", "-q", "-t", "ext4", "-d", root, part])
    offers = read_offers(BuiltTree(root))
    assert offers == read_offers(UnmountedTree(part, "ext4"))
    assert offers.makes_accounts is True


def test_a_built_system_is_not_left_by_its_links(tmp_path: Path, root: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    (root / "etc/outside").symlink_to(tmp_path / "secret")
    (root / "etc/up").symlink_to("../../../../../..")
    (root / "etc/circle").symlink_to("circle")
    (root / "etc/absolute").symlink_to("/etc/../usr/./lib")
    tree = BuiltTree(root)
    assert tree.text("etc/outside") == ""
    assert tree.names("etc/up") == tree.names("")
    assert (tree.names("etc/circle"), tree.text("etc/circle")) == ((), "")
    assert "os-release" in (tree.names("etc/absolute") or ())
    assert "systemd/" in (tree.names("etc/absolute") or ())
    (root / "etc/long").write_bytes(bytes(1024 * 1024 + 1))
    assert tree.text("etc/long") is None
