"""Recipes and profiles: the shipped ones are right, wrong ones are told with file, place and what was expected."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netboot.files.assets import asset_folder
from netboot.jobs.profiles import load_profiles
from netboot.masters.recipe import load_recipe, parse_recipe
from netboot.shared.errors import NetbootError

IMAGES = asset_folder("images")
MINIMAL = IMAGES / "debian-minimal.yaml"


def changed(**changes: object) -> str:
    raw = yaml.safe_load(MINIMAL.read_text(encoding="utf-8"))
    raw.update(changes)
    return yaml.safe_dump(raw)


def test_the_shipped_recipe_is_read() -> None:
    recipe = load_recipe(MINIMAL)
    assert recipe.name == "debian-minimal"
    assert recipe.languages == ("fr", "en")
    assert {"grub-cloud-amd64", "shim-signed", "grub-efi-amd64-signed"} <= set(recipe.packages)


def test_words_in_a_recipe_are_words_and_a_key_stands_there_once() -> None:
    text = MINIMAL.read_text(encoding="utf-8")
    words = text.replace("timezone: ", "timezone: off # ", 1)
    assert parse_recipe(words, source="x.yaml").timezone == "off"
    with pytest.raises(NetbootError, match=r"x\.yaml is not YAML: .*`suite` is there twice"):
        parse_recipe(text + "\nsuite: sid\n", source="x.yaml")


def test_every_profile_that_deploys_names_a_shipped_recipe() -> None:
    profiles = load_profiles([IMAGES / "profiles"])
    assert [profile.id for profile in profiles] == [
        "wipe-and-debian",
        "debian-new-disk",
        "erase-only",
        "inventory-only",
        "memory-test",
    ]
    recipes = {load_recipe(path).name for path in IMAGES.glob("debian*.yaml")}
    assert {profile.master for profile in profiles if profile.master} <= recipes


def test_only_the_profile_for_new_disks_waives_the_proof_of_erasure() -> None:
    waived = [profile for profile in load_profiles([IMAGES / "profiles"]) if profile.unerased == "waive"]
    assert [(profile.id, profile.erases) for profile in waived] == [("debian-new-disk", False)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"suite": 13}, r"Expected `str`, got `int` \(at suite\)"),
        ({"packages": ["fine", "not fine"]}, r"\(at packages\[1\]\)"),
        ({"packages": ["--evil"]}, r"\(at packages\[0\]\)"),
        ({"disk": 10}, r">= 512.*\(at disk\)"),
        ({"unknown": 1}, r"unknown field `unknown`"),
        ({"user": {"name": "root; reboot"}}, r"\(at user\.name\)"),
        ({"user": {"name": "a", "sign_in": "hunter2"}}, r"\(at user\.sign_in\)"),
        ({"kernel_parameters": ["quiet init=/bin/sh"]}, r"\(at kernel_parameters\[0\]\)"),
        ({"hostname": "-x"}, r"\(at hostname\)"),
        ({"timezone": "Europe/$(reboot)"}, r"\(at timezone\)"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(changes: dict[str, object], says: str) -> None:
    with pytest.raises(NetbootError, match=says) as caught:
        parse_recipe(changed(**changes), source="mine.yaml")
    assert caught.value.message.startswith("mine.yaml: ")


def test_a_file_that_is_no_yaml_is_told() -> None:
    with pytest.raises(NetbootError, match=r"mine\.yaml is not YAML"):
        parse_recipe("a: [", source="mine.yaml")


def test_a_missing_recipe_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="cannot be read"):
        load_recipe(tmp_path / "none.yaml")


@given(st.text(max_size=200))
def test_any_text_is_a_recipe_or_an_error_for_people(text: str) -> None:
    with pytest.raises(NetbootError):
        parse_recipe(text, source="mine.yaml")
