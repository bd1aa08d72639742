"""Erases that a power cut ended, before the server: what an order is given, and what is believed of what comes back."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from netboot.agent.erase.pattern import BLOCK, Pattern
from netboot.imaging import Run, next_stage
from netboot.jobs.erase_cuts import MOST, after_cuts, as_told
from netboot.jobs.erase_methods.overwrite import FASTEST
from netboot.jobs.evidence import judge
from netboot.jobs.stages.rules import Known
from netboot.shared.disk_abilities import LONGEST
from netboot.shared.erase_begun import Begun, Cut, Found
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import DiskId
from netboot.shared.protocol import MESSAGE_LIMIT, RunStage, encode
from netboot.shared.read_back import to_read
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure
from tests.jobs.conftest import GB, SSD, done, erasure, job
from tests.jobs.test_firmware_rules import NVME, ORDERS, judged, said

COMMAND, DWORD = ORDERS["nvme-sanitize-block"]
TAKEN = Begun(
    disk=NVME.id, method="nvme-sanitize-block", at=1.7e9, key="ab" * 32, taken=True, command=COMMAND, ordered=DWORD,
    state_before="never",
)  # fmt: skip


def followed(**changes: Any) -> Erasure:
    cut = Cut(method="nvme-sanitize-block", found="followed")
    return replace(said("nvme-sanitize-block", **{"resumed": "running"} | changes), cut=cut)


# ── what an order is given ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_knows_what_was_begun_on_its_disk_and_on_no_other() -> None:
    for begun, expected in ((TAKEN, TAKEN), (replace(TAKEN, disk=SSD.id), None)):
        following = next_stage(replace(done(job(NVME), "check"), begun=(begun,)))
        assert isinstance(following, Run)
        assert isinstance(following.stage, Erase)
        assert [one.begun for one in following.stage.disks] == [expected]


def test_the_order_of_a_pc_with_as_many_disks_as_one_may_have_is_one_message() -> None:
    ids = [DiskId(serial=f"{number:03}" * 85, wwn=f"{number:03}" * 85, size=2**60) for number in range(128)]
    most = [
        Begun(
            disk=disk, method="nvme-sanitize-overwrite", at=1.7e9, key="ab" * 32, done=2**60, password="x" * 32,
            tool="x" * 64, command="x" * 128, taken=True, ordered=2**32 - 1, logged_before=2**32 - 1,
            untouched_before=False, announced=2**32 - 1, missing=tuple(range(256)),
        )
        for disk in ids
    ]  # fmt: skip
    orders = after_cuts([DiskErase(disk=disk, method="overwrite") for disk in ids], most)
    assert sum(one.begun is not None for one in orders) == MOST
    assert len(encode(RunStage(job="j", stage=Erase(disks=orders)))) < MESSAGE_LIMIT


@pytest.mark.parametrize(("said", "kept"), [(None, None), (0, 0), (LONGEST, LONGEST), (2**32 - 1, LONGEST)])
def test_what_a_drive_is_said_to_have_announced_counts_up_to_a_bound(said: int | None, kept: int | None) -> None:
    """It goes back to an agent, which waits for that drive; what stands on a record stays readable, whatever it is."""
    told = {"disk": {"size": 1}, "method": "nvme-sanitize-block", "announced": said}
    assert msgspec.convert(told, Begun).announced == kept
    assert Begun(disk=DiskId(size=1), method="nvme-sanitize-block", announced=said).announced == kept


# ── what is believed ────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_followed_up_counts_as_an_order_of_this_boot_does() -> None:
    assert judged(followed(), begun=TAKEN) == ("erased", "purge", "")


def test_the_kernel_may_name_the_disk_otherwise_in_the_boot_after_the_cut() -> None:
    one = followed()
    assert one.before is not None
    renamed = replace(one.before, name="nvme3n1")
    assert judged(replace(one, before=renamed, after=renamed), begun=TAKEN) == ("erased", "purge", "")
    here = said("nvme-sanitize-block")
    assert judged(replace(here, before=renamed, after=renamed))[2] == "other-disk"


@pytest.mark.parametrize(
    "begun",
    [
        None,
        replace(TAKEN, taken=False),
        replace(TAKEN, command=COMMAND.replace("nvme0", "nvme1")),
        replace(TAKEN, ordered=4),
        replace(TAKEN, pattern=7),
        replace(TAKEN, state_before="done"),
        replace(TAKEN, logged_before=2),
        replace(TAKEN, untouched_before=False),
    ],
)
def test_nothing_is_followed_up_that_is_not_on_the_record_just_so(begun: Begun | None) -> None:
    assert judged(followed(), begun=begun) == ("undetermined", "none", "resumed")


def test_one_that_was_found_done_needs_one_value_throughout_or_the_drives_word_that_nothing_was_written_since() -> None:
    for changes, found in (
        ({}, ("erased", "purge", "")),
        ({"even": 0}, ("undetermined", "none", "erase-unseen")),
        ({"even": 0, "untouched": True}, ("erased", "purge", "")),
        ({"even": 0, "untouched": False}, ("undetermined", "none", "erase-unseen")),
    ):
        assert judged(followed(**{"resumed": "done"} | changes), begun=TAKEN) == found
    assert judged(followed(even=0), begun=TAKEN)[0] == "erased", "it was seen at work"


def test_one_that_was_found_done_is_read_whole_whatever_sample_is_wanted() -> None:
    tenth = to_read(16 * GB, 10)
    sampled = {"to_read": tenth, "read": tenth, "even": tenth, "sample": 10}
    assert judged(followed(**sampled), begun=TAKEN, sample=10)[0] == "erased"
    assert judged(followed(resumed="done", **sampled), begun=TAKEN, sample=10)[2] == "amounts"
    assert judged(followed(resumed="done", sample=100), begun=TAKEN, sample=10)[0] == "erased"


def overwritten(**changes: Any) -> Erasure:
    one = erasure(NVME)
    assert isinstance(one.evidence, Overwritten)
    pattern = Pattern(bytes.fromhex(BEGUN.key)).description
    told = replace(one.evidence, **{"pattern": pattern, "resumed": 4 * BLOCK} | changes)
    assert one.before is not None
    status = replace(one.before, name="nvme0n1", visible_sectors="not-asked", native_sectors="not-asked")
    status = replace(status, real_sectors="not-asked")
    return replace(one, evidence=told, before=status, after=status, ended=290.0)


BEGUN = Begun(disk=NVME.id, method="overwrite", at=1.7e9, key="cd" * 32, done=4 * BLOCK - 1)


def test_an_overwrite_that_went_on_counts_when_it_is_the_one_on_the_record_and_no_further() -> None:
    assert judged(overwritten(), begun=BEGUN) == ("erased", "clear", "")
    for changes, begun in (
        ({}, None),
        ({}, replace(BEGUN, key="ee" * 32)),
        ({}, replace(BEGUN, method="nvme-sanitize-block")),
        ({"resumed": 4 * BLOCK + 1}, BEGUN),
        ({}, replace(BEGUN, done=3 * BLOCK)),
    ):
        assert judged(overwritten(**changes), begun=begun) == ("undetermined", "none", "resumed")


def test_what_was_written_before_the_cut_took_no_time_of_this_boot() -> None:
    half = NVME.id.size // 2
    one = replace(overwritten(resumed=half), began=150.0)
    begun = replace(BEGUN, done=half)
    rest = (2 * NVME.id.size - half) / FASTEST
    assert judged(replace(one, ended=150.0 + rest), begun=begun) == ("erased", "clear", "")
    assert judged(replace(one, ended=150.0 + 0.9 * rest), begun=begun)[2] == "too-fast"


def kept_cut(one: Erasure, begun: Begun | None) -> Cut | None:
    return as_told(DiskErase(disk=NVME.id, method=one.method, begun=begun), one)


@pytest.mark.parametrize(("resumed", "found"), [("running", "followed"), ("", "unclear")])
def test_what_goes_on_the_record_of_a_cut_is_the_servers_word(resumed: str, found: Found) -> None:
    one = followed(resumed=resumed)
    ordered = Erase(disks=(DiskErase(disk=NVME.id, method=one.method, begun=TAKEN),))
    known = Known(disks=(NVME,), began=100.0, ended=300.0)
    record = judge(ordered, "done", None, EraseResult(erasures=(one,)), known=known)
    assert isinstance(record.result, EraseResult)
    assert record.result.erasures[0].cut == Cut(method=TAKEN.method, at=TAKEN.at, found=found)


def test_what_the_proof_says_of_the_cut_is_the_servers_word_as_far_as_the_evidence_shows_it() -> None:
    assert kept_cut(followed(), TAKEN) == Cut(method="nvme-sanitize-block", at=1.7e9, found="followed")
    assert kept_cut(followed(), None) is None
    assert kept_cut(replace(followed(), cut=None), TAKEN) is None
    cases: dict[Found, Found] = {"followed": "unclear", "resumed": "unclear", "undone": "undone", "failed": "failed"}
    for agent, server in cases.items():
        told = kept_cut(replace(followed(resumed=""), cut=Cut(method="overwrite", at=9.0, found=agent)), TAKEN)
        assert told == Cut(method="nvme-sanitize-block", at=1.7e9, found=server)
    went_on = replace(overwritten(), cut=Cut(method="overwrite", found="undone"))
    assert kept_cut(went_on, BEGUN) == Cut(method="overwrite", at=1.7e9, found="resumed")


def test_all_of_it_is_kept_as_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(TAKEN), type=Begun) == TAKEN
