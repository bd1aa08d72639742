"""Recipes and profiles: the shipped ones are right, wrong ones are told with file, place and what was expected."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netboot.files.assets import asset_folder
from netboot.jobs.profiles import load_profiles
from netboot.masters.recipe import Recipe
from netboot.masters.recipe_reading import load_recipe, parse_recipe, read_beside
from netboot.shared.errors import NetbootError

IMAGES = asset_folder("images")
MINIMAL = IMAGES / "debian-minimal.yaml"
SHIPPED = ("debian-minimal", "ubuntu-minimal", "ecole", "association", "leger")


def changed(**changes: object) -> str:
    raw = yaml.safe_load(MINIMAL.read_text(encoding="utf-8"))
    raw.update(changes)
    return yaml.safe_dump(raw)


def parse(text: str, source: str = "mine.yaml") -> Recipe:
    return parse_recipe(text, source=source, folder=IMAGES)


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def test_the_shipped_recipe_is_read() -> None:
    recipe = load_recipe(MINIMAL)
    assert recipe.name == "debian-minimal"
    assert recipe.languages == ("fr", "en")
    assert {"grub-cloud-amd64", "shim-signed", "grub-efi-amd64-signed"} <= set(recipe.packages)


def test_words_in_a_recipe_are_words_and_a_key_stands_there_once() -> None:
    text = MINIMAL.read_text(encoding="utf-8")
    assert parse(f"{text}timezone: off\n").timezone == "off"
    last = len(text.splitlines()) + 1
    with pytest.raises(NetbootError, match=rf"x\.yaml, line {last}: this is not YAML: `name` is there twice"):
        parse(f"{text}name: sid\n", "x.yaml")


def test_every_profile_that_deploys_names_a_shipped_recipe() -> None:
    profiles = load_profiles([IMAGES / "profiles"])
    assert [profile.id for profile in profiles] == [
        "wipe-and-debian",
        "wipe-and-ecole",
        "wipe-and-association",
        "wipe-and-leger",
        "debian-new-disk",
        "erase-only",
        "inventory-only",
        "memory-test",
    ]
    recipes = {load_recipe(IMAGES / f"{name}.yaml").name for name in SHIPPED}
    assert {profile.master for profile in profiles if profile.master} <= recipes


def test_only_the_profile_for_new_disks_waives_the_proof_of_erasure() -> None:
    waived = [profile for profile in load_profiles([IMAGES / "profiles"]) if profile.unerased == "waive"]
    assert [(profile.id, profile.erases) for profile in waived] == [("debian-new-disk", False)]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_recipe_is_whole(name: str) -> None:
    recipe = load_recipe(IMAGES / f"{name}.yaml")
    assert recipe.name == name
    assert set(read_beside(recipe, IMAGES)) == set(recipe.beside)
    assert recipe.title.fr
    assert "fr_FR.UTF-8" in recipe.locales
    assert any("sudo" in user.groups and user.sign_in == "first-login" for user in recipe.users)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"suite": 13}, r"suite: Expected `str`, got `int`; put the value between quotes"),
        ({"packages": ["fine", "not fine"]}, r"packages\[28\]: expected a package's name"),
        ({"packages": ["--evil"]}, r"packages\[27\]: expected a package's name"),
        ({"disk": 10}, r"disk: .*>= 512"),
        ({"unknown": 1}, r"unknown field `unknown`"),
        ({"users": []}, r"users: .*length >= 1"),
        ({"users": [{"name": "root; reboot"}]}, r"users\[0\]\.name: expected a name of a-z"),
        (
            {"users": [{"name": "a", "sign_in": "hunter2"}]},
            r"users\[0\]\.sign_in: .*expected first-login, locked, open",
        ),
        ({"users": [{"name": "root"}]}, r"users\[0\]\.name: there is another root"),
        ({"users": [{"name": "a"}, {"name": "a"}]}, r"users\[1\]\.name: there is another a"),
        ({"users": [{"name": "a", "sign_in": "open", "groups": ["sudo"]}]}, r"users\[0\]\.groups: anybody can sign in"),
        (
            {"users": [{"name": "a", "sign_in": "open", "groups": ["audio", "lxd"]}]},
            r"users\[0\]\.groups: .* cannot be in lxd",
        ),
        ({"users": [{"name": "docker", "sign_in": "open"}]}, r"users\[0\]\.name: .* cannot be in docker"),
        ({"title": "Debian"}, r"title: Expected `object`"),
        ({"title": {"fr": "Debian"}}, r"title: .*missing required field `en`"),
        ({"kernel_parameters": ["quiet init=/bin/sh"]}, r"kernel_parameters\[3\]: expected one word"),
        ({"hostname": "-x"}, r"hostname: "),
        ({"timezone": "Europe/$(reboot)"}, r"timezone: expected letters"),
        ({"files": [{"path": "/etc/../root/x", "text": "a"}]}, r"files\[0\]\.path: expected a whole path"),
        ({"files": [{"path": "etc/x", "text": "a"}]}, r"files\[0\]\.path: expected a whole path"),
        ({"files": [{"path": "/etc/x"}]}, r"files\[0\]: give either `text` or `beside`"),
        ({"files": [{"path": "/etc/x", "text": "a", "beside": "b"}]}, r"files\[0\]: give either `text` or `beside`"),
        ({"files": [{"path": "/etc/x", "beside": "../../etc/shadow"}]}, r"files\[0\]\.beside: expected a file in"),
        ({"files": [{"path": "/etc/x", "beside": "/etc/shadow"}]}, r"files\[0\]\.beside: expected a file in"),
        ({"files": [{"path": "/etc/x", "text": "a", "owner": "eve"}]}, r"files\[0\]\.owner: there is no user eve"),
        ({"files": [{"path": "/etc/x", "text": "a", "mode": "4755"}]}, r"files\[0\]\.mode: expected four octal digits"),
        ({"files": [{"path": "/etc/x", "text": "a"}] * 2}, r"files\[1\]\.path: /etc/x is there twice"),
        (
            {"files": [{"path": "/etc/x/y", "text": "a"}, {"path": "/etc/x", "text": "a"}]},
            r"files\[0\]\.path: /etc/x is a file of this recipe",
        ),
        ({"files": [{"path": "/home/atelier/x", "text": "a"}]}, r"files\[0\]: .* say `owner: atelier`"),
        ({"files": [{"path": "/home/eve/x", "text": "a"}]}, r"files\[0\]\.path: there is no user eve"),
        ({"scripts": [{}]}, r"scripts\[0\]: give either"),
        ({"desktop": {"session": "xfce", "autologin": "eve"}}, r"desktop\.autologin: there is no user eve"),
        ({"first_steps": {"fr": "a.html", "en": "b.html"}}, r"first_steps: .* needs a `desktop`"),
        ({"needs": {"memory": -1}}, r"needs\.memory: .*>= 0"),
        ({"needs": {"firmware": ["coreboot"]}}, r"needs\.firmware\[0\]: .*expected bios, uefi"),
        ({"extends": "nothing"}, r"extends: there is no recipe .*nothing\.yaml"),
        ({"extends": "../profiles/x"}, r"extends: expected the name of another recipe"),
        ({"extends": ["debian-base"]}, r"extends: expected the name of another recipe"),
    ],
)
def test_a_wrong_value_is_told_with_its_line(changes: dict[str, object], says: str) -> None:
    text = changed(**changes)
    with pytest.raises(NetbootError, match=says) as caught:
        parse(text)
    place = caught.value.message.partition(": ")[0]
    key = next(iter(changes))
    assert place.startswith("mine.yaml, line ")
    first = line_of(text, f"{key}:")
    assert first <= int(place.rpartition(" ")[2]) <= first + len(yaml.safe_dump(changes).splitlines())


@pytest.mark.parametrize(
    "path",
    [
        "/etc/hosts",
        "/etc/hostname",
        "/etc/fstab",
        "/etc/machine-id",
        "/etc/resolv.conf",
        "/etc/apt/sources.list",
        "/etc/apt/sources.list.d/debian.sources",
        "/etc/apt/sources.list.d/0000root.list",
        "/etc/ssh/ssh_host_ed25519_key",
        "/etc/ssl/private/ssl-cert-snakeoil.key",
        "/boot/grub/grub.cfg",
        "/tmp/x",
        "/run/x",
        "/proc/x",
        "/sys/x",
        "/dev/x",
        "/var/log/x/y",
    ],
)
def test_a_file_that_would_not_stay_is_refused(path: str) -> None:
    with pytest.raises(NetbootError, match=r"files\[0\]\.path: .*(take it out|does not stay)"):
        parse(changed(files=[{"path": path, "text": "a"}]))


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/etc/hosts.allow", "root"),
        ("/etc/apt/sources.list.d/school.sources", "root"),
        ("/var/logs/x", "root"),
        ("/home/atelier/.config/x", "atelier"),
    ],
)
def test_a_file_that_stays_is_taken(path: str, owner: str) -> None:
    recipe = parse(changed(files=[{"path": path, "text": "a", "owner": owner}]))
    assert [file.path for file in recipe.files] == [path]


def test_a_file_that_is_no_yaml_is_told() -> None:
    with pytest.raises(NetbootError, match=r"mine\.yaml, line 1: this is not YAML"):
        parse("a: [")


def test_a_missing_recipe_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="cannot be read"):
        load_recipe(tmp_path / "none.yaml")


@given(st.text(max_size=200))
def test_any_text_is_a_recipe_or_an_error_for_people(text: str) -> None:
    with pytest.raises(NetbootError):
        parse(text)
