"""Where a Windows has a link, as each has some for older programs, nothing of a profile is put, and that is said."""

import os
import struct
from pathlib import Path

import pytest

from netboot.agent.customise.parcels import Parcels
from netboot.agent.customise.windows_files import place_in_windows
from netboot.shared.errors import NetbootError
from netboot.shared.placed_files import PlacedFile
from netboot.shared.system_settings import SystemSettings
from tests.agent.test_customise_windows import there, windows_on
from tests.agent.test_windows_files import writing

pytestmark = pytest.mark.root


def junction(target: str) -> bytes:
    """The reparse point of one, by [MS-FSCC] 2.1.2.5."""
    substitute, shown = (name.encode("utf-16-le") for name in (rf"\??\{target}", target))
    lengths = struct.pack("<4H", 0, len(substitute), len(substitute) + 2, len(shown))
    data = lengths + substitute + b"\0\0" + shown + b"\0\0"
    return struct.pack("<IHH", 0xA0000003, len(data), 0) + data


@pytest.mark.parametrize("below", ["read-me.txt", "new/read-me.txt"])
def test_nothing_is_written_where_windows_leads_elsewhere(tmp_path: Path, below: str) -> None:
    files = tuple(PlacedFile(path=path, text="Hello\r\n") for path in ("/apps/x.txt", f"/ProgramData/Desktop/{below}"))
    with windows_on(tmp_path) as device:
        with writing(device, tmp_path / "look") as root:
            (root / "Users/Public/Desktop").mkdir(parents=True)
            (root / "ProgramData/Desktop").mkdir(parents=True)
            os.setxattr(root / "ProgramData/Desktop", "system.ntfs_reparse_data", junction(r"C:\Users\Public\Desktop"))
        before = there(device, tmp_path / "look")
        with pytest.raises(NetbootError, match="/ProgramData/Desktop is a link in the master"):
            place_in_windows(device, SystemSettings(files=files), Parcels())
        assert there(device, tmp_path / "look") == before
