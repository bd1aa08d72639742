"""Settings and profiles: what is wrong is told with its place, and what is right becomes typed values."""

from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import msgspec
import pytest

from netboot.files.assets import asset_folder
from netboot.jobs.profiles import load_profiles, parse_profile
from netboot.lan.interfaces import Address, Link, choose
from netboot.settings.config import Settings, parse_settings
from netboot.shared.errors import NetbootError


def test_an_empty_file_is_all_defaults() -> None:
    assert parse_settings("", source="x") == Settings()
    assert parse_settings("# nothing\n", source="x") == Settings()


def patterns(schema: object) -> Iterator[dict[str, object]]:
    """Every part of a JSON schema that has a pattern."""
    if isinstance(schema, dict):
        if "pattern" in schema:
            yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from patterns(part)


def test_every_pattern_of_the_settings_is_told_in_words() -> None:
    found = list(patterns(msgspec.json.schema(Settings)))
    assert len(found) > 5
    assert not [part for part in found if not part.get("description")]


def test_words_are_what_people_read_and_need_no_quotes() -> None:
    text = "dhcp: {mode: off}\nmachines: [{mac: 52:54:00:12:34:56, denied: true, note: yes}]\nlog: {level: info}\n"
    settings = parse_settings(text, source="x")
    assert settings.dhcp.mode == "off"
    assert (settings.machines[0].mac, settings.machines[0].note) == ("52:54:00:12:34:56", "yes")
    assert parse_settings("menu: {timeout: 30}\ninterface:\n  eth0\n", source="x").menu.timeout == 30


def test_a_folder_of_profiles_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="no folder of profiles"):
        load_profiles([tmp_path / "nothing"])
    (tmp_path / "latin.yaml").write_bytes("id: été".encode("latin-1"))
    with pytest.raises(NetbootError, match="cannot be read"):
        load_profiles([tmp_path])


def test_folders_may_be_left_empty_for_their_defaults() -> None:
    assert parse_settings("data: ''\nbootfiles: ''\n", source="x") == Settings()


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("language: fr\nhttp:\n  port: eighty\n", 3, "int"),
        ("language: fr\nhttp:\n  port: 80\n  prot: 81\n", 4, "prot"),
        ("http:\n  port: 70000\n", 2, "65535"),
        ("languages: fr\n", 1, "languages"),
        ("language: de\n", 1, "de"),
        ("interface: eth0\nhttp: [\n", 3, "YAML"),
        ("- a\n- b\n", 1, "object"),
        ("profiles:\n  - ok\n  - 3\n", 3, "str"),
        ("profiles:\n  - ''\n", 2, "length"),
        ("dhcp:\n  mode: of\n", 2, "off, proxy"),
        ("dhcp:\n  Mode: off\n", 2, "there is mode, "),
        ("http: {port: 80}\nlog: {}\nhttp: {port: 81}\n", 3, "twice"),
        ("machines:\n  - mac: 52:54:00:12:34:56\n    loader: pxe\n", 3, "grub, ipxe"),
        ("machines:\n  - denied: true\n    mac: 123456\n", 3, "between quotes"),
        ("names:\n  forward:\n    - 10.0.0.1\n    - dns.example\n", 4, "an address such as 10.0.0.1"),
        ("names:\n  forward: 10.0.0.1\n", 2, "array"),
        ("names:\n  update:\n    server: 10.0.0.1\n    zone: a.example\n", 3, "`key`"),
        ("names:\n  update: {server: 10.0.0.1, zone: a.example, key: k}\n", 2, "`secret_file`"),
        ("names:\n  update: {server: 10.0.0.256}\n", 2, "an address"),
        ("names:\n  update:\n    zone: Ünder.example\n", 3, "a domain in small letters"),
        ("names:\n  update:\n    algorithm: hmac-md5\n", 3, "hmac-md5"),
    ],
)
def test_a_mistake_names_the_file_the_line_and_what_was_expected(text: str, line: int, expected: str) -> None:
    with pytest.raises(NetbootError) as caught:
        parse_settings(text, source="netboot.yaml")
    assert f"netboot.yaml, line {line}" in caught.value.message
    assert expected in caught.value.message
    assert caught.value.hint


GOOD = """
id: wipe
name: {fr: Effacer, en: Erase}
stages: [check, erase, finish]
"""


def test_a_profile_is_read() -> None:
    profile = parse_profile(GOOD, source="wipe.yaml")
    assert profile.erases
    assert profile.writes
    assert profile.end == "poweroff"


def test_words_in_a_profile_are_words_and_a_key_stands_there_once() -> None:
    profile = parse_profile("id: off\nname: {fr: Non, en: No}\nstages: [check, finish]\n", source="off.yaml")
    assert (profile.id, profile.name["en"]) == ("off", "No")
    with pytest.raises(NetbootError, match="`end` is there twice"):
        parse_profile(GOOD + "end: reboot\nend: poweroff\n", source="wipe.yaml")


@pytest.mark.parametrize(
    "change",
    [
        ("fr: Effacer, ", ""),
        ("[check, erase, finish]", "[erase, check, finish]"),
        ("[check, erase, finish]", "[erase, finish]"),
        ("[check, erase, finish]", "[check, erase]"),
        ("[check, erase, finish]", "[check, deploy, finish]"),
        ("[check, erase, finish]", "[check, erase, finish]\nmaster: debian"),
        ("[check, erase, finish]", "[check, erase, finish]\nhostname: 'pc {number}'"),
        ("[check, erase, finish]", "[check, erase, finish]\nhostname: '-{number}'"),
        ("[check, erase, finish]", "[check, erase, finish]\nhostname: '{number}-'"),
        ("[check, erase, finish]", "[check, erase, finish]\nhostname: ''"),
        ("[check, erase, finish]", "[check, erase, finish]\nsurprise: 1"),
        ("Effacer", '"a\\nchain evil"'),
        ("Effacer", '"a\\n"'),
        ("wipe", "'wipe; reboot'"),
    ],
)
def test_a_wrong_profile_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(NetbootError):
        parse_profile(GOOD.replace(*change), source="wipe.yaml")


def test_every_shipped_profile_is_good_and_has_its_own_id() -> None:
    folder = asset_folder("images") / "profiles"
    assert len(load_profiles([folder])) == len(list(folder.glob("*.yaml"))) > 0


def link(name: str, address: str = "", *flags: str) -> Link:
    addresses = (Address(family="inet", local=address, prefixlen=24, scope="global"),) if address else ()
    return Link(ifname=name, flags=flags or ("UP",), link_type="ether", addr_info=addresses)


LO = link("lo", "127.0.0.1", "UP", "LOOPBACK")


def test_the_only_interface_with_an_address_is_found() -> None:
    assert choose([LO, link("eth0", "192.0.2.5"), link("eth1")], "").address == IPv4Address("192.0.2.5")


@pytest.mark.parametrize(
    ("links", "asked", "told"),
    [
        ([LO], "", "no network interface has an IPv4 address"),
        ([LO, link("a", "192.0.2.1"), link("b", "192.0.2.2")], "", "several"),
        ([LO, link("a", "192.0.2.1")], "b", "no network interface 'b'"),
        ([LO, link("a")], "a", "has no IPv4 address"),
    ],
)
def test_what_cannot_be_chosen_is_told(links: list[Link], asked: str, told: str) -> None:
    with pytest.raises(NetbootError, match=told):
        choose(links, asked)
