"""Parses udev's database of devices, the output of `udevadm info --export-db` (udevadm(8)).

A device is a block of lines, `P:` its path below /sys, `E:` one property.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from netboot.agent.host import Host
from netboot.agent.text import one_line

Properties = Mapping[str, str]
Database = Mapping[str, Properties]
"""Properties by the device's path below the root, such as "sys/devices/pci0000:00/0000:00:02.0"."""

_NOTHING: Final[Properties] = MappingProxyType({})
_ESCAPE: Final = re.compile(r"\\x([0-9a-fA-F]{2})")


def read_database(host: Host) -> Database:
    """All devices udev knows."""
    return parse_database(host.output(("udevadm", "info", "--export-db")))


def parse_database(text: str) -> Database:
    """Parse the output of `udevadm info --export-db`. Lines of other kinds are passed over."""
    devices: dict[str, Properties] = {}
    current: dict[str, str] = {}
    for line in text.split("\n"):
        kind, _, rest = line.partition(" ")
        if kind == "P:":
            current = {}
            devices["sys" + rest.strip()] = current
        elif kind == "E:":
            name, equals, value = rest.partition("=")
            if equals:
                current[name] = value
    return devices


def properties(database: Database, path: str) -> Properties:
    """What udev knows of the device at `path` (below the root), nothing when it does not know it."""
    return database.get(path, _NOTHING)


def hardware_name(known: Properties) -> str:
    """The device's name from udev's hardware database, "" when it is not in it."""
    vendor, model = known.get("ID_VENDOR_FROM_DATABASE", ""), known.get("ID_MODEL_FROM_DATABASE", "")
    return one_line(f"{vendor} {model}")


def unescaped(value: str) -> str:
    r"""A property ending in _ENC as plain text: udev writes each unsafe byte as \xHH."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)
