"""A job whose master is a Windows: what it cannot be made is known before the erase, and what is ordered of it."""

import pytest
from msgspec.structs import replace

from netboot.imaging import Blocked, Run, next_stage
from netboot.jobs.job import Job, MasterNeeds
from netboot.jobs.stages.customise import RULES
from netboot.shared.accounts import User
from netboot.shared.problems import Problem
from netboot.shared.stages.customise import Customise
from netboot.shared.system_settings import SystemSettings
from netboot.shared.windows import READY, Windows
from tests.jobs.conftest import MASTER, SSD, done, job
from tests.orders import overwriting

ELEVEN = Windows(partition=3, state=READY, architecture="amd64", panther="Windows/Panther", answers=())
WINDOWS = replace(MASTER, name="windows", windows=ELEVEN)
INSTALLED = replace(WINDOWS, not_customisable="IMAGE_STATE_COMPLETE")
LONG = "a-school-in-a-town-1"


def running(master: MasterNeeds = WINDOWS, hostname: str = "pc-1", **settings: object) -> Job:
    """Checked, and about to be erased."""
    plain = job(SSD, master=master, hostname=hostname)
    return done(replace(plain, profile=replace(plain.profile, **settings)), "check")


@pytest.mark.parametrize(
    ("the_job", "problem"),
    [
        (running(INSTALLED), Problem("windows-fixed", {"master": "windows", "why": "IMAGE_STATE_COMPLETE"})),
        (
            running(customise=SystemSettings(users=(User(name="eleve", groups=("audio",)),))),
            Problem("windows-settings", {"master": "windows", "what": "users: eleve, group audio"}),
        ),
        (
            running(hostname="eleve", customise=SystemSettings(users=(User(name="eleve"),))),
            Problem("windows-settings", {"master": "windows", "what": "hostname: eleve"}),
        ),
        (running(hostname=LONG), Problem("windows-settings", {"master": "windows", "what": f"hostname: {LONG}"})),
    ],
)
def test_what_a_windows_cannot_be_made_is_known_before_the_erase(the_job: Job, problem: Problem) -> None:
    assert next_stage(the_job) == Blocked("erase", problem)


@pytest.mark.parametrize(
    "the_job", [running(), running(INSTALLED, customise="none"), running(hostname=LONG, customise="none")]
)
def test_one_that_is_ready_or_may_stay_as_it_is_goes_on(the_job: Job) -> None:
    assert next_stage(the_job) == Run(overwriting(SSD))


def test_it_is_ordered_with_its_answer_file() -> None:
    order = RULES.order(running(customise=SystemSettings(timezone="Europe/Paris")))
    assert isinstance(order, Customise)
    assert order.answer_file is not None
    assert order.answer_file.path == "Windows/Panther/unattend.xml"
    assert "<ComputerName>pc-1</ComputerName>" in order.answer_file.text
    assert "<TimeZone>Romance Standard Time</TimeZone>" in order.answer_file.text


@pytest.mark.parametrize("the_job", [running(customise="none"), running(MASTER)])
def test_one_that_stays_as_it_is_and_a_linux_get_none(the_job: Job) -> None:
    order = RULES.order(the_job)
    assert isinstance(order, Customise)
    assert order.answer_file is None
