"""What a profile has grow: judged before the erase, and what it means for the room that the root will have."""

from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.job import Job, NamedGrowth, needed_by
from netboot.jobs.target import kept_whole, master_forbids
from netboot.shared.problems import Problem
from tests.jobs.conftest import ALL, MASTER, SSD, done, job, profile


def growing(named: int | str, growths: tuple[NamedGrowth, ...]) -> Job:
    chosen = job(SSD, master=replace(MASTER, grows_from=5, grows_at=6, grows_most=7, growths=growths))
    return replace(chosen, profile=replace(chosen.profile, options={"deploy": {"grow": named}}))


def test_what_a_profile_names_and_cannot_grow_is_refused_before_the_erase() -> None:
    growths = (NamedGrowth(named=2), NamedGrowth(named=3, obstacle="behind 4"), NamedGrowth(named="vg/home"))
    cases = ((2, ""), (3, "behind 4"), (5, "missing"), ("vg/home", ""), ("vg/root", "missing"))
    for named, obstacle in cases:
        asking = growing(named, growths)
        values = {"master": "debian", "grow": str(named), "obstacle": obstacle}
        problem = Problem("master-grow", values) if obstacle else None
        assert master_forbids(asking.profile, asking.master) == problem
        assert master_forbids(asking.profile, needed_by(asking.profile, asking.master)) == problem
        step = next_stage(done(asking, "check"))
        assert step == Blocked("erase", problem) if problem else isinstance(step, Run)
    behind = Problem("master-grow", {"master": "debian", "grow": "vg/root", "obstacle": "behind 4"})
    assert "volume vg/root cannot" in behind.sentence("en")
    assert ": what is behind it (partition 4) is not moved." in behind.sentence("en")
    assert "le volume vg/root ne peut" in behind.sentence("fr")
    assert ": ce qui suit (la partition 4) ne se déplace pas." in behind.sentence("fr")
    assert ": odd." in Problem("master-grow", {"obstacle": "odd"}).sentence("en")


def test_no_smaller_version_is_made_of_a_master_of_which_a_profile_names_what_grows() -> None:
    plain = profile(*ALL)
    assert kept_whole([plain]) == frozenset()
    assert kept_whole([plain, replace(plain, options={"deploy": {"grow": 2}})]) == {plain.master}


def test_a_job_keeps_how_the_root_grows_where_its_profile_has_another_partition_grow() -> None:
    home, root = NamedGrowth(named=2), NamedGrowth(named=3, grows_from=8, grows_at=9)
    for named, kept in ((2, (0, 0, None, (home,))), (3, (8, 9, None, (root,)))):
        asking = growing(named, (home, root))
        master = needed_by(asking.profile, asking.master)
        assert master is not None
        assert (master.grows_from, master.grows_at, master.grows_most, master.growths) == kept
    plain = needed_by(profile(*ALL), asking.master)
    assert plain == replace(MASTER, grows_from=5, grows_at=6, grows_most=7)
