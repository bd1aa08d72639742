"""Which disk is captured, what keeps a PC from it, and what counts as its master."""

import pytest
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.evidence import judge
from netboot.jobs.job import Job, StageRecord
from netboot.jobs.stages import STAGES
from netboot.jobs.stages.rules import Known, Line
from netboot.shared.inventory import DiskId, HiddenStorage, Inventory
from netboot.shared.problems import Problem
from netboot.shared.stages.capture import Capture, CaptureResult
from tests.workshop.capturing import CAPTURE
from tests.workshop.conftest import disk, pc

SATA, NVME = disk("SATA"), disk("NVME", 512)
MADE = CaptureResult(
    manifest="ab" * 32, name="prepared", version="1", source=SATA.id,
    chunks=500, used=1_500_000_000, sent_chunks=20, sent=12_300_000,
)  # fmt: skip
ORDER = Capture(job="job1", source=SATA.id, name="prepared")


def checked(inventory: Inventory, target: DiskId | None = None) -> Job:
    stages = tuple(StageRecord(stage=name, state="done" if name == "check" else "waiting") for name in CAPTURE.stages)
    return Job(id="job1", profile=CAPTURE, stages=stages, inventory=inventory, hostname="pc-1", target=target)


def test_the_only_disk_is_captured_and_of_several_the_one_that_was_named() -> None:
    assert next_stage(checked(pc(1, SATA))) == Run(ORDER)
    assert next_stage(checked(pc(1, SATA, NVME), SATA.id)) == Run(ORDER)
    several = next_stage(checked(pc(1, SATA, NVME)))
    assert isinstance(several, Blocked)
    assert several.problem.code == "capture-several"
    assert next_stage(checked(pc(1, NVME), SATA.id)) == Blocked("capture", Problem("disk-gone", {"disk": "SATA"}))


@pytest.mark.parametrize(
    ("inventory", "code"),
    [
        (replace(pc(1), disks=()), "no-disk"),
        (pc(1, replace(SATA, transport="usb")), "no-disk"),
        (pc(1, replace(SATA, in_use=True)), "disk-in-use"),
        (pc(1, replace(SATA, removable=True)), "disk-in-doubt"),
        (replace(pc(1, SATA), hidden=(HiddenStorage(kind="rst", controller="8086:2822"),)), "hidden-storage"),
    ],
)
def test_what_forbids_writing_to_a_pcs_disks_forbids_its_capture(inventory: Inventory, code: str) -> None:
    blocked = next_stage(checked(inventory))
    assert isinstance(blocked, Blocked)
    assert blocked.problem.code == code


def test_what_the_server_made_is_kept_and_not_what_the_agent_says_of_it() -> None:
    said = replace(MADE, sent=1, used=1, version="9")
    assert judge(ORDER, "done", None, said, known=Known(captured=MADE)).result == MADE


@pytest.mark.parametrize(
    ("said", "made"),
    [
        (MADE, None),
        (replace(MADE, manifest="cd" * 32), MADE),
        (None, MADE),
        (replace(MADE, name="other"), replace(MADE, name="other")),
    ],
)
def test_what_the_server_did_not_make_in_this_job_is_no_capture(
    said: CaptureResult | None, made: CaptureResult | None
) -> None:
    record = judge(ORDER, "done", None, said, known=Known(captured=made))
    assert (record.state, record.result) == ("failed", None)


def test_the_page_says_what_was_captured_and_how_much_travelled() -> None:
    shown = STAGES["capture"].shown
    assert shown is not None
    assert shown(MADE, "fr") == (
        Line(
            "Système prepared, version 1 : 1,5 Go utilisés, 12,3 Mo envoyés par le réseau (20 morceaux sur 500 "
            "manquaient au serveur)",
            technical="ab" * 32,
        ),
    )
