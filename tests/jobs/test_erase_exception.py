"""What a signed exception lets through: the deploy of one visit, for the disks and the verdicts that were seen."""

import msgspec
import pytest
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.disk_answers import Answer
from netboot.jobs.erase_exception import (
    LONGEST,
    SHORTEST,
    DiskState,
    EraseException,
    Judged,
    Offer,
    going_on,
    holds,
    states_of,
    stopped_for_want_of_proof,
    unproven,
)
from netboot.jobs.job import Job, new_stages
from netboot.jobs.profile import profile_error
from netboot.shared.inventory import Disk, HiddenStorage, label
from netboot.shared.problems import Problem
from netboot.shared.stages import StageName
from netboot.shared.stages.deploy import Deploy
from netboot.shared.stages.erase import Verdict
from tests.jobs.conftest import HDD, SSD, done, inventory, job, profile

HALF = (
    Judged(number=3, disk=SSD.id, verdict="erased"),
    Judged(number=4, disk=HDD.id, verdict="erased"),
    Judged(number=5, disk=HDD.id, verdict="not-erased"),
)
"""Two tries: the newest erase of the hard disk failed."""
STATES = states_of((SSD, HDD), HALF)
SIGNED = EraseException(reason="Le disque part au broyage", profile="c" * 64, disks=STATES)
WITHOUT_ERASE = going_on(profile("check", "erase", "deploy", "customise", "finish"))


def excepted(exception: EraseException | None = SIGNED, *disks: Disk, judged: tuple[Judged, ...] = HALF) -> Job:
    """A job that goes on behind the erase, whose PC was checked."""
    going = replace(
        job(*(disks or (SSD, HDD))),
        profile=WITHOUT_ERASE,
        stages=new_stages(WITHOUT_ERASE),
        target=SSD.id,
        exception=exception,
        judged=judged,
    )
    return done(going, "check")


def what_follows(going: Job) -> str:
    """The code of what stops it, "" when the deploy is ordered."""
    following = next_stage(going)
    if isinstance(following, Run):
        assert isinstance(following.stage, Deploy)
        return ""
    assert isinstance(following, Blocked)
    assert following.stage == "deploy"
    return following.problem.code


def test_the_newest_erase_of_a_disk_in_this_visit_is_how_it_stands() -> None:
    assert states_of((SSD, HDD), HALF) == (
        DiskState(disk=SSD.id, label=label(SSD), state="erased", erasure=3),
        DiskState(disk=HDD.id, label=label(HDD), state="not-erased", erasure=5),
    )
    assert states_of((HDD,), ()) == (DiskState(disk=HDD.id, label=label(HDD), state="untreated"),)
    assert unproven(STATES) == SIGNED.unproven == STATES[1:]


def test_with_it_the_master_is_deployed_and_without_it_never() -> None:
    assert what_follows(excepted()) == ""
    assert what_follows(excepted(None)) == "not-erased"


@pytest.mark.parametrize("verdict", ["erased", "undetermined"])
def test_another_verdict_makes_it_void(verdict: Verdict) -> None:
    other = (*HALF[:2], replace(HALF[2], verdict=verdict))
    assert what_follows(excepted(judged=other)) == "exception-void"


def test_another_erase_with_the_same_verdict_makes_it_void() -> None:
    assert what_follows(excepted(judged=(*HALF, replace(HALF[2], number=6)))) == "exception-void"


def test_another_disk_or_one_less_makes_it_void_and_the_sentence_says_what_to_do() -> None:
    third = replace(HDD, name="sdd", id=replace(HDD.id, serial="H3"))
    assert what_follows(excepted(SIGNED, SSD, HDD, third)) == "exception-void"
    assert what_follows(excepted(SIGNED, SSD)) == "exception-void"
    assert what_follows(excepted(SIGNED, SSD, third)) == "exception-void"
    following = next_stage(excepted(SIGNED, SSD, third))
    assert isinstance(following, Blocked)
    assert following.problem.values == {"disk": f"{label(SSD)}, {label(third)}"}
    assert "Effacez à nouveau" in following.problem.sentence("fr")


def test_a_disk_is_known_again_at_another_place_and_one_that_a_person_called_the_pcs_own_counts() -> None:
    moved = replace(HDD, name="sdz", id=replace(HDD.id, path="pci-0000:00:1f.2-ata-9", sequence=77))
    assert what_follows(excepted(SIGNED, SSD, moved)) == ""
    doubtful = replace(HDD, removable=True)
    belongs = (Answer(kind="belongs", disk=HDD.id),)
    assert what_follows(replace(excepted(SIGNED, SSD, doubtful), answers=belongs)) == ""
    left = (Answer(kind="left", disk=HDD.id),)
    assert what_follows(replace(excepted(SIGNED, SSD, doubtful), answers=left)) == "exception-void"


def test_of_many_disks_no_more_are_named_than_fit_a_sentence() -> None:
    many = [replace(HDD, id=replace(HDD.id, serial=f"{number:040}")) for number in range(20)]
    following = next_stage(excepted(SIGNED, SSD, *many))
    assert isinstance(following, Blocked)
    assert len(following.problem.values["disk"]) == 400


def test_it_lets_nothing_through_but_the_deploy() -> None:
    hidden = HiddenStorage(kind="vmd", controller="Intel VMD")
    going = excepted()
    checked = replace(going, inventory=inventory(SSD, HDD, hidden=(hidden,)))
    assert what_follows(checked) == "hidden-storage"
    in_use = replace(HDD, in_use=True)
    assert what_follows(excepted(SIGNED, SSD, in_use)) == "disk-in-use"


def test_each_disk_that_was_signed_for_counts_once() -> None:
    twin = replace(STATES[1], disk=replace(HDD.id, serial="H2"))
    assert holds(SIGNED, STATES)
    assert holds(SIGNED, STATES[::-1])
    assert not holds(SIGNED, (*STATES, STATES[1]))
    assert not holds(SIGNED, (STATES[0], twin))
    assert not holds(SIGNED, ())


def test_a_job_goes_on_behind_its_erase_and_looks_at_the_pc_again_first() -> None:
    assert WITHOUT_ERASE.stages == ("check", "deploy", "customise", "finish")
    assert (WITHOUT_ERASE.unerased, WITHOUT_ERASE.master, WITHOUT_ERASE.erases) == ("forbid", "debian", False)
    assert profile_error(WITHOUT_ERASE) == ""
    whole = replace(
        profile("check", "memory", "erase", "deploy", "finish"),
        options={"erase": {"level": "purge"}, "memory": {"seconds": 60}},
    )
    assert (going_on(whole).stages, going_on(whole).options) == (("check", "deploy", "finish"), {})
    bare = profile("check", "deploy", "finish")
    assert going_on(bare) == bare


@pytest.mark.parametrize(
    ("stages", "stopped", "problem", "offered"),
    [
        (("check", "erase", "deploy", "finish"), "erase", Problem("erase-incomplete"), True),
        (("check", "erase", "deploy", "finish"), "erase", Problem("erase-take-out"), True),
        (("check", "deploy", "finish"), "deploy", Problem("not-erased"), True),
        (("check", "deploy", "finish"), "deploy", Problem("exception-void"), True),
        (("check", "erase", "deploy", "finish"), "deploy", Problem("read-back"), False),
        (("check", "erase", "deploy", "finish"), "check", Problem("disk-gone"), False),
        (("check", "erase", "finish"), "erase", Problem("erase-incomplete"), False),
    ],
)
def test_it_is_offered_only_where_a_deploy_waits_for_a_proof(
    stages: tuple[StageName, ...], stopped: StageName, problem: Problem, offered: bool
) -> None:
    before = stages[: stages.index(stopped)]
    told = [(name, "done", None) for name in before] + [(stopped, "failed", problem)]
    told += [(name, "waiting", None) for name in stages[len(told) :]]
    assert stopped_for_want_of_proof(profile(*stages), told) is offered


def test_a_job_that_runs_or_is_done_is_offered_nothing() -> None:
    chosen = profile("check", "erase", "deploy", "finish")
    assert not stopped_for_want_of_proof(chosen, [("check", "done", None), ("erase", "running", None)])
    assert not stopped_for_want_of_proof(chosen, [(name, "done", None) for name in chosen.stages])
    fault = Problem("erase-incomplete")
    assert not stopped_for_want_of_proof(chosen, [("check", "done", None), ("erase", "running", fault)])
    assert not stopped_for_want_of_proof(chosen, [("check", "done", None), ("erase", "failed", None)])


def test_a_reason_is_a_sentence_and_no_book() -> None:
    for reason in ("x" * (SHORTEST - 1), "x" * (LONGEST + 1)):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(
                {"reason": reason, "profile": "c" * 64, "disks": msgspec.to_builtins(STATES)}, EraseException
            )


def test_what_was_shown_is_another_with_another_verdict_erase_or_job() -> None:
    offer = Offer(job="j1", profile=profile("check", "erase", "deploy", "finish"), target=None, disks=STATES)
    others = (
        replace(offer, job="j2"),
        replace(offer, disks=(STATES[0], replace(STATES[1], state="undetermined"))),
        replace(offer, disks=(STATES[0], replace(STATES[1], erasure=6))),
        replace(offer, disks=STATES[:1]),
        replace(offer, profile=profile("check", "deploy", "finish")),
        replace(offer, target=SSD.id),
        replace(offer, target=HDD.id),
    )
    assert len({one.digest for one in (offer, *others)}) == len(others) + 1
    assert len(offer.digest) == 32
    third = replace(HDD.id, serial="H3")
    assert [replace(offer, target=disk).target_label for disk in (SSD.id, HDD.id, third, None)] == [
        label(SSD),
        label(HDD),
        "",
        "",
    ]
