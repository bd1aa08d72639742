"""The QEMU that knows drives of the lab's own: unpacked from Debian's backports, run without the host's libraries."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from netboot.bootfiles import debian
from netboot.lab.firmware import Firmware, firmware_files
from netboot.lab.qemu_root import OLDEST, QemuRoot, make_qemu_root, require_vfio_user
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def root() -> QemuRoot:
    return make_qemu_root()


@pytest.mark.root
def test_it_speaks_vfio_user(root: QemuRoot) -> None:
    said = run([*root.program, "--version"], env=root.environment).stdout
    version = re.search(r"version (\d+)\.(\d+)", said)
    assert version is not None
    assert (int(version[1]), int(version[2])) >= OLDEST
    asked = [*root.program, "-machine", "none", "-device", "vfio-user-pci,help"]
    assert "socket=" in run(asked, env=root.environment).stdout


@pytest.mark.root
def test_every_library_of_it_is_its_own(root: QemuRoot) -> None:
    loader, *options = root.program
    program = next(word for word in options if word.endswith("qemu-system-x86_64"))
    listed = run([loader, *options[: options.index(program)], "--list", program]).stdout
    found = re.findall(r"=> (\S+)", listed)
    assert len(found) > 20
    assert not [path for path in found if not Path(path).is_relative_to(root.folder)]


@pytest.mark.root
@pytest.mark.parametrize("firmware", list(Firmware))
def test_the_firmware_of_every_pc_is_in_it(root: QemuRoot, firmware: Firmware) -> None:
    files = firmware_files(firmware, root.folder)
    assert files.code.is_relative_to(root.folder)
    assert files.factory_variables is None or files.factory_variables.is_relative_to(root.folder)
    assert (root.folder / "usr/share/qemu/pxe-virtio.rom").exists(), "a BIOS PC boots from its adapter's ROM"


@pytest.mark.root
def test_it_is_unpacked_once_and_says_what_it_is_made_of(root: QemuRoot) -> None:
    made = root.folder.stat().st_ino
    again = make_qemu_root()
    assert again == root
    assert again.folder.stat().st_ino == made
    assert {line.partition("=")[0] for line in root.packages} >= {"qemu-system-x86", "seabios", "ovmf", "ovmf-ia32"}


@pytest.mark.root
def test_what_nobody_used_for_a_month_goes_and_so_does_what_a_killed_build_left(root: QemuRoot, tmp_path: Path) -> None:
    now = time.time()
    for name, days in {root.folder.name: 40, "another": 29, "forgotten": 31}.items():
        (tmp_path / name).mkdir()
        shutil.copyfile(root.folder / "packages", tmp_path / name / "packages")
        os.utime(tmp_path / name, (0, now - days * 24 * 3600))
    (tmp_path / "making-killed" / "root" / "usr").mkdir(parents=True)
    again = make_qemu_root(tmp_path)
    assert again.packages == root.packages
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {root.folder.name, "another"}


# Versions that Debian 13 and its backports had on 2026-11-29, the first of QEMU 10.1, and none.
@pytest.mark.parametrize(("version", "speaks"), [
    ("1:11.1.3+ds-1~bpo13+1", True),
    ("1:10.1.0+ds-1~bpo13+1", True),
    ("1:10.0.13+ds-0+deb13u1", False),
    ("1:7.2+dfsg-7+deb12u18+b3", False),
])  # fmt: skip
def test_a_qemu_too_old_for_vfio_user_is_refused_with_what_to_do(version: str, speaks: bool) -> None:
    packages = ("qemu-system-common=1:11.1.3", f"qemu-system-x86={version}")
    if speaks:
        require_vfio_user(packages)
    else:
        with pytest.raises(NetbootError) as refused:
            require_vfio_user(packages)
        assert debian.MIRROR_VARIABLE in refused.value.hint


def test_a_mirror_without_one_at_all_is_refused() -> None:
    with pytest.raises(NetbootError):
        require_vfio_user(())
