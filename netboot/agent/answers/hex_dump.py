"""The bytes in a dump that a tool printed as text. Pure.

Sources: nvme-cli 2.13, nvme-print-stdout.c, stdout_d() (`nvme get-log` without --raw-binary); sg3_utils 1.48, sg_lib.c,
dStrHexFp() (`sg_requests --hex`). A dump is taken over a binary answer because programs are run with text in and out,
and because a dump that broke off shows it: its offsets must follow one another.
Not for: what the bytes mean.
"""

import re
from typing import Final

_LINE: Final = re.compile(r"\s*([0-9a-f]{2,8})(?::|\s\s)((?:\s*[0-9a-f]{2})+)\s*(?:\".*)?", re.IGNORECASE)
_MOST: Final = 4096


def dumped_bytes(text: str) -> bytes:
    """The bytes of all lines that have an offset; empty where there are none, where one line does not follow the one
    before, or where there are more than an answer has."""
    found = bytearray()
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        if int(match[1], 16) != len(found):
            return b""
        found += bytes.fromhex(match[2])
    return bytes(found) if len(found) <= _MOST else b""
