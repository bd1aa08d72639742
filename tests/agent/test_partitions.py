"""What an agent that was killed while it had a master's file system mounted leaves to the next one."""

import subprocess
import sys
from pathlib import Path

import pytest

from netboot.agent.disks.partitions import unmount_leftovers

FROM_A_KILLED_AGENT = """
import os, sys, tempfile
from pathlib import Path
from netboot.agent.disks.partitions import mounted

tempfile.tempdir = sys.argv[1]
with mounted(Path("none"), "tmpfs"):
    os._exit(9)
"""


@pytest.mark.root
def test_what_a_killed_agent_left_mounted_is_unmounted(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", FROM_A_KILLED_AGENT, tmp_path], check=False).returncode == 9
    (place,) = tmp_path.iterdir()
    assert place.is_mount()
    unmount_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.root
def test_what_others_mounted_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    subprocess.run(["mount", "--types", "tmpfs", "none", place], check=True)
    try:
        unmount_leftovers(tmp_path)
        assert place.is_mount()
    finally:
        subprocess.run(["umount", place], check=True)
