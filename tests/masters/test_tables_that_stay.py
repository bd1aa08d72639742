"""Masters whose partition table is of a form that nothing in it can be moved: what grows grows in its place or not."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from netboot.agent.customise.grow import grow
from netboot.masters.account import account
from netboot.shared.process import run
from netboot.store import Store
from netboot.survey.loop import writable_loop_device
from tests.agent.test_customise import loop_disk
from tests.masters.conftest import Lay
from tests.masters.images import MIB, sized, taken
from tests.masters.test_what_lies_behind import GPT, LARGE, installed, place, table

pytestmark = pytest.mark.root


@pytest.mark.parametrize(
    "behind", [pytest.param("size=30MiB, type=82\n", id="behind swap"), pytest.param("", id="behind the root")]
)
def test_an_extended_partition_with_nothing_in_it_stays_and_so_does_all(tmp_path: Path, lay: Lay, behind: str) -> None:
    image, store = sized(tmp_path / "disk.raw", 220 * MIB), Store(tmp_path / "store")
    run(["sfdisk", "--quiet", image], stdin=f"label: dos\nsize=160MiB, type=83, bootable\n{behind}size=20MiB, type=5\n")
    for number, make in ((1, ["mke2fs", "-q", "-t", "ext4"]), (2, ["mkswap"])):
        start, length = place(table(image)[number])
        if table(image)[number]["type"] != "5":
            with writable_loop_device(image, offset=start, length=length) as device:
                run([*make, device])
    manifest = taken(image, store)
    said = "\n".join(account(manifest))
    assert "Grows: nothing; behind partition 1 (ext4) is an extended partition with nothing in it" in said
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        device = Path("/dev", disk.name)
        assert grow(device, manifest).size == 0
        assert [place(row) for row in table(device).values()] == [place(row) for row in table(image).values()]


def with_a_hybrid_mbr(image: Path) -> None:
    """As gdisk makes it for Macs: a real partition beside the protective one."""
    with image.open("r+b") as file:
        file.seek(446)
        protective = file.read(16)
        real = struct.pack("<B3sB3sII", 0x80, b"\0\2\0", 0x83, b"\xff\xff\xff", 18432, 327680)
        file.seek(446)
        file.write(protective + real)


def with_a_name_of_pictures(image: Path) -> None:
    run(["sgdisk", "--change-name=2:\N{SLIGHTLY SMILING FACE} root", image])


@pytest.mark.parametrize("change", [with_a_hybrid_mbr, with_a_name_of_pictures])
def test_a_table_of_which_a_change_would_lose_something_stays_as_it_is(
    tmp_path: Path, lay: Lay, change: Callable[[Path], None]
) -> None:
    image, store = installed(tmp_path, GPT, 2, 3), Store(tmp_path / "store")
    change(image)
    manifest = taken(image, store)
    assert "Grows: nothing; what is behind partition 2 (ext4) stays where it is" in "\n".join(account(manifest))
    lay(manifest.chunks, store, tmp_path / "pc.img", LARGE)
    with loop_disk(tmp_path / "pc.img", LARGE) as disk:
        device = Path("/dev", disk.name)
        assert grow(device, manifest).size == 0
        kept = ("start", "size", "type", "uuid", "name")
        assert [[row.get(key) for key in kept] for row in table(device).values()] == [
            [row.get(key) for key in kept] for row in table(image).values()
        ]
        with device.open("rb") as now, image.open("rb") as was:
            assert now.read(512)[462:] == was.read(512)[462:], "what is beside the protective entry"
