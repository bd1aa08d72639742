"""`dhcp.mode: off`: netboot leaves DHCP to the building, and serves what the operator's guides have it name.

The file names are read from both guides, so that these say what is served.
"""

import re
import socket
import time
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from netboot import bootfiles
from netboot.auth.server_keys import load_key
from netboot.doctor.tftp_get import tftp_get
from netboot.files.cache_folder import default_cache_folder
from netboot.lab.network import NETWORK, SERVER, open_lan
from netboot.lab.service import open_service
from tests.boot_files import BOOT_FILES
from tests.namespace import inside

pytestmark = [pytest.mark.root, *BOOT_FILES, pytest.mark.asyncio(loop_scope="module")]

DOCS = Path(__file__).parents[2] / "docs"
LOADERS = ["undionly.kpxe", "shimx64.efi", "grubnetia32.efi"]
BY_HTTP = ["shimx64.efi", "grubnetia32.efi"]


@dataclass(frozen=True, slots=True)
class Street:
    """The namespaces of a server with `dhcp.mode: off`, and of a PC."""

    server: str
    pc: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    masters = tmp_path_factory.mktemp("masters")
    (masters / "store").mkdir()
    load_key(masters)
    async with open_lan() as lan, open_service(lan, masters, dhcp="off") as service:
        pc = lan.run.namespace("pc")
        await lan.attach(pc, NETWORK[3])
        await service.start()
        yield Street(lan.server, pc)


def take(port: int) -> None:
    """Take a UDP port for oneself. Raises OSError when somebody has it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", port))


@pytest.mark.parametrize(("guide", "server"), [("operator.en.md", "SERVER"), ("operator.fr.md", "SERVEUR")])
async def test_the_guides_name_these_files(guide: str, server: str) -> None:
    (recipe,) = (part for part in (DOCS / guide).read_text().split("\n\n") if "next-server" in part)
    named = re.findall(r"`([^`]+)`", recipe)
    assert named[:5] == ["dhcp.mode: off", *LOADERS, f"http://{server}/boot/ipxe"]
    assert [name for name in named[5:] if "/" in name] == [f"http://{server}/{name}" for name in BY_HTTP]


async def test_the_ports_of_dhcp_stay_free_and_those_of_the_files_do_not(street: Street) -> None:
    for port in (67, 4011):
        inside(street.server, partial(take, port))
    with pytest.raises(OSError, match="in use"):
        inside(street.server, partial(take, 69))


@pytest.mark.parametrize("name", LOADERS)
async def test_each_loader_comes_by_tftp_whole(street: Street, name: str) -> None:
    loader = bootfiles.load(default_cache_folder() / "bootfiles").path(name).read_bytes()
    got = inside(street.pc, lambda: tftp_get(SERVER, name, limit=len(loader) + 1, until=time.monotonic() + 30))
    assert got == loader


@pytest.mark.parametrize("name", BY_HTTP)
async def test_each_loader_of_http_boot_comes_whole(street: Street, name: str) -> None:
    loader = bootfiles.load(default_cache_folder() / "bootfiles").path(name).read_bytes()
    with inside(street.pc, lambda: urllib.request.urlopen(f"http://{SERVER}/{name}", timeout=10)) as answer:
        assert answer.read() == loader


async def test_ipxe_gets_its_script_by_http(street: Street) -> None:
    with inside(street.pc, lambda: urllib.request.urlopen(f"http://{SERVER}/boot/ipxe", timeout=10)) as answer:
        script = answer.read().decode()
    assert script.startswith("#!ipxe\n")
    assert f"http://{SERVER}" in script
