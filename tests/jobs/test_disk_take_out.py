"""Which disks are asked about when one is to be taken out: those that the profile wants out, or that are not erased."""

from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer
from netboot.jobs.disk_take_out import to_take_out
from netboot.jobs.erase_exception import Judged
from netboot.jobs.job import Job
from netboot.shared.disk_abilities import Abilities, NvmeSanitize
from netboot.shared.inventory import Disk, label
from tests.jobs.conftest import HDD, SSD, STICK, job, profile

OUT = {"erase": {"level": "purge", "otherwise": "take-out"}}
PURGEABLE = replace(
    SSD, name="nvme0n1", transport="nvme", can=Abilities(nvme_sanitize=NvmeSanitize(block=True, overwrite=True))
)


def stopped(*disks: Disk, options: dict[str, dict[str, str]] | None = None) -> Job:
    """A job that could not erase these."""
    chosen = profile("check", "erase", "deploy", "finish")
    return replace(job(*disks), profile=chosen if options is None else replace(chosen, options=options))


def test_a_disk_that_cannot_have_what_the_profile_wants_must_go_and_others_may() -> None:
    found = to_take_out("v", stopped(PURGEABLE, HDD, STICK, options=OUT), ())
    assert [(one.label, one.state, one.asked) for one in found] == [
        (label(PURGEABLE), "untreated", False),
        (label(HDD), "untreated", True),
    ]


def test_without_that_policy_none_must_go() -> None:
    assert [one.asked for one in to_take_out("v", stopped(SSD, HDD), ())] == [False, False]
    stop = {"erase": {"level": "purge", "otherwise": "stop"}}
    assert [one.asked for one in to_take_out("v", stopped(SSD, HDD, options=stop), ())] == [False, False]


def test_a_disk_that_a_person_called_the_pcs_own_is_asked_about_too() -> None:
    doubtful = replace(HDD, removable=True)
    belongs = replace(stopped(doubtful), answers=(Answer(kind="belongs", disk=HDD.id),))
    assert [one.disk for one in to_take_out("v", belongs, ())] == [HDD.id]
    assert to_take_out("v", stopped(doubtful), ()) == ()


def test_a_disk_that_is_erased_is_not_asked_about() -> None:
    judged = (
        Judged(number=1, disk=SSD.id, verdict="erased"),
        Judged(number=2, disk=HDD.id, verdict="undetermined"),
    )
    (only,) = to_take_out("v", stopped(SSD, HDD), judged)
    assert (only.disk, only.state, only.asked) == (HDD.id, "undetermined", False)


def test_the_same_disk_of_another_visit_is_another_question() -> None:
    (one,), (other,) = (to_take_out(visit, stopped(HDD), ()) for visit in ("v1", "v2"))
    assert one.key != other.key
    assert len(one.key) == 32
    assert one.key == replace(one, state="not-erased", asked=True).key
