"""Says before `./run test` begins that this machine's disk has too little room for it: python -m tests.room"""

import sys
import tempfile
from pathlib import Path
from typing import Final

from netboot.files.cache_folder import default_cache_folder
from netboot.lab.runs import BASE, require_room
from netboot.shared.errors import NetbootError

ROOM: Final = 20 << 30
"""Bytes: what the tests and their PCs' disks take at their fullest."""


def main() -> int:
    """The exit status."""
    try:
        for folder in (Path(tempfile.gettempdir()), BASE, default_cache_folder()):
            require_room(folder, ROOM)
    except NetbootError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
