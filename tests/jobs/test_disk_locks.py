"""What the server orders of frozen disks and of those that hide their end, and what it believes of what came of it."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from netboot.jobs.evidence import judge
from netboot.jobs.profiles import parse_profile
from netboot.jobs.stages import STAGES
from netboot.jobs.stages.rules import Known, Outcome
from netboot.shared.disk_status import Sectors
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.given_back import GiveBackOrder, GivenBack
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Erasure
from netboot.shared.thawing import Thawing
from tests.jobs.conftest import HDD, SSD, erasure, job

SHOWN = SSD.id.size
WHOLE = SHOWN + (1 << 20)
LARGER = replace(SSD, id=replace(SSD.id, size=WHOLE))
ORDER = Erase(disks=(DiskErase(disk=SSD.id, method="overwrite", level="clear", wanted="clear", hidden="remove"),))
TOOK = GiveBackOrder(area="max-address", command=f"hdparm -Np{WHOLE // 512} /dev/sda", accepted="yes")
PROFILE = """
id: wipe
name: {fr: Effacer, en: Wipe}
stages: [check, erase, finish]
"""


def gave_back(real: Sectors = "not-told", *orders: GiveBackOrder) -> Erasure:
    """What an honest agent says of the disk that hid a MiB, gave it back, and was then erased."""
    back = GivenBack(visible=SHOWN // 512, native=WHOLE // 512, real=real, orders=orders or (TOOK,), size=WHOLE)
    return replace(erasure(LARGER), disk=SSD.id, given_back=back)


def verdict(said: Erasure, order: Erase = ORDER) -> tuple[str, str]:
    """What goes down of it, and why it is doubted."""
    problem = said.problem
    outcome: Outcome = "done" if said.verdict == "erased" else "failed"
    record = judge(
        order, outcome, problem, EraseResult(erasures=(said,)), known=Known(disks=(SSD,), began=100.0, ended=10_000.0)
    )
    assert isinstance(record.result, EraseResult)
    (one,) = record.result.erasures
    assert one.disk == SSD.id, "it stays the disk that the inventory of this visit has"
    assert (one.level == "clear") == (one.verdict == "erased")
    return one.verdict, one.problem.values.get("reason", one.problem.code) if one.problem else ""


def test_a_disk_that_gave_back_what_it_hid_is_erased_when_all_of_it_is() -> None:
    assert verdict(gave_back()) == ("erased", "")
    assert gave_back().size == WHOLE
    overlay = replace(TOOK, area="overlay", command="hdparm --dco-restore /dev/sda")
    whole = {"real_sectors": WHOLE // 512}
    said = gave_back(WHOLE // 512, TOOK, overlay)
    assert said.before is not None
    said = replace(said, before=replace(said.before, **whole), after=replace(said.before, **whole))
    assert verdict(said) == ("erased", "")


def test_what_was_erased_before_it_grew_is_not_all_of_it() -> None:
    said = gave_back()
    assert isinstance(said.evidence, Overwritten)
    part = replace(said, evidence=replace(said.evidence, written=SHOWN, verified=SHOWN))
    assert verdict(part) == ("undetermined", "erase-incomplete")
    fault = Problem("erase-incomplete")
    failed = replace(part, verdict="undetermined", problem=fault)
    assert verdict(failed) == ("not-erased", "erase-incomplete"), "what it gave back was not written"


def ends(said: Erasure, when: str, **words: Sectors) -> Erasure:
    status = getattr(said, when)
    return replace(said, **{when: replace(status, **words)})


def back(said: Erasure, **words: object) -> Erasure:
    assert said.given_back is not None
    return replace(said, given_back=replace(said.given_back, **words))


DOUBTFUL: dict[str, tuple[tuple[str, str], Callable[[], Erasure]]] = {
    "no order": (("undetermined", "hidden"), lambda: back(gave_back(), orders=())),
    "an order that was refused": (
        ("undetermined", "hidden"),
        lambda: gave_back("not-told", TOOK, replace(TOOK, accepted="no")),
    ),
    "an order without a clear answer": (
        ("undetermined", "hidden"),
        lambda: gave_back("not-told", replace(TOOK, accepted="not-told")),
    ),
    "another size than it told": (("undetermined", "other-size"), lambda: back(gave_back(), native=WHOLE // 512 - 1)),
    "no figures at first": (("undetermined", "other-size"), lambda: back(gave_back(), native="not-told")),
    "an overlay that stayed": (("undetermined", "other-size"), lambda: back(gave_back(), real=WHOLE // 512 + 8)),
    "a native end that is not told before": (
        ("undetermined", "hidden"),
        lambda: ends(gave_back(), "before", native_sectors="not-told"),
    ),
    "a native end that is not told afterwards": (
        ("undetermined", "hidden"),
        lambda: ends(gave_back(), "after", native_sectors="not-told"),
    ),
    "an overlay that is not told any more": (("undetermined", "hidden"), lambda: gave_back(WHOLE // 512)),
    "an area that is there again": (
        ("not-erased", "hidden-area"),
        lambda: ends(gave_back(), "after", native_sectors=WHOLE // 512 + 1),
    ),
    # What it says of its ends is then more than its size.
    "the size of before": (("not-erased", "hidden-area"), lambda: back(gave_back(), size=SHOWN)),
    "a smaller size": (("not-erased", "hidden-area"), lambda: back(gave_back(), size=SHOWN - 512)),
    "not asked before": (("undetermined", "not-asked"), lambda: replace(gave_back(), before=None)),
    "not asked afterwards": (("undetermined", "not-asked"), lambda: replace(gave_back(), after=None)),
}


@pytest.mark.parametrize("what", DOUBTFUL)
def test_what_a_disk_gave_back_is_believed_only_where_it_is_borne_out(what: str) -> None:
    wanted, said = DOUBTFUL[what]
    assert verdict(said()) == wanted


def test_what_an_earlier_job_of_this_visit_had_given_back_counts_for_the_next() -> None:
    only_told = Erase(disks=(replace(ORDER.disks[0], hidden="report"),))
    assert verdict(gave_back(), only_told) == ("erased", "")


def test_a_disk_that_keeps_what_it_hides_is_not_erased_and_its_own_sentence_stays() -> None:
    refused = Problem("hidden-area-kept", {"disk": "SSD", "hidden": "1.1 MB"})
    kept = GivenBack(
        visible=SHOWN // 512, native=WHOLE // 512, real="not-told", orders=(replace(TOOK, accepted="no"),), size=SHOWN
    )
    said = Erasure(disk=SSD.id, evidence=Overwritten(), verdict="not-erased", problem=refused, given_back=kept)
    assert verdict(said) == ("not-erased", "hidden-area-kept")


def test_what_was_tried_about_a_frozen_disk_stays_with_its_proof_and_proves_nothing() -> None:
    thawing = Thawing(tried=True, thawed=True, slept=5.0)
    whole = Erase(disks=(replace(ORDER.disks[0], hidden="report"),), thaw=True)
    said = replace(erasure(SSD), thawing=thawing)
    assert verdict(said, whole) == ("erased", "")
    frozen = Problem("erase-frozen", {"disk": "SSD"})
    still = replace(said, evidence=Overwritten(), verdict="not-erased", problem=frozen)
    assert verdict(still, whole) == ("not-erased", "erase-frozen")
    assert verdict(replace(still, verdict="erased", problem=None), whole)[0] == "undetermined"


@pytest.mark.parametrize(
    ("options", "thaw", "hidden"),
    [("", True, "remove"), ("frozen: leave", False, "remove"), ("hidden: report", True, "report")],
)
def test_the_order_says_what_the_profile_wants_of_frozen_disks_and_hidden_areas(
    options: str, thaw: bool, hidden: str
) -> None:
    profile = parse_profile(f"{PROFILE}options: {{erase: {{{options}}}}}", source="wipe.yaml")
    order = STAGES["erase"].order(replace(job(SSD, HDD, stages=profile.stages), profile=profile))
    assert isinstance(order, Erase)
    assert order.thaw == thaw
    assert {one.hidden for one in order.disks} == {hidden}
