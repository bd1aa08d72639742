"""A prepared Windows on a real disk gets a profile's folders and files: on a real NTFS, which no Windows ever started
from."""

import hashlib
import os
import re
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard
from msgspec.structs import replace

from netboot.agent.customise import windows_files
from netboot.agent.customise.parcels import Parcels
from netboot.agent.customise.stage import run_customise
from netboot.agent.customise.windows_access import ATTRIBUTE, FOLDER_ACCESS
from netboot.agent.customise.windows_files import look_in_windows, place_in_windows
from netboot.agent.deploy.fetch import server_source
from netboot.agent.deploy.stage import FLIGHTS, run_deploy
from netboot.agent.disks.partitions import partition_device
from netboot.agent.net.server_place import ServerPlace
from netboot.files.parcel_folder import read_folder
from netboot.jobs.answer_file import answer_file
from netboot.jobs.evidence import judge
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Chunk
from netboot.shared.parcel import Parcel, PlacedFolder
from netboot.shared.placed_files import PlacedFile
from netboot.shared.stages.customise import Customise
from netboot.shared.stages.deploy import Deploy
from netboot.shared.system_settings import SystemSettings
from tests.agent.boot_http import PUBLIC, BootHttp
from tests.agent.test_customise import loop_disk, silent, tool
from tests.agent.test_customise_windows import ANSWERS, master_of, mounted, there, who, windows_on
from tests.agent.unclean_ntfs import leave_unclean
from tests.file_trees import unmount
from tests.masters.images import MIB, gpt_disk
from tests.survey.windows_disks import WINDOWS, ntfs, windows_tree

pytestmark = pytest.mark.root

DRIVERS = "netboot/drivers/wifi"
SYS = bytes(range(256)) * (3 * MIB // 256) + b"the rest"
README = PlacedFile(path="/Users/Public/read-me.txt", text="Hello\r\n")


class Server:
    """A folder as the server has it."""

    def __init__(self, folder: Path) -> None:
        (folder / "x64").mkdir(parents=True)
        (folder / "wifi.inf").write_text("[Version]\n")
        (folder / "x64/WiFi 6.sys").write_bytes(SYS)
        (folder / "x64/setup.exe").write_bytes(b"MZ")
        (folder / "x64/setup.exe").chmod(0o755)
        (folder / "x64/empty").touch()
        self.chunks = dict[str, bytes]()
        self.parcel: Parcel = read_folder(folder, self.keep)
        listing = self.parcel.listing
        self.keep(listing)
        self.placed = PlacedFolder(
            path=f"/{DRIVERS}",
            beside="wifi",
            parcel=hashlib.sha256(listing).hexdigest(),
            listed=len(listing),
            size=self.parcel.size,
        )
        self.settings = SystemSettings(folders=(self.placed,), files=(README,))

    def keep(self, piece: bytes) -> None:
        self.chunks[hashlib.sha256(piece).hexdigest()] = piece

    @property
    def parcels(self) -> Parcels:
        return Parcels({DRIVERS: self.parcel}, lambda chunk: self.chunks[chunk.sha256])


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "wifi")


async def test_a_whole_stage_puts_them_there_before_the_ntfs_grows_and_again_finds_the_same(
    server: Server, tmp_path: Path
) -> None:
    image = gpt_disk(tmp_path, [(WINDOWS, ntfs(tmp_path, windows_tree(tmp_path)))], size=64 * MIB)
    manifest = master_of(image, tmp_path)
    assert manifest.windows is not None
    assert manifest.partitions[0].grow
    with loop_disk(tmp_path / "before.img", 64 * MIB) as disk:
        Path("/dev", disk.name).write_bytes(image.read_bytes())
        tool("partx", "--update", f"/dev/{disk.name}")
        before = there(partition_device(Path("/dev", disk.name), 1), tmp_path / "look")
    with loop_disk(tmp_path / "pc.img", 200 * MIB) as disk:
        async with BootHttp(manifest, image.read_bytes()) as boot_http:
            packed = {name: zstandard.ZstdCompressor().compress(data) for name, data in server.chunks.items()}
            boot_http.frames |= packed
            file = answer_file(manifest.windows, "pc-7", server.settings)
            order = Customise(
                manifest=boot_http.digest, target=disk.id, hostname="pc-7", settings=server.settings, answer_file=file
            )
            async with server_source(ServerPlace(boot_http.url), FLIGHTS) as source:
                deploy = Deploy(manifest=boot_http.digest, name="Windows", target=disk.id)
                await run_deploy(deploy, source=source, public_key=PUBLIC, progress=silent, read_disks=lambda: [disk])
                first, again = [
                    await run_customise(
                        order, source=source, public_key=PUBLIC, progress=silent, read_disks=lambda: [disk]
                    )
                    for _ in range(2)
                ]
        device = partition_device(Path("/dev", disk.name), 1)
        with mounted(device, tmp_path / "look") as root:
            assert (root / DRIVERS / "x64/WiFi 6.sys").read_bytes() == SYS
            assert (root / DRIVERS / "x64/setup.exe").read_bytes() == b"MZ"
            assert (root / DRIVERS / "x64/empty").read_bytes() == b""
            assert (root / "Users/Public/read-me.txt").read_bytes() == b"Hello\r\n"
            assert "pnputil.exe" in (root / ANSWERS).read_text(encoding="ascii")
        after = there(device, tmp_path / "look")
    new = {path for path in after if path not in before}
    made = {"netboot", "netboot/drivers", DRIVERS, "Users", "Users/Public", "Users/Public/read-me.txt", ANSWERS}
    assert new == made | {f"{DRIVERS}/x64"} | {f"{DRIVERS}/{file.name}" for file in server.parcel.files}
    assert {path: what for path, what in after.items() if path not in new and path != "."} == {
        path: what for path, what in before.items() if path != "."
    }
    assert first == again
    assert [(one.part, one.path) for one in first.found] == [
        ("answer-file", ANSWERS),
        ("folders", DRIVERS),
        ("files", "Users/Public/read-me.txt"),
    ]
    assert judge(order, "done", None, first).state == "done"
    other = replace(order, settings=replace(order.settings, folders=(replace(server.placed, parcel="b" * 64),)))
    assert judge(other, "done", None, first).state == "failed"


def test_all_may_read_and_run_what_only_the_system_and_its_administrators_may_change(
    server: Server, tmp_path: Path
) -> None:
    with windows_on(tmp_path) as device:
        place_in_windows(device, server.settings, server.parcels)
        for path, write, use in (
            (f"{DRIVERS}/x64/WiFi 6.sys", "Write data", "Execute"),
            ("Users/Public/read-me.txt", "Write data", "Execute"),
            (f"{DRIVERS}/x64", "Add file", "Traverse"),
            (DRIVERS, "Add file", "Traverse"),
            ("netboot", "Add file", "Traverse"),
            ("Users", "Add file", "Traverse"),
        ):
            told = tool("ntfssecaudit", "-vv", device, f"/{path}")
            assert "Access denied" not in told
            assert "Interpreted Unix owner 0, group 0, mode 0755" in told
            entries = re.split(r"ACE \d at", told)[1:]
            # What Windows puts into the folder later gets the same.
            later = [entry for entry in entries if "Object inherits ACE" in entry and "Inherit only" not in entry]
            assert len(later) == (3 if use == "Traverse" else 0)
            assert who(entries, write) == {"Administrators", "Local System"}
            assert who(entries, use) == {"Administrators", "Local System", "World"}


@contextmanager
def writing(device: Path, folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    tool("ntfs-3g", "-o", "permissions", device, folder)
    try:
        yield folder
    finally:
        unmount(folder)


def test_names_are_found_whatever_their_case_as_windows_finds_them(server: Server, tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        with writing(device, tmp_path / "look") as root:
            (root / "NetBoot/Drivers/WIFI/X64").mkdir(parents=True)
            (root / "NetBoot/Drivers/WIFI/X64/wifi 6.SYS").write_bytes(b"old")
            (root / "NetBoot/Drivers/WIFI/other.inf").write_bytes(b"the master's")
        place_in_windows(device, server.settings, server.parcels)
        assert look_in_windows(device, server.settings, server.parcels)[0].digest == server.placed.parcel
        with mounted(device, tmp_path / "look") as root:
            assert [path.name.lower() for path in root.iterdir()].count("netboot") == 1
            folder = root / "NetBoot/Drivers/WIFI"
            assert {path.name.lower() for path in folder.iterdir()} == {"x64", "other.inf", "wifi.inf"}
            assert [path.read_bytes() for path in (folder / "X64").iterdir() if path.name.lower() == "wifi 6.sys"] == [
                SYS
            ]


def test_an_agent_that_was_killed_while_it_made_a_folder_gives_it_its_access_when_it_is_started_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with windows_on(tmp_path) as device:
        with monkeypatch.context() as patch:
            patch.setattr(os, "setxattr", killed)
            with pytest.raises(KeyboardInterrupt):
                place_in_windows(device, server.settings, server.parcels)
        place_in_windows(device, server.settings, server.parcels)
        entries = re.split(r"ACE \d at", tool("ntfssecaudit", "-vv", device, "/netboot"))[1:]
        assert len([entry for entry in entries if "Object inherits ACE" in entry and "Inherit only" not in entry]) == 3
        assert not [path for path in there(device, tmp_path / "look") if path.endswith(".netboot")]


def test_a_folder_of_the_master_keeps_its_access(server: Server, tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        with writing(device, tmp_path / "look") as root:
            (root / "netboot").mkdir(mode=0o750)
        before = tool("ntfssecaudit", "-vv", device, "/netboot")
        place_in_windows(device, server.settings, server.parcels)
        assert tool("ntfssecaudit", "-vv", device, "/netboot") == before


def test_what_a_killed_agent_left_half_done_is_completed(server: Server, tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        place_in_windows(device, server.settings, server.parcels)
        whole = there(device, tmp_path / "look")
        with writing(device, tmp_path / "look") as root:
            (root / DRIVERS / "wifi.inf").unlink()
            (root / DRIVERS / "x64/WiFi 6.sys").rename(root / DRIVERS / "x64/.WiFi 6.sys.netboot")
            (root / "Users/Public/read-me.txt").write_bytes(b"Hel")
        place_in_windows(device, server.settings, server.parcels)
        assert set(there(device, tmp_path / "look")) == set(whole)
        found = look_in_windows(device, server.settings, server.parcels)
    digests = [server.placed.parcel, hashlib.sha256(README.content).hexdigest()]
    assert [one.digest for one in found] == digests


@pytest.mark.parametrize("change", ["content", "mode", "gone"])
def test_what_is_otherwise_on_the_disk_is_told(server: Server, tmp_path: Path, change: str) -> None:
    with windows_on(tmp_path) as device:
        place_in_windows(device, server.settings, server.parcels)
        with writing(device, tmp_path / "look") as root:
            file = root / DRIVERS / "wifi.inf"
            if change == "content":
                file.write_text("[version]\n")
            elif change == "mode":
                file.chmod(0o777)
            else:
                file.unlink()
        if change == "content":
            assert look_in_windows(device, server.settings, server.parcels)[0].digest != server.placed.parcel
        else:
            with pytest.raises(NetbootError, match="is not on the disk as it was written"):
                look_in_windows(device, server.settings, server.parcels)


def test_a_file_that_an_ordinary_account_may_change_is_written_anew_though_it_lies_there_as_it_is_ordered(
    server: Server, tmp_path: Path
) -> None:
    one_account = bytes.fromhex("010500000000000515000000010000000200000003000000e9030000")
    entry = struct.pack("<BBHI", 0, 0, 8 + len(one_account), 0x001301BF) + one_account
    file = f"{DRIVERS}/x64/WiFi 6.sys"
    with windows_on(tmp_path) as device:
        place_in_windows(device, server.settings, server.parcels)
        with writing(device, tmp_path / "look") as root:
            before = (root / file).stat()
            os.setxattr(root / file, ATTRIBUTE, with_entry(FOLDER_ACCESS, entry))
            after = (root / file).stat()
        assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)
        told = tool("ntfssecaudit", "-vv", device, f"/{file}")
        assert len(who(re.split(r"ACE \d at", told)[1:], "Write data")) == 3
        place_in_windows(device, server.settings, server.parcels)
        told = tool("ntfssecaudit", "-vv", device, f"/{file}")
        assert who(re.split(r"ACE \d at", told)[1:], "Write data") == {"Administrators", "Local System"}
        assert look_in_windows(device, server.settings, server.parcels)[0].digest == server.placed.parcel


def with_entry(access: bytes, entry: bytes) -> bytes:
    """A security descriptor with one more entry in its list."""
    revision, zero, control, owner, group, system, start = struct.unpack_from("<BBHIIII", access)
    kind, spare, length, number, end = struct.unpack_from("<BBHHH", access, start)
    entries = access[start + 8 : start + length] + entry
    listed = struct.pack("<BBHHH", kind, spare, 8 + len(entries), number + 1, end) + entries
    # At its end, where there is room for it; the old list is passed over.
    return struct.pack("<BBHIIII", revision, zero, control, owner, group, system, len(access)) + access[20:] + listed


def test_an_agent_that_is_started_again_needs_in_a_windows_only_its_largest_file_once_more(
    server: Server, tmp_path: Path
) -> None:
    with windows_on(tmp_path) as device:
        place_in_windows(device, server.settings, server.parcels)
        with writing(device, tmp_path / "look") as root:
            volume = os.statvfs(root)
            (root / "much").write_bytes(b"x" * (volume.f_bfree * volume.f_frsize - 20 * MIB))
        place_in_windows(device, server.settings, server.parcels)
        with writing(device, tmp_path / "look") as root:
            (root / "more").write_bytes(b"x" * 2 * MIB)
        with pytest.raises(NetbootError, match="the folders of the profile need 3"):
            place_in_windows(device, server.settings, server.parcels)
        assert look_in_windows(device, server.settings, server.parcels)[0].digest == server.placed.parcel


def test_nothing_is_written_where_it_does_not_fit(server: Server, tmp_path: Path) -> None:
    with windows_on(tmp_path) as device:
        with writing(device, tmp_path / "look") as root:
            volume = os.statvfs(root)
            (root / "much").write_bytes(b"x" * (volume.f_bfree * volume.f_frsize - 12 * MIB))
        before = there(device, tmp_path / "look")
        with pytest.raises(NetbootError, match="the folders of the profile need"):
            place_in_windows(device, server.settings, server.parcels)
        assert there(device, tmp_path / "look") == before


def test_small_files_need_a_whole_cluster_each(server: Server, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(600):
        (many / f"{number}.inf").write_bytes(b"x" * 2000)
    parcels = Parcels({DRIVERS: read_folder(many, server.keep)}, lambda chunk: server.chunks[chunk.sha256])
    with windows_on(tmp_path, cluster=65536) as device:
        before = there(device, tmp_path / "look")
        with pytest.raises(NetbootError, match="the folders of the profile need 3"):
            place_in_windows(device, server.settings, parcels)
        assert there(device, tmp_path / "look") == before
    (tmp_path / "usual").mkdir()
    with windows_on(tmp_path / "usual") as device:
        place_in_windows(device, server.settings, parcels)


def test_no_file_waits_for_the_disk_by_itself(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = list[int]()
    monkeypatch.setattr(os, "fsync", waited.append)
    with windows_on(tmp_path) as device:
        place_in_windows(device, server.settings, server.parcels)
        assert look_in_windows(device, server.settings, server.parcels)[0].digest == server.placed.parcel
    assert not waited


def test_a_program_that_stops_answering_is_ended_and_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(chunk: Chunk) -> bytes:
        for words in Path("/proc").glob("[0-9]*/cmdline"):
            if os.fsencode(device) in words.read_bytes() and b"lowntfs-3g" in words.read_bytes():
                os.kill(int(words.parent.name), signal.SIGSTOP)
        return server.chunks[chunk.sha256]

    monkeypatch.setattr(windows_files, "_LONGEST", 3.0)
    with windows_on(tmp_path) as device:
        with pytest.raises(NetbootError, match="did not end within 3 s"):
            place_in_windows(device, server.settings, Parcels({DRIVERS: server.parcel}, stop))
        assert os.fsencode(device) not in Path("/proc/self/mounts").read_bytes()


def test_once_it_is_told_that_all_is_there_nothing_serves_the_ntfs_any_more(server: Server, tmp_path: Path) -> None:
    def fetch(chunk: Chunk) -> bytes:
        return server.chunks[chunk.sha256]

    with windows_on(tmp_path) as device:
        place_in_windows(device, server.settings, Parcels({DRIVERS: server.parcel}, fetch))
        served = [words for words in Path("/proc").glob("[0-9]*/cmdline") if os.fsencode(device) in words.read_bytes()]
        assert not served
        tool("ntfsfix", "--no-action", device)
        tool("ntfsresize", "--info", "--no-progress-bar", device)


def cut_off(device: Path, folder: Path, how: str) -> None:
    """As Windows leaves it that ran from this NTFS."""
    if how == "journal":
        leave_unclean(device, folder)
    elif how == "check":
        tool("ntfsfix", device)
    else:
        (folder / "memory").write_bytes(b"hibr" + bytes(MIB))
        tool("ntfscp", device, folder / "memory", "hiberfil.sys")


@pytest.mark.parametrize("how", ["journal", "check", "hibernated"])
def test_an_ntfs_that_windows_ran_from_and_did_not_shut_down_is_not_written_to(
    server: Server, tmp_path: Path, how: str
) -> None:
    with windows_on(tmp_path) as device:
        cut_off(device, tmp_path, how)
        before = device.read_bytes()
        with pytest.raises(NetbootError, match=f"{device.name}: ") as caught:
            place_in_windows(device, server.settings, server.parcels)
        assert caught.value.hint == "deploy the master again"
        assert device.read_bytes() == before


def test_a_journal_that_windows_has_to_replay_stays_even_if_nobody_had_asked_for_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows_files, "require_untouched", lambda device: None)
    with windows_on(tmp_path) as device:
        leave_unclean(device, tmp_path)
        before = device.read_bytes()
        with pytest.raises(OSError, match="Read-only"):
            place_in_windows(device, server.settings, server.parcels)
        assert device.read_bytes() == before
