"""What hdparm and smartctl print, as read for the evidence of an erase."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks import disk_status as asking
from netboot.agent.disks.disk_status import (
    disk_status,
    parse_health,
    parse_max_sectors,
    parse_real_sectors,
)
from netboot.agent.erase.stage import run_erase
from netboot.agent.failures import StageFailed
from netboot.shared.disk_status import DiskStatus, Sectors
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import EraseResult
from tests.agent.recorded_answers import answer as recorded
from tests.orders import overwriting, overwritten

# Recorded: hdparm 9.65 (Debian 13), `hdparm -N`, on QEMU 7.2's ide-hd of 2,415,919,104 bytes, and on its nvme.
MAX_SECTORS = "\n/dev/sda:\n max sectors   = 4718592/4718592, HPA is disabled\n"
MAX_SECTORS_NVME = "\n/dev/nvme0n1:\n"
SIZE = 4718592 * 512

# Not recorded, no drive with AMAC or an overlay was at hand: the words are those of the source of hdparm 9.65+ds-1
# (Debian 13), hdparm.c lines 2378-2383 and 2802-2824 and identify.c's dco_identify_print, with figures of our own.
AMAC_ENABLED = (
    "\n/dev/sda:\n max sectors   = 4718592/4719616, ACCESSIBLE MAX ADDRESS enabled\n"
    "Power cycle your device after every ACCESSIBLE MAX ADDRESS\n"
)
AMAC_DISABLED = "\n/dev/sda:\n max sectors   = 4718592/4718592, ACCESSIBLE MAX ADDRESS disabled\n"
HPA_UNCLEAR = (
    "\n/dev/sda:\n max sectors   = 4718592/1(4719616?), HPA setting seems invalid (buggy kernel device driver?)\n"
)
DCO = (
    "\n/dev/sda:\nDCO Checksum verified.\nDCO Revision: 0x0002\n"
    "The following features can be selectively disabled via DCO:\n"
    "\tTransfer modes:\n\t\t mdma0 mdma1 mdma2\n\t\t udma0 udma1 udma2 udma3 udma4 udma5 udma6\n"
    "\tReal max sectors: 4719616\n\tATA command/feature sets:\n\t\t SMART self_test error_log security HPA 48_bit\n"
)
DCO_DAMAGED = DCO.replace("Checksum verified.", "Checksum FAILED!")

# Recorded: smartctl 7.4 (Debian 13), `smartctl --json --health`, on the same two disks; only white space was taken out.
HEALTH_ATA = """{
  "json_format_version": [ 1, 0 ],
  "smartctl": {
    "version": [ 7, 4 ], "pre_release": false, "svn_revision": "5530",
    "platform_info": "x86_64-linux-6.12.117+deb13-amd64", "build_info": "(local build)",
    "argv": [ "smartctl", "--json", "--health", "/dev/sda" ],
    "drive_database_version": { "string": "7.3/5528" },
    "exit_status": 0
  },
  "local_time": { "time_t": 1795314168, "asctime": "Sun Nov 22 02:22:48 2026 UTC" },
  "device": { "name": "/dev/sda", "info_name": "/dev/sda [SAT]", "type": "sat", "protocol": "ATA" },
  "smart_status": { "passed": true }
}
"""
HEALTH_NVME = """{
  "json_format_version": [ 1, 0 ],
  "smartctl": {
    "version": [ 7, 4 ], "pre_release": false, "svn_revision": "5530",
    "platform_info": "x86_64-linux-6.12.117+deb13-amd64", "build_info": "(local build)",
    "argv": [ "smartctl", "--json", "--health", "/dev/nvme0n1" ],
    "exit_status": 0
  },
  "local_time": { "time_t": 1795314168, "asctime": "Sun Nov 22 02:22:48 2026 UTC" },
  "device": { "name": "/dev/nvme0n1", "info_name": "/dev/nvme0n1", "type": "nvme", "protocol": "NVMe" },
  "smart_status": { "passed": true, "nvme": { "value": 0 } }
}
"""


def test_a_disk_without_a_hidden_area_says_so() -> None:
    assert parse_max_sectors(MAX_SECTORS, SIZE, 512) == (4718592, 4718592)
    assert parse_max_sectors(MAX_SECTORS_NVME, SIZE, 512) is None


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        # Not recorded, no drive with such an area was at hand: the recorded line with other figures.
        (" max sectors   = 4718592/4719616, HPA is enabled\n", (4718592, 4719616)),
        (" max sectors   = 4718592/4718000, HPA is enabled\n", None),
        (" max sectors   = 4000000/4718592, HPA is enabled\n", None),
        # What a USB bridge makes of it, with status 0, in hdparm's own words.
        (" max sectors   = 0/1, HPA setting seems invalid (buggy kernel device driver?)\n", None),
        (" max sectors   = 0/0, HPA is disabled\n", None),
        (" max sectors   = 4718592/4718592, HPA is unknown\n", None),
        ("", None),
    ],
)
def test_figures_that_contradict_the_kernel_are_not_believed(line: str, wanted: tuple[int, int] | None) -> None:
    assert parse_max_sectors(f"\n/dev/sda:\n{line}", SIZE, 512) == wanted


@pytest.mark.parametrize(
    ("name", "visible", "wanted"),
    [
        ("ata-hpa-on", 312579695, (312579695, 312581808)),
        ("ata-hpa-off", 312581808, (312581808, 312581808)),
        ("ata-hpa-lifted", 976773168, (976773168, 976773168)),
        ("ata-hpa-of-a-usb-stick", 31121408, None),
    ],
)
def test_what_real_disks_hide_is_read(name: str, visible: int, wanted: tuple[int, int] | None) -> None:
    """`recorded/answers/` has the outputs, each with its origin in its first lines."""
    assert parse_max_sectors(recorded(name), visible * 512, 512) == wanted


def test_the_size_that_a_real_disk_was_made_with_is_read() -> None:
    assert parse_real_sectors(recorded("ata-dco"), 5860524911) == 5860533168


def test_the_newer_words_of_a_hidden_area_are_read() -> None:
    assert parse_max_sectors(AMAC_ENABLED, SIZE, 512) == (4718592, 4719616)
    assert parse_max_sectors(AMAC_DISABLED, SIZE, 512) == (4718592, 4718592)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (DCO, 4719616),
        (DCO.replace("4719616", "4718592"), 4718592),
        (DCO.replace("4719616", "4718591"), "not-told"),
        # Zeros: their sum is right (0), their revision and their size (0 + 1) are none.
        (DCO.replace("0x0002", "0x0000 -- unknown, treating as 0002").replace("4719616", "1"), "not-told"),
        (DCO.replace("4719616", "9" * 16), "not-told"),
        (DCO.replace("DCO Checksum verified.\n", ""), "not-told"),
        ("", "not-told"),
        (DCO_DAMAGED, "unclear"),
        (DCO_DAMAGED.replace("4719616", "4718592"), "unclear"),
        (DCO_DAMAGED.replace("0x0002", "0xffff -- unknown, treating as 0002"), "unclear"),
    ],
)
def test_an_overlay_that_cannot_be_true_is_not_believed(text: str, wanted: Sectors) -> None:
    assert parse_real_sectors(text, 4718592) == wanted


def test_what_is_hidden_is_counted_in_bytes() -> None:
    shown = DiskStatus(logical_sector=512, visible_sectors=4718592)
    assert shown.hidden_bytes(SIZE) == 0
    assert replace(shown, native_sectors=4718592, real_sectors=4719616).hidden_bytes(SIZE) == 1024 * 512
    assert replace(shown, native_sectors=4719616, real_sectors="not-told").hidden_bytes(SIZE) == 1024 * 512
    assert replace(shown, native_sectors=4719616, real_sectors="unclear").hidden_bytes(SIZE) == 1024 * 512
    assert replace(shown, native_sectors=1, real_sectors=1).hidden_bytes(SIZE) == 0
    assert DiskStatus().hidden_bytes(SIZE) == 0


def test_smarts_verdict_is_read_for_ata_and_nvme() -> None:
    assert parse_health(HEALTH_ATA) == "passed"
    assert parse_health(HEALTH_NVME) == "passed"
    assert parse_health(HEALTH_ATA.replace('"passed": true', '"passed": false')) == "failed"
    assert parse_health(HEALTH_ATA.replace('"smart_status"', '"other"')) == "not-told"


@given(st.text(max_size=200))
def test_the_parsers_take_anything(text: str) -> None:
    assert parse_health(text) == "not-told"
    parse_max_sectors(text, SIZE, 512)
    parse_real_sectors(text, 1)


def test_a_status_without_any_tool_still_has_what_the_kernel_knows() -> None:
    disk = Disk(name="none", id=DiskId(serial="S1", size=4096), transport="sata")
    assert disk_status(disk).serial == "S1"


@pytest.mark.parametrize(
    ("transport", "ata", "answer", "native"),
    [
        ("sata", True, MAX_SECTORS, 4718592),
        ("sata", True, AMAC_DISABLED, 4718592),
        ("sata", True, "\n/dev/sda:\n", "not-told"),
        ("sata", True, "", "not-told"),
        ("sata", True, HPA_UNCLEAR, "unclear"),
        ("sata", True, MAX_SECTORS.replace("4718592/", "4718000/"), "unclear"),
        ("sas", True, "", "not-told"),
        ("sas", True, MAX_SECTORS, 4718592),
        ("sas", False, "", "not-asked"),
        ("nvme", False, "", "not-asked"),
    ],
)
def test_an_ata_disk_that_does_not_say_whether_it_hides_an_area_is_on_the_evidence(
    monkeypatch: pytest.MonkeyPatch, transport: str, ata: bool, answer: str, native: Sectors
) -> None:
    says(monkeypatch, answer)
    status = disk_status(Disk(name="sda", id=DiskId(serial="S1", size=SIZE), transport=transport, ata=ata))
    assert status.ends == ((4718592, native, "not-told") if ata else ("not-asked",) * 3)


@pytest.mark.parametrize(("answer", "dco"), [(AMAC_ENABLED, ""), (MAX_SECTORS, DCO), ("", DCO)])
def test_a_hidden_area_is_seen_whichever_way_the_disk_tells_it(
    monkeypatch: pytest.MonkeyPatch, answer: str, dco: str
) -> None:
    says(monkeypatch, answer, dco)
    status = disk_status(Disk(name="sda", id=DiskId(serial="S1", size=SIZE), transport="sas", ata=True))
    assert status.hidden_bytes(SIZE) == 1024 * 512


def test_all_that_a_disk_says_of_itself_is_kept_and_it_is_asked_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {
        ("hdparm", "-N", "/dev/sdq"): AMAC_ENABLED,
        ("hdparm", "--dco-identify", "/dev/sdq"): DCO,
        ("smartctl", "--json", "--health", "/dev/sdq"): HEALTH_ATA,
    }
    monkeypatch.setattr("netboot.agent.disks.disk_status._output", lambda *command: answers[command])
    disk = Disk(
        name="sdq", id=DiskId(serial="S1", wwn="0x5000c50012345678", size=SIZE), firmware="F1", transport="sata",
        ata=True, logical_sector=512,
    )  # fmt: skip
    status = disk_status(disk)
    assert status == DiskStatus(
        name="sdq", serial="S1", wwn="0x5000c50012345678", firmware="F1", size=SIZE, logical_sector=512,
        visible_sectors=4718592, native_sectors=4719616, real_sectors=4719616, smart="passed",
    )  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode(status), type=DiskStatus) == status
    assert isinstance(status.visible_sectors, int)


def test_an_overlay_of_less_than_the_disk_is_known_to_have_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, AMAC_ENABLED, DCO.replace("4719616", "4718592"))
    status = disk_status(Disk(name="sda", id=DiskId(serial="S1", size=SIZE), transport="sata", ata=True))
    assert status.ends == (4718592, 4719616, "not-told")


def test_what_a_program_says_counts_whatever_its_status_but_not_when_it_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """smartctl ends with bits about the disk's health."""
    monkeypatch.setattr(asking, "_SECONDS", 5.0)
    assert asking._output("sh", "-c", "echo told; exit 8") == "told\n"
    monkeypatch.setattr(asking, "_SECONDS", 0.2)
    assert asking._output("sh", "-c", "sleep 2; echo late") == ""
    assert asking._output("no-such-program") == ""


def says(monkeypatch: pytest.MonkeyPatch, answer: str, dco: str = "") -> None:
    """Let hdparm print this for `-N`, and this for `--dco-identify`."""
    answers = {"-N": answer, "--dco-identify": dco}
    monkeypatch.setattr("netboot.agent.disks.disk_status._output", lambda *command: answers.get(command[1], ""))


async def test_a_disk_that_hides_an_area_is_not_erased_though_all_it_shows_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(1024 * 1024))
    disk = Disk(name=str(path), id=DiskId(serial="H1", size=1024 * 1024), rotational=True)
    status = DiskStatus(logical_sector=512, visible_sectors=2048, native_sectors=4096)
    monkeypatch.setattr("netboot.agent.erase.stage.disk_status", lambda _: status)
    with pytest.raises(StageFailed) as caught:
        await run_erase(overwriting(disk.id), lambda: [disk], progress=lambda done, total, part="": None)
    assert isinstance(caught.value.result, EraseResult)
    (erasure,) = caught.value.result.erasures
    assert (erasure.verdict, erasure.level, overwritten(erasure).written) == ("not-erased", "none", 1024 * 1024)
    assert caught.value.problem.code == "hidden-area"
    assert erasure.before == status


@pytest.mark.parametrize(("answer", "dco"), [(HPA_UNCLEAR, ""), ("", DCO_DAMAGED)])
async def test_a_disk_that_contradicts_itself_about_a_hidden_area_is_not_called_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, dco: str
) -> None:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(1024 * 1024))
    disk = Disk(name=str(path), id=DiskId(serial="H1", size=1024 * 1024), rotational=True, transport="sata")
    says(monkeypatch, answer, dco)
    with pytest.raises(StageFailed) as caught:
        await run_erase(overwriting(disk.id), lambda: [disk], progress=lambda done, total, part="": None)
    assert isinstance(caught.value.result, EraseResult)
    (erasure,) = caught.value.result.erasures
    assert (erasure.verdict, erasure.level) == ("undetermined", "none")
    assert caught.value.problem.code == "hidden-area-unclear"
