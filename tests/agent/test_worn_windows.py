"""A prepared Windows that was made on a worn disk: what its NTFS calls bad there is not bad on the PC's own disk."""

from pathlib import Path

import pytest

from netboot.agent.customise.parcels import Parcels
from netboot.agent.customise.windows_files import look_in_windows, place_in_windows
from netboot.jobs.evidence import judge
from netboot.shared.placed_files import PlacedFile
from netboot.shared.process import run
from netboot.shared.system_settings import SystemSettings
from tests.agent.boot_http import BootHttp
from tests.agent.test_customise import loop_disk
from tests.agent.test_customise_windows import customised, master_of, windows_on
from tests.masters.images import MIB, gpt_disk
from tests.survey.windows_disks import WINDOWS, ntfs, windows_tree

pytestmark = pytest.mark.root

BAD_CLUSTERS = "8"
"""The number of $BadClus, whose stream $Bad has them."""


def wear(part: Path, folder: Path) -> None:
    """Have two clusters in use that are called bad."""
    clusters = folder / "clusters"
    clusters.write_bytes(b"?" * 8192)
    run(["ntfscp", "--inode", "--attribute", "128", "--attr-name", "$Bad", part, clusters, BAD_CLUSTERS])
    said = run(["ntfsresize", "--info", "--no-action", "--force", part], expect=(1,))
    assert "at least 2 bad sectors" in said.stdout + said.stderr


async def test_it_is_taken_in_and_gets_its_answer_file(tmp_path: Path) -> None:
    part = ntfs(tmp_path, windows_tree(tmp_path))
    wear(part, tmp_path)
    image = gpt_disk(tmp_path, [(WINDOWS, part)], size=64 * MIB)
    manifest = master_of(image, tmp_path)
    assert not manifest.not_customisable
    assert not manifest.partitions[0].grow, "ntfsresize does not touch it, and the import says so"
    with loop_disk(tmp_path / "pc.img", 200 * MIB) as disk:
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            order, result = await customised(boot_http, disk)
    assert judge(order, "done", None, result).state == "done"


def test_a_profiles_file_is_put_into_it(tmp_path: Path) -> None:
    settings = SystemSettings(files=(PlacedFile(path="/apps/x.txt", text="x"),))
    with windows_on(tmp_path) as device:
        wear(device, tmp_path)
        place_in_windows(device, settings, Parcels())
        (found,) = look_in_windows(device, settings, Parcels())
    assert found.what == "file"
