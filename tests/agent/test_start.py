"""How the agent begins: the LAN and the hardware at the same time, and home to the disk without a LAN."""

import threading
from pathlib import Path
from typing import Never

import pytest

from netboot.agent import __main__ as agent
from netboot.agent.command_line import CommandLine, parse_command_line
from netboot.agent.net import network
from netboot.agent.screen.consoles import Consoles
from netboot.agent.settings import AgentFile
from netboot.shared.inventory import Board, Firmware, Inventory, System

WORDS: CommandLine = parse_command_line("netboot.server=http://192.0.2.2:80 netboot.lang=en quiet")
SETTINGS = AgentFile(public_key="0" * 64)


def test_the_hardware_is_read_while_the_lan_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking, reading = threading.Event(), threading.Event()
    met: list[bool] = []

    def bring_up(server: tuple[str, int], boot_mac: str) -> Never:
        asking.set()
        met.append(reading.wait(5))
        raise network.NoNetworkError("no-cable")

    def read_inventory(boot_mac: str) -> Inventory:
        reading.set()
        met.append(asking.wait(5))
        return Inventory(system=System(), board=Board(), firmware=Firmware(mode="bios"))

    monkeypatch.setattr(agent, "unmount_leftovers", lambda: None)
    monkeypatch.setattr(agent, "read_inventory", read_inventory)
    monkeypatch.setattr(network, "bring_up", bring_up)
    with Consoles(tmp_path) as consoles:
        assert agent.stay(WORDS, SETTINGS, consoles) == "disk"
    assert len(met) == agent.NETWORK_TRIES + 1
    assert all(met)
