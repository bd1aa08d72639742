"""Beside another DHCP server ours starts only when it was told to twice: in the settings and on the command line."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

import pytest

from netboot import cli
from netboot.lan.interfaces import Interface
from netboot.serve import server
from netboot.settings.config import Settings, parse_settings
from netboot.shared.errors import NetbootError

HERE = Interface(name="eth1", address=IPv4Address("10.0.0.1"), network=IPv4Network("10.0.0.0/24"))


@dataclass
class Prepared:
    """As much of what `serve` finds as comes before the first port."""

    settings: Settings
    plan: object
    interface: Interface = HERE


class Started(Exception):  # noqa: N818 - no error: the next thing that serve does
    pass


@pytest.mark.parametrize(
    ("settings", "told", "starts"),
    [
        ("dhcp: {mode: full}", False, False),
        ("dhcp: {mode: full, full: {beside_another: true}}", False, False),
        ("dhcp: {mode: full}", True, False),
        ("dhcp: {mode: full, full: {beside_another: true}}", True, True),
        ("dhcp: {mode: proxy}", False, True),
    ],
)
async def test_one_yes_is_not_enough(monkeypatch: pytest.MonkeyPatch, settings: str, told: bool, starts: bool) -> None:
    async def rival_found(interface: str, own: IPv4Address) -> None:
        raise NetbootError(f"another DHCP server answers on {interface}", hint="unplug it")

    def prepared(settings: Settings) -> Prepared:
        return Prepared(settings, object() if settings.dhcp.mode == "full" else None)

    def opened(place: object, *, heads: object) -> None:
        raise Started

    monkeypatch.setattr(server, "prepare", prepared)
    monkeypatch.setattr(server, "refuse_beside_another", rival_found)
    monkeypatch.setattr(server, "open_record", opened)
    with pytest.raises(Started if starts else NetbootError):
        await server.serve(parse_settings(settings, source="test"), beside_another_dhcp=told)


@pytest.mark.parametrize("told", [True, False])
def test_the_command_lines_yes_reaches_the_server(monkeypatch: pytest.MonkeyPatch, told: bool) -> None:
    heard: list[bool] = []

    async def serve(settings: Settings, *, beside_another_dhcp: bool) -> None:
        heard.append(beside_another_dhcp)

    monkeypatch.setattr(server, "serve", serve)
    assert cli.main(["serve", *(["--beside-another-dhcp"] if told else [])]) == 0
    assert heard == [told]
