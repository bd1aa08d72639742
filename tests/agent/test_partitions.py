"""What an agent that was killed while it had a master's file system mounted leaves to the next one."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from netboot.agent.disks.partitions import mounted, unmount_leftovers
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.survey.loop import loop_device

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


@pytest.mark.root
def test_what_is_on_a_file_system_that_cannot_be_unmounted_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held = mounted(Path("none"), "tmpfs")
    place = held.__enter__()
    (place / "system").write_text("an installed one", encoding="ascii")
    busy = subprocess.Popen(["sleep", "60"], cwd=place)
    try:
        with pytest.raises(NetbootError, match="umount"):
            held.__exit__(None, None, None)
        assert (place / "system").read_text(encoding="ascii") == "an installed one"
    finally:
        busy.kill()
        busy.wait()
        subprocess.run(["umount", place], check=True)


@pytest.mark.root
def test_a_mount_whose_program_has_died_is_taken_down(tmp_path: Path) -> None:
    image = tmp_path / "ntfs"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    run(["mkntfs", "--force", "--fast", "--quiet", image], timeout=60)
    places = tmp_path / "places"
    places.mkdir()
    place = Path(tempfile.mkdtemp(prefix="netboot-mount-", dir=places))
    with loop_device(image) as device:
        program = subprocess.Popen(["lowntfs-3g", "-o", "ro,no_detach", device, place])
        try:
            while not place.is_mount():
                assert program.poll() is None
                time.sleep(0.05)
        finally:
            program.kill()
            program.wait()
        unmount_leftovers(places)
        assert list(places.iterdir()) == []
