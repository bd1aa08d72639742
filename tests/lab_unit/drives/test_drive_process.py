"""`python -m netboot.lab.drives`: its words, a drive that outlives its PCs and itself, and its own power switch."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from netboot.lab.drives.control import tell
from tests.lab_unit.drives.client import drive_process
from tests.lab_unit.drives.nvme_host import nvme_pc, old_image


def _spec(folder: Path, **fields: object) -> Path:
    path = folder / "spec.json"
    drive = {"kind": "nvme", "socket": str(folder / "drive"), "serial": "LAB1", **fields}
    path.write_text(json.dumps({"namespaces": [{"image": str(folder / "disk.img")}], **drive}))
    return path


def test_an_erase_outlives_the_pc_and_the_drives_own_process(tmp_path: Path) -> None:
    old_image(tmp_path / "disk.img")
    standing = _spec(tmp_path, behaviour={"erase": "hangs", "erase_seconds": 0.1})
    with drive_process(standing, sockets=(tmp_path / "drive",)):
        with nvme_pc(tmp_path / "drive") as host:
            assert host.sanitize(2) == 0
        assert tell(tmp_path / "drive", do="status")["sanitize"] == 2
    going = _spec(tmp_path, behaviour={"erase_seconds": 0.1})
    with drive_process(going, sockets=(tmp_path / "drive",)), nvme_pc(tmp_path / "drive") as host:
        host.wait(lambda: host.sanitize_log() == (0xFFFF, 0x101))
    assert (tmp_path / "disk.img").read_bytes() == bytes(1 << 20)


def test_a_drive_that_loses_its_own_power_is_gone_from_under_its_pc(tmp_path: Path) -> None:
    old_image(tmp_path / "disk.img")
    path = tmp_path / "drive"
    with drive_process(_spec(tmp_path), sockets=(path,)), nvme_pc(path) as host:
        assert tell(path, do="status")["power"] is True
        assert tell(path, do="power-off") == {}
        assert host.pc.read32(0, 0x1C) == 0xFFFFFFFF
        host.submit(0, 6, prp1=0x100000, words=(1,))
        assert host.nothing_comes(0, 0.1)
        assert tell(path, do="power-on") == {}
        assert host.pc.read32(0, 0x1C) == 0
        host.enable()
        assert host.read(0, 1).status == 0
        with pytest.raises(ValueError, match="nothing that a drive can be told"):
            tell(path, do="explode")
        with pytest.raises(ValueError, match="erase"):
            tell(path, do="behave", behaviour={"erase": "perhaps"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "tape"}, "tape"),
        ({"behaviour": {"erase": "perhaps"}}, "perhaps"),
        ({"colour": "red"}, "colour"),
        ({}, "disk.img"),
    ],
)
def test_a_wrong_spec_or_image_ends_it_with_a_sentence(tmp_path: Path, fields: dict[str, object], words: str) -> None:
    command = [sys.executable, "-m", "netboot.lab.drives", str(_spec(tmp_path, **fields))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
