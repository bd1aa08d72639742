"""A real `netboot serve` on a LAN of its own, a host that abuses it, and an honest PC beside.

The boot files are stand-ins: what is served does not matter here, only that it is, and that one is large.
"""

import asyncio
import contextlib
import inspect
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
import yaml

from netboot.bootfiles.record import NAMES, current, write_record
from netboot.lab.child import Child
from netboot.lab.dhcp_load import Load
from netboot.lab.network import INTERFACE, NETWORK, SERVER, Lan, ip_in, open_lan
from netboot.shared.process import run
from tests.abuse.slow_disk import mounted

HERE = Path(__file__).parent
HONEST, HONEST_MAC = NETWORK[50], "52:54:00:00:00:01"
LOADER = "shimx64.efi"
LOADER_SIZE = 1_000_000
LARGE = "agent-base.img"
LARGE_SIZE = 64 << 20
"""Bytes: far more than the kernel keeps for a connection, so that who does not read is still being sent to."""
ADDRESSES = [NETWORK[host] for host in range(60, 100)]
"""What the abusing host calls itself, beside its own address."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of tests/abuse: a process belongs to the loop that started it."""
    for item in items:
        if item.path.is_relative_to(HERE) and inspect.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


def memory_of(pid: int) -> int:
    """Bytes of RAM that a process holds (VmRSS, proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


@dataclass
class Victim:
    """The server's process, and who is on its LAN."""

    lan: Lan
    program: Child
    store: Path
    store_device: Path
    at_rest: int = 0
    """Descriptors that it had open before anybody came."""

    @property
    def memory(self) -> int:
        """Bytes of RAM that the server's process holds."""
        return memory_of(self.program.pid)

    @property
    def descriptors(self) -> int:
        """Open files and sockets of the server's process."""
        return len(list(Path(f"/proc/{self.program.pid}/fd").iterdir()))

    @property
    def slow_readers(self) -> int:
        """Clients to whom the server's process is still sending the large file."""
        found = 0
        for opened in Path(f"/proc/{self.program.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found += opened.readlink().name == LARGE
        return found

    @property
    def log_lines(self) -> int:
        return self.program.output().count("\n")

    @contextlib.asynccontextmanager
    async def attacked(self, *words: str) -> AsyncIterator[Child]:
        """While a program runs on the abusing host."""
        name = f"attack-{os.urandom(4).hex()}"
        command = words if words[0] == "curl" else (sys.executable, *words)
        attack = await self.lan.spawn(self.lan.building, command, name=name)
        try:
            yield attack
        finally:
            await attack.stop()

    async def honest_boot(self, within: float) -> None:
        """What a PC does: a few DISCOVERs, the loader by TFTP, the menu and a file by HTTP, the agent's hello."""
        async with asyncio.timeout(within):
            offers = await self._dhcp("--rate", "4", "--seconds", "1")
            assert offers.answered > 0
            tftp = f"tftp://{SERVER}/{LOADER}"
            assert len(await self._fetch("--tftp-blksize", "1468", tftp)) == LOADER_SIZE
            assert b"menuentry" in await self._fetch(f"http://{SERVER}/menu.grub?mac={HONEST_MAC}")
            assert len(await self._fetch(f"http://{SERVER}/boot/{LOADER}")) == LOADER_SIZE
            await self._run(sys.executable, os.fspath(HERE / "says_hello.py"), str(SERVER), HONEST_MAC)

    async def _dhcp(self, *how: str) -> Load:
        done = await self._run(sys.executable, "-m", "netboot.lab.dhcp_load", "--interface", INTERFACE, *how)
        return msgspec.json.decode(done, type=Load)

    async def _fetch(self, *words: str) -> bytes:
        return await self._run("curl", "--silent", "--show-error", "--fail", *words)

    async def _run(self, *words: str) -> bytes:
        command = ("nsenter", f"--net=/run/netns/{self.lan.run.namespace('honest')}", *words)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, words
        return output


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def victim(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Victim]:
    files = tmp_path_factory.mktemp("bootfiles")
    (files / "one").mkdir()
    for name in NAMES:
        (files / "one" / name).write_bytes(os.urandom(LARGE_SIZE if name == LARGE else LOADER_SIZE))
    write_record(files / "one", kernel="test", recipe="test", loader_packages=(), agent_packages=())
    current(files).symlink_to("one")
    async with open_lan() as lan:
        honest = lan.run.namespace("honest")
        await lan.attach(honest, HONEST)
        await ip_in(honest, f"link set dev {INTERFACE} down", f"link set dev {INTERFACE} address {HONEST_MAC} up")
        for address in ADDRESSES:
            await asyncio.to_thread(_add_address, lan.building, f"{address}/{NETWORK.prefixlen}")
        settings = lan.folder / "netboot.yaml"
        settings.write_text(
            yaml.safe_dump(
                {"interface": INTERFACE, "data": os.fspath(lan.folder / "data"), "bootfiles": os.fspath(files)}
            )
        )
        (lan.folder / "data").mkdir()
        store = lan.folder / "data" / "store"
        command = (sys.executable, "-m", "netboot", "serve", "--config", settings)
        # A disk of its own, which a test can make slow.
        with mounted(lan.folder / "store.img", store, 64 << 20) as device:
            program = await lan.spawn(lan.server, command, name="serve")
            try:
                await program.wait_for_output("ready on", 30)
                quiet = Victim(lan, program, store, device)
                yield replace(quiet, at_rest=quiet.descriptors)
            finally:
                await program.stop()


def _add_address(namespace: str, address: str) -> None:
    run(["ip", "-netns", namespace, "address", "add", address, "dev", INTERFACE])
