"""What somebody sees who collects sticks for the first time: unused, torn out, changed, of another workshop, twice."""

import csv
import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from nacl.signing import SigningKey

from netboot.alone.kit_visit import sealed
from netboot.kit.collect import collect
from netboot.kit.command import kit
from netboot.kit.identity import kit_of
from netboot.kit.image import READ_ME, Stick, write_image
from netboot.kit.partitions import layout_for
from netboot.records.record import Record
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError
from netboot.shared.problems import Problem
from netboot.shared.process import run
from netboot.shared.stages.check import CheckResult
from netboot.shared.stages.erase import EraseResult
from tests.alone.kit_visits import KIT, WORKSHOP, Doing, chosen, erased, says
from tests.jobs.conftest import HDD, SSD
from tests.kit.test_collect import PC
from tests.records.conftest import pc


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A workshop's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/signing.key").write_bytes(bytes(WORKSHOP))
    (tmp_path / "data/signing.key").chmod(0o600)
    return Settings(data=str(tmp_path / "data"))


def collected(place: Path, settings: Settings, folder: Path) -> tuple[int, list[str]]:
    """The exit status of `netboot kit collect`, and what it said."""
    said: list[str] = []
    status = kit(["collect", str(place)], settings, name="", profiles=(), folder=folder, say=said.append)
    return status, said


def image_of(path: Path, **files: bytes) -> Path:
    """A stick's image, with these files of PCs."""
    data: dict[str, Path | bytes] = {f"visits/{name}.json": content for name, content in files.items()}
    write_image(path, Stick(KIT, {"a": b"a"}, {READ_ME: b"read me", **data}, bytes(512), bytes(600)))
    return path


def test_of_a_stick_that_no_pc_wrote_to_there_is_nothing_and_that_is_no_fault(
    settings: Settings, tmp_path: Path
) -> None:
    image = image_of(tmp_path / "stick.img")
    assert collected(image, settings, tmp_path / "papers") == (0, [f"There is nothing of a kit in {image}."])
    assert not (tmp_path / "papers").exists()


def test_the_partition_that_it_starts_from_is_not_taken_for_an_empty_stick(record: Record, tmp_path: Path) -> None:
    image, boot = image_of(tmp_path / "stick.img"), tmp_path / "boot.img"
    place = layout_for(1).boot
    with image.open("rb") as whole:
        whole.seek(place.start)
        boot.write_bytes(whole.read(place.size))
    with pytest.raises(NetbootError, match="has no folder visits of a kit"):
        collect(boot, record, WORKSHOP)


@pytest.mark.root
def test_a_file_that_the_stick_does_not_give_is_named_and_the_others_are_taken(record: Record, tmp_path: Path) -> None:
    """A stick that ends before two files' sectors, as one whose copy was broken off does."""
    lost = bytes([0xA5]) * 4096
    image = image_of(tmp_path / "stick.img", a=sealed(erased(found=PC), KIT.key), b=lost, c=b"{}")
    with image.open("r+b") as whole:
        whole.truncate(whole.read().index(lost))
    device = run(["losetup", "--find", "--show", image]).stdout.strip()
    try:
        taken = collect(Path(device), record, WORKSHOP)
    finally:
        run(["losetup", "--detach", device])
    assert [(one.name, one.news) for one in taken] == [("a.json", "new"), ("b.json", "refused"), ("c.json", "refused")]
    assert taken[2].why == "the stick did not give it whole; plug it in again, and collect once more"


def test_no_byte_of_a_file_can_be_changed_without_it_being_refused_by_its_name(
    settings: Settings, stick: Path, tmp_path: Path
) -> None:
    file = sealed(erased(found=PC), KIT.key)
    places = [at for at in range(len(file) - 1) if at % 997 == 0 or at < 200]
    for at in places:
        changed = bytes([*file[:at], file[at] ^ 1, *file[at + 1 :]])
        (stick / f"pc-{at}.json").write_bytes(changed)
    status, said = collected(stick, settings, tmp_path / "papers")
    assert status == 1
    refused = {re.match(r"pc-(\d+)\.json: ", line) for line in said[: len(places)]}
    assert {int(one[1]) for one in refused if one} == set(places)
    assert said[len(places)].startswith(f"{len(places)} of {len(places)} files were not taken")
    assert not (tmp_path / "papers").exists()


def test_a_stick_of_another_workshop_is_refused_with_where_to_take_it(
    settings: Settings, stick: Path, tmp_path: Path
) -> None:
    foreign = kit_of(KIT.name, SigningKey(bytes(32)))
    (stick / "theirs.json").write_bytes(sealed(erased(found=PC), foreign.key))
    (stick / "ours.json").write_bytes(sealed(erased(found=PC), KIT.key))
    status, said = collected(stick, settings, tmp_path / "papers")
    assert status == 1
    assert said[1].startswith("theirs.json: it is not signed by a kit of this workshop")
    assert "1 certificate," in said[2]
    assert said[3].startswith("1 of 2 files were not taken")
    assert "A stick of another workshop is collected there" in said[4]


def test_of_each_job_its_disks_are_told_with_what_became_of_them(
    settings: Settings, stick: Path, tmp_path: Path
) -> None:
    doing = Doing(chosen(found=PC, job="2e" * 16))
    doing.step(CheckResult(inventory=PC))
    doing.order()
    doing.begin()
    (stick / "cut.json").write_bytes(sealed(doing.visit, KIT.key))
    doing = Doing(chosen(found=PC, job="3d" * 16))
    doing.step(CheckResult(inventory=PC))
    gone = Problem("erase-disk-gone", {"disk": HDD.id.text})
    doing.step(EraseResult(erasures=(says(SSD), replace(says(HDD, "not-erased"), problem=gone))), gone)
    (stick / "half.json").write_bytes(sealed(doing.visit, KIT.key))
    status, said = collected(stick, settings, tmp_path / "papers")
    machine = "LENOVO ThinkCentre M720q PC0X7Q07"
    assert status == 0
    assert said[0] == f"cut.json: {machine}: on the record now; it was cut short before its end"
    disks = f"{SSD.id.text}: erased, {HDD.id.text}: not erased"
    assert said[1] == f"half.json: {machine}: on the record now; {disks}"
    assert said[2] == f"In {tmp_path / 'papers'}: 0 certificates, 1 report."


def test_without_a_workshop_nothing_is_made_and_it_says_where_to_collect(tmp_path: Path, stick: Path) -> None:
    settings = Settings(data=str(tmp_path / "elsewhere"))
    with pytest.raises(NetbootError, match=r"no signing\.key") as refused:
        collected(stick, settings, tmp_path / "papers")
    assert "the server that made the kit" in refused.value.hint
    assert not (tmp_path / "elsewhere").exists()


def test_a_data_folder_that_cannot_be_looked_into_is_said_to_be_so(tmp_path: Path, stick: Path) -> None:
    # As one of root's is for anybody else; its name is too long here, since tests are root's too.
    with pytest.raises(NetbootError, match="cannot be looked into: File name too long"):
        collected(stick, Settings(data=str(tmp_path / ("x" * 300))), tmp_path / "papers")


def test_a_copy_of_its_files_and_an_image_of_it_count_as_the_stick_does_once(record: Record, tmp_path: Path) -> None:
    file = sealed(erased(found=PC), KIT.key)
    image = image_of(tmp_path / "stick.img", pc=file)
    copy = tmp_path / "copied"
    copy.mkdir()
    (copy / "pc (1).json").write_bytes(file)
    (copy / "pc.json").write_bytes(file)
    assert [one.news for one in collect(copy, record, WORKSHOP)] == ["new", "known"]
    assert [one.news for one in collect(image, record, WORKSHOP)] == ["known"]
    assert len(record.machines.overview()) == 1


def test_the_table_of_one_stick_does_not_take_the_place_of_another_s(settings: Settings, tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    for number, found in enumerate((PC, replace(pc(8), disks=PC.disks))):
        folder = tmp_path / str(number)
        folder.mkdir()
        job = f"{number:02x}" * 16
        (folder / "pc.json").write_bytes(sealed(erased(found=found, job=job), KIT.key))
        assert collected(folder, settings, papers)[0] == 0
    rows = [row for path in papers.glob("erasures-*.csv") for row in csv.DictReader(path.open(encoding="utf-8"))]
    assert {row["pc_serial"] for row in rows} == {found.system.serial for found in (PC, pc(8))}
    assert len(list(papers.glob("certificate-*.json"))) == 2
