"""A master that is built from a shipped recipe, laid onto a disk, and a person at its console.

What the tests that start one share. The fixtures ask the test's module which one (`RECIPE`) and how large (`SIZE`).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from netboot.files.assets import asset_folder
from netboot.lab.console import Console
from netboot.masters.build import build_master
from netboot.shared.manifest import Manifest
from netboot.store import Store
from tests.masters.conftest import Lay

__all__ = ["disk", "expect", "master", "sign_in_first", "store"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("masters") / "store")


@pytest.fixture(scope="module")
def master(request: pytest.FixtureRequest, store: Store) -> Manifest:
    recipe = asset_folder("images") / f"{request.module.RECIPE}.yaml"
    return build_master(recipe, store, SigningKey.generate(), progress=print)


@pytest.fixture
def disk(request: pytest.FixtureRequest, master: Manifest, store: Store, lay: Lay, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "disk.raw"
    lay(master.chunks, store, path, request.module.SIZE)
    yield path
    path.unlink()


async def sign_in_first(console: Console, host: str, *prompts: str) -> None:
    """As the recipe says: the first person to sign in chooses the password, which `prompts` ask for twice."""
    console.write("atelier\r")
    for prompt in prompts:
        await console.wait_for(prompt, within=240)
        console.write("Chouette-42-bleue\r")
    # The shell throws away what was typed before its prompt.
    await console.wait_for(rf"^atelier@{host}:~\$ ", within=240)


async def expect(console: Console, typed: str, answer: str) -> None:
    """Type a command at the prompt and wait for a line of its output."""
    since = len(console.text)
    console.write(f"{typed}\r")
    await console.wait_for(rf"^\s*{answer}$", within=240, since=since)
