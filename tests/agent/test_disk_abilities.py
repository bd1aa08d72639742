"""What disks say that they can do to erase themselves, read from what real tools printed of real disks.

`recorded/abilities/` holds the outputs, each with its origin in its first lines. Shorter ones stand here with theirs.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from netboot.agent.disks import abilities
from netboot.agent.disks.abilities import Asked
from netboot.agent.disks.ata_abilities import parse_identity, parse_sanitize_state
from netboot.agent.disks.nvme_abilities import parse_controller, with_log
from netboot.agent.host import Host, transcribe
from netboot.shared.disk_abilities import (
    Abilities,
    Announced,
    AtaSanitize,
    AtaSecurity,
    Discard,
    NvmeFormat,
    NvmeSanitize,
    SanitizeTimes,
)
from netboot.shared.inventory import Disk, DiskId

RECORDED = Path(__file__).parent / "recorded" / "abilities"
NOT_TOLD = (None, None)

# hdparm --sanitize-status; of these three every indentation is hdparm's own (hdparm.c, sanitize_normal_output).
# tinyapps.org/docs/ata_sanitize_hdparm.html: a drive that was sanitized, and one that cannot.
DONE = (
    "\n/dev/sdx:\nIssuing SANITIZE_STATUS command\nSanitize status:\n    State:    SD0 Sanitize Idle\n"
    "    Last Sanitize Operation Completed Without Error\n"
)
UNSUPPORTED = "SANITIZE feature set is not supported\n\n/dev/sdx:\n"
# A public note on GitHub about testing SSDs (a ShineDisk M667, in Chinese): one at work.
RUNNING = (
    "/dev/sda:\nIssuing SANITIZE_STATUS command\nSanitize status:\n    State:    SD2 Sanitize operation In Process\n"
    "    Progress: 0x41c2 (25%)\n\n"
)
# A public note on GitHub (a Crucial CT1000MX500SSD1 behind a kernel that gave no registers, 2026-05): the drive refused
# (04 51 is ABRT), and hdparm calls it idle.
WITHOUT_REGISTERS = (
    "SG_IO: bad/missing sense data, sb[]:  f0 00 0b 04 51 40 00 0a 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00 00 00 00 00 00 00\n\n/dev/sda:\nIssuing SANITIZE_STATUS command\nSanitize status:\n"
    "    State:    SD0 Sanitize Idle\n"
)
IDLE = "\n/dev/sda:\nIssuing SANITIZE_STATUS command\nSanitize status:\n    State:    SD0 Sanitize Idle\n"
# What hdparm 9.65 (Debian 13) prints when it is handed such registers as a drive's answer: no such drive was at hand.
FROZEN = IDLE.replace("SD0 Sanitize Idle", "SD1 Sanitize Frozen")
FAILED = (
    "SANITIZE failed: Input/output error\n"
    "SANITIZE device error reason: Last Sanitize Command completed unsuccessfully\n"
    "Drive in SD3 Sanitize Operation Failed state\n\n/dev/sda:\nIssuing SANITIZE_STATUS command\n"
)
IN_FROZEN = (
    "SANITIZE failed: Input/output error\nSANITIZE device error reason: Device in FROZEN state\n"
    "\n/dev/sda:\nIssuing SANITIZE_STATUS command\n"
)
REFUSED = FAILED.replace("Last Sanitize Command completed unsuccessfully", "Reason not reported").replace(
    "Drive in SD3 Sanitize Operation Failed state\n", ""
)


def output(name: str) -> str:
    """A recorded output without the lines that tell its origin."""
    lines = (RECORDED / f"{name}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


def satadom(*said: str) -> str:
    """The SATADOM's answer, saying these of enabled, locked, frozen and enhanced erase."""
    words = {"supported": "supported", "enabled": "enabled", "locked": "locked", "frozen": "frozen"}
    words["enhanced_erase"] = "supported: enhanced erase"
    states = {name: ("\t" if name in ("supported", *said) else "not\t") + word for name, word in words.items()}
    return output("ata-satadom") % states


MINUTES_2 = Announced(seconds=120)
MICRON = (
    AtaSecurity(supported=True, frozen=True, enhanced=True, time=MINUTES_2, enhanced_time=MINUTES_2),
    AtaSanitize(supported=True, crypto=True, block=True, overwrite=True, antifreeze=True),
)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("ata-micron-5300", MICRON),
        (
            "ata-sandisk-extreme",
            (
                AtaSecurity(supported=True, enhanced=True, time=MINUTES_2, enhanced_time=MINUTES_2),
                AtaSanitize(supported=True, block=True),
            ),
        ),
        (
            "ata-toshiba-mk4058gsx",
            (
                AtaSecurity(supported=True, frozen=True, time=Announced(seconds=166 * 60)),
                AtaSanitize(supported=False),
            ),
        ),
        ("ata-of-a-usb-bridge", NOT_TOLD),
        ("ata-of-nvme", NOT_TOLD),
    ],
)
def test_what_real_ata_disks_can_do_is_read(name: str, wanted: tuple[AtaSecurity | None, AtaSanitize | None]) -> None:
    assert parse_identity(output(name)) == wanted


@pytest.mark.parametrize(
    "said", [(), ("frozen",), ("enabled",), ("enabled", "locked"), ("enabled", "locked", "frozen"), ("enhanced_erase",)]
)
def test_each_state_of_ata_security_is_read_for_itself(said: tuple[str, ...]) -> None:
    security, _ = parse_identity(satadom(*said))
    day = Announced(seconds=24 * 60)
    assert security == AtaSecurity(
        supported=True,
        enabled="enabled" in said,
        locked="locked" in said,
        frozen="frozen" in said,
        enhanced="enhanced_erase" in said,
        time=day,
        enhanced_time=day,
    )


def test_the_level_of_a_password_and_times_beyond_what_ata_can_say_are_read() -> None:
    """As hdparm 9.65 (Debian 13) prints them of such words 89, 90, 128 that it is handed: none was found recorded."""
    words = satadom("enabled").replace("not\texpired", "\texpired")
    high = words.replace(
        "\t24min for SECURITY ERASE UNIT.", "\tSecurity level high\n\tmore than 508min for SECURITY ERASE UNIT."
    )
    security, _ = parse_identity(high)
    assert security is not None
    assert (security.maximum, security.expired) == (False, True)
    assert security.time == Announced(seconds=508 * 60, or_longer=True)
    assert security.enhanced_time == Announced(seconds=24 * 60)
    security, _ = parse_identity(high.replace("level high", "level maximum"))
    assert security is not None
    assert security.maximum
    security, _ = parse_identity(
        high.replace("24min for ENHANCED", "24min for SECURITY ERASE UNIT. 24min for ENHANCED")
    )
    assert security is not None
    assert (security.time, security.enhanced_time) == (None, Announced(seconds=24 * 60)), "two times are none"


def test_a_disk_without_passwords_cannot_and_one_whose_states_are_missing_does_not_tell() -> None:
    whole = satadom()
    start, end = whole.index("Security:"), whole.index("Checksum:")
    without = whole[:start] + whole[end:]
    assert parse_identity(without) == (None, AtaSanitize(supported=False))
    feature = "\t    \tSecurity Mode feature set\n"
    assert parse_identity(without.replace(feature, "")) == (AtaSecurity(supported=False), AtaSanitize(supported=False))
    assert parse_identity(whole.replace(feature, "")) == (None, AtaSanitize(supported=False))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("\tnot\tlocked\n", ""),
        ("\tnot\tlocked\n", "\t\tlocked\n"),  # locked without a password
        ("\t\tsupported\n", "\t(?)\tsupported\n"),
        ("\tnot\tlocked\n", "\tnot\tlocked\n\t\tfrozen\n"),
    ],
)
def test_states_that_contradict_each_other_or_lack_one_are_not_told(was: str, becomes: str) -> None:
    text = satadom("frozen")
    assert was in text
    assert parse_identity(text.replace(was, becomes)) == (None, AtaSanitize(supported=False))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("Checksum: correct", "Checksum: incorrect (0x23), expected 0xdd\n"),
        ("Checksum: correct", ""),
        ("\tEnabled\tSupported:\n", ""),
        ("Commands/features: \n", "Commands/features: \nSecurity: \nCommands/features: \n"),
    ],
)
def test_an_answer_that_is_not_whole_tells_nothing(was: str, becomes: str) -> None:
    text = satadom("frozen")
    assert was in text
    assert parse_identity(text.replace(was, becomes)) == NOT_TOLD


def test_a_models_name_cannot_pass_for_what_a_disk_can_do() -> None:
    """It may hold any bytes, line ends among them (as that of the USB bridge did)."""
    model = (
        "X\nCommands/features:\n\tEnabled\tSupported:\n\t   *\tSANITIZE feature set\n\t   *\tBLOCK_ERASE_EXT command\n"
    )
    text = satadom().replace("7 PIN  SATA FDM", model)
    assert parse_identity(text) == NOT_TOLD


@pytest.mark.parametrize(
    ("transcript", "own", "behind"),
    [
        (DONE, "idle", "idle"),
        (RUNNING, "running", "running"),
        (IDLE, "idle", None),
        (FROZEN, "frozen", "frozen"),
        (IN_FROZEN, "frozen", "frozen"),
        (FAILED, "failed", "failed"),
        (REFUSED, None, None),
        (WITHOUT_REGISTERS, None, None),
        (UNSUPPORTED, None, None),
        (IDLE + RUNNING, None, None),
        ("", None, None),
    ],
)
def test_the_state_of_ata_sanitize_is_believed_only_where_the_registers_came(
    transcript: str, own: str | None, behind: str | None
) -> None:
    assert parse_sanitize_state(transcript, own_port=True) == own
    assert parse_sanitize_state(transcript, own_port=False) == behind


def test_what_real_nvme_drives_can_do_is_read() -> None:
    sanitize = NvmeSanitize(crypto=True, block=True)
    assert parse_controller(output("nvme-wd-sn730")) == (NvmeFormat(supported=True, crypto=True), sanitize)
    assert parse_controller(output("nvme-wd-sn730-no-format")) == (NvmeFormat(supported=False), sanitize)


@pytest.mark.parametrize(
    ("oacs", "fna", "sanicap", "wanted"),
    [
        (0x17, 0, 0, (NvmeFormat(supported=True), NvmeSanitize())),
        (0x15, 7, 0, (NvmeFormat(supported=False), NvmeSanitize())),
        (0x17, 1, 0xA0000002, (NvmeFormat(supported=True, formats_all=True), NvmeSanitize(block=True))),
        (0x2, 2, 0x4, (NvmeFormat(supported=True, erases_all=True), NvmeSanitize(overwrite=True, no_deallocate=True))),
    ],
)
def test_each_bit_of_an_nvme_controller_has_its_meaning(
    oacs: int, fna: int, sanicap: int, wanted: tuple[NvmeFormat, NvmeSanitize]
) -> None:
    """The recorded answer with other figures; 0xa0000002 is that of a Kingston SNV2S250G (FOGProject/fos #72)."""
    said = msgspec.json.decode(output("nvme-wd-sn730"), type=dict[str, object])
    assert (
        parse_controller(msgspec.json.encode({**said, "oacs": oacs, "fna": fna, "sanicap": sanicap}).decode()) == wanted
    )


def test_the_log_of_a_sanitize_is_read_and_a_time_that_is_not_reported_is_not_told() -> None:
    can = NvmeSanitize(block=True, no_deallocate=True)
    assert with_log(can, output("nvme-log-stuck")) == replace(can, state="running")
    assert with_log(can, output("nvme-log-done")) == replace(can, state="done")
    two = msgspec.json.decode(output("nvme-log-done"), type=dict[str, object])
    assert with_log(can, msgspec.json.encode({**two, "nvme1n1": two["nvme0n1"]}).decode()) == can
    told = output("nvme-log-done").replace('"time_block_erase":4294967295', '"time_block_erase":0')
    told = told.replace('"time_crypto_erase":4294967295', '"time_crypto_erase":2')
    told = told.replace('"time_over_write_no_dealloc":0', '"time_over_write_no_dealloc":7200')
    assert with_log(can, told) == replace(
        can,
        state="done",
        times=SanitizeTimes(crypto=2, block=0),
        times_no_deallocate=SanitizeTimes(overwrite=7200),
    )


def test_a_log_of_zeros_where_nothing_was_read_is_not_believed() -> None:
    """What libnvme 1.12 gave (linux-nvme/libnvme #979, #980): 0 for the progress, the status and every time."""
    zeros = output("nvme-log-done").replace("65535", "0").replace("4294967295", "0")
    zeros = zeros.replace(
        "(1) Most Recent Sanitize Command Completed Successfully.", "(0) NVM subsystem has never been sanitized"
    )
    assert with_log(NvmeSanitize(block=True), zeros) == NvmeSanitize(block=True)


@given(
    st.text(max_size=400)
    | st.lists(st.sampled_from(output("ata-micron-5300").splitlines()), max_size=90).map("\n".join)
)
def test_the_parsers_take_anything_and_what_they_tell_fits_its_shape(text: str) -> None:
    security, sanitize = parse_identity(text)
    state = parse_sanitize_state(text, own_port=True)
    told = Abilities(ata_security=security, ata_sanitize=sanitize and replace(sanitize, state=state))
    assert msgspec.json.decode(msgspec.json.encode(told), type=Abilities) == told
    assert parse_controller(text) is None
    assert with_log(NvmeSanitize(block=True), text) == NvmeSanitize(block=True)


ANY = st.integers(-(2**70), 2**70) | st.none() | st.text(max_size=5) | st.floats()


@given(st.fixed_dictionaries(dict.fromkeys(("oacs", "fna", "sanicap"), ANY)))
def test_no_figure_of_a_controller_breaks_its_shape(said: dict[str, object]) -> None:
    told = parse_controller(msgspec.json.encode(said).decode())
    if told is not None:
        whole = Abilities(nvme_format=told[0], nvme_sanitize=told[1])
        assert msgspec.json.decode(msgspec.json.encode(whole), type=Abilities) == whole


TIMES = ("time_over_write", "time_block_erase", "time_crypto_erase")
FIELDS = ("sprog", *TIMES, *(f"{name}_no_dealloc" for name in TIMES))
FIGURES = st.integers(-(2**33), 2**33) | st.sampled_from([0, -1, 65535, 2**32 - 1, 2**32])
LOGS = st.fixed_dictionaries(dict.fromkeys(FIELDS, FIGURES)) | st.fixed_dictionaries(dict.fromkeys(FIELDS, ANY))


@given(st.text(max_size=8), LOGS, st.text(max_size=9) | st.just("(2) Sanitize in Progress."))
def test_no_figure_of_a_log_breaks_its_shape(name: str, log: dict[str, object], status: str) -> None:
    text = msgspec.json.encode({name: {**log, "sstat": {"status": status}}}).decode()
    told = Abilities(nvme_sanitize=with_log(NvmeSanitize(block=True), text))
    assert msgspec.json.decode(msgspec.json.encode(told), type=Abilities) == told


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def disk(name: str, transport: str, *, ata: bool = False) -> Disk:
    """A disk of this name, of which nothing is known yet."""
    return Disk(name=name, id=DiskId(serial=f"S-{name}", size=1 << 30), transport=transport, ata=ata)


SATA, NVME = disk("sda", "sata", ata=True), disk("nvme0n1", "nvme")
STICK, VIRTIO = disk("sdb", "usb"), disk("vda", "virtio")


RECORDED_ANSWERS = {
    ("hdparm", "-I", "/dev/sda"): output("ata-micron-5300"),
    ("hdparm", "--sanitize-status", "/dev/sda"): FROZEN,
    ("nvme", "id-ctrl", "/dev/nvme0n1", "--output-format=json"): output("nvme-wd-sn730"),
    ("nvme", "sanitize-log", "/dev/nvme0n1", "--output-format=json"): output("nvme-log-done"),
}


def answers(command: Sequence[str]) -> str:
    """What the recorded disks answer."""
    return RECORDED_ANSWERS.get(tuple(command), "")


def queue(root: Path, name: str, most: int, granularity: int) -> None:
    """The kernel's word on a disk's discard."""
    here = root / "sys/block" / name / "queue"
    here.mkdir(parents=True)
    (here / "discard_max_hw_bytes").write_text(f"{most}\n")
    (here / "discard_granularity").write_text(f"{granularity}\n")


def test_each_disk_is_asked_what_its_kind_can_answer_and_a_usb_bridge_nothing(tmp_path: Path) -> None:
    queue(tmp_path, "sda", 2147450880, 512)
    queue(tmp_path, "vda", 0, 0)
    asked = set()

    def noted(command: Sequence[str]) -> str:
        asked.add(tuple(command))
        return answers(command)

    sata, nvme, stick, virtio = Asked(Host(tmp_path, noted, noted), (SATA, NVME, STICK, VIRTIO)).disks()
    assert asked == RECORDED_ANSWERS.keys()
    assert sata.can == Abilities(
        ata_security=MICRON[0],
        ata_sanitize=replace(MICRON[1], state="frozen"),
        discard=Discard(most=2147450880, granularity=512),
    )
    assert nvme.can.nvme_format == NvmeFormat(supported=True, crypto=True)
    assert nvme.can.nvme_sanitize == NvmeSanitize(crypto=True, block=True, state="done")
    assert (nvme.can.ata_security, nvme.can.discard) == (None, None)
    assert stick.can == Abilities()
    assert virtio.can == Abilities(discard=Discard(most=0))
    assert [replace(each, can=Abilities()) for each in (sata, nvme, stick, virtio)] == [SATA, NVME, STICK, VIRTIO]


def test_a_disk_that_cannot_is_not_asked_how_far_it_is(tmp_path: Path) -> None:
    """An NVMe drive without such a log counts the question as an error of its own."""
    can = msgspec.json.decode(output("nvme-wd-sn730"), type=dict[str, object])
    without = {
        ("hdparm", "-I", "/dev/sda"): output("ata-toshiba-mk4058gsx"),
        ("nvme", "id-ctrl", "/dev/nvme0n1", "--output-format=json"): msgspec.json.encode(
            {**can, "sanicap": 0}
        ).decode(),
    }
    asked = []

    def noted(command: Sequence[str]) -> str:
        asked.append(tuple(command))
        return without.get(tuple(command), "")

    sata, nvme = Asked(Host(tmp_path, noted, noted), (SATA, NVME)).disks()
    assert sorted(asked) == sorted(without)
    assert (sata.can.ata_sanitize, nvme.can.nvme_sanitize) == (AtaSanitize(supported=False), NvmeSanitize())


@pytest.mark.parametrize(("transport", "state"), [("sata", "idle"), ("ata", "idle"), ("sas", None)])
def test_a_disk_behind_an_adapter_that_keeps_registers_is_not_called_idle(
    tmp_path: Path, transport: str, state: str | None
) -> None:
    def idle(command: Sequence[str]) -> str:
        return IDLE if "--sanitize-status" in command else answers(command)

    (told,) = Asked(Host(tmp_path, idle, idle), (disk("sda", transport, ata=True),)).disks()
    assert told.can.ata_sanitize == replace(MICRON[1], state=state)


def test_a_disk_that_does_not_answer_holds_up_no_other_and_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has said who it is and hangs at its state: that much is told. Others hang at once; none waits longer
    than one."""
    monkeypatch.setattr(abilities, "PATIENCE", 1.0)
    dead, over = [disk(f"sd{letter}", "sata", ata=True) for letter in "cdefgh"], threading.Event()

    def hangs(command: Sequence[str]) -> str:
        if "--sanitize-status" in command or command[-1] in {f"/dev/{each.name}" for each in dead}:
            over.wait(30)
            return IDLE
        return answers(command)

    began = time.monotonic()
    sata, *others, nvme = Asked(Host(tmp_path, hangs, hangs), (SATA, *dead, NVME)).disks()
    assert time.monotonic() - began < 4
    assert sata.can == Abilities(ata_security=MICRON[0], ata_sanitize=MICRON[1])
    assert others == dead
    assert nvme.can.nvme_sanitize is not None
    over.set()


def test_disks_answer_side_by_side(tmp_path: Path) -> None:
    """Each waits until all are asked."""
    together = threading.Barrier(8, timeout=20)

    def waits(command: Sequence[str]) -> str:
        if "-I" in command:
            together.wait()
            return satadom("frozen")
        return ""

    found = Asked(
        Host(tmp_path, waits, waits), [disk(f"sd{letter}", "sata", ata=True) for letter in "abcdefgh"]
    ).disks()
    assert all(each.can.ata_security is not None and each.can.ata_security.frozen for each in found)


def test_a_transcript_has_both_outputs_whatever_the_status() -> None:
    assert transcribe(("sh", "-c", "echo out; echo err >&2; exit 5")) == "err\n\nout\n"
    assert transcribe(("no-such-program",)) == ""


def test_an_ata_disk_without_the_tool_is_not_told() -> None:
    """The real programs, of a disk that is not there."""
    (told,) = Asked(Host(), (disk("no-such-disk", "sata", ata=True),)).disks()
    assert told.can == Abilities()
