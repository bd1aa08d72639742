"""Which method a disk is erased by: what its profile wants, what it can have, and what happens between the two."""

import re
from dataclasses import replace as with_rules
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.drive_password import password_of
from netboot.jobs.erase_methods import METHODS
from netboot.jobs.erase_policy import Methods, erase_forbids, orders_for
from netboot.jobs.evidence import judge
from netboot.jobs.job import Job
from netboot.jobs.profile import Profile
from netboot.jobs.profiles import parse_profile
from netboot.jobs.stages.rules import Known
from netboot.shared.disk_abilities import Abilities, AtaSanitize, AtaSecurity, NvmeFormat, NvmeSanitize
from netboot.shared.erase_methods import Method
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import Disk, DiskId, label
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import LEVELS, Erase, EraseOptions, EraseResult
from tests.jobs.conftest import HDD, SSD, done, erasure, job

STOP = EraseOptions(level="purge", otherwise="stop")
LOWER = EraseOptions(level="purge", otherwise="next")
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
    following = next_stage(wiping(SSD, HDD, options="options: {erase: {level: purge, otherwise: next}}"))
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


@pytest.mark.parametrize("options", ["", "options: {erase: {}}", "options: {erase: {level: clear, otherwise: next}}"])
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


@pytest.mark.parametrize("level", ["any", "clear"])
def test_a_method_that_reaches_no_level_is_never_taken_however_little_is_wanted(level: str) -> None:
    options = replace(EraseOptions(otherwise="next"), level=level)
    nobody_tells = replace(HDD, rotational=True, transport="virtio")
    either = {**METHODS, PURGES: with_rules(TWO[PURGES], suits=lambda _: True)}
    orders = orders_for((nobody_tells,), options, methods=either)
    assert not isinstance(orders, Problem)
    assert orders[0].methods == ("overwrite",)
    assert orders_for((nobody_tells,), options, methods={PURGES: either[PURGES]}) == Problem(
        "erase-level", {"disk": label(HDD), "wanted": orders[0].wanted, "level": "none"}
    )


def test_a_profile_that_names_no_level_says_of_a_method_that_suits_no_disk_just_that() -> None:
    for by in (
        EraseOptions(by="nvme-format-crypto", level="any"),
        EraseOptions(by="ata-erase", level="any", otherwise="take-out"),
    ):
        problem = orders_for((SSD,), by)
        assert isinstance(problem, Problem)
        french, english = problem.sentence("fr"), problem.sentence("en")
        assert "un effacement, quel qu'en soit le niveau" in french
        assert "aucune des méthodes que ce profil permet ne lui convient" in french
        assert "an erasure of whatever level" in english
        assert "none of the methods that this profile allows suits it" in english
        for said in (french, english):
            assert not re.search(r"niveau aucun|mieux aucun|level none|none at best", said)


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
    st.lists( st.builds( lambda rotational, ata, transport, read_only: replace( SSD, rotational=rotational, ata=ata,
    transport=transport, read_only=read_only ), st.booleans(), st.booleans(), st.sampled_from(["sata", "nvme", "usb",
    ""]), st.booleans(), ), max_size=4, ), st.builds(EraseOptions, level=st.sampled_from(["clear", "purge"]),
    otherwise=st.sampled_from(["stop", "next", "take-out"])), st.sampled_from([METHODS, TWO]),
)  # fmt: skip
def test_no_disk_is_left_out_and_none_gets_less_than_it_may(
    disks: list[Disk], options: EraseOptions, methods: Methods
) -> None:
    orders = orders_for(disks, options, methods=methods)
    if isinstance(orders, Problem):
        assert options.otherwise != "next" or any(disk.read_only for disk in disks), "there is a method for each"
        return
    assert [one.disk for one in orders] == [disk.id for disk in disks]
    for one in orders:
        assert one.wanted == options.level
        assert one.level != "none"
        if options.otherwise != "next":
            assert LEVELS.index(one.level) >= LEVELS.index(options.level)


# ── drives that erase themselves ────────────────────────────────────────────────────────────────────────────────────

ALL_NVME = Abilities(
    nvme_format=NvmeFormat(supported=True, crypto=True),
    nvme_sanitize=NvmeSanitize(crypto=True, block=True, overwrite=True),
)
NVME = Disk(name="nvme0n1", id=DiskId(serial="N1", size=256 * 10**9), transport="nvme", can=ALL_NVME)
SECOND = replace(NVME, name="nvme0n2", id=DiskId(serial="N1", wwn="0x2", size=10**9))


def methods_for(disk: Disk, options: EraseOptions = EraseOptions(), *beside: Disk) -> tuple[str, ...] | str:  # noqa: B008
    """The methods that are ordered, the first to take first; or the problem's code."""
    orders = orders_for((disk,), options, beside=(disk, *beside))
    return orders.code if isinstance(orders, Problem) else orders[0].methods


def test_an_ssd_erases_its_blocks_itself_and_the_other_methods_stand_behind() -> None:
    assert methods_for(NVME) == (
        "nvme-sanitize-block", "nvme-sanitize-crypto", "nvme-format", "nvme-format-crypto", "nvme-sanitize-overwrite",
        "overwrite",
    )  # fmt: skip
    assert methods_for(NVME, STOP) == ("nvme-sanitize-block", "nvme-sanitize-crypto")
    assert methods_for(NVME, LOWER) == methods_for(NVME)
    assert methods_for(NVME, EraseOptions(level="any")) == methods_for(NVME)


def test_what_a_drive_did_not_tell_that_it_can_is_not_ordered() -> None:
    for can in (Abilities(), Abilities(nvme_sanitize=NvmeSanitize(), nvme_format=NvmeFormat(supported=False))):
        assert methods_for(replace(NVME, can=can)) == ("overwrite",)
    only_format = Abilities(nvme_format=NvmeFormat(supported=True))
    assert methods_for(replace(NVME, can=only_format)) == ("nvme-format", "overwrite")
    assert methods_for(replace(NVME, transport="usb")) == ("overwrite",), "a bridge is not the drive"
    assert methods_for(replace(NVME, read_only=True)) == "erase-level"


def test_what_turns_is_overwritten_where_that_is_enough() -> None:
    turns = replace(NVME, rotational=True, transport="nvme")
    assert methods_for(turns)[0] == "overwrite"


@pytest.mark.parametrize("other", [SECOND, replace(SECOND, removable=True), replace(SECOND, name="nvme0c1n2")])
def test_no_drive_is_told_to_erase_itself_while_another_disk_of_it_is_there(other: Disk) -> None:
    assert methods_for(NVME, EraseOptions(), other) == ("overwrite",)
    both = orders_for((NVME, SECOND), EraseOptions(), beside=(NVME, SECOND))
    assert not isinstance(both, Problem)
    assert [one.methods for one in both] == [("overwrite",)] * 2, "nor when both are to be erased: one would be cut off"
    assert methods_for(NVME, STOP, other) == "erase-level"


def test_another_drive_beside_is_nobodys_concern() -> None:
    assert methods_for(NVME, EraseOptions(), replace(SECOND, name="nvme1n1"))[0] == "nvme-sanitize-block"
    assert methods_for(NVME, EraseOptions(), SSD, HDD)[0] == "nvme-sanitize-block"


def test_a_disk_that_is_to_be_taken_out_stops_the_job_with_what_to_do() -> None:
    problem = orders_for((SSD,), EraseOptions(level="purge", otherwise="take-out"))
    assert problem == Problem("erase-take-out", {"disk": label(SSD), "wanted": "purge", "level": "clear"})


def test_a_profile_that_wants_an_overwrite_gets_no_other_method() -> None:
    assert methods_for(NVME, EraseOptions(by="overwrite")) == ("overwrite",)
    assert methods_for(NVME, EraseOptions(by="overwrite", level="purge")) == "erase-level"
    assert methods_for(NVME, EraseOptions(by="nvme-format-crypto")) == ("nvme-format-crypto",)
    assert methods_for(SSD, EraseOptions(by="nvme-format-crypto")) == "erase-level"


def test_the_order_bears_what_the_profile_sets_beside_the_level() -> None:
    following = next_stage(wiping(NVME, options="options: {erase: {then_overwrite: true, sample: 10}}"))
    assert isinstance(following, Run)
    assert isinstance(following.stage, Erase)
    (one,) = following.stage.disks
    assert (one.method, one.level, one.wanted) == ("nvme-sanitize-block", "purge", "clear")
    assert (one.then_overwrite, one.sample) == (True, 10)


@pytest.mark.parametrize("hidden", ["remove", "report"])
def test_what_a_disk_hides_is_given_back_or_reported_as_the_profile_says(hidden: str) -> None:
    orders = orders_for((NVME, SSD), replace(EraseOptions(), hidden=hidden))
    assert not isinstance(orders, Problem)
    assert [one.hidden for one in orders] == [hidden, hidden]


def test_a_disk_that_is_not_to_be_erased_keeps_its_drive_from_a_sanitize_in_a_whole_job() -> None:
    stick = replace(SECOND, transport="usb")
    following = next_stage(wiping(NVME, stick))
    assert isinstance(following, Run)
    assert isinstance(following.stage, Erase)
    assert [one.methods for one in following.stage.disks] == [("overwrite",)]


# ── ATA ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

SECURITY = AtaSecurity(supported=True, enhanced=True)
SANITIZE = AtaSanitize(supported=True, crypto=True, block=True, overwrite=True)
SATA = replace(SSD, ata=True, can=Abilities(ata_security=SECURITY, ata_sanitize=SANITIZE))


def able(security: AtaSecurity | None = None, sanitize: AtaSanitize | None = None, **disk: Any) -> Disk:
    return replace(SATA, can=Abilities(ata_security=security, ata_sanitize=sanitize), **disk)


def test_a_sata_ssd_erases_itself_by_what_it_has() -> None:
    assert methods_for(SATA) == (
        "ata-sanitize-block", "ata-sanitize-crypto", "ata-erase-enhanced", "ata-erase", "ata-sanitize-overwrite",
        "overwrite",
    )  # fmt: skip
    assert methods_for(SATA, STOP) == ("ata-sanitize-block", "ata-sanitize-crypto")
    assert methods_for(able(SECURITY)) == ("ata-erase-enhanced", "ata-erase", "overwrite")
    assert methods_for(able(replace(SECURITY, enhanced=False))) == ("ata-erase", "overwrite")
    assert methods_for(able(SECURITY), STOP) == "erase-level", "on flash that is Clear by the one text, and so here"


def test_a_frozen_disk_is_ordered_what_it_takes_once_it_is_thawed_unless_it_is_to_be_left_frozen() -> None:
    frozen = able(replace(SECURITY, frozen=True), replace(SANITIZE, state="frozen"))
    leave = EraseOptions(frozen="leave")
    assert methods_for(frozen) == methods_for(SATA)
    assert methods_for(frozen, leave) == ("overwrite",)
    by_password = able(replace(SECURITY, frozen=True), SANITIZE)
    assert methods_for(by_password, leave) == tuple(
        name for name in methods_for(SATA) if name not in ("ata-erase-enhanced", "ata-erase")
    )
    assert methods_for(SATA, leave) == methods_for(SATA)
    assert methods_for(frozen, replace(leave, level="purge")) == "erase-level"


@pytest.mark.parametrize("transport", ["usb", "sas", "scsi", "virtio", ""])
def test_no_ata_command_goes_through_a_bridge_or_an_adapter(transport: str) -> None:
    assert methods_for(replace(SATA, transport=transport)) == ("overwrite",)


def test_what_turns_is_erased_by_its_drive_where_an_overwrite_is_not_enough() -> None:
    turns = replace(SATA, rotational=True, rotation=7200)
    assert methods_for(turns)[0] == "overwrite"
    assert methods_for(turns, STOP) == ("ata-sanitize-crypto", "ata-erase-enhanced", "ata-sanitize-overwrite")
    assert methods_for(replace(turns, rotation=0)) == ("overwrite",), "it may be old flash"
    assert methods_for(replace(turns, rotation=0), STOP) == "erase-level"


def test_the_order_of_an_ata_disk_carries_its_password_and_no_other_does() -> None:
    usb = replace(SATA, transport="usb", built_in=True, said="belongs")
    orders = orders_for((SATA, NVME, usb, able(AtaSecurity(supported=False))), EraseOptions())
    assert not isinstance(orders, Problem)
    assert [one.password for one in orders] == [password_of(SATA), "", "", ""]
    assert password_of(SATA).startswith("netboot-")


def test_a_disk_that_did_not_say_in_time_whether_it_knows_passwords_may_be_locked_by_its_own() -> None:
    orders = orders_for((replace(SATA, can=Abilities()),), EraseOptions())
    assert not isinstance(orders, Problem)
    assert [one.password for one in orders] == [password_of(SATA)]
