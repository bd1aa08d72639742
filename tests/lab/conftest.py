"""The lab's fixtures: a workshop shared by a session, a LAN of one's own, and Debian's signed loaders.

Nothing here is skipped: a machine that cannot run the lab fails, with the sentence that says why.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from netboot.lab.building import Building, start_building
from netboot.lab.network import Lan, open_lan
from netboot.shared.process import run

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Workshop:
    """A LAN with the building's DHCP server on it; the server's namespace is free for `netboot serve`."""

    lan: Lan
    building: Building


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of tests/lab: a process belongs to the loop that started it."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def workshop() -> AsyncIterator[Workshop]:
    """The LAN and the building's DHCP server, shared by the session."""
    async with open_lan() as lan:
        yield Workshop(lan, await start_building(lan))


@pytest_asyncio.fixture(loop_scope="session")
async def lan() -> AsyncIterator[Lan]:
    """A LAN of the test's own, with nobody on it."""
    async with open_lan() as own:
        yield own


@pytest.fixture(scope="session")
def loaders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TFTP folder with the signed shim and GRUB of the Debian that runs the tests."""
    packages = tmp_path_factory.mktemp("loaders")
    run(["apt-get", "download", "shim-signed", "grub-efi-amd64-signed"], cwd=packages)
    for package in packages.glob("*.deb"):
        run(["dpkg-deb", "--extract", package, packages])
    folder = packages / "tftp"
    folder.mkdir()
    (packages / "usr/lib/shim/shimx64.efi.signed").rename(folder / "shimx64.efi")
    (packages / "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed").rename(folder / "grubx64.efi")
    return folder
