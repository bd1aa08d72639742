"""What a test may tell a lab drive in the middle, on its control socket, and how it tells it.

`{"do": "status"}` answers what the drive is at; `{"do": "behave", "behaviour": {…}}` gives it other manners until its
process ends; `{"do": "power-off"}` takes its own power from under a running PC, whose reads then find all bits set, and
`{"do": "power-on"}` gives it back.
"""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.pci import Bus, PciFunction
from netboot.lab.drives.vfio_user import control_path


class Controlled(PciFunction, Protocol):
    """A kind of drive that can be asked and told."""

    def status(self, now: float) -> Mapping[str, object]:
        """What it is at."""

    def behave(self, behaviour: Behaviour) -> None:
        """Have other manners from now on."""


class PowerSwitch:
    """A function with a power supply of its own, which a test can cut; a PciFunction itself."""

    def __init__(self, function: Controlled) -> None:
        self._function = function
        self._bus: Bus | None = None
        self._supplied = True
        self.config = function.config
        self.bars = function.bars
        self.vectors = function.vectors

    def power_on(self, bus: Bus, now: float) -> None:
        self._bus = bus
        if self._supplied:
            self._function.power_on(bus, now)

    def power_off(self, now: float) -> None:
        if self._bus is not None and self._supplied:
            self._function.power_off(now)
        self._bus = None

    def reset(self, now: float) -> None:
        if self._supplied:
            self._function.reset(now)

    def read(self, bar: int, offset: int, size: int, now: float) -> bytes:
        return self._function.read(bar, offset, size, now) if self._supplied else b"\xff" * size

    def write(self, bar: int, offset: int, data: bytes, now: float) -> None:
        if self._supplied:
            self._function.write(bar, offset, data, now)

    def work(self, now: float) -> float | None:
        return self._function.work(now)

    def told(self, asked: Mapping[str, object], now: float) -> Mapping[str, object]:
        """Answer a line of the control socket. Raises ValueError."""
        match asked:
            case {"do": "status"}:
                return self._function.status(now)
            case {"do": "behave", "behaviour": behaviour}:
                # A ValidationError of msgspec is a ValueError.
                self._function.behave(msgspec.convert(behaviour, Behaviour))
                return {}
            case {"do": "power-off"}:
                if self._supplied and self._bus is not None:
                    self._function.power_off(now)
                self._supplied = False
                return {}
            case {"do": "power-on"}:
                if not self._supplied and self._bus is not None:
                    self._function.power_on(self._bus, now)
                self._supplied = True
                return {}
            case _:
                raise ValueError(f"nothing that a drive can be told: {asked}")


def tell(path: Path, **asked: object) -> Mapping[str, object]:
    """Tell the drive that is served at `path` something, and return its answer. Raises OSError, ValueError."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(30)
        control.connect(os.fspath(control_path(path)))
        control.sendall(json.dumps(asked).encode() + b"\n")
        answer = json.loads(control.makefile("rb").readline())
    if not isinstance(answer, dict) or "error" in answer:
        raise ValueError(f"the drive answered {answer}")
    return answer
