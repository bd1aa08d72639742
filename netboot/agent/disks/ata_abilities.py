"""What an ATA disk can do to erase itself, from the words of hdparm. Pure.

Sources: hdparm 9.65 (Debian 13), identify.c and hdparm.c; ACS-3 for what the words stand for. hdparm ends with status 0
whatever became of the command, so what is not there word for word is not told.

Not for: running hdparm (`abilities.py`); its words for SANITIZE's status (`agent/answers/ata_sanitize.py`).
"""

import re
from collections.abc import Sequence
from typing import Final

from netboot.agent.answers.ata_sanitize import parse_status
from netboot.shared.disk_abilities import Announced, AtaSanitize, AtaSanitizeState, AtaSecurity

_HEAD: Final = re.compile(r"([A-Z][^:\t]*?):\s*(\S.*)?")
_STATES: Final = {
    "supported": "supported",
    "enabled": "enabled",
    "locked": "locked",
    "frozen": "frozen",
    "expired: security count": "expired",
    "supported: enhanced erase": "enhanced",
}
_TIME: Final = re.compile(r"(more than )?(\d{1,5})min for (ENHANCED )?SECURITY ERASE UNIT\.")


def parse_identity(text: str) -> tuple[AtaSecurity | None, AtaSanitize | None]:
    """Both from the output of `hdparm -I`. The state of SANITIZE is not in it."""
    sections = _sections(text)
    features = _features(sections.get("Commands/features", []))
    if not _is_whole(text) or not features:
        return None, None
    return _security(sections.get("Security", []), "Security Mode feature set" in features), _sanitize(features)


def parse_sanitize_state(transcript: str, *, own_port: bool) -> AtaSanitizeState | None:
    """The state in what `hdparm --sanitize-status` printed, errors included; None when it is not told.

    `own_port`: the disk hangs on a SATA or IDE port of the PC, whose registers always come back.
    """
    state = parse_status(transcript, own_port=own_port).state
    return None if state == "not-told" else state


def _sections(text: str) -> dict[str, list[str]]:
    """The indented lines below each line that has a name and a colon. One that comes twice is nobody's: it is empty."""
    sections: dict[str, list[str]] = {}
    here: list[str] = []
    for line in text.splitlines():
        head = _HEAD.fullmatch(line)
        if head is not None:
            here = []
            sections[head[1]] = [] if head[1] in sections else here
        elif line.strip():
            here.append(line)
    return sections


def _is_whole(text: str) -> bool:
    """Whether the answer goes to its last line and has the right sum; disks before ATA-5 have none."""
    return "\nChecksum: correct" in text or "\nIntegrity word not set" in text


def _features(lines: Sequence[str]) -> frozenset[str]:
    if not lines or lines[0].split() != ["Enabled", "Supported:"]:
        return frozenset()
    return frozenset(line.strip().removeprefix("*").strip() for line in lines[1:])


def _security(lines: Sequence[str], supported: bool) -> AtaSecurity | None:
    if not supported:
        return None if lines else AtaSecurity(supported=False)
    states: dict[str, bool] = {}
    for line in lines:
        words = line.split()
        no = words[0] == "not"  # a state that hdparm itself doubts, "(?)", is none
        name = _STATES.get(" ".join(words[no:]))
        if name in states:
            return None
        if name is not None:
            states[name] = not no
    if len(states) != len(_STATES) or not states["supported"] or (states["locked"] and not states["enabled"]):
        return None
    last = "\n".join(lines)
    return AtaSecurity(
        **states,
        maximum=any(line.split() == ["Security", "level", "maximum"] for line in lines),
        time=_time(last, enhanced=False),
        enhanced_time=_time(last, enhanced=True),
    )


def _time(text: str, *, enhanced: bool) -> Announced | None:
    times = [each for each in _TIME.findall(text) if bool(each[2]) == enhanced]
    if len(times) != 1:
        return None
    longer, minutes, _ = times[0]
    return Announced(seconds=int(minutes) * 60, or_longer=bool(longer))


def _sanitize(features: frozenset[str]) -> AtaSanitize:
    if "SANITIZE feature set" not in features:
        return AtaSanitize(supported=False)
    return AtaSanitize(
        supported=True,
        crypto="CRYPTO_SCRAMBLE_EXT command" in features,
        block="BLOCK_ERASE_EXT command" in features,
        overwrite="OVERWRITE_EXT command" in features,
        antifreeze="SANITIZE_ANTIFREEZE_LOCK_EXT command" in features,
    )
