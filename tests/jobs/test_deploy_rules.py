"""The deploy as the server orders and judges it: all of the order, and what is told where it is not given or proven."""

import pytest
from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer
from netboot.jobs.evidence import judge
from netboot.jobs.stages.deploy import RULES
from netboot.shared.drive_format import DriveFormat
from netboot.shared.erase_methods.firmware import Accepted
from netboot.shared.inventory import label
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import Deploy, DeployResult
from netboot.shared.stages.erase import EraseResult
from tests.jobs.conftest import HDD, MANIFEST, MASTER, SSD, done, erasure, job

ERASED = done(job(SSD, HDD), "erase", EraseResult(erasures=(erasure(SSD), erasure(HDD))))
ORDER = Deploy(manifest=MANIFEST, name="debian", target=SSD.id, used=100)


def test_the_master_goes_to_the_disk_that_was_chosen_once_all_are_erased() -> None:
    assert RULES.order(ERASED) == ORDER
    assert RULES.order(replace(ERASED, target=HDD.id)) == replace(ORDER, target=HDD.id)
    unknown = RULES.order(replace(ERASED, master=replace(MASTER, used=0)))
    assert unknown == replace(ORDER, used=0), "of a master of before it was kept"


def test_the_first_disk_that_is_not_erased_is_told_unless_the_profile_waives_it() -> None:
    half = done(job(SSD, HDD), "erase", EraseResult(erasures=(erasure(SSD), erasure(HDD, "undetermined"))))
    assert RULES.order(half) == Problem("not-erased", {"disk": label(HDD)})
    assert RULES.order(job(SSD, HDD)) == Problem("not-erased", {"disk": label(SSD)})
    assert RULES.order(job(SSD, stages=("check", "deploy"), unerased="waive")) == ORDER


def test_the_agent_is_told_of_a_disk_that_only_a_persons_word_makes_the_pcs_own() -> None:
    doubtful = replace(SSD, removable=True)
    belongs = (Answer(kind="belongs", disk=SSD.id),)
    order = RULES.order(job(doubtful, stages=("check", "deploy"), unerased="waive", answers=belongs))
    assert order == replace(ORDER, answered=(SSD.id,))


def test_without_a_target_nothing_is_ordered() -> None:
    assert RULES.order(replace(ERASED, master=None)) == Problem("master-missing", {"master": "debian"})


def test_a_deploy_that_is_not_the_ordered_one_proves_nothing() -> None:
    good = DeployResult(manifest=MANIFEST, target=SSD.id, chunks=2, written=100, verified=100, fetched=50)
    assert RULES.unproven(ORDER, good) is None
    none = Problem("agent-error", {"error": "deploy: no evidence"})
    assert RULES.unproven(ORDER, replace(good, target=HDD.id)) == none
    assert RULES.unproven(ORDER, replace(good, manifest="b" * 64)) == none


def test_what_was_not_read_back_is_told_with_its_disk_and_where() -> None:
    part = DeployResult(manifest=MANIFEST, target=SSD.id, chunks=2, written=100, verified=60, fetched=50)
    assert RULES.unproven(ORDER, part) == Problem("read-back", {"disk": SSD.id.text, "offset": "60"})
    beyond = replace(part, verified=101)
    assert RULES.unproven(ORDER, beyond) == Problem("read-back", {"disk": SSD.id.text, "offset": "101"})


FORMATTED = DriveFormat(
    disk=SSD.id, before=4096, wanted=512, ended=True, command="nvme format", accepted="yes", after=512, size=SSD.id.size
)
GOOD = DeployResult(manifest=MANIFEST, target=SSD.id, chunks=2, written=100, verified=100, fetched=50)


def test_a_format_counts_as_it_was_ordered_and_no_other() -> None:
    order = replace(ORDER, format=512)
    assert RULES.unproven(order, replace(GOOD, formatted=FORMATTED)) is None
    assert RULES.unproven(order, GOOD) is None, "it has these sectors since an earlier try"
    wrong = Problem("agent-error", {"error": "deploy: a drive was formatted otherwise than ordered"})
    others = [replace(FORMATTED, wanted=4096, after=4096), replace(FORMATTED, after=0), replace(FORMATTED, disk=HDD.id)]
    for formatted in others:
        assert RULES.unproven(order, replace(GOOD, formatted=formatted)) == wrong
    assert RULES.unproven(ORDER, replace(GOOD, formatted=FORMATTED)) == wrong


@pytest.mark.parametrize(
    ("accepted", "after", "mark", "says"),
    [
        ("yes", 512, "", "disk formatted first: sectors of 512 bytes instead of 4096"),
        ("not-told", 512, "", "disk formatted first: sectors of 512 bytes instead of 4096"),
        ("no", 4096, "doubt", "disk to be formatted to sectors of 512 bytes: it kept its own, of 4096"),
        ("yes", 4096, "doubt", "disk to be formatted to sectors of 512 bytes: it kept its own, of 4096"),
        ("not-told", 4096, "doubt", "disk to be formatted to sectors of 512 bytes instead of 4096: state not known"),
        ("no", 0, "doubt", "disk to be formatted to sectors of 512 bytes instead of 4096: state not known"),
    ],
)
def test_the_page_says_what_a_format_came_to(accepted: Accepted, after: int, mark: str, says: str) -> None:
    assert RULES.shown is not None
    assert RULES.shown(GOOD, "en") == ()
    (found,) = RULES.shown(replace(GOOD, found=250 * 10**6), "fr")
    assert (found.text, found.mark) == ("250,0 Mo étaient déjà sur le disque", "")
    told = replace(FORMATTED, accepted=accepted, after=after, said="Invalid Field")
    (line,) = RULES.shown(replace(GOOD, formatted=told), "en")
    assert (line.text, line.mark, line.technical) == (says, mark, "nvme format; Invalid Field")


def test_a_format_that_was_not_ordered_of_the_drive_claims_nothing_of_its_state() -> None:
    assert RULES.shown is not None
    told = replace(FORMATTED, accepted="no", after=0, command="", said="it would erase as well: nvme0n2")
    (line,) = RULES.shown(replace(GOOD, formatted=told), "en")
    says = "disk to be formatted to sectors of 512 bytes instead of 4096: the order was not given"
    assert (line.text, line.mark, line.technical) == (says, "doubt", "it would erase as well: nvme0n2")


def test_of_a_deploy_that_failed_no_format_is_kept_but_the_ordered_one() -> None:
    order, failed = (
        replace(ORDER, format=512),
        Problem("sectors-unclear", {"disk": "S1", "wanted": "512", "error": "-"}),
    )
    unclear = replace(FORMATTED, accepted="not-told", after=0)

    def kept(order: Deploy, formatted: DriveFormat) -> DriveFormat | None:
        result = judge(order, "failed", failed, replace(GOOD, formatted=formatted)).result
        assert isinstance(result, DeployResult)
        return result.formatted

    assert kept(order, unclear) == unclear
    assert kept(ORDER, unclear) is None
    assert kept(order, replace(unclear, disk=HDD.id)) is None
    assert kept(order, replace(unclear, wanted=4096)) is None
    without_words = judge(order, "failed", None, replace(GOOD, formatted=replace(unclear, disk=HDD.id)))
    assert without_words.result == GOOD
    assert judge(order, "done", failed, replace(GOOD, formatted=replace(unclear, disk=HDD.id))).result == GOOD
    other = judge(order, "done", None, replace(GOOD, formatted=replace(FORMATTED, disk=HDD.id)))
    assert (other.state, other.result) == ("failed", None)
    assert other.problem is not None
    assert other.problem.code == "agent-error"
    done = judge(order, "done", None, replace(GOOD, formatted=FORMATTED))
    assert (done.state, done.result) == ("done", replace(GOOD, formatted=FORMATTED))
