"""What smartctl says of real drives, as evidence; and of drives, or a smartctl, that say whatever they like."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks.smart_report import (
    SelfTestState,
    disk_counts,
    health,
    read_report,
    self_test_state,
)
from netboot.shared.disk_counts import DiskCounts
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.smart import DiskHealth

RECORDED = Path(__file__).parent / "recorded" / "smart"
DISK = Disk(name="sda", id=DiskId(serial="S1", size=10**12), model="A drive", transport="sata")


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.json").read_text()


def healthy(name: str) -> DiskHealth:
    """What this drive says of its health."""
    text = recorded(name)
    return health(DISK, read_report(text, json.loads(text)["smartctl"]["exit_status"]), "passed")


def figures(name: str) -> dict[str, object]:
    said = msgspec.to_builtins(healthy(name))
    names = ("passed", "warning", "reallocated", "pending", "uncorrectable", "used", "spare", "least_spare", "hours")
    return {name: said[name] for name in names if said[name] is not None}


def test_an_ata_drive_tells_what_it_counts_as_its_own_table_prints_it() -> None:
    assert figures("ata-worn") == {
        "passed": True, "reallocated": 304, "pending": 0, "uncorrectable": 0, "hours": 44668,
    }  # fmt: skip
    assert figures("ata-failing") == {
        "passed": False, "reallocated": 1975, "pending": 8, "uncorrectable": 0, "hours": 65592,
    }  # fmt: skip
    failing = [one for one in healthy("ata-failing").attributes if one.failed]
    assert [(one.id, one.name, one.raw, one.failed, one.prefailure) for one in failing] == [
        (5, "Reallocated_Sector_Ct", "1975", "now", True)
    ]
    assert (failing[0].value, failing[0].worst, failing[0].threshold) == (1, 1, 5)


def test_an_nvme_drive_tells_its_warnings_its_wear_and_its_spare() -> None:
    spare = {"spare": 100, "least_spare": 10}
    assert figures("nvme-failing") == {
        "passed": False, "warning": 0x10, "uncorrectable": 0, "used": 0, **spare, "hours": 18376,
    }  # fmt: skip
    worn = figures("nvme-worn")
    assert (worn["passed"], worn["uncorrectable"], worn["used"], worn["spare"]) == (True, 7, 3, 99)
    raw = {one.name: one.raw for one in healthy("nvme-worn").attributes}
    assert raw["media_errors"] == "7"
    assert raw["power_on_hours"] == str(worn["hours"])


def test_a_scsi_drive_tells_its_grown_defects_and_its_uncorrected_errors() -> None:
    assert figures("scsi-worn") == {"passed": True, "reallocated": 260, "uncorrectable": 536, "hours": 102880}
    assert figures("scsi-good") == {
        "passed": True, "reallocated": 0, "pending": 0, "uncorrectable": 0, "used": 0, "hours": 3862,
    }  # fmt: skip
    assert ("write.total_uncorrected_errors", "535") in [(a.name, a.raw) for a in healthy("scsi-worn").attributes]


def test_a_count_is_the_number_at_the_head_of_what_smartctl_prints_and_of_the_attribute_that_bears_its_name() -> None:
    said = json.loads(recorded("ata-worn"))
    (sectors,) = (one for one in said["ata_smart_attributes"]["table"] if one["id"] == 5)
    sectors["raw"] = {"value": 8589934592000, "string": "0 (2000 0)"}  # as a Fujitsu's are packed
    assert health(DISK, read_report(json.dumps(said), 0), "passed").reallocated == 0
    sectors["name"] = "Something_Else"
    assert health(DISK, read_report(json.dumps(said), 0), "passed").reallocated is None


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("ata-testing", (True, 2, True, 90, "not-told")),
        ("ata-failing", (True, 1, False, 0, "passed")),
        ("nvme-good", (True, 2, False, 0, "not-told")),
        ("nvme-worn", (False, 2, False, 0, "not-told")),
        ("scsi-good", (None, 2, False, 0, "passed")),
        ("scsi-worn", (None, 2, False, 0, "not-told")),
    ],
)
def test_where_a_drives_self_tests_are(name: str, state: tuple[object, ...]) -> None:
    told = self_test_state(read_report(recorded(name), 0))
    assert (told.able, told.minutes, told.running, told.percent, told.ended) == state


@pytest.mark.parametrize(
    ("status", "ended"),
    [(0x00, "passed"), (0x19, "not-told"), (0x29, "not-told"), (0x39, "not-told"), (0x40, "failed"), (0x73, "failed"),
     (0x80, "failed"), (0x90, "not-told")],
)  # fmt: skip
def test_an_ata_test_that_was_cut_short_is_no_failure(status: int, ended: str) -> None:
    said = json.loads(recorded("ata-failing"))
    said["ata_smart_data"]["self_test"]["status"] = {"value": status}
    assert self_test_state(read_report(json.dumps(said), 0)).ended == ended


@pytest.mark.parametrize(
    ("result", "ended"), [(0, "passed"), (1, "not-told"), (5, "failed"), (7, "failed"), (9, "not-told")]
)
def test_an_nvme_drives_newest_test_is_the_first_of_its_log(result: int, ended: str) -> None:
    said = json.loads(recorded("nvme-good"))
    log = said["nvme_self_test_log"]
    log["table"] = [{"self_test_result": {"value": result}}, {"self_test_result": {"value": 0}}]
    assert self_test_state(read_report(json.dumps(said), 0)).ended == ended
    log["current_self_test_operation"]["value"] = 1
    log["current_self_test_completion_percent"] = 34
    state = self_test_state(read_report(json.dumps(said), 0))
    assert (state.running, state.percent) == (True, 34)


@pytest.mark.parametrize(
    ("result", "running", "ended"), [(0, False, "passed"), (7, False, "failed"), (15, True, "not-told")]
)
def test_a_scsi_drives_newest_test_is_the_first_of_its_log(result: int, running: bool, ended: str) -> None:
    said = json.loads(recorded("scsi-good"))
    said["scsi_self_test_0"]["result"]["value"] = result
    state = self_test_state(read_report(json.dumps(said), 0))
    assert (state.running, state.ended) == (running, ended)


def test_an_nvme_drive_whose_log_could_not_be_read_may_have_a_self_test() -> None:
    assert self_test_state(read_report(recorded("nvme-worn"), 0b100)) == SelfTestState(None)


def test_what_smartctl_complains_of_is_kept() -> None:
    said = {"smartctl": {"messages": [{"string": "/dev/vda: Unable to detect device type", "severity": "error"}]}}
    report = read_report(json.dumps(said), 1)
    assert not report.asked
    assert health(DISK, report, "not-told").said == "/dev/vda: Unable to detect device type"
    assert read_report("", 0).said == "smartctl told nothing that can be read"


WORDS = sorted(
    {
        name
        for path in RECORDED.glob("*.json")
        for name in path.read_text().split('"')[1::2]
        if name.isidentifier() and name.islower()
    }
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.sampled_from(["now", "past"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=8), inner),
    max_leaves=30,
)


@given(ANYTHING, st.integers(0, 255))
def test_whatever_smartctl_says_can_be_sent_and_kept(said: object, status: int) -> None:
    report = read_report(json.dumps(said), status)
    state = self_test_state(report)
    assert 0 <= state.percent <= 100
    assert 0 < state.minutes <= 255
    told = health(DISK, report, state.ended)
    assert msgspec.json.decode(msgspec.json.encode(told), type=DiskHealth) == told


@given(st.sampled_from(sorted(RECORDED.glob("*.json"))), st.data())
def test_a_real_answer_with_one_thing_in_it_replaced_can_be_sent_and_kept(path: Path, data: st.DataObject) -> None:
    said = json.loads(path.read_text())
    place = said
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(ANYTHING)
    report = read_report(json.dumps(said), 0)
    told = health(DISK, report, self_test_state(report).ended)
    assert msgspec.json.decode(msgspec.json.encode(told), type=DiskHealth) == told


@given(st.text(max_size=400))
def test_text_that_is_no_json_says_nothing(text: str) -> None:
    report = read_report(text, 0)
    assert health(DISK, report, "not-told").passed is None


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (
            "ata-worn",
            DiskCounts(reallocated=304, pending=0, offline_uncorrectable=0, reported_uncorrectable=0),
        ),
        ("ata-failing", DiskCounts(reallocated=1975, pending=8, offline_uncorrectable=0)),
        ("nvme-worn", DiskCounts(media_errors=7, used=3, spare=99)),
        ("scsi-good", DiskCounts(pending=0, grown_defects=0, uncorrected=0, used=0)),
        ("scsi-worn", DiskCounts(grown_defects=260, uncorrected=536)),
    ],
)
def test_what_a_drive_counts_of_damage_is_told_for_itself(name: str, counts: DiskCounts) -> None:
    told = disk_counts(read_report(recorded(name), 0))
    assert replace(told, said="") == counts
    assert told.tells


def test_a_smartctl_that_says_nothing_tells_no_count() -> None:
    nothing = disk_counts(read_report("", 2))
    assert nothing == DiskCounts(said="smartctl told nothing that can be read")
    assert not nothing.tells
