"""`netboot serve --check`: an exit status and a sentence that says what to do, on a machine of its own; no port opens.

Making boot files is replaced by stand-ins: what is seen here is when they are made (tests/bootfiles makes real ones).
"""

import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from msgspec.structs import replace

from netboot import bootfiles, cli
from netboot.auth.server_keys import load_key, public_key
from netboot.bootfiles.record import NAMES, current, write_record
from netboot.files.assets import asset_folder
from netboot.lab.network import INTERFACE, SERVER, open_lan
from netboot.shared.manifest import Understood
from netboot.shared.offers import Offers
from netboot.store import Store
from tests.namespace import inside
from tests.store.test_store import part, put_master

pytestmark = [pytest.mark.root, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True, slots=True)
class Machine:
    """A server's machine that never served, and the settings on it."""

    namespace: str
    folder: Path

    @property
    def boot_files(self) -> Path:
        return self.folder / "bootfiles"

    def settings(self, **more: object) -> Path:
        path = self.folder / "netboot.yaml"
        folders = {"data": os.fspath(self.folder / "data"), "bootfiles": os.fspath(self.boot_files)}
        path.write_text(yaml.safe_dump({"interface": INTERFACE, **folders, **more}))
        return path

    def check(self, settings: Path, *words: str) -> int:
        return inside(self.namespace, lambda: cli.main(["serve", "--check", "--config", str(settings), *words]))

    def make_boot_files(self) -> None:
        folder = self.boot_files / "one"
        folder.mkdir(parents=True)
        for name in NAMES:
            (folder / name).write_bytes(name.encode())
        write_record(folder, kernel="test", recipe="test", loader_packages=(), agent_packages=())
        current(self.boot_files).symlink_to("one")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def namespace() -> AsyncIterator[str]:
    async with open_lan() as lan:
        yield lan.server


@pytest.fixture
def machine(namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(cli, "set_up_logs", lambda level, form: None)
    return Machine(namespace, tmp_path)


@pytest.fixture
def built(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where boot files were built."""
    folders: list[Path] = []

    def build(cache: Path, **how: object) -> None:
        folders.append(cache)
        machine.make_boot_files()

    monkeypatch.setattr(bootfiles, "build", build)
    return folders


async def test_good_settings_are_ready_and_leave_the_ports_free(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.make_boot_files()
    assert machine.check(machine.settings()) == 0
    assert f"Ready to serve on {INTERFACE}, {SERVER}." in capsys.readouterr().err
    with inside(machine.namespace, lambda: socket.create_server((str(SERVER), 80))):
        pass


async def test_a_profile_that_asks_its_master_for_what_that_has_not_is_told(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.make_boot_files()
    data, own = machine.folder / "data", machine.folder / "profiles"
    data.mkdir()
    key = load_key(data)
    store = Store(data / "store", accepts=public_key(key))
    manifest = put_master(store, "debian-minimal", part("a"), key=key)
    store.publish(replace(manifest, understood=Understood(system="Debian", offers=Offers(timezones=("UTC",)))), key)
    own.mkdir()
    shipped = asset_folder("images") / "profiles/10-wipe-and-debian.yaml"
    for zone, told in (("UTC", False), ("Europe/Paris", True)):
        (own / "mine.yaml").write_text(f"{shipped.read_text()}customise:\n  timezone: {zone}\n")
        assert machine.check(machine.settings(profiles=[str(own)])) == 0
        assert ("the profile wipe-and-debian is not offered: " in capsys.readouterr().err) == told


async def test_without_boot_files_the_check_names_the_command_of_a_checkout(
    machine: Machine, built: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert machine.check(machine.settings()) == 1
    said = capsys.readouterr().err
    assert "there are no boot files" in said
    assert "sudo ./run netboot bootfiles build" in said
    assert built == []


async def test_told_to_build_the_check_builds_once_and_is_then_ready(machine: Machine, built: list[Path]) -> None:
    assert machine.check(machine.settings(), "--build") == 0
    assert machine.check(machine.settings(), "--build") == 0
    assert built == [machine.boot_files]


async def test_a_wrong_interface_is_said_before_boot_files_are_built(
    machine: Machine, built: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert machine.check(machine.settings(), "--build", "--interface", "eth7") == 1
    assert f"there is no network interface 'eth7'\n  → this machine has: {INTERFACE}" in capsys.readouterr().err
    assert built == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dhcp:\n\tmode: proxy\n", "line 2: this is not YAML"),
        ("dhcp:\n  mode: loud\n", "line 2: dhcp.mode"),
        ("interfaces: eth0\n", "line 1"),
    ],
)
async def test_bad_settings_are_named_with_their_line(
    machine: Machine, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    path = machine.folder / "netboot.yaml"
    path.write_text(text)
    assert machine.check(path) == 1
    assert f"{path}, {said}" in capsys.readouterr().err


async def test_a_wifi_network_that_a_profile_names_is_looked_for_before_serving(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.make_boot_files()
    profiles, networks = machine.folder / "profiles", machine.folder / "wifi.yaml"
    profiles.mkdir()
    (profiles / "school.yaml").write_text(
        "id: school\nname: {fr: École, en: School}\nstages: [check, erase, deploy, customise, finish]\n"
        "master: ecole\ncustomise: {wifi: guests}\n"
    )
    networks.write_text("networks:\n  - {name: staff, ssid: Atelier, password: hush hush}\n")
    networks.chmod(0o600)
    settings = machine.settings(profiles=[os.fspath(profiles)], wifi=os.fspath(networks))
    assert machine.check(settings) == 1
    assert "the profile school names the Wi-Fi network guests" in capsys.readouterr().err
    networks.write_text(networks.read_text().replace("staff", "guests"))
    assert machine.check(settings) == 0
    networks.chmod(0o644)
    assert machine.check(settings) == 1
    said = capsys.readouterr().err
    assert f"others may read the file of Wi-Fi networks {networks}\n  → chmod 600" in said
    assert "hush" not in said
