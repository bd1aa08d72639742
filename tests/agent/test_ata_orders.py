"""How ATA's SANITIZE and SECURITY ERASE UNIT are ordered by hdparm, and what its answers come to.

hdparm answers what it was recorded to answer (`recorded_tools.py`); the disks that take such orders are the lab's, in
whole PCs (`tests/lab/test_drive_erase.py`).
"""

import pytest
from msgspec.structs import replace

from netboot.agent.erase.firmware.ata import AtaSanitize, AtaSecurityErase, is_locked, says_its_serial
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.shared.disk_ports import on_own_port
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase
from tests.agent.recorded_abilities import output, satadom
from tests.agent.recorded_answers import answer
from tests.agent.recorded_tools import Answer, RecordedTools

DISK = Disk(name="sdx", id=DiskId(serial="214031A57D1D", size=10**9), transport="sata")
OURS = "netboot-0123456789abcdef"
ORDER = DiskErase(disk=DISK.id, method="ata-erase", password=OURS)
ASKED = "hdparm -I /dev/sdx"
USER = "hdparm --verbose --user-master u"
SET = f"{USER} --security-set-pass {OURS} /dev/sdx"
ERASE = f"{USER} --security-erase {OURS} /dev/sdx"
ENHANCED = f"{USER} --security-erase-enhanced {OURS} /dev/sdx"
LIFT = f"{USER} --security-disable {OURS} /dev/sdx"
SHOWN = f"{USER} --security-erase PASSWORD /dev/sdx"
FREE, WITH_ENHANCED = satadom(), satadom("enhanced_erase")
KEPT = satadom("enabled")
MICRON = output("ata-micron-5300")
TOOK = answer("handed-security-set-pass-done")
NORMAL = AtaSecurityErase(enhanced=False)


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> RecordedTools:
    return RecordedTools(monkeypatch)


def with_serial(serial: str) -> Disk:
    return replace(DISK, id=DiskId(serial=serial, size=10**9))


@pytest.mark.parametrize(
    ("transport", "serial", "may"),
    [("sata", "S1", True), ("ata", "S1", True), ("usb", "S1", False), ("sata", "", False)],
)
def test_ata_is_spoken_to_named_disks_on_ports_of_the_pcs_own(transport: str, serial: str, may: bool) -> None:
    disk = replace(with_serial(serial), transport=transport)
    assert on_own_port(disk) == may
    assert AtaSanitize("block").beside(disk) == NORMAL.beside(disk) == (None if may else Beside("?"))


@pytest.mark.parametrize(
    ("serial", "is_it"),
    [("214031A57D1D", True), ("2140 31A5_7D1D", True), ("214031A57D1", False), ("", False), ("214031a57d1d", False)],
)
def test_a_disk_is_known_by_its_serial_number_whatever_fills_it_up(
    tools: RecordedTools, serial: str, is_it: bool
) -> None:
    tools.say("-I", MICRON)
    assert says_its_serial(with_serial(serial)) == NORMAL.is_this(with_serial(serial)) == is_it
    assert set(tools.calls) == {ASKED}


@pytest.mark.parametrize(
    ("said", "known", "is_it"),
    [
        ("2140/31A5.7D1D", "2140_31A5.7D1D", True),
        ("2140/31A5\xb57D1D", "2140_31A5_7D1D", True),
        ("2140/31A5.7D1E", "2140_31A5.7D1D", False),
        ("////", "____", False),
        ("////", "", False),
    ],
)
def test_what_udev_writes_otherwise_makes_no_other_disk_and_signs_alone_are_no_number(
    tools: RecordedTools, said: str, known: str, is_it: bool
) -> None:
    """udev (systemd, udev_replace_chars) has "_" for what may not stand in a device's name."""
    tools.say("-I", MICRON.replace("214031A57D1D", said))
    assert says_its_serial(with_serial(known)) == is_it


@pytest.mark.parametrize("said", ["", MICRON + "\tSerial Number:      214031A57D1D\n", (MICRON, 5), None])
def test_a_disk_that_says_no_serial_number_or_two_is_none(tools: RecordedTools, said: Answer) -> None:
    tools.say("-I", said)
    assert not says_its_serial(DISK)


def test_a_disk_is_locked_when_it_says_so(tools: RecordedTools) -> None:
    tools.say("-I", satadom("enabled", "locked"), KEPT, "")
    assert [is_locked(DISK) for _ in range(3)] == [True, False, False]
    assert tools.calls == [ASKED] * 3


def test_the_tool_is_told_by_its_own_words(tools: RecordedTools) -> None:
    tools.say("-V", "hdparm v9.65\n", "x" * 300, ("", 1))
    assert [NORMAL.version() for _ in range(3)] == ["hdparm v9.65", "x" * 200, ""]
    assert tools.calls[0] == "hdparm -V"
    assert NORMAL.tool == "hdparm"


@pytest.mark.parametrize(
    ("kind", "proof"),
    [
        ("block", Proof(goes_on=True)),
        ("crypto", Proof(goes_on=True, even=False)),
        ("overwrite", Proof(goes_on=True, filled=True)),
    ],
)
def test_each_kind_of_sanitize_has_its_own_proof(kind: str, proof: Proof) -> None:
    assert AtaSanitize(kind).proof == proof
    assert NORMAL.proof == Proof(goes_on=False)


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("handed-status-running", Look("running", 256)),
        ("handed-status-done", Look("done")),
        ("handed-status-idle", Look("idle")),
        ("handed-status-failed", Look("failed")),
        ("handed-status-frozen", Look("idle")),
        ("handed-status-infrozen-words", Look()),
        ("handed-status-none", Look()),
    ],
)
def test_what_a_disk_says_of_its_sanitize_is_read_from_its_registers(
    tools: RecordedTools, name: str, look: Look
) -> None:
    tools.say("--sanitize-status", (answer(name), 5))
    assert AtaSanitize("block").look(DISK) == look
    assert tools.calls == ["hdparm --verbose --sanitize-status /dev/sdx"]


@pytest.mark.parametrize(("kind", "option"), [("block", "block-erase"), ("crypto", "crypto-scramble")])
@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("handed-block-erase-done", "yes"),
        ("handed-block-erase-infrozen", "no"),
        ("handed-block-erase-m600", "no"),
        ("handed-block-erase-none", "not-told"),
    ],
)
def test_a_sanitize_is_ordered_once_and_taken_by_its_registers(
    tools: RecordedTools, kind: str, option: str, name: str, taken: str
) -> None:
    """hdparm's last words and its exit status are the same for each."""
    tools.say(f"--sanitize-{option}", answer(name))
    given = AtaSanitize(kind).order(DISK, ORDER)
    command = f"hdparm --verbose --yes-i-know-what-i-am-doing --sanitize-{option} /dev/sdx"
    assert (given.command, given.accepted, given.pattern, given.dword) == (command, taken, None, None)
    assert tools.calls == [command]
    assert bool(given.said) == (taken == "no")


def test_how_far_a_sanitize_is_is_told_in_thousandths(tools: RecordedTools) -> None:
    """The recorded answer with another progress: 0x8000 of 0x10000."""
    running = answer("handed-status-running")
    assert running.count("00 c2 00 41") == 2
    tools.say("--sanitize-status", running.replace("00 c2 00 41", "00 00 00 80"))
    assert AtaSanitize("block").look(DISK) == Look("running", 500)


def test_an_overwrite_is_of_one_pass_and_of_one_byte_that_is_another_each_time(tools: RecordedTools) -> None:
    tools.say("--sanitize-overwrite-passes", answer("handed-block-erase-done"))
    given = [AtaSanitize("overwrite").order(DISK, ORDER) for _ in range(20)]
    for one in given:
        assert one.pattern is not None
        assert 0 < one.pattern < 0xFF
        assert one.command == (
            "hdparm --verbose --yes-i-know-what-i-am-doing --sanitize-overwrite-passes 1 --sanitize-overwrite "
            f"hex:{one.pattern:02x}{one.pattern:02x}{one.pattern:02x}{one.pattern:02x} /dev/sdx"
        )
        assert one.accepted == "yes"
    assert len({one.pattern for one in given}) > 1


def test_a_security_erase_has_a_time_and_no_other_word(tools: RecordedTools) -> None:
    text = WITH_ENHANCED.replace("24min for SECURITY", "4min for SECURITY", 1)
    tools.say("-I", text)
    assert NORMAL.look(DISK) == Look("idle", announced=4 * 60)
    assert AtaSecurityErase(enhanced=True).look(DISK) == Look("idle", announced=24 * 60)
    assert tools.calls == [ASKED] * 2
    tools.say("-I", text.replace("4min for SECURITY", "more than 508min for SECURITY", 1))
    assert NORMAL.look(DISK) == Look("idle")
    tools.say("-I", output("ata-toshiba-mk4058gsx"))
    assert AtaSecurityErase(enhanced=True).look(DISK) == Look("idle")
    tools.say("-I", "")
    assert NORMAL.look(DISK) == Look()


@pytest.mark.parametrize(("enhanced", "option"), [(False, "--security-erase"), (True, "--security-erase-enhanced")])
def test_a_security_erase_sets_the_password_of_the_order_erases_and_sees_that_it_is_gone(
    tools: RecordedTools, enhanced: bool, option: str
) -> None:
    tools.say("-I", WITH_ENHANCED.replace("24min for SECURITY", "4min for SECURITY", 1), FREE)
    tools.say("--security-set-pass", TOOK)
    tools.say(option, answer("handed-security-erase-idle"))
    given = AtaSecurityErase(enhanced=enhanced).order(DISK, ORDER)
    assert given == Ordered(f"{USER} {option} PASSWORD /dev/sdx", "yes")
    assert tools.calls == [ASKED, SET, ENHANCED if enhanced else ERASE, ASKED]
    assert tools.limits[2] == 600 + 2 * 60 * (24 if enhanced else 4)


@pytest.mark.parametrize(
    ("before", "password", "why"),
    [
        (FREE, "", "no password came with the order"),
        ("", OURS, "the disk does not tell of SECURITY"),
        (satadom("frozen"), OURS, "the disk is frozen"),
        (KEPT, OURS, "a password is set that is not netboot's"),
        (satadom("enabled", "locked"), OURS, "a password is set that is not netboot's"),
        (FREE.replace("not\texpired", "\texpired"), OURS, "a password is set that is not netboot's"),
    ],
)
def test_no_password_is_set_where_the_erase_could_not_follow(
    tools: RecordedTools, before: str, password: str, why: str
) -> None:
    tools.say("-I", before)
    assert NORMAL.order(DISK, replace(ORDER, password=password)) == Ordered(SHOWN, "no", why)
    assert tools.calls == [ASKED]


def test_the_enhanced_erase_is_ordered_only_of_a_disk_that_has_one(tools: RecordedTools) -> None:
    tools.say("-I", FREE)
    given = AtaSecurityErase(enhanced=True).order(DISK, ORDER)
    assert (given.accepted, given.said) == ("no", "the disk has no enhanced erase")
    assert tools.calls == [ASKED]
    tools.say("-I", WITH_ENHANCED)
    tools.say("--security-set-pass", TOOK)
    tools.say("--security-erase", answer("handed-security-erase-idle"))
    assert NORMAL.order(DISK, ORDER).accepted != "no", "one that has it has the normal one too"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((answer("handed-security-set-pass-refused"), 5), "SECURITY_SET_PASS: Input/output error"),
        (
            answer("ata-frozen-set-pass"),
            "SG_IO: bad/missing sense data, sb[]: 70 00 05 00 00 00 00 0a 04 51 60 00 21 04" + " 00" * 14,
        ),
        ("", ""),
    ],
)
def test_nothing_is_erased_where_the_disk_is_not_known_to_have_taken_the_password(
    tools: RecordedTools, told: Answer, said: str
) -> None:
    """It may have taken it: so it is lifted again."""
    tools.say("-I", FREE, KEPT, FREE)
    tools.say("--security-set-pass", told)
    tools.say("--security-disable", answer("handed-security-disable-done"))
    given = NORMAL.order(DISK, ORDER)
    assert given == Ordered(SHOWN, "no", f"no password could be set: {said}")
    assert tools.calls == [ASKED, SET, ASKED, LIFT, ASKED]


def erased_and_kept(tools: RecordedTools, erase: Answer, *later: str) -> Ordered:
    """What comes of an erase after which the disk says that a password is set; `later`: what it says then."""
    tools.say("-I", FREE, *later)
    tools.say("--security-set-pass", TOOK)
    tools.say("--security-erase", erase)
    tools.say("--security-disable", answer("handed-security-disable-done"))
    return NORMAL.order(DISK, ORDER)


ABORTED = answer("handed-security-erase-aborted"), 5
ENDED = answer("handed-security-erase-idle")


def test_a_disk_that_aborted_its_erase_is_freed_and_has_refused(tools: RecordedTools) -> None:
    given = erased_and_kept(tools, ABORTED, KEPT, KEPT, FREE)
    said = "the disk kept its password, which was taken off; SECURITY_ERASE: Input/output error"
    assert given == Ordered(SHOWN, "no", said)
    assert tools.calls == [ASKED, SET, ERASE, ASKED, ASKED, LIFT, ASKED]


@pytest.mark.parametrize("erase", [ENDED, "", None])
def test_a_disk_that_says_it_is_done_and_kept_its_password_is_not_believed(tools: RecordedTools, erase: Answer) -> None:
    given = erased_and_kept(tools, erase, KEPT, KEPT, FREE)
    assert given.accepted == "not-told"
    assert given.said.startswith("the disk kept its password, which was taken off; ")


def test_a_disk_that_keeps_its_password_for_good_is_never_one_that_refused(tools: RecordedTools) -> None:
    given = erased_and_kept(tools, ABORTED, KEPT)
    assert given.accepted == "not-told", "for the next method could not write to it either"
    assert given.said == "the disk kept its password; SECURITY_ERASE: Input/output error"


def test_a_disk_that_says_nothing_after_its_erase_has_not_dropped_its_password(tools: RecordedTools) -> None:
    given = erased_and_kept(tools, ENDED, "", FREE)
    assert given.accepted == "not-told"


def test_an_erase_that_is_not_told_is_not_accepted_though_the_password_is_gone(tools: RecordedTools) -> None:
    given = erased_and_kept(tools, answer("ata-erase-done"), FREE)
    assert given.accepted == "not-told"
    given = erased_and_kept(tools, ABORTED, FREE)
    assert given.accepted == "no"
    given = erased_and_kept(tools, None, FREE)
    assert given.accepted == "not-told"


def test_what_is_kept_of_an_order_is_as_long_as_there_is_room(tools: RecordedTools) -> None:
    complaints = "".join(f"SECURITY_ERASE: {number:040}\n" for number in range(20))
    echo = f"\n/dev/sdx:\n Issuing SECURITY_ERASE command\n{complaints}"
    assert len(erased_and_kept(tools, (echo, 5), KEPT).said) == 256
    tools.say("-I", FREE)
    tools.say("--security-set-pass", (echo, 5))
    assert len(NORMAL.order(DISK, ORDER).said) == 256
    tools.say("--sanitize-block-erase", (echo, 5))
    assert len(AtaSanitize("block").order(DISK, ORDER).said) == 256


def test_what_is_kept_of_an_order_holds_no_password(tools: RecordedTools) -> None:
    echo = f"\n/dev/sdx:\n Issuing SECURITY_ERASE command\nSECURITY_ERASE: {OURS}: Input/output error\n"
    for later in ((FREE,), (KEPT, KEPT, FREE), (KEPT,)):
        given = erased_and_kept(tools, (echo, 5), *later)
        assert "PASSWORD: Input/output error" in given.said
        assert OURS not in f"{given}"
