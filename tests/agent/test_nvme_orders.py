"""How NVMe's Sanitize and Format are ordered by nvme-cli, and what its answers come to.

nvme-cli answers what it was recorded to answer (`recorded_tools.py`), and a recorded PC stands for the one that the
drive is in; the drives that take such orders are the lab's, in whole PCs (`tests/lab/test_drive_erase.py`).
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from netboot.agent.erase.firmware.nvme import NvmeFormat, NvmeSanitize
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.agent.host import Host
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase
from tests.agent.recorded_abilities import output
from tests.agent.recorded_answers import answer
from tests.agent.recorded_tools import Answer, RecordedTools

DISK = Disk(name="nvme0n1", id=DiskId(serial="1951B3444502", size=10**9), transport="nvme")
ORDER = DiskErase(disk=DISK.id, method="nvme-sanitize-block")
CONTROLLER = output("nvme-wd-sn730")
PLACE = "sys/devices/pci0000:00/0000:00:02.0/nvme/nvme0"
ERRORS = '{"critical_warning":0,"media_errors":3,"num_err_log_entries":1}'
FORMAT = "nvme format /dev/nvme0n1 --lbaf=1 --ses={} --force --timeout=600000"
SANITIZE = "nvme sanitize /dev/nvme0n1 --sanact="

Recorded = Callable[[str], Host]


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> RecordedTools:
    return RecordedTools(monkeypatch)


def changed(text: str, **fields: object) -> str:
    """The recorded answer with other figures."""
    return msgspec.json.encode({**msgspec.json.decode(text, type=dict[str, object]), **fields}).decode()


@pytest.mark.parametrize(
    ("kind", "proof"),
    [
        ("block", Proof(goes_on=True, action=2)),
        ("overwrite", Proof(goes_on=True, action=3)),
        ("crypto", Proof(goes_on=True, action=4, even=False)),
    ],
)
def test_each_kind_of_sanitize_has_its_own_proof(kind: str, proof: Proof) -> None:
    assert NvmeSanitize(kind).proof == proof
    assert NvmeFormat(1).proof == Proof(goes_on=False)
    assert NvmeFormat(2).proof == Proof(goes_on=False, even=False)
    assert NvmeFormat(1).tool == NvmeSanitize(kind).tool == "nvme"


def test_the_tool_is_told_by_its_own_first_line(tools: RecordedTools) -> None:
    tools.say("version", "nvme version 2.13 (git 2.13)\nlibnvme version 1.13\n", "x" * 300)
    assert [NvmeFormat(1).version() for _ in range(2)] == ["nvme version 2.13 (git 2.13)", "x" * 200]
    assert tools.calls[0] == "nvme version"


@pytest.mark.parametrize(
    ("said", "serial", "is_it"),
    [
        (CONTROLLER, "1951B3444502", True),
        (CONTROLLER, "1951_B344 4502", True),
        (CONTROLLER, "1951B344450", False),
        (changed(CONTROLLER, sn=" 1951 B3444502_"), "1951B3444502", True),
        (changed(CONTROLLER, sn="1951/B344(4502)"), "1951_B344_4502_", True),
        (changed(CONTROLLER, sn="////"), "____", False),
        ((CONTROLLER, 1), "1951B3444502", False),
        ("", "1951B3444502", False),
        ("[" * 5000, "1951B3444502", False),
    ],
)
def test_a_drive_is_known_by_its_serial_number_whatever_fills_it_up(
    tools: RecordedTools, said: Answer, serial: str, is_it: bool
) -> None:
    tools.say("id-ctrl", said)
    assert NvmeFormat(1).is_this(replace(DISK, id=DiskId(serial=serial, size=10**9))) == is_it
    assert tools.calls == ["nvme id-ctrl /dev/nvme0n1 --output-format=json"]


def test_a_drive_without_a_serial_number_is_this_one_only_where_a_person_named_its_place(tools: RecordedTools) -> None:
    tools.say("id-ctrl", CONTROLLER)
    nameless = DiskId(size=10**9, path="pci-1", sequence=3)
    assert not NvmeFormat(1).is_this(replace(DISK, id=nameless))
    assert NvmeFormat(1).is_this(replace(DISK, id=replace(nameless, by_place=True)))


@pytest.mark.parametrize("name", ["sda", "nvme0", "nvme0n1p1", "nvme0c0n1"])
def test_only_a_namespace_is_asked(tools: RecordedTools, name: str) -> None:
    tools.say("id-ctrl", CONTROLLER)
    assert not NvmeFormat(1).is_this(replace(DISK, name=name))
    assert tools.calls == []


def test_a_drive_with_one_namespace_is_erased_alone(recorded: Recorded) -> None:
    for technique in (NvmeSanitize("block", recorded("bios-desktop")), NvmeFormat(1, recorded("bios-desktop"))):
        assert technique.beside(DISK) is None


def test_another_namespace_that_is_a_disk_would_be_erased_as_well(tmp_path: Path, recorded: Recorded) -> None:
    host = recorded("bios-desktop")
    for name in ("nvme0n3", "nvme0n2", "nvme1n1"):
        (tmp_path / "bios-desktop/sys/block" / name).mkdir()
    assert NvmeSanitize("block", host).beside(DISK) == Beside("nvme0n2, nvme0n3")


def with_namespaces(host: Host, root: Path, allocated: str) -> Host:
    """The recorded PC, whose drive lists these namespaces as allocated."""

    def programs(command: Sequence[str]) -> str:
        return allocated if "--all" in command else host.output(command)

    return Host(root, programs)


@pytest.mark.parametrize(
    ("numbers", "beside"), [((1, 2, 5), Beside("nvme0n2, nvme0n5")), ((1,), None), ((2,), Beside("?"))]
)
def test_a_namespace_that_no_disk_shows_would_be_erased_as_well(
    tmp_path: Path, recorded: Recorded, numbers: tuple[int, ...], beside: Beside | None
) -> None:
    listed = msgspec.json.encode({"nsid_list": [{"nsid": number} for number in numbers]}).decode()
    host = with_namespaces(recorded("bios-desktop"), tmp_path / "bios-desktop", listed)
    assert NvmeSanitize("block", host).beside(DISK) == beside


@pytest.mark.parametrize(
    ("numbers", "beside"), [((1,), None), ((1, 2, 3), Beside("nvme0n2, nvme0n3")), ((2,), Beside("?"))]
)
def test_a_drive_that_could_have_several_controllers_tells_its_namespaces_too(
    tmp_path: Path, recorded: Recorded, numbers: tuple[int, ...], beside: Beside | None
) -> None:
    pc = recorded("uefi-raid")
    for name in ("nvme0n2", "nvme0c0n2"):
        (tmp_path / "uefi-raid/sys/block" / name).unlink()
    listed = msgspec.json.encode({"nsid_list": [{"nsid": number} for number in numbers]}).decode()
    host = Host(tmp_path / "uefi-raid", lambda words: listed if "list-ns" in words else pc.output(words))
    for technique in (NvmeSanitize("block", host), NvmeFormat(1, host)):
        assert technique.beside(DISK) == beside


@pytest.mark.parametrize(("highest", "beside"), [(1, None), (32, Beside("?"))])
def test_what_another_controller_of_the_drive_has_is_not_known_where_it_lists_only_its_own(
    tmp_path: Path, recorded: Recorded, highest: int, beside: Beside | None
) -> None:
    recorded("uefi-raid")
    for name in ("nvme0n2", "nvme0c0n2"):
        (tmp_path / "uefi-raid/sys/block" / name).unlink()

    def programs(words: Sequence[str]) -> str:
        if "id-ctrl" in words:
            return changed(CONTROLLER, oacs=0x17, nn=highest)
        return "" if "--all" in words else '{"nsid_list":[{"nsid":1}]}'

    said = NvmeSanitize("block", Host(tmp_path / "uefi-raid", programs)).beside(DISK)
    assert said == beside
    recorded("bios-desktop")
    assert NvmeSanitize("block", Host(tmp_path / "bios-desktop", programs)).beside(DISK) is None


def test_where_the_drive_does_not_tell_its_namespaces_nobody_knows_what_else_there_is(
    tmp_path: Path, recorded: Recorded
) -> None:
    host, root = recorded("bios-desktop"), tmp_path / "bios-desktop"
    assert NvmeSanitize("block", Host(root, lambda _: "")).beside(DISK) == Beside("?")
    assert NvmeSanitize("block", host).beside(replace(DISK, name="nvme7n1")) == Beside("?")
    (root / PLACE / "nvme0n1/nsid").write_text("0\n")
    assert NvmeSanitize("block", host).beside(DISK) == Beside("?")
    (root / PLACE / "nvme0n1/nsid").write_text("1\n")
    shutil.rmtree(root / "sys/class/nvme")
    assert NvmeSanitize("block", host).beside(DISK) == Beside("?")


def test_the_log_is_read_as_the_drive_sent_it(tools: RecordedTools) -> None:
    tools.say("get-log", answer("handed-nvme-dump-block-done"))
    tools.say("smart-log", ERRORS)
    assert NvmeSanitize("block").look(DISK) == Look("done", None, logged=2, untouched=True, errors=3, purged=False)
    assert tools.calls == [
        "nvme get-log /dev/nvme0n1 --log-id=0x81 --log-len=512",
        "nvme smart-log /dev/nvme0n1 --output-format=json",
    ]


def test_how_far_a_sanitize_is_and_how_long_it_was_to_take_are_its_kinds(tools: RecordedTools) -> None:
    """The recorded dump with other times: of an overwrite 9 seconds, of a block erase 7, of a crypto erase 5."""
    dump = answer("handed-nvme-dump-crypto-stuck")
    old = "0000: 8f 02 02 00 04 00 00 00 ff ff ff ff ff ff ff ff\n0010: ff ff ff ff"
    new = "0000: 00 80 02 00 04 00 00 00 09 00 00 00 07 00 00 00\n0010: 05 00 00 00"
    plain = "\n".join(line.partition(' "')[0] for line in dump.splitlines()) + "\n"
    assert old in plain
    tools.say("get-log", plain.replace(old, new))
    tools.say("smart-log", ERRORS)
    told = {kind: NvmeSanitize(kind).look(DISK) for kind in ("overwrite", "block", "crypto")}
    assert {kind: look.announced for kind, look in told.items()} == {"overwrite": 9, "block": 7, "crypto": 5}
    assert replace_announced(told["crypto"]) == Look("running", 500, logged=4, untouched=False, errors=3, purged=False)


def test_how_far_a_sanitize_is_is_told_in_whole_thousandths(tools: RecordedTools) -> None:
    """As recorded: 655 of 65,536, where a drive of the makers stood still."""
    tools.say("get-log", answer("handed-nvme-dump-crypto-stuck"))
    tools.say("smart-log", "")
    look = NvmeSanitize("crypto").look(DISK)
    assert (look.state, look.permille) == ("running", 9)


def replace_announced(look: Look) -> Look:
    """The same without its time."""
    return Look(look.state, look.permille, look.logged, look.untouched, None, look.errors, look.purged)


@pytest.mark.parametrize("said", ["", answer("handed-nvme-dump-block-done")[:900], (answer("nvme-log-block-done"), 0)])
def test_a_drive_without_a_whole_log_tells_nothing_but_its_errors(tools: RecordedTools, said: Answer) -> None:
    tools.say("get-log", said)
    tools.say("smart-log", ERRORS, "")
    assert NvmeSanitize("block").look(DISK) == Look(errors=3)
    assert NvmeSanitize("block").look(DISK) == Look()


@pytest.mark.parametrize(("kind", "action", "dword"), [("block", "block-erase", 2), ("crypto", "crypto-erase", 4)])
@pytest.mark.parametrize(
    ("told", "taken", "said"),
    [
        ("", "yes", ""),
        (("", 1), "not-told", ""),
        ("warning: something\n", "not-told", "warning: something"),
        (
            (answer("nvme-sanitize-denied"), 1),
            "no",
            "Access Denied: Access to the namespace and/or LBA range is denied due to lack of access rights (0x4286)",
        ),
        (None, "not-told", "nvme did not end within 60 s"),
    ],
)
def test_a_sanitize_is_ordered_once_without_leave_to_fail_for_good(
    tools: RecordedTools, kind: str, action: str, dword: int, told: Answer, taken: str, said: str
) -> None:
    tools.say("sanitize", told)
    given = NvmeSanitize(kind).order(DISK, ORDER)
    command = f"{SANITIZE}start-{action}"
    assert (given.command, given.accepted, given.said, given.dword, given.pattern) == (
        command, taken, said, dword, None,
    )  # fmt: skip
    assert tools.calls == [command]


def test_an_overwrite_names_its_byte_where_what_it_wrote_stays_allocated(tools: RecordedTools) -> None:
    """The recorded drive always deallocates (SANICAP bit 29); without that bit it can be asked not to."""
    tools.say("id-ctrl", changed(CONTROLLER, sanicap=4))
    tools.say("sanitize", "")
    given = [NvmeSanitize("overwrite").order(DISK, ORDER) for _ in range(20)]
    for one in given:
        assert one.pattern is not None
        assert 0 < one.pattern < 0xFF
        byte = f"{one.pattern:02x}"
        assert one.command == f"{SANITIZE}start-overwrite --owpass=1 --ovrpat=0x{byte * 4} --no-dealloc"
        assert (one.accepted, one.dword) == ("yes", 0x213)
    assert len({one.pattern for one in given}) > 1
    assert tools.calls[:2] == ["nvme id-ctrl /dev/nvme0n1 --output-format=json", given[0].command]


@pytest.mark.parametrize("said", ["", changed(CONTROLLER, sanicap=4 | 1 << 29)])
def test_an_overwrite_that_the_drive_may_unmap_again_promises_no_byte(tools: RecordedTools, said: str) -> None:
    tools.say("id-ctrl", said)
    tools.say("sanitize", "")
    given = NvmeSanitize("overwrite").order(DISK, ORDER)
    assert (given.pattern, given.dword, given.accepted) == (None, 0x13, "yes")
    command, _, byte = given.command.rpartition("0x")
    assert command == f"{SANITIZE}start-overwrite --owpass=1 --ovrpat="
    assert len(byte) == 8
    assert byte == byte[:2] * 4


@pytest.mark.parametrize(
    ("fpi", "asked", "alone"),
    [
        (0x80 | 60, Look("running", 400), Look("running", 400)),
        (0x80, Look("idle"), Look("idle")),
        (0, Look("idle"), Look()),
    ],
)
def test_how_far_a_format_is_that_nobody_waits_for_is_asked_by_one_command_alone(
    tools: RecordedTools, fpi: int, asked: Look, alone: Look
) -> None:
    tools.say("id-ns", changed(answer("handed-nvme-id-ns"), fpi=fpi))
    tools.say("smart-log", "")
    assert NvmeFormat(1).at_format(DISK) == alone, "one that never tells how far it is tells nothing"
    assert tools.calls == ["nvme id-ns /dev/nvme0n1 --output-format=json"]
    assert NvmeFormat(1).look(DISK) == asked
    tools.say("id-ns", "")
    assert NvmeFormat(1).at_format(DISK) == Look()


@pytest.mark.parametrize("ses", [1, 2])
def test_a_format_keeps_the_format_that_there_is_and_says_how_it_erases(tools: RecordedTools, ses: int) -> None:
    tools.say("id-ns", answer("handed-nvme-id-ns"))
    tools.say("format", answer("nvme-format-done"))
    assert NvmeFormat(ses).order(DISK, ORDER) == Ordered(FORMAT.format(ses), "yes")
    assert tools.calls == ["nvme id-ns /dev/nvme0n1 --output-format=json", FORMAT.format(ses)]
    assert tools.limits[1] == 660, "nvme-cli's own ten minutes, and one"


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        (("NVMe status: Invalid Field in Command: a field is wrong(0x4002)\n", 1), "no"),
        ((answer("nvme-format-done"), 1), "not-told"),
        ("", "not-told"),
        (None, "not-told"),
    ],
)
def test_a_format_is_taken_when_the_drive_says_so_at_its_end(tools: RecordedTools, told: Answer, taken: str) -> None:
    tools.say("id-ns", answer("handed-nvme-id-ns"))
    tools.say("format", told)
    given = NvmeFormat(1).order(DISK, ORDER)
    assert (given.accepted, given.command, given.dword) == (taken, FORMAT.format(1), None)
    assert bool(given.said) == (taken == "no" or told is None)


@pytest.mark.parametrize(
    "said",
    [
        "",
        changed(answer("handed-nvme-id-ns"), flbas=2),
        changed(answer("handed-nvme-id-ns"), lbafs=[{"ms": 0, "ds": 9}, {"ms": 8, "ds": 12}]),
    ],
)
def test_nothing_is_formatted_whose_format_could_not_be_kept(tools: RecordedTools, said: str) -> None:
    tools.say("id-ns", said)
    assert NvmeFormat(1).order(DISK, ORDER) == Ordered(
        "", "no", "the namespace does not tell a plain format that could be kept"
    )
    assert len(tools.calls) == 1


def test_other_sectors_are_ordered_by_the_format_that_has_them(tools: RecordedTools) -> None:
    tools.say("id-ns", answer("handed-nvme-id-ns"))
    tools.say("format", answer("nvme-format-done"))
    for size, index in ((512, 0), (4096, 1)):
        assert NvmeFormat(1).to_sectors(DISK, size) == Ordered(FORMAT.format(1).replace("=1 ", f"={index} ", 1), "yes")
    assert NvmeFormat(1).to_sectors(DISK, 8192).accepted == "no"
    assert len(tools.calls) == 5


@pytest.mark.parametrize(
    ("fpi", "look"),
    [
        (0x80, Look("idle", errors=3)),
        (0x00, Look("idle", errors=3)),
        (0x80 | 25, Look("running", 750, errors=3)),
        (0x80 | 100, Look("running", 0, errors=3)),
        (25, Look("idle", errors=3)),
    ],
)
def test_a_format_that_was_not_answered_is_seen_by_what_remains_of_it(
    tools: RecordedTools, fpi: int, look: Look
) -> None:
    tools.say("id-ns", changed(answer("handed-nvme-id-ns"), fpi=fpi))
    tools.say("smart-log", ERRORS)
    assert NvmeFormat(1).look(DISK) == look
    assert tools.calls == [
        "nvme id-ns /dev/nvme0n1 --output-format=json",
        "nvme smart-log /dev/nvme0n1 --output-format=json",
    ]


def test_a_namespace_that_tells_nothing_of_itself_is_at_no_known_work(tools: RecordedTools) -> None:
    tools.say("id-ns", "")
    tools.say("smart-log", ERRORS)
    assert NvmeFormat(1).look(DISK) == Look(errors=3)
