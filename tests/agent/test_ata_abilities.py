"""What ATA disks say that they can do to erase themselves, read from what real tools printed of real disks.

`recorded/abilities/` holds the outputs, each with its origin in its first lines. Shorter ones stand here with theirs.
"""

import pytest

from netboot.agent.disks.ata_abilities import parse_identity, parse_sanitize_state
from netboot.shared.disk_abilities import Announced, AtaSanitize, AtaSecurity
from tests.agent.recorded_abilities import FROZEN, IDLE, MICRON, MINUTES_2, output, satadom
from tests.agent.recorded_answers import answer

NOT_TOLD = (None, None)
DONE, RUNNING = answer("ata-sanitize-done"), answer("ata-sanitize-running")
WITHOUT_REGISTERS = answer("ata-sanitize-no-registers")
# tinyapps.org/docs/ata_sanitize_hdparm.html: a drive that cannot.
UNSUPPORTED = "SANITIZE feature set is not supported\n\n/dev/sdx:\n"
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
        ("\t\tsupported\n", "\tnot\tsupported\n"),
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


def test_a_disk_of_before_sums_is_whole_when_it_says_so() -> None:
    text = satadom("frozen")
    assert parse_identity(text.replace("Checksum: correct", "Integrity word not set")) == parse_identity(text)


def test_the_first_of_the_features_counts_as_any_other() -> None:
    text, feature = satadom("frozen"), "\t    \tSecurity Mode feature set\n"
    head = "\tEnabled\tSupported:\n"
    first = text.replace(feature, "").replace(head, head + feature)
    assert parse_identity(first) == parse_identity(text)


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
