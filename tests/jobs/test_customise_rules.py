"""Customising as the server orders it: for the disk that got the master, with this PC's name."""

from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer
from netboot.jobs.job import NamedGrowth
from netboot.jobs.stages.customise import RULES
from netboot.jobs.stages.rules import Line
from netboot.shared.accounts import FoundAccount
from netboot.shared.inventory import System
from netboot.shared.placed_files import PlacedFile, Script
from netboot.shared.problems import Problem
from netboot.shared.stages.customise import Customise, CustomiseResult, Forgotten, Found
from netboot.shared.system_settings import SystemSettings
from tests.customised import customised
from tests.jobs.conftest import HDD, MANIFEST, MASTER, SSD, job
from tests.jobs.test_customise_evidence import ANSWERED, ANSWERS

ORDER = Customise(manifest=MANIFEST, target=SSD.id, hostname="pc-1")


def test_the_disk_that_got_the_master_is_customised_with_the_pcs_name() -> None:
    assert RULES.order(job(SSD, HDD)) == ORDER
    assert RULES.order(job(SSD, HDD, target=HDD.id)) == replace(ORDER, target=HDD.id)
    assert RULES.order(job(SSD, master=None)) == Problem("master-missing", {"master": "debian"})


def test_the_agent_is_told_of_a_disk_that_only_a_persons_word_makes_the_pcs_own() -> None:
    belongs = (Answer(kind="belongs", disk=SSD.id),)
    assert RULES.order(job(replace(SSD, removable=True), answers=belongs)) == replace(ORDER, answered=(SSD.id,))


def test_a_system_of_another_name_than_was_ordered_is_not_this_pcs() -> None:
    named = customised("pc-2")
    assert RULES.unproven(ORDER, named) == Problem("agent-error", {"error": "customise: no evidence"})
    assert RULES.unproven(ORDER, customised("pc-1")) is None


def test_a_system_that_may_stay_as_it_is_is_ordered_so_and_nothing_in_it_is_changed() -> None:
    running = job(SSD)
    allowed = replace(running, profile=replace(running.profile, customise="none"))
    order = replace(ORDER, as_is=True)
    assert RULES.order(allowed) == order
    left = CustomiseResult(hostname="pc-1", as_is=True)
    assert RULES.unproven(order, left) is None
    assert RULES.unproven(order, customised("pc-1")) == Problem("agent-error", {"error": "customise: no evidence"})
    assert RULES.unproven(ORDER, left) == Problem("agent-error", {"error": "customise: no evidence"})
    done = customised("pc-1")
    for changes in (
        {"changed": done.changed}, {"found": done.found}, {"forgotten": done.forgotten}, {"own": done.own},
        {"accounts": (FoundAccount(name="eleve", uid=1000),)},
    ):  # fmt: skip
        told = RULES.unproven(order, replace(left, **changes))
        assert told is not None
        assert told.technical == "error: the evidence: the system was to stay as it is"
    assert RULES.shown is not None
    assert RULES.shown(left, "en") == (Line(Problem("system-as-is").sentence("en")),)


def test_what_the_profile_has_grow_is_ordered() -> None:
    running = job(SSD, master=replace(MASTER, growths=(NamedGrowth(named=2),)))
    growing = replace(running, profile=replace(running.profile, options={"deploy": {"grow": 2}}))
    assert RULES.order(growing) == replace(ORDER, grow=2)


def test_what_the_profile_sets_of_the_system_is_ordered() -> None:
    french = SystemSettings(timezone="Europe/Paris")
    running = job(SSD)
    assert RULES.order(replace(running, profile=replace(running.profile, customise=french))) == replace(
        ORDER, settings=french
    )


def test_a_file_for_a_model_is_ordered_for_pcs_of_that_model_alone() -> None:
    everybodys, thinkpads = PlacedFile(path="/a"), PlacedFile(path="/b", models=("lenovo ThinkPad*", "Dell Latitude ?"))
    quirk = Script(text="#!/bin/sh", models=("LENOVO ThinkPad T480",))
    settings = SystemSettings(files=(everybodys, thinkpads), scripts=(quirk,))
    running = job(SSD)
    running = replace(running, profile=replace(running.profile, customise=settings))

    def ordered(maker: str, product: str) -> SystemSettings:
        system = System(manufacturer=maker, product=product)
        order = RULES.order(replace(running, inventory=replace(running.inventory, system=system)))
        assert isinstance(order, Customise)
        return order.settings

    assert ordered("LENOVO", "ThinkPad  T480") == settings
    assert ordered("Lenovo", "ThinkPad X1") == replace(settings, scripts=())
    assert ordered("Dell", "Latitude 5") == replace(settings, scripts=())
    for maker, product in (("Dell", "Latitude 55"), ("Old LENOVO", "ThinkPad T480"), ("", "")):
        assert ordered(maker, product) == SystemSettings(files=(everybodys,))


def test_the_page_says_what_could_not_be_done_although_the_pc_is_ready() -> None:
    warning = Problem("boot-entry", {"error": "no space left"})
    assert RULES.shown is not None
    assert RULES.shown(CustomiseResult(hostname="pc-1"), "en") == ()
    said = CustomiseResult(hostname="pc-1", warning=warning)
    whole = RULES.shown(replace(customised("pc-1"), warning=warning), "en")
    assert [line.text for line in whole] == [
        "Read again from the disk: 6 paths changed in the system; 8 files of the prepared PC taken out or emptied",
        warning.sentence("en"),
    ]
    listed = whole[0].technical.split("; ")
    assert listed[0].startswith("/etc/hostname 0644 ")
    assert len(listed[0].split()[2]) == 16
    assert listed[-1] == "/etc/ssh/ssh_host_dsa_key gone"
    folder = Found(part="users", path="home/eleve", what="folder", mode=0o700)
    assert RULES.shown(customised("pc-1", folder), "fr")[0].technical.endswith("; /home/eleve 0700")
    assert RULES.shown(said, "en") == (Line(warning.sentence("en"), "error: no space left"),)
    assert RULES.shown(said, "fr") == (Line(warning.sentence("fr"), "error: no space left"),)


def test_a_windows_whose_page_files_hold_the_prepared_pcs_memory_is_not_done() -> None:
    kept = replace(ANSWERED, forgotten=(Forgotten(what="swap", files=2, left=1),))
    order = replace(ORDER, answer_file=ANSWERS)
    assert RULES.unproven(order, ANSWERED) is None
    assert RULES.unproven(order, kept) == Problem("identity-shared", {"parts": "swap"})
