"""Which method a disk is erased by: what its profile wants, what it can have, and what happens between the two."""

from dataclasses import replace as with_rules
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.erase_methods import METHODS
from netboot.jobs.erase_policy import Methods, erase_forbids, orders_for
from netboot.jobs.evidence import judge
from netboot.jobs.job import Job
from netboot.jobs.profile import Profile
from netboot.jobs.profiles import parse_profile
from netboot.jobs.stages.rules import Known
from netboot.shared.erase_methods import Method
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk, label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import LEVELS, Erase, EraseOptions, EraseResult
from tests.jobs.conftest import HDD, SSD, done, erasure, job

STOP = EraseOptions(level="purge", otherwise="stop")
LOWER = EraseOptions(level="purge", otherwise="lower")
FILE = """
id: wipe
name: {fr: Effacer, en: Erase}
stages: [check, erase, finish]
"""


def wiping(*disks: Disk, options: str = "") -> Job:
    """A job of a profile as its file has it, whose PC was checked."""
    profile = parse_profile(f"{FILE}{options}", source="wipe.yaml")
    return done(replace(job(*disks, stages=profile.stages), profile=profile), "check")


def test_a_level_that_no_method_reaches_stops_the_job_before_anything_is_written() -> None:
    following = next_stage(wiping(SSD, HDD, options="options: {erase: {level: purge}}"))
    assert isinstance(following, Blocked)
    assert following.stage == "erase"
    assert following.problem == Problem(
        "erase-level", {"disk": f"{label(SSD)}, {label(HDD)}", "wanted": "purge", "level": "clear"}
    )
    assert "Purge, which the disk SSD S1 16.0 GB, HDD H1" in following.problem.sentence("en")
    assert "au mieux Clear" in following.problem.sentence("fr")


def test_one_that_the_profile_lowers_is_erased_and_the_evidence_says_so() -> None:
    following = next_stage(wiping(SSD, HDD, options="options: {erase: {level: purge, otherwise: lower}}"))
    assert isinstance(following, Run)
    assert isinstance(following.stage, Erase)
    assert [(one.method, one.level, one.wanted) for one in following.stage.disks] == [
        ("overwrite", "clear", "purge")
    ] * 2
    said = EraseResult(erasures=(erasure(SSD), erasure(HDD)))
    record = judge(following.stage, "done", None, said, known=Known(disks=(SSD, HDD)))
    assert record.state == "done"
    assert isinstance(record.result, EraseResult)
    assert [(one.level, one.wanted, one.lowered) for one in record.result.erasures] == [("clear", "purge", True)] * 2


def test_what_was_not_erased_was_not_lowered() -> None:
    assert not replace(erasure(SSD, "not-erased"), wanted="purge").lowered
    assert not erasure(SSD).lowered


@pytest.mark.parametrize("options", ["", "options: {erase: {}}", "options: {erase: {level: clear, otherwise: lower}}"])
def test_what_no_profile_asks_for_is_as_it_was(options: str) -> None:
    following = next_stage(wiping(SSD, HDD, options=options))
    assert isinstance(following, Run)
    assert isinstance(following.stage, Erase)
    assert [(one.disk, one.method) for one in following.stage.disks] == [(SSD.id, "overwrite"), (HDD.id, "overwrite")]


def test_the_page_is_told_before_a_person_chooses() -> None:
    purge, clear = (
        wiping(SSD, options=f"options: {{erase: {{level: {level}}}}}").profile for level in ("purge", "clear")
    )
    assert erase_forbids(purge, (SSD,)) == Problem(
        "erase-level", {"disk": label(SSD), "wanted": "purge", "level": "clear"}
    )
    assert erase_forbids(clear, (SSD,)) is None
    look = Profile(id="look", name={"fr": "Voir", "en": "Look"}, stages=("check", "finish"))
    protected = replace(SSD, read_only=True)
    assert erase_forbids(look, (protected,)) is None
    assert erase_forbids(clear, (protected,)) is not None


@pytest.mark.parametrize(
    "options", ["{level: none}", "{level: destroy}", "{otherwise: ask}", "{lvel: purge}", "{level: 1}"]
)
def test_a_profile_that_asks_for_what_there_is_not_is_refused(options: str) -> None:
    with pytest.raises(NetbootError, match="options"):
        parse_profile(f"{FILE}options: {{erase: {options}}}", source="wipe.yaml")


# ── with a second method, which purges what turns ───────────────────────────────────────────────────────────────────

PURGES = cast(Method, "another")
TWO: Methods = {
    **METHODS,
    PURGES: with_rules(
        METHODS["overwrite"],
        suits=lambda disk: disk.ata,
        levels={"magnetic": "purge", "flash": "clear", "not-told": "none"},
    ),
}
TURNS = replace(HDD, ata=True)


def test_the_first_method_that_reaches_the_level_is_taken() -> None:
    clear = orders_for((SSD, TURNS), EraseOptions(), methods=TWO)
    assert not isinstance(clear, Problem)
    assert [one.method for one in clear] == ["overwrite", "overwrite"]
    purge = orders_for((TURNS,), STOP, methods=TWO)
    assert not isinstance(purge, Problem)
    assert [(one.method, one.level) for one in purge] == [(PURGES, "purge")]


def test_each_disk_gets_what_it_can_have() -> None:
    lowered = orders_for((SSD, TURNS), LOWER, methods=TWO)
    assert not isinstance(lowered, Problem)
    assert [(one.method, one.level) for one in lowered] == [("overwrite", "clear"), (PURGES, "purge")]
    stopped = orders_for((SSD, TURNS), STOP, methods=TWO)
    assert stopped == Problem("erase-level", {"disk": label(SSD), "wanted": "purge", "level": "clear"})


def test_of_several_that_cannot_have_it_all_are_named_and_the_least_is_told() -> None:
    protected = replace(HDD, read_only=True)
    for disks in ((SSD, protected), (protected, SSD)):
        names = ", ".join(label(disk) for disk in disks)
        assert orders_for(disks, STOP) == Problem("erase-level", {"disk": names, "wanted": "purge", "level": "none"})
    many = orders_for([replace(SSD, model="M" * 70)] * 10, STOP)
    assert isinstance(many, Problem)
    assert len(many.values["disk"]) == 400


def test_a_method_that_does_not_suit_keeps_none_behind_it_from_being_taken() -> None:
    first = {PURGES: TWO[PURGES], **METHODS}
    orders = orders_for((SSD,), EraseOptions(), methods=first)
    assert not isinstance(orders, Problem)
    assert [one.method for one in orders] == ["overwrite"]


@given(
    st.lists(
        st.builds(
            lambda rotational, ata, transport, read_only: replace(
                SSD, rotational=rotational, ata=ata, transport=transport, read_only=read_only
            ),
            st.booleans(), st.booleans(), st.sampled_from(["sata", "nvme", "usb", ""]), st.booleans(),
        ),
        max_size=4,
    ),
    st.builds(EraseOptions, level=st.sampled_from(["clear", "purge"]), otherwise=st.sampled_from(["stop", "lower"])),
    st.sampled_from([METHODS, TWO]),
)  # fmt: skip
def test_no_disk_is_left_out_and_none_gets_less_than_it_may(
    disks: list[Disk], options: EraseOptions, methods: Methods
) -> None:
    orders = orders_for(disks, options, methods=methods)
    if isinstance(orders, Problem):
        assert options.otherwise == "stop" or any(disk.read_only for disk in disks), "there is a method for each"
        return
    assert [one.disk for one in orders] == [disk.id for disk in disks]
    for one in orders:
        assert one.wanted == options.level
        assert one.level != "none"
        if options.otherwise == "stop":
            assert LEVELS.index(one.level) >= LEVELS.index(options.level)
