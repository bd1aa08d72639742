"""A prepared Windows on a real disk gets its answer file: on a real NTFS, which no Windows ever started from."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.customise.stage import run_customise
from netboot.agent.customise.windows import give_answer_file, look_at_answer_file
from netboot.agent.deploy.fetch import server_source
from netboot.agent.deploy.stage import FLIGHTS, run_deploy
from netboot.agent.disks.partitions import partition_device
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.jobs.answer_file import answer_file
from netboot.jobs.evidence import judge
from netboot.shared.errors import NetbootError
from netboot.shared.growth import HEAD, size_in
from netboot.shared.inventory import Disk
from netboot.shared.manifest import Manifest
from netboot.shared.process import run
from netboot.shared.stages.customise import Customise, CustomiseResult, Forgotten
from netboot.shared.stages.deploy import Deploy
from netboot.shared.system_settings import SystemSettings
from netboot.shared.windows import READY, AnswerFile, Windows
from netboot.store import Store
from tests.agent.boot_http import PUBLIC, BootHttp, manifest_of
from tests.agent.test_customise import loop_disk, silent, tool
from tests.file_trees import Facts, facts, unmount
from tests.masters.images import LINUX, MIB, ext4, gpt_disk, sized, taken
from tests.survey.windows_disks import SOFTWARE, STATE, WINDOWS, ntfs, windows_tree

pytestmark = pytest.mark.root

RECOVERY = "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC"
FRENCH = SystemSettings(locale="fr_FR.UTF-8", keyboard="fr", timezone="Europe/Paris")
ANSWERS = "Windows/Panther/unattend.xml"


@contextmanager
def mounted(device: Path, folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    tool("mount", "-t", "ntfs-3g", "-o", "ro,streams_interface=xattr", device, folder)
    try:
        yield folder
    finally:
        unmount(folder)


def there(device: Path, folder: Path) -> Facts:
    with mounted(device, folder) as root:
        return {path: what for path, what in facts(root).items() if path != "Windows/Panther"}


def master_of(image: Path, folder: Path) -> Manifest:
    """As the server understands the image; the chunks are as the tests' server has them."""
    surveyed = taken(image, Store(folder / "store"))
    size = image.stat().st_size
    plain = manifest_of(image.read_bytes(), surveyed.partitions, used=[(0, size)], length=MIB)
    return replace(plain, understood=surveyed.understood)


def ordered(manifest: Manifest, digest: str, disk: Disk) -> Customise:
    assert manifest.windows is not None
    file = answer_file(manifest.windows, "pc-7", FRENCH)
    return Customise(manifest=digest, target=disk.id, hostname="pc-7", settings=FRENCH, answer_file=file)


async def customised(boot_http: BootHttp, disk: Disk) -> tuple[Customise, CustomiseResult]:
    order = ordered(boot_http.manifest, boot_http.digest, disk)
    async with server_source(ServerPlace(boot_http.url), FLIGHTS) as source:
        deploy = Deploy(manifest=boot_http.digest, name="Windows", target=disk.id)
        await run_deploy(deploy, source=source, public_key=PUBLIC, progress=silent, read_disks=lambda: [disk])
        return order, await run_customise(
            order, source=source, public_key=PUBLIC, progress=silent, read_disks=lambda: [disk]
        )


def behind(folder: Path, what: str) -> list[tuple[str, Path]]:
    """What may be behind a Windows on its disk."""
    if what == "recovery":
        return [(RECOVERY, sized(folder / "recovery", 4 * MIB))]
    if what == "data":
        part = sized(folder / "data", 8 * MIB)
        run(["mkfs.vfat", part])
        return [(WINDOWS, part)]
    return []


@pytest.mark.parametrize(("what", "grows"), [("nothing", True), ("recovery", True), ("data", False)])
async def test_a_prepared_windows_gets_its_answer_file_and_nothing_else_of_it_changes(
    tmp_path: Path, what: str, grows: bool
) -> None:
    tree = windows_tree(tmp_path)
    (tree / "pagefile.sys").write_bytes(b"the prepared PC's memory " * 10_000)
    parts = [(WINDOWS, ntfs(tmp_path, tree)), *behind(tmp_path, what)]
    image = gpt_disk(tmp_path, parts, size=64 * MIB)
    manifest = master_of(image, tmp_path)
    assert manifest.partitions[0].grow == grows
    with loop_disk(tmp_path / "before.img", 64 * MIB) as disk:
        Path("/dev", disk.name).write_bytes(image.read_bytes())
        tool("partx", "--update", f"/dev/{disk.name}")
        before = there(partition_device(Path("/dev", disk.name), 1), tmp_path / "look")
    with loop_disk(tmp_path / "pc.img", 200 * MIB) as disk:
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            order, result = await customised(boot_http, disk)
        device = partition_device(Path("/dev", disk.name), 1)
        after = there(device, tmp_path / "look")
        with mounted(device, tmp_path / "look") as root:
            assert order.answer_file is not None
            assert (root / ANSWERS).read_text(encoding="ascii") == order.answer_file.text
            assert (root / "pagefile.sys").read_bytes() == bytes(250_000)
        del after[ANSWERS]
        assert after.pop("pagefile.sys") != before.pop("pagefile.sys")
        assert after == before
        assert len(before) > 6
        with device.open("rb") as file:
            grown = size_in("ntfs", file.read(HEAD))
        # What has grown Windows checks by itself; all else is as clean as it was.
        flags = "".join(re.findall(r"Flags: 0x(\d{4})", tool("ntfsinfo", "-fm", device)))
        assert (grown > 190 * MIB, flags[-1]) == (grows, "1" if grows else "0")
    assert (result.root, result.filesystem, result.own) == (device.name, "ntfs", ("hostname",))
    assert [(one.part, one.path, one.mode, one.owner) for one in result.found] == [("answer-file", ANSWERS, 0o644, 0)]
    assert result.forgotten == (Forgotten(what="swap", files=1),)
    assert judge(order, "done", None, result).state == "done"


async def test_an_agent_that_is_started_again_once_it_has_grown_does_the_rest(tmp_path: Path) -> None:
    image = gpt_disk(tmp_path, [(WINDOWS, ntfs(tmp_path, windows_tree(tmp_path)))], size=64 * MIB)
    manifest = master_of(image, tmp_path)
    with loop_disk(tmp_path / "pc.img", 200 * MIB) as disk:
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            order, first = await customised(boot_http, disk)
            async with server_source(ServerPlace(boot_http.url), FLIGHTS) as source:
                again = await run_customise(
                    order, source=source, public_key=PUBLIC, progress=silent, read_disks=lambda: [disk]
                )
    assert again == first
    assert judge(order, "done", None, again).state == "done"


@contextmanager
def windows_on(folder: Path, cluster: int = 4096) -> Iterator[Path]:
    """A block device with the NTFS of a prepared Windows."""
    device = Path(tool("losetup", "--find", "--show", ntfs(folder, windows_tree(folder), cluster=cluster)).strip())
    try:
        yield device
    finally:
        tool("losetup", "--detach", device)


FILE = answer_file(
    Windows(partition=1, state=READY, architecture="amd64", panther="Windows/Panther", answers=()), "pc-7", FRENCH
)


def test_only_the_system_and_its_administrators_may_change_it(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        give_answer_file(device, FILE)
        assert look_at_answer_file(device, FILE).mode == 0o644
        entries = re.split(r"ACE \d at", tool("ntfssecaudit", "-vv", device, f"/{ANSWERS}"))[1:]
    assert who(entries, "Write data") == {"Administrators", "Local System"}
    assert who(entries, "Read data") == {"Administrators", "Local System", "World"}


def who(entries: list[str], right: str) -> set[str]:
    """Whom these entries of the list allow that."""
    return {name for entry in entries if right in entry for name in re.findall(r"(\w.*) SID\n", entry)}


def test_what_a_killed_agent_left_of_it_is_made_whole(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        tool("ntfscp", device, draft(tmp_path, FILE.text[:-1]), ANSWERS)
        give_answer_file(device, FILE)
        assert look_at_answer_file(device, FILE).mode == 0o644
        tool("ntfscp", device, draft(tmp_path, FILE.text), ANSWERS)
        tool("ntfssecaudit", device, "777", f"/{ANSWERS}")
        give_answer_file(device, FILE)
        assert look_at_answer_file(device, FILE).mode == 0o644, "as ntfscp makes it, everybody may"


def test_one_that_lies_there_already_is_not_written_again(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        give_answer_file(device, FILE)
        before = device.read_bytes()
        give_answer_file(device, FILE)
        assert device.read_bytes() == before


def test_an_agent_that_was_killed_before_the_ntfs_was_checked_checks_it_when_it_is_started_again(
    tmp_path: Path,
) -> None:
    with windows_on(tmp_path) as device:
        tool("ntfscp", device, draft(tmp_path, FILE.text), ANSWERS)
        tool("ntfssecaudit", device, "644", f"/{ANSWERS}")
        forget_a_used_cluster(device)
        with pytest.raises(NetbootError, match="ntfsresize ended with status 1"):
            give_answer_file(device, FILE)


def forget_a_used_cluster(device: Path) -> None:
    """Have the volume's own list of what is in use (its $Bitmap) call a cluster free that is not."""
    used = subprocess.check_output(["ntfscat", "--inode", "6", device])
    place = device.read_bytes().index(used[:64])
    with device.open("r+b") as file:
        file.seek(place)
        file.write(bytes([used[0] & 0xFE]))


def draft(folder: Path, text: str) -> Path:
    (folder / "draft").write_text(text, encoding="ascii")
    return folder / "draft"


@pytest.mark.parametrize("found", ["", FILE.text[:-1], FILE.text + " "])
def test_what_is_read_back_must_be_the_whole_file(tmp_path: Path, found: str) -> None:
    with windows_on(tmp_path) as device:
        if found:
            give_answer_file(device, AnswerFile(path=FILE.path, text=found))
        with pytest.raises(NetbootError, match="is not on the disk"):
            look_at_answer_file(device, FILE)


def test_an_ntfs_that_windows_has_to_check_first_is_not_written_to(tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        tool("ntfsfix", device)  # asks Windows for a check
        before = device.read_bytes()
        with pytest.raises(NetbootError, match="ntfscp ended with status 1"):
            give_answer_file(device, FILE)
        assert device.read_bytes() == before


@pytest.mark.parametrize("make", ["complete", "linux"])
async def test_without_a_prepared_windows_nothing_is_written(tmp_path: Path, make: str) -> None:
    if make == "linux":
        image = gpt_disk(tmp_path, [(LINUX, ext4(tmp_path))])
    else:
        tree = windows_tree(tmp_path, {**SOFTWARE, STATE: {"ImageState": "IMAGE_STATE_COMPLETE"}})
        image = gpt_disk(tmp_path, [(WINDOWS, ntfs(tmp_path, tree))])
    manifest, data = master_of(image, tmp_path), image.read_bytes()
    with loop_disk(image, 64 * MIB) as disk:
        async with BootHttp(manifest, data) as boot_http, server_source(ServerPlace(boot_http.url), 1) as source:
            order = Customise(manifest=boot_http.digest, target=disk.id, hostname="pc-7", answer_file=FILE)
            with pytest.raises(StageFailed) as caught:
                await run_customise(order, source=source, public_key=PUBLIC, progress=silent, read_disks=lambda: [disk])
    assert "has no Windows that was prepared" in caught.value.problem.technical
    assert image.read_bytes() == data
