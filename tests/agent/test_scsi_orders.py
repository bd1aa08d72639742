"""How SCSI's SANITIZE is ordered by sg3_utils, and what its answers come to.

The tools answer what they were recorded to answer (`recorded_tools.py`); the disks that take such orders are the lab's,
in whole PCs (`tests/lab/test_scsi_drives.py`).
"""

from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.erase.firmware.scsi import ScsiSanitize
from netboot.agent.erase.firmware.technique import Beside, Look, Ordered
from netboot.agent.host import Host
from netboot.shared.firmware_verdict import Proof
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.stages.erase import DiskErase
from tests.agent.recorded_answers import answer
from tests.agent.recorded_tools import Answer, RecordedTools

DISK = Disk(name="sdx", id=DiskId(serial="SAS00001", size=10**9), transport="sas")
ORDER = DiskErase(disk=DISK.id, method="scsi-sanitize-block")
TOOK = answer("handed-sg-sanitize-accepted")
PAGE = answer("handed-sg-vpd-serial")


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> RecordedTools:
    return RecordedTools(monkeypatch)


@pytest.mark.parametrize(
    ("kind", "proof"),
    [
        ("block", Proof(goes_on=True, rests=True)),
        ("crypto", Proof(goes_on=False, even=False)),
        ("overwrite", Proof(goes_on=True, rests=True, filled=True)),
    ],
)
def test_each_kind_of_sanitize_has_its_own_proof(kind: str, proof: Proof) -> None:
    assert ScsiSanitize(kind).proof == proof
    assert ScsiSanitize(kind).tool == "sg_sanitize"


def test_the_tool_is_told_by_its_own_first_line(tools: RecordedTools) -> None:
    tools.say("--version", ("sg_sanitize: version: 1.22 20230622\nmore\n", 5), "x" * 300)
    assert ScsiSanitize("block").version() == "sg_sanitize: version: 1.22 20230622"
    assert ScsiSanitize("block").version() == "x" * 200
    assert tools.calls[0] == "sg_sanitize --version"


@pytest.mark.parametrize(
    ("said", "serial", "is_it"),
    [
        (PAGE, "SAS00001", True),
        (PAGE, "SAS_0000 1", True),
        (PAGE, "SAS0000", False),
        (PAGE.replace("53 41", "53 2f"), "S_S00001", True),
        (PAGE.replace("53 41  53 30 30 30 30 31", "2f 2f  2f 2f 2f 2f 2f 2f"), "________", False),
        (PAGE.replace("00 80", "00 83"), "SAS00001", False),
        ((PAGE, 5), "SAS00001", False),
        ("", "SAS00001", False),
    ],
)
def test_a_disk_is_known_by_its_serial_number_whatever_fills_it_up(
    tools: RecordedTools, said: Answer, serial: str, is_it: bool
) -> None:
    tools.say("--page", said)
    assert ScsiSanitize("block").is_this(replace(DISK, id=DiskId(serial=serial, size=10**9))) == is_it
    assert tools.calls == ["sg_vpd --page=0x80 --hex /dev/sdx"]


def test_a_disk_without_a_serial_number_is_this_one_only_where_a_person_named_its_place(tools: RecordedTools) -> None:
    tools.say("--page", "")
    nameless = DiskId(size=10**9, path="pci-1", sequence=3)
    assert not ScsiSanitize("block").is_this(replace(DISK, id=nameless))
    assert ScsiSanitize("block").is_this(replace(DISK, id=replace(nameless, by_place=True)))


@pytest.mark.parametrize(
    ("units", "beside"),
    [
        (("6:0:0:0",), None),
        (("6:0:0:0", "power", "6:0:0"), None),
        (("6:0:0:0", "6:0:0:2", "6:0:0:1"), Beside("6:0:0:1, 6:0:0:2")),
    ],
)
def test_every_other_unit_of_the_same_target_would_be_erased_as_well(
    tmp_path: Path, units: tuple[str, ...], beside: Beside | None
) -> None:
    """Two actuators of one drive are two such units."""
    target = tmp_path / "sys/devices/host6/target6:0:0"
    for unit in units:
        (target / unit).mkdir(parents=True)
    block = tmp_path / "sys/block/sdx"
    block.mkdir(parents=True)
    (block / "device").symlink_to("../../devices/host6/target6:0:0/6:0:0:0")
    assert ScsiSanitize("block", Host(tmp_path)).beside(DISK) == beside


def test_where_a_disk_has_no_place_among_units_nobody_knows_what_else_there_is(tmp_path: Path) -> None:
    assert ScsiSanitize("block", Host(tmp_path)).beside(DISK) == Beside("?")


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("handed-sg-requests-running", Look("running", 256)),
        ("handed-sg-requests-idle", Look("idle")),
        ("handed-sg-requests-failed", Look("failed")),
        ("", Look()),
    ],
)
def test_a_disk_is_asked_by_request_sense(tools: RecordedTools, name: str, look: Look) -> None:
    tools.say("--hex", answer(name) if name else "")
    assert ScsiSanitize("block").look(DISK) == look
    assert tools.calls == ["sg_requests --hex /dev/sdx"]


def test_how_far_a_sanitize_is_is_told_in_thousandths(tools: RecordedTools) -> None:
    """The recorded answer with another progress: 0x8000 of 0x10000."""
    running = answer("handed-sg-requests-running")
    assert running.count("41 c2") == 1
    tools.say("--hex", running.replace("41 c2", "80 00"))
    assert ScsiSanitize("block").look(DISK) == Look("running", 500)


REFUSED = answer("handed-sg-sanitize-refused"), 9


@pytest.mark.parametrize(
    ("told", "taken"), [(TOOK, "yes"), (REFUSED, "no"), ((TOOK, 1), "not-told"), ("", "not-told"), (None, "not-told")]
)
@pytest.mark.parametrize(
    ("kind", "options", "seconds"),
    [
        ("block", "--block --early --quick --verbose", 60),
        ("crypto", "--crypto --wait --timeout=1800 --quick --verbose", 1860),
    ],
)
def test_a_sanitize_is_ordered_once_without_leave_to_fail_for_good(
    tools: RecordedTools, kind: str, options: str, seconds: int, told: Answer, taken: str
) -> None:
    """A cryptographic one answers at its end, and is waited for."""
    tools.say("--quick", told)
    given = ScsiSanitize(kind).order(DISK, ORDER)
    command = f"sg_sanitize {options} /dev/sdx"
    assert (given.command, given.accepted, given.pattern) == (command, taken, None)
    assert (tools.calls, tools.limits) == ([command], [seconds])
    assert given.said.startswith("invalid operation code; ") == (taken == "no")


def test_an_overwrite_is_of_one_pass_and_of_the_byte_in_its_file(tools: RecordedTools) -> None:
    found: list[bytes] = []

    def read(command: str) -> None:
        pattern = command.partition("--pattern=")[2].partition(" ")[0]
        found.append(Path(pattern).read_bytes())

    tools.say("--quick", TOOK)
    tools.on_call = read
    given = [ScsiSanitize("overwrite").order(DISK, ORDER) for _ in range(20)]
    for one, content in zip(given, found, strict=True):
        assert one.pattern is not None
        assert 0 < one.pattern < 0xFF
        assert content == bytes((one.pattern,))
        words = one.command.split()
        assert words[:3] == ["sg_sanitize", "--overwrite", "--count=1"]
        assert words[4:] == ["--early", "--quick", "--verbose", "/dev/sdx"]
        assert one.accepted == "yes"
        assert not Path(words[3].partition("=")[2]).exists()
    assert len(set(found)) > 1
    assert set(tools.limits) == {60.0}


def test_what_a_disk_said_of_its_order_is_kept_as_long_as_there_is_room(tools: RecordedTools) -> None:
    tools.say("--quick", (REFUSED[0] + "Additional sense: more\n" * 50, 9))
    given = ScsiSanitize("block").order(DISK, ORDER)
    assert isinstance(given, Ordered)
    assert len(given.said) == 256
