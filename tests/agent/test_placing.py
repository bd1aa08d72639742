"""A profile's own files and scripts in an installed system: owner, mode, folders, links that lead out; and the scripts
run, by a shell in that system."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.placing import place_files
from netboot.jobs.customise_evidence import not_as_ordered
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import DiskId
from netboot.shared.placed_files import FIRST_START, UNIT, WANTED, PlacedFile, Script
from netboot.shared.stages.customise import Customise, Found
from netboot.shared.system_settings import SystemSettings
from tests.agent.installed import copy_program, small_system
from tests.customised import customised

MOTD = PlacedFile(path="/etc/motd", text="Welcome\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    small_system(root)
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\natelier:x:1000:1001:Atelier:/home/atelier:/bin/sh\n"
    )
    return root


def place(root: Path, settings: SystemSettings) -> tuple[Found, ...]:
    """What was put there, judged as the server does."""
    with InstalledTree(root) as tree:
        place_files(tree, settings)
        found = tuple(tree.look(part, path) for path, part in tree.changed.items())
    order = Customise(manifest="a" * 64, target=DiskId(size=1), hostname="pc", settings=settings)
    assert not_as_ordered(order, customised("pc", *found)) is None
    return found


@pytest.mark.root
def test_a_file_gets_its_owner_its_mode_and_the_folders_above_it(root: Path) -> None:
    files = (
        MOTD,
        PlacedFile(path="/opt/school/menu.conf", text="a\n", mode="0600"),
        PlacedFile(path="/home/atelier/.config/first", beside="first", data=b"\xff\0", owner="atelier", mode="0640"),
    )
    found = place(root, SystemSettings(files=files))
    assert (root / "etc/motd").read_text() == "Welcome\n"
    assert (root / "home/atelier/.config/first").read_bytes() == b"\xff\0"
    seen = {one.path: (one.what, one.mode, one.owner, one.group) for one in found}
    assert seen == {
        "etc/motd": ("file", 0o644, 0, 0),
        "opt": ("folder", 0o755, 0, 0),
        "opt/school": ("folder", 0o755, 0, 0),
        "opt/school/menu.conf": ("file", 0o600, 0, 0),
        "home/atelier/.config": ("folder", 0o755, 1000, 1001),
        "home/atelier/.config/first": ("file", 0o640, 1000, 1001),
    }


@pytest.mark.root
def test_a_file_in_anothers_place_has_its_labels_and_not_its_rights(root: Path) -> None:
    motd = root / "etc/motd"
    motd.write_text("the master's\n")
    os.chown(motd, 7, 8)
    motd.chmod(0o4777)
    label = b"system_u:object_r:etc_t:s0\0"
    os.setxattr(motd, "security.selinux", label)
    place(root, SystemSettings(files=(MOTD,)))
    status = motd.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, 0, 0o644)
    assert os.getxattr(motd, "security.selinux") == label


def test_a_folder_that_leads_out_is_inside_the_system(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "opt").symlink_to(outside)
    with InstalledTree(root) as tree, pytest.raises((NetbootError, OSError)):
        place_files(tree, SystemSettings(files=(PlacedFile(path="/opt/menu", text="a"),)))
    assert list(outside.iterdir()) == []
    (root / "etc/motd").symlink_to(outside / "motd")
    place(root, SystemSettings(files=(MOTD,)))
    assert list(outside.iterdir()) == []


def test_an_account_that_the_system_has_not_gets_no_file_and_nothing_is_written(root: Path) -> None:
    files = (MOTD, PlacedFile(path="/home/x", text="a", owner="pupil"))
    with InstalledTree(root) as tree, pytest.raises(NetbootError, match="no account pupil"):
        place_files(tree, SystemSettings(files=files))
    assert not (root / "etc/motd").exists()


@pytest.mark.root
def test_scripts_run_once_in_their_order_and_one_that_fails_is_told_and_tried_again(root: Path) -> None:
    scripts = (
        Script(text="#!/bin/sh\necho one >> /log\n"),
        Script(text="#!/bin/sh\necho two >> /log\n[ -e /ready ]\n"),
        Script(beside="third.sh", data=b"#!/bin/sh\necho three >> /log\n"),
    )
    with InstalledTree(root) as tree, pytest.raises(NetbootError, match="no systemd"):
        place_files(tree, SystemSettings(scripts=scripts))
    assert not (root / FIRST_START).exists()
    (root / "usr/lib/systemd").mkdir(parents=True)
    (root / "usr/lib/systemd/systemd").touch()
    place(root, SystemSettings(scripts=scripts))
    assert (root / WANTED).readlink() == Path(f"/{UNIT}")
    unit = (root / UNIT).read_text()
    (started,) = (line.removeprefix("ExecStart=") for line in unit.splitlines() if line.startswith("ExecStart="))
    for program in ("/bin/sh", "/bin/rm", "/bin/mkdir"):
        copy_program(program, root)

    def start() -> int:
        return subprocess.run(["chroot", str(root), *started.split()], check=False).returncode

    assert start() == 1
    assert (root / "log").read_text() == "one\ntwo\n"
    told = root / "etc/motd.d/netboot-first-start"
    assert "01-script" in told.read_text()
    (root / "ready").touch()
    assert start() == 0
    assert (root / "log").read_text() == "one\ntwo\ntwo\nthree\n"
    assert not told.exists()
    assert list((root / FIRST_START).iterdir()) == []
    assert not (root / UNIT).exists()
    assert not os.path.lexists(root / WANTED)
