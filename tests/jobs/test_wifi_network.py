"""A Wi-Fi network as NetworkManager reads it, and what is refused of one."""

import pytest
from msgspec.structs import replace

from netboot.jobs.wifi_network import WifiNetwork, keyfile, network_error

GUESTS = WifiNetwork(name="workshop-guest", ssid="Atelier invités", password=' a\\b;c d"# ', hidden=True)

# Read and written again by `nmcli --offline connection modify` of NetworkManager 1.42.4 (Debian 12).
READ_BY_NMCLI = r"""[connection]
id=workshop-guest
uuid=9c46069d-4e30-5717-96e5-e16767366f1d
type=wifi

[wifi]
hidden=true
mode=infrastructure
ssid=65;116;101;108;105;101;114;32;105;110;118;105;116;195;169;115;

[wifi-security]
key-mgmt=wpa-psk
psk=\sa\\b;c d"#%

[ipv4]
method=auto

[ipv6]
method=auto
""".replace("%", " ")


def entries(text: str) -> set[tuple[str, str]]:
    """Each line with its section's; of GLib's two ways to write a space inside a value, one."""
    section, found = "", set[tuple[str, str]]()
    for line in text.splitlines():
        section = line if line.startswith("[") else section
        if "=" in line:
            found.add((section, line.replace("\\s", " ")))
    return found


def test_the_file_says_to_networkmanager_what_was_meant() -> None:
    assert entries(keyfile(GUESTS).decode()) == entries(READ_BY_NMCLI)


def test_an_open_network_has_no_key_and_one_of_wpa3_alone_says_so() -> None:
    open_one = keyfile(WifiNetwork(name="guests", ssid="Guests", security="open")).decode()
    assert "security" not in open_one
    assert "hidden" not in open_one
    assert (
        "key-mgmt=sae\npsk=eightish"
        in keyfile(WifiNetwork(name="guests", ssid="A", password="eightish", security="sae")).decode()
    )


def test_a_name_of_digits_is_no_list_of_bytes_by_mistake() -> None:
    assert b"\nssid=55;50;\n" in keyfile(WifiNetwork(name="guests", ssid="72", password="eightish"))


def test_the_network_has_one_uuid_in_all_pcs_and_another_network_another() -> None:
    def uuid(name: str) -> str:
        return keyfile(replace(GUESTS, name=name)).decode().split("uuid=")[1].split("\n")[0]

    assert uuid("guests") == uuid("guests") != uuid("staff")


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (WifiNetwork(name="guests", ssid="é" * 17, password="eightish"), "32 bytes"),
        (WifiNetwork(name="guests", ssid="\ud800", password="eightish"), "lone surrogate"),
        (WifiNetwork(name="guests", ssid="A", password="short12"), "8 to 63"),
        (WifiNetwork(name="guests", ssid="A", password="x" * 64), "8 to 63"),
        (WifiNetwork(name="guests", ssid="A", password="eight\nish"), "8 to 63"),
        (WifiNetwork(name="guests", ssid="A", password="mot de pässe"), "8 to 63"),
        (WifiNetwork(name="guests", ssid="A", password="0" * 64, security="sae"), "8 to 63"),
        (WifiNetwork(name="guests", ssid="A"), "8 to 63"),
        (WifiNetwork(name="guests", ssid="A", password="eightish", security="open"), "no `password`"),
    ],
)
def test_what_no_access_point_takes_is_refused_without_saying_the_password(network: WifiNetwork, words: str) -> None:
    mistake = network_error(network)
    assert words in mistake
    assert not network.password or network.password not in mistake


def test_what_access_points_take_is_taken() -> None:
    for network in (
        GUESTS,
        WifiNetwork(name="guests", ssid="A", password="0123456789abcdefABCDEF" + "0" * 42),
        WifiNetwork(name="guests", ssid="A", password="~" * 63, security="sae"),
        WifiNetwork(name="guests", ssid="A", security="open"),
    ):
        assert network_error(network) == ""
    assert "a\\b" not in repr(GUESTS)
