"""`netboot serve` on the lab's LAN: started, killed and started again, with its page on the host's loopback.

The page's socket is made once, outside the namespaces, and handed to each server in turn: a browser on the host sees
one address, and no packet leaves the machine. Not for: what people do on the page (page_client.py).
"""

import asyncio
import json
import re
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import yaml

from netboot.auth.server_keys import KEY_FILE
from netboot.files.assets import asset_folder
from netboot.files.cache_folder import default_cache_folder
from netboot.jobs.profiles import load_profiles
from netboot.lab.child import Child
from netboot.lab.network import INTERFACE, Lan
from netboot.lab.pc import PcSpec
from netboot.records.record import open_record
from netboot.shared.inventory import Board, Disk, DiskId, Firmware, Inventory, System
from netboot.shared.language import Language
from netboot.shared.process import Command, run
from netboot.shared.protocol import VERSION, Hello

OPERATOR: Final = "atelier"
READY_WITHIN: Final = 60.0


class Service:
    """One server's data and its present process; made by `open_service`."""

    def __init__(
        self,
        lan: Lan,
        data: Path,
        listening: socket.socket,
        settings: Path,
        password: str,
        profiles: Sequence[Path] = (),
    ) -> None:
        self.data = data
        self.profiles = (asset_folder("images") / "profiles", *profiles)
        self.password = password
        self._lan = lan
        self._listening = listening
        self._settings = settings
        self._starts = 0
        self._program: Child | None = None

    @property
    def settings(self) -> Path:
        """Its settings file."""
        return self._settings

    @property
    def page(self) -> str:
        """The page's address on the host's loopback."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    @property
    def pid(self) -> int:
        """The number of the server's process."""
        assert self._program is not None
        return self._program.pid

    async def start(self) -> None:
        """Start the server and wait until it is ready. Raises NetbootError."""
        self._starts += 1
        command: Command = [sys.executable, "-m", "netboot", "serve", "--config", self._settings]
        self._program = await self._lan.spawn(
            self._lan.server, command, name=f"serve{self._starts}", pass_fds=[self._listening.fileno()]
        )
        await self._program.wait_for_output("ready on", READY_WITHIN)

    async def kill(self) -> None:
        """Take its power away (SIGKILL)."""
        assert self._program is not None
        self._program.kill()
        await self._program.wait()

    async def stop(self) -> int:
        """Ask it to end (SIGTERM); returns its exit status."""
        assert self._program is not None
        return await self._program.stop(grace=15)

    def log(self) -> list[dict[str, str]]:
        """Every entry of all its logs so far."""
        entries = []
        for number in range(1, self._starts + 1):
            for line in self._lan.log_path(f"serve{number}").read_text(errors="replace").splitlines():
                if line.startswith("{"):
                    entries.append(json.loads(line))
        return entries

    async def wait_for_log(self, pattern: str, within: float, *, since: int = 0) -> int:
        """Wait for a log message that matches; returns how many entries there are then. `since` skips entries."""
        wanted = re.compile(pattern)
        assert self._program is not None
        async with asyncio.timeout(within):
            while True:
                entries = self.log()
                for number, entry in enumerate(entries[since:], since + 1):
                    if wanted.search(entry["message"]):
                        return number
                self._program.must_run()
                await asyncio.sleep(0.2)


@asynccontextmanager
async def open_service(
    lan: Lan,
    masters: Path,
    *,
    language: Language = "fr",
    menu_timeout: int = 60,
    menu_serial: str = "",
    profiles: Sequence[Path] = (),
    dhcp: Literal["proxy", "merged", "full", "off"] = "proxy",
    plain_pxe_first: bool = True,
    machines: Sequence[Mapping[str, object]] = (),
    names: Mapping[str, object] = MappingProxyType({}),
    wifi: Path | None = None,
) -> AsyncIterator[Service]:
    """A fresh server's data on this LAN, with the masters and the key of the folder `masters`; not started yet.

    `profiles` are folders of profiles beside the shipped ones; `menu_timeout` is in seconds;
    `menu_serial` shows the menu on that port too; `machines` is what is set for single PCs, `names` what is for names;
    `wifi` is a file of Wi-Fi networks.
    """
    data = lan.folder / "data"
    data.mkdir()
    for name in ("store", KEY_FILE):
        (data / name).symlink_to(masters / name)
    settings = lan.folder / "netboot.yaml"
    settings.write_text(
        yaml.safe_dump(
            {
                "interface": INTERFACE,
                "language": language,
                "profiles": [str(folder) for folder in profiles],
                "data": str(data),
                "bootfiles": str(default_cache_folder() / "bootfiles"),
                "dhcp": {"mode": dhcp, "plain_pxe_first": plain_pxe_first},
                "menu": {"timeout": menu_timeout, "serial": menu_serial},
                "machines": list(machines),
                "names": dict(names),
                "wifi": str(wifi or ""),
                "agent": {"kernel": "console=tty0 console=ttyS0", "wait": 900},
                "log": {"format": "json", "level": "info"},
            }
        ),
        encoding="utf-8",
    )
    password = secrets.token_urlsafe(12)
    await asyncio.to_thread(
        run,
        [sys.executable, "-m", "netboot", "operator", "password", "--config", settings, OPERATOR],
        stdin=f"{password}\n",
        timeout=60,
    )
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        yield Service(lan, data, listening, settings, password, profiles)


def arm(service: Service, specs: Sequence[PcSpec], profile: str) -> None:
    """Put the PCs on the record of a server that is stopped, and choose this profile for each, as if on the page."""
    with open_record(service.data / "record.sqlite") as record:
        record.choices.withdraw_changed(load_profiles(service.profiles))  # as a server does before anybody can choose
        for spec in specs:
            said = Hello(version=VERSION, boot=f"before-{spec.name}", inventory=_seen(spec))
            visit = record.visits.greet(said, spec.mac)
            record.choices.choose(visit.machine_id, profile, OPERATOR)


def _seen(spec: PcSpec) -> Inventory:
    """What an agent would have told of this PC, as far as a PC is known by it."""
    return Inventory(
        system=System(product=spec.product, serial=spec.serial, uuid=str(spec.uuid)),
        board=Board(product=spec.product, serial=spec.board_serial),
        firmware=Firmware(mode="uefi"),
        disks=tuple(
            Disk(name=f"disk{number}", id=DiskId(serial=disk.serial, size=disk.size), transport=disk.bus)
            for number, disk in enumerate(spec.disks)
        ),
    )
