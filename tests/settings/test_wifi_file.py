"""The file of Wi-Fi networks: for its owner alone, and told of by line, never by a password."""

import re
import traceback
from pathlib import Path

import pytest

from netboot.jobs.profile import Profile
from netboot.jobs.wifi_network import WifiNetwork
from netboot.settings.config import Settings
from netboot.settings.wifi_file import MOST, load_networks, require_named
from netboot.shared.errors import NetbootError
from netboot.shared.system_settings import SystemSettings

GOOD = """networks:
  - name: guests
    ssid: "Atelier invités"
    password: "eightish 8"
    hidden: true
  - name: open-one
    ssid: Free
    security: open
"""


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "wifi.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_networks_are_read_by_name(tmp_path: Path) -> None:
    assert load_networks(written(tmp_path, GOOD)) == {
        "guests": WifiNetwork(name="guests", ssid="Atelier invités", password="eightish 8", hidden=True),
        "open-one": WifiNetwork(name="open-one", ssid="Free", security="open"),
    }
    assert load_networks(None) == load_networks(written(tmp_path, "")) == {}
    assert Settings().wifi_file is None
    assert Settings(wifi="/etc/netboot/wifi.yaml").wifi_file == Path("/etc/netboot/wifi.yaml")


def one(fields: str, name: str = "guests") -> str:
    return f"networks:\n  - {{name: {name}, {fields}}}\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_is_not_read(tmp_path: Path, mode: int) -> None:
    with pytest.raises(NetbootError, match="others may read") as told:
        load_networks(written(tmp_path, GOOD, mode))
    assert "chmod 600" in told.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (one("ssid: A, password: 12345678"), "line 2: networks[0].password"),
        (one("ssid: A, password: hushhush, hiden: true"), "line 2: networks[0]"),
        (one("ssid: A, password: hush"), "line 2: networks[0]: `password` has 8 to 63"),
        (one("ssid: '', password: hushhush"), "networks[0].ssid"),
        (one("ssid: A, password: hushhush", name="Guests"), "small letters"),
        (one("ssid: A, password: hushhush", name="''"), "networks[0].name"),
        (one("ssid: A, password: hushhush") * 2, "not YAML"),
        (one("ssid: A, password: hushhush") + "  - {name: guests, ssid: B, security: open}\n", "guests is there twice"),
        (one("ssid: A, password: 'hushhush"), "not YAML"),
        ("hushhush\n", "top level"),
        (
            "networks:\n" + "".join(f"  - {{name: n{n}, ssid: A, security: open}}\n" for n in range(MOST + 1)),
            "networks",
        ),
        ("#" * 70_000, "65536 bytes"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_a_password(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(NetbootError) as told:
        load_networks(written(tmp_path, text))
    said = f"{told.value.message} {told.value.hint}"
    assert words in said
    assert "hush" not in said
    assert "12345678" not in said


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="cannot be read: No such file"):
        load_networks(tmp_path / "none.yaml")
    path = written(tmp_path, "")
    path.write_bytes(b"guests: \xff")
    with pytest.raises(NetbootError, match="it is no UTF-8"):
        load_networks(path)


def test_a_profile_that_names_another_network_is_told_before_the_server_starts() -> None:
    profile = Profile(
        id="school",
        name={"fr": "École", "en": "School"},
        stages=("check", "erase", "deploy", "customise", "finish"),
        master="ecole",
        customise=SystemSettings(wifi="guests"),
    )
    require_named((profile,), {"guests": WifiNetwork(name="guests", ssid="A", security="open")})
    with pytest.raises(NetbootError, match="the profile school names the Wi-Fi network guests"):
        require_named((profile,), {"staff": WifiNetwork(name="staff", ssid="A", security="open")})


@pytest.mark.parametrize(
    "line",
    [
        "password: *Secret123",
        "password: !Secret123",
        "password: !!int Secret123",
        "password: !!bool Secret123",
        "password: !!timestamp Secret123",
        "password: &Secret123",
        "password: %Secret123",
        "password: {Secret123}",
        "password: Sec: Secret123",
        'password: "Secret123\\q"',
        "security: Secret123",
        "hidden: Secret123",
        "Secret123: password",
        "Secret123: password\n    Secret123: x",
        "? [Secret123]\n    : x",
        "name: Secret123",
        "password:\n    Secret123",
        "password: !!python/name:Secret123 x",
    ],
)
def test_no_word_of_a_file_with_a_mistake_is_told(tmp_path: Path, line: str) -> None:
    name = "" if line.startswith("name:") else "    name: g\n"
    with pytest.raises(NetbootError) as told:
        load_networks(written(tmp_path, f"networks:\n  - ssid: S\n{name}    {line}\n"))
    said = "".join(traceback.format_exception(told.value)) + told.value.hint
    assert "Secret" not in said
    assert re.search(r"wifi\.yaml, line [1-6]: ", said)
