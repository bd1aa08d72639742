"""What real tools printed of real disks' abilities, and what is read in it: for tests of parsing and of asking."""

from pathlib import Path

from netboot.shared.disk_abilities import Announced, AtaSanitize, AtaSecurity

RECORDED = Path(__file__).parent / "recorded" / "abilities"
IDLE = "\n/dev/sda:\nIssuing SANITIZE_STATUS command\nSanitize status:\n    State:    SD0 Sanitize Idle\n"
# What hdparm 9.65 (Debian 13) prints when it is handed such registers as a drive's answer: no such drive was at hand.
FROZEN = IDLE.replace("SD0 Sanitize Idle", "SD1 Sanitize Frozen")


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
