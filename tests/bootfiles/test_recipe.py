"""images/agent.yaml as it is, and what is said of a broken one."""

from pathlib import Path

import pytest
import yaml

from netboot.bootfiles.recipe import load_recipe
from netboot.files.assets import asset_folder
from netboot.shared.errors import NetbootError

AGENT = asset_folder("images") / "agent.yaml"


def test_the_recipe_of_the_agent_is_complete() -> None:
    recipe = load_recipe(AGENT)
    assert recipe.suite == "trixie"
    assert "non-free-firmware" in recipe.components
    assert {"linux-image-amd64", "python3-msgspec"} <= set(recipe.agent_packages)
    assert {"fr", "us"} <= set(recipe.keymaps)


@pytest.mark.parametrize("key", sorted(yaml.safe_load(AGENT.read_text())))
def test_a_key_that_is_missing_is_named(tmp_path: Path, key: str) -> None:
    content = yaml.safe_load(AGENT.read_text())
    del content[key]
    broken = tmp_path / "agent.yaml"
    broken.write_text(yaml.safe_dump(content))
    with pytest.raises(NetbootError, match=rf"agent\.yaml: {key}"):
        load_recipe(broken)


@pytest.mark.parametrize("text", ["", "- a", "suite: [", "suite: 3", "packages: {agent: []}", "\0"])
def test_what_is_no_recipe_is_refused_naming_the_file(tmp_path: Path, text: str) -> None:
    broken = tmp_path / "agent.yaml"
    broken.write_text(text)
    with pytest.raises(NetbootError, match=r"agent\.yaml"):
        load_recipe(broken)
