"""What the firmware says of the PC: SMBIOS (DMTF DSP0134) through the kernel's /sys/class/dmi and dmidecode.

The kernel's files need no tool and stay empty where the firmware is silent; only memory slots (type 17) come from
dmidecode. Placeholders such as "To be filled by O.E.M." are passed on: which text is no name, the server decides.
"""

import re
from collections.abc import Iterator
from typing import Final

from netboot.agent.host import Host
from netboot.agent.text import number, one_line
from netboot.shared.inventory import Board, Dimm, System

DIMM_LIMIT: Final = 64
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SIZE: Final = re.compile(r"(\d{1,12}) (bytes|kB|MB|GB|TB)")
_UNITS: Final = {"bytes": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SPEED: Final = re.compile(r"(\d{1,6}) (MT/s|MHz)")
_EMPTY: Final = "No Module Installed"
_SILENT: Final = frozenset({"Not Specified", "Not Provided", "Unknown", "None", "<OUT OF SPEC>", "<BAD INDEX>"})

_CHASSIS: Final = {
    3: "desktop",
    4: "desktop",
    5: "desktop",
    6: "tower",
    7: "tower",
    8: "laptop",
    9: "laptop",
    10: "laptop",
    11: "handheld",
    12: "docking station",
    13: "all in one",
    14: "laptop",
    15: "desktop",
    16: "desktop",
    17: "server",
    23: "server",
    24: "desktop",
    28: "server",
    30: "tablet",
    31: "convertible",
    32: "detachable",
    35: "mini PC",
    36: "stick PC",
}
"""DSP0134 §7.4.1, in the words of a workshop."""


def read_system(host: Host) -> System:
    """SMBIOS type 1 and the kind of chassis (type 3)."""
    uuid = host.line("sys/class/dmi/id/product_uuid").lower()
    return System(
        manufacturer=host.line("sys/class/dmi/id/sys_vendor"),
        product=host.line("sys/class/dmi/id/product_name"),
        version=host.line("sys/class/dmi/id/product_version"),
        serial=host.line("sys/class/dmi/id/product_serial"),
        uuid=uuid if _UUID.fullmatch(uuid) else "",
        sku=host.line("sys/class/dmi/id/product_sku"),
        chassis=_CHASSIS.get(host.number("sys/class/dmi/id/chassis_type"), ""),
    )


def read_board(host: Host) -> Board:
    """SMBIOS type 2."""
    return Board(
        manufacturer=host.line("sys/class/dmi/id/board_vendor"),
        product=host.line("sys/class/dmi/id/board_name"),
        serial=host.line("sys/class/dmi/id/board_serial"),
    )


def read_dimms(host: Host) -> tuple[Dimm, ...]:
    """Every memory slot, empty ones too."""
    return parse_dimms(host.output(("dmidecode", "--type", "17")))


def parse_dimms(text: str) -> tuple[Dimm, ...]:
    """Parse the output of `dmidecode --type 17`. Flash chips, which some firmware lists too, are left out."""
    dimms = []
    for fields in _structures(text, "Memory Device"):
        if fields.get("Type") != "Flash":
            dimms.append(_dimm(fields))
        if len(dimms) == DIMM_LIMIT:
            break
    return tuple(dimms)


def _structures(text: str, title: str) -> Iterator[dict[str, str]]:
    """The fields of each structure of that title: dmidecode indents them by one tab."""
    fields: dict[str, str] | None = None
    for line in text.split("\n"):
        if not line.startswith("\t"):
            if fields:
                yield fields
            fields = {} if line.strip() == title else None
        elif fields is not None and not line.startswith("\t\t"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip(), value.strip())
    if fields:
        yield fields


def _dimm(fields: dict[str, str]) -> Dimm:
    size_text = fields.get("Size", "")
    size = _SIZE.fullmatch(size_text)
    speed = _SPEED.fullmatch(fields.get("Speed", ""))
    return Dimm(
        locator=_told(fields, "Locator"),
        size=min(number(size[1]) * _UNITS[size[2]], 2**63 - 1) if size else 0,
        # "Unknown" is a module whose size the firmware does not know; only one word means an empty slot.
        untold=size is None and size_text != _EMPTY,
        kind=_told(fields, "Type"),
        mts=number(speed[1], most=1_000_000) if speed else 0,
        manufacturer=_told(fields, "Manufacturer"),
        serial=_told(fields, "Serial Number"),
        part=_told(fields, "Part Number"),
    )


def _told(fields: dict[str, str], name: str) -> str:
    value = one_line(fields.get(name, ""))
    return "" if value in _SILENT else value
