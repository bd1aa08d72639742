"""A password of netboot's is taken off a disk: what hdparm is told, once, and what the disk's own words come to.

hdparm answers what it was recorded to answer (`recorded_tools.py`); a disk that takes or refuses a password is one of
the lab's, in whole PCs (`tests/lab/test_drive_passwords.py`).
"""

import pytest

from netboot.agent.erase.password import erase_limit, take_off
from netboot.agent.erase.unlocking import unlock
from netboot.shared.disk_abilities import LONGEST, Announced
from netboot.shared.erase_methods import Method
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase
from tests.agent.recorded_abilities import output, satadom
from tests.agent.recorded_answers import answer
from tests.agent.recorded_tools import RecordedTools

DISK = Disk(name="sdx", id=DiskId(serial="S1", size=10**9), transport="sata")
OURS = "netboot-0123456789abcdef"
ASKED = "hdparm -I /dev/sdx"
LIFTED = f"hdparm --verbose --user-master u --security-disable {OURS} /dev/sdx"
ERASED = f"hdparm --verbose --user-master u --security-erase {OURS} /dev/sdx"
OPEN, SET, LOCKED = satadom(), satadom("enabled"), satadom("enabled", "locked")
EXPIRED = LOCKED.replace("not\texpired", "\texpired")
DONE, REFUSED = answer("handed-security-disable-done"), (answer("handed-security-disable-refused"), 5)


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> RecordedTools:
    return RecordedTools(monkeypatch)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (OPEN, "none"),
        ("", "not-told"),
        (output("ata-of-a-usb-bridge"), "not-told"),
        (output("ata-of-nvme"), "not-told"),
    ],
)
def test_a_disk_without_a_password_or_that_tells_of_none_is_asked_and_left(
    tools: RecordedTools, said: str, found: str
) -> None:
    tools.say("-I", said)
    assert take_off(DISK, OURS, by_erase=True) == found
    assert tools.calls == [ASKED]


def test_a_disk_without_the_security_feature_set_tells_of_no_password(tools: RecordedTools) -> None:
    whole = satadom()
    start, end = whole.index("Security:"), whole.index("Checksum:")
    tools.say("-I", (whole[:start] + whole[end:]).replace("\t    \tSecurity Mode feature set\n", ""))
    assert take_off(DISK, OURS, by_erase=True) == "not-told"
    assert tools.calls == [ASKED]


@pytest.mark.parametrize("before", [SET, LOCKED])
@pytest.mark.parametrize("by_erase", [False, True])
def test_what_the_disk_says_after_it_was_told_counts_whatever_hdparm_said(
    tools: RecordedTools, before: str, by_erase: bool
) -> None:
    tools.say("-I", before, OPEN)
    tools.say("--security-disable", REFUSED)
    assert take_off(DISK, OURS, by_erase=by_erase) == "gone"
    assert tools.calls == [ASKED, LIFTED, ASKED]


@pytest.mark.parametrize(
    ("before", "told", "found"),
    [
        (SET, REFUSED, "foreign"),
        (SET, DONE, "foreign"),
        (LOCKED, REFUSED, "locked"),
        (LOCKED, DONE, "untried"),
        (LOCKED, "", "untried"),
        (LOCKED, (answer("ata-locked-disable"), 0), "locked"),
    ],
)
def test_a_password_that_stays_is_another_s_where_the_disk_refused_it(
    tools: RecordedTools, before: str, told: str | tuple[str, int], found: str
) -> None:
    """hdparm's exit status is 0 of a refusal as well: what went over the cable counts."""
    tools.say("-I", before)
    tools.say("--security-disable", told)
    assert take_off(DISK, OURS) == found
    assert tools.calls == [ASKED, LIFTED, ASKED], "and it is tried once, whatever comes of it"


def test_a_disk_that_says_nothing_afterwards_is_not_taken_for_free(tools: RecordedTools) -> None:
    tools.say("-I", LOCKED, "")
    tools.say("--security-disable", DONE)
    assert take_off(DISK, OURS) == "untried"


@pytest.mark.parametrize(
    ("before", "password"),
    [
        (LOCKED, ""),
        (LOCKED, "x" * 33),
        (satadom("enabled", "locked", "frozen"), OURS),
        (EXPIRED, OURS),
    ],
)
def test_no_password_is_tried_that_the_disk_could_not_take_now(
    tools: RecordedTools, before: str, password: str
) -> None:
    tools.say("-I", before)
    assert take_off(DISK, password, by_erase=True) == "untried"
    assert tools.calls == [ASKED]


def test_a_password_is_as_long_as_ata_lets_it_be(tools: RecordedTools) -> None:
    tools.say("-I", LOCKED, OPEN)
    tools.say("--security-disable", DONE)
    assert take_off(DISK, "x" * 32) == "gone"


def test_a_locked_disk_that_takes_no_unlocking_is_erased_once_more_where_the_order_allows_it(
    tools: RecordedTools,
) -> None:
    tools.say("-I", LOCKED, LOCKED, OPEN)
    tools.say("--security-disable", REFUSED)
    tools.say("--security-erase", answer("handed-security-erase-idle"))
    assert take_off(DISK, OURS, by_erase=True) == "gone"
    assert tools.calls == [ASKED, LIFTED, ASKED, ERASED, ASKED]
    assert tools.limits[3] == 2 * 24 * 60 + 600


def test_without_that_leave_it_is_not_erased(tools: RecordedTools) -> None:
    tools.say("-I", LOCKED)
    tools.say("--security-disable", REFUSED)
    assert take_off(DISK, OURS) == "locked"
    assert tools.calls == [ASKED, LIFTED, ASKED]


def test_one_whose_data_can_be_read_is_never_erased_for_its_password(tools: RecordedTools) -> None:
    tools.say("-I", SET)
    tools.say("--security-disable", REFUSED)
    assert take_off(DISK, OURS, by_erase=True) == "foreign"
    assert tools.calls == [ASKED, LIFTED, ASKED]


def test_a_disk_that_stays_locked_after_that_erase_is_told_as_locked(tools: RecordedTools) -> None:
    tools.say("-I", LOCKED)
    tools.say("--security-disable", REFUSED)
    tools.say("--security-erase", (answer("handed-security-erase-aborted"), 5))
    assert take_off(DISK, OURS, by_erase=True) == "locked"
    assert tools.calls == [ASKED, LIFTED, ASKED, ERASED, ASKED]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (None, 12 * 3600),
        (Announced(seconds=508 * 60, or_longer=True), 12 * 3600),
        (Announced(seconds=120), 840),
        (Announced(seconds=0), 600),
        (Announced(seconds=LONGEST), 2 * LONGEST + 600),
        # The most that ATA can tell (ACS-4, IDENTIFY DEVICE word 89, the longer form): 45 days.
        (Announced(seconds=65_532 * 60), 2 * LONGEST + 600),
    ],
)
def test_an_erase_is_given_up_after_twice_its_time_and_ten_minutes(told: Announced | None, seconds: int) -> None:
    assert erase_limit(told) == seconds


# ── before the disks of an order are erased ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("methods", "erased"), [(("overwrite",), False), (("overwrite", "ata-erase"), True)])
def test_a_locked_disk_is_erased_for_its_password_only_where_it_may_be_erased_so(
    tools: RecordedTools, methods: tuple[Method, ...], erased: bool
) -> None:
    tools.say("-I", LOCKED)
    tools.say("--security-disable", REFUSED)
    tools.say("--security-erase", answer("handed-security-erase-idle"))
    order = DiskErase(disk=DISK.id, method=methods[0], instead=methods[1:], password=OURS)
    assert unlock(order, DISK) == "locked"
    assert (ERASED in tools.calls) == erased


def test_a_disk_of_which_no_password_is_known_is_not_asked(tools: RecordedTools) -> None:
    tools.say("-I", LOCKED)
    assert unlock(DiskErase(disk=DISK.id, method="ata-erase"), DISK) == "none"
    assert tools.calls == []
