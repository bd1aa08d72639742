"""What a SCSI disk can do to erase itself, by the commands that it lists. Pure: the tool's output in, values out.

Source: SPC-5, REPORT SUPPORTED OPERATION CODES, all commands: four bytes of length, then for each its operation code,
service action and flags (bit 0: the service action counts; bit 1: 12 bytes of time-outs follow); SBC-4, SANITIZE (48h)
and its service actions. From `sg_opcodes --no-inquiry --hex` (sg3_utils 1.48). A list that breaks off tells nothing.
Not for: asking (`abilities.py`), a sanitize that runs (`agent/answers/scsi_sanitize.py`).
"""

from typing import Final

from netboot.agent.answers.hex_dump import dumped_bytes
from netboot.shared.disk_abilities import ScsiSanitize

_SANITIZE: Final = 0x48
_OVERWRITE, _BLOCK, _CRYPTO = 1, 2, 3
_HAS_ACTION, _HAS_TIMES = 1, 2
_ENTRY, _TIMES = 8, 12


def parse_commands(text: str) -> ScsiSanitize | None:
    """The kinds of SANITIZE in the list; None where no whole list came."""
    data = dumped_bytes(text)
    rest = data[4:]
    if not rest or int.from_bytes(data[:4]) != len(rest):
        return None
    actions = set()
    while rest:
        if len(rest) < _ENTRY:
            return None
        if rest[0] == _SANITIZE and rest[5] & _HAS_ACTION:
            actions.add(int.from_bytes(rest[2:4]))
        length = _ENTRY + _TIMES if rest[5] & _HAS_TIMES else _ENTRY
        if len(rest) < length:
            return None
        rest = rest[length:]
    return ScsiSanitize(block=_BLOCK in actions, crypto=_CRYPTO in actions, overwrite=_OVERWRITE in actions)
