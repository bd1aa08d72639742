"""A profile names the volume of LVM that grows: those behind it are copied to the end, whenever the power is cut."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from netboot.agent.customise.grow import grow
from netboot.agent.disks.partitions import partition_device, show_partitions
from netboot.masters.account import account
from netboot.serve.masters import Masters
from netboot.shared.manifest import Manifest
from netboot.store import Store
from netboot.survey.named_growth import with_growing
from tests.agent.boot_http import BootHttp
from tests.agent.test_customise import customise, loop_disk
from tests.lvm_disks import EXTENT, Wanted, disk_with_group, lvm, volume, volumes_on
from tests.masters.conftest import Lay
from tests.masters.images import MIB, loops_of, taken
from tests.masters.test_lvm_grows import BOOT, DOS, tree

pytestmark = pytest.mark.root

ROOT = Wanted("root", 100, "ext4", root=True)
SWAP = Wanted("swap_1", 20, "swap")
LARGE = 700 * MIB


def grow_until(monkeypatch: pytest.MonkeyPatch, what: str, word: str, device: Path, manifest: Manifest) -> None:
    """Grow, and have the power cut when this step is to begin, where `word` is among its words."""
    module, _, name = what.rpartition(".")
    real: Callable[..., object] = getattr(importlib.import_module(f"netboot.{module}"), name)

    def power_cut(*words: object, **named: object) -> object:
        if not word or word in words:
            raise KeyboardInterrupt
        return real(*words, **named)

    with monkeypatch.context() as cutting:
        cutting.setattr(f"netboot.{what}", power_cut)
        with pytest.raises(KeyboardInterrupt):
            grow(device, manifest)


@pytest.mark.parametrize(
    ("before", "kind", "number"),
    [pytest.param(BOOT, "ext4", 2, id="gpt"), pytest.param(DOS, "btrfs", 5, id="dos, btrfs")],
)
def test_a_root_before_swap_and_homes_takes_the_rest_and_all_of_them_the_end(
    tmp_path: Path, lay: Lay, monkeypatch: pytest.MonkeyPatch, before: str, kind: str, number: int
) -> None:
    wanted = (ROOT, SWAP, Wanted("home", 120, kind), Wanted("srv", 60, "ext4"))
    image, store = disk_with_group(tmp_path, wanted, size=360, before=before), Store(tmp_path / "store")
    kinds = {"root": "ext4", "home": kind, "srv": "ext4"}
    files = {name: tree(image, name, inside, tmp_path) for name, inside in kinds.items()}
    manifest = taken(image, store)
    assert [one.name for one in manifest.partitions[-1].volumes or () if one.grow] == ["debian-vg/srv"]
    said = "\n".join(account(manifest))
    assert (
        f"Grows when named: volume debian-vg/root (ext4) in partition {number}, by “deploy: {{grow: debian-vg/root}}” "
        "in a profile's options, on disks of 0.6 GB and more; "
        f"volume debian-vg/home ({kind}) in partition {number} goes to its end; "
        f"volume debian-vg/srv (ext4) in partition {number} goes to its end."
    ) in said
    named = with_growing(manifest, "debian-vg/root")
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        whole = Path("/dev", disk.name)
        show_partitions(whole, (one.number for one in manifest.partitions))
        device = partition_device(whole, number)
        was = volumes_on(device)
        # Before anything is copied, and before the group says so.
        for cut, word in (("agent.customise.grow_lvm.copy_partition", ""), ("survey.lvm_group._lvm", "vgcfgrestore")):
            grow_until(monkeypatch, cut, word, whole, named)
            assert volumes_on(device) == was
            assert {name: tree(whole, name, inside, tmp_path) for name, inside in kinds.items()} == files
        # Once it says so.
        for cut in ("survey.lvm_group.make_swap", "agent.customise.grow._grow_in"):
            grow_until(monkeypatch, cut, "", whole, named)
            assert {name: tree(whole, name, inside, tmp_path) for name, inside in kinds.items()} == files
        grown = grow(whole, named)
        assert grown.size > 450 * MIB
        assert grown.spare == 0
        lvm(device, "vgck", "debian-vg")
        now = {name: (size, *places) for name, size, places in volumes_on(device)}
        total = int(lvm(device, "pvs", "--noheadings", "--options=pv_pe_count", device))
        assert {name: place[0] for name, place in now.items()} == {
            **{name: size for name, size, _ in was},
            "root": total - 200 * MIB // EXTENT,
        }
        assert [now["swap_1"][1], now["home"][1], now["srv"][1]] == [total - 50, total - 45, total - 15]
        assert {name: tree(whole, name, inside, tmp_path) for name, inside in kinds.items()} == files
        # What is where the home was is the root's now: a job that was cut copies nothing from there again.
        assert grow(whole, named) == grown
        assert {name: (size, *places) for name, size, places in volumes_on(device)} == now
        assert {name: tree(whole, name, inside, tmp_path) for name, inside in kinds.items()} == files
    assert not loops_of(tmp_path)


def test_where_the_copy_would_lie_over_what_is_copied_the_group_stays_and_that_is_told(
    tmp_path: Path, lay: Lay
) -> None:
    wanted = (ROOT, Wanted("home", 120, "ext4"))
    image, store = disk_with_group(tmp_path, wanted, size=260, before=BOOT), Store(tmp_path / "store")
    files = {one.name: tree(image, one.name, "ext4", tmp_path) for one in wanted}
    manifest = taken(image, store)
    named = with_growing(manifest, "debian-vg/root")
    size = 330 * MIB
    lay(manifest.chunks, store, tmp_path / "pc.img", size)
    with loop_disk(tmp_path / "pc.img", size) as disk:
        whole = Path("/dev", disk.name)
        show_partitions(whole, (1, 2))
        was = volumes_on(partition_device(whole, 2))
        grown = grow(whole, named)
        assert grown.size == 100 * MIB
        assert grown.spare == pytest.approx(70 * MIB, abs=2 * MIB)
        assert volumes_on(partition_device(whole, 2)) == was
        assert {one.name: tree(whole, one.name, "ext4", tmp_path) for one in wanted} == files


async def test_the_customise_stage_grows_the_volume_that_its_order_names(tmp_path: Path, lay: Lay) -> None:
    wanted = (ROOT, SWAP, Wanted("home", 80, "ext4"))
    image, store = disk_with_group(tmp_path, wanted, size=260, before=BOOT), Store(tmp_path / "store")
    home = tree(image, "home", "ext4", tmp_path)
    manifest = taken(image, store)
    needs = Masters(store)(manifest.name)
    assert needs is not None
    assert [(one.named, one.obstacle) for one in needs.growths] == [
        (1, "kind"),
        (2, ""),
        ("debian-vg/root", ""),
        ("debian-vg/swap_1", "kind"),
        ("debian-vg/home", ""),
    ]
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        whole = Path("/dev", disk.name)
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            result = await customise(boot_http, disk, "pc-7", grow="debian-vg/root")
        assert result.grown > 500 * MIB
        assert result.warning is None
        assert tree(whole, "home", "ext4", tmp_path) == home
        with volume(whole, "root") as root:
            assert root.exists()
