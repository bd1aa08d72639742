"""What pyproject.toml puts into the wheel is what the code looks for there.

Hatchling packs each tracked file of the packages and of the forced folders, and leaves out what .gitignore names. Not
for: hatchling itself, which is not among the packages that the tests have.
"""

import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parent.parent
FIND = """
import sys
sys.path.insert(0, sys.argv[1])
import netboot
from netboot.files.assets import asset_folder
from netboot.jobs.profiles import load_profiles
print(netboot.__file__, asset_folder("menus"), asset_folder("images"))
print(*(profile.id for profile in load_profiles([asset_folder("images") / "profiles"])))
"""


class Wheel(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """The wheel's table in pyproject.toml, which has no word about files to leave out."""

    packages: list[str]
    force_include: dict[str, str]


@pytest.fixture
def wheel() -> Wheel:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return msgspec.convert(content["tool"]["hatch"]["build"]["targets"]["wheel"], Wheel)


def test_the_wheel_is_one_package_and_two_folders_and_leaves_out_nothing_of_them(wheel: Wheel) -> None:
    assert wheel.packages == ["netboot"]
    assert set(wheel.force_include) == {"images", "menus"}
    left_out = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    names = [
        path.relative_to(ROOT)
        for folder in ("netboot", "images", "menus")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert len(names) > 200
    for name in names:
        for part in (f"{folder}/" for folder in name.parts[:-1]):
            assert not any(fnmatch(part, pattern) for pattern in left_out), name
        assert not any(fnmatch(name.name, pattern) for pattern in left_out), name


def test_laid_out_as_the_wheel_the_code_finds_its_menus_images_and_profiles(wheel: Wheel, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "netboot", tmp_path / "netboot", ignore=shutil.ignore_patterns("__pycache__"))
    for folder, place in wheel.force_include.items():
        shutil.copytree(ROOT / folder, tmp_path / place)
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", FIND, tmp_path], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    places, profiles = done.stdout.splitlines()
    assert places.split() == [
        str(tmp_path / "netboot" / inside) for inside in ("__init__.py", "_assets/menus", "_assets/images")
    ]
    assert "wipe-and-debian" in profiles.split()
