"""Gives a deployed Windows that was prepared for other PCs its answer file: nothing else of it is changed.

The NTFS is not mounted: ntfscp and ntfssecaudit (ntfs-3g 2022.10.3) write the file and who may change it, and refuse an
NTFS that Windows left hibernated or is to check, so it is written before the file system grows. Read back by another
reader, GRUB's. Blocks; needs root. Not for: what the file says (`jobs/answer_file.py`), whether Windows obeys it.
"""

import re
import tempfile
from pathlib import Path
from typing import Final

from netboot.agent.customise.measure import forget_read
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.shared.stages.customise import Found
from netboot.shared.windows import ANSWER_MODE, AnswerFile
from netboot.survey.file_reader import read_file

_HOURS: Final = 4 * 3600.0
_AGAIN: Final = "deploy the master again"
_LOOK: Final = ("ntfsresize", "--info", "--no-progress-bar", "--bad-sectors")
"""What was bad on the disk that the master is from its NTFS still calls bad, and no import refuses it for that."""
_OWNED: Final = re.compile(r"^Interpreted Unix owner (\d{1,10}), group (\d{1,10}), mode 0?([0-7]{3,4})$", re.MULTILINE)


def require_untouched(device: Path) -> None:
    """That this NTFS is whole, and as a Windows leaves it that shut down: not hibernated, with no journal to replay and
    no check to come. A PC that was cut off after its deploy may have started it meanwhile. Nothing is written.

    Raises NetbootError."""
    probed = run(["ntfs-3g.probe", "--readwrite", device], expect=None, timeout=600)
    if probed.status != 0:
        raise NetbootError(
            f"{device.name}: Windows did not shut this NTFS down (ntfs-3g.probe: {probed.status})", hint=_AGAIN
        )
    looked = run([*_LOOK, device], expect=None, timeout=_HOURS)
    if looked.status != 0:
        last = (looked.stderr or looked.stdout).strip().splitlines()[-1:]
        told = " ".join(last)[:200] or f"status {looked.status}"
        raise NetbootError(f"{device.name}: this NTFS is not as the master has it (ntfsresize: {told})", hint=_AGAIN)


def give_answer_file(device: Path, file: AnswerFile) -> None:
    """Have it there, and all of the NTFS checked, whatever an agent that was killed had done of it.

    Raises NetbootError, OSError."""
    written = not has_answer_file(device, file)
    if written:
        _write_answer_file(device, file)
    run(["ntfsfix", "--no-action", device], timeout=_HOURS)
    # One that had it already may have grown since, and is to be checked by Windows then: looked through all the same.
    forced = () if written else ("--force",)
    run([*_LOOK, *forced, device], timeout=_HOURS)
    probed = run(["ntfs-3g.probe", "--readwrite", device], expect=None, timeout=600)
    if probed.status != 0:
        raise NetbootError(
            f"{device.name}: this NTFS is not clean any more (ntfs-3g.probe: {probed.status})", hint=_AGAIN
        )


def _write_answer_file(device: Path, file: AnswerFile) -> None:
    with tempfile.NamedTemporaryFile(prefix="netboot-answer-") as draft:
        draft.write(file.text.encode())
        draft.flush()
        run(["ntfscp", device, draft.name, file.path], timeout=600)
    # As ntfscp makes a file, everybody may change it.
    run(["ntfssecaudit", device, f"{ANSWER_MODE:o}", f"/{file.path}"], timeout=600)


def has_answer_file(device: Path, wanted: AnswerFile) -> bool:
    """Whether all of it lies there, with who may change it, as it was written before the agent was started again: an
    NTFS that has grown since is written to no more."""
    try:
        return look_at_answer_file(device, wanted).mode == ANSWER_MODE
    except NetbootError:
        return False


def look_at_answer_file(device: Path, wanted: AnswerFile) -> Found:
    """What lies in its place now, read from the disk: the evidence. Raises NetbootError when that is not it."""
    forget_read(device)
    if read_file(device, "ntfs", f"/{wanted.path}") != wanted.text:
        raise NetbootError(f"/{wanted.path} is not on the disk", hint=_AGAIN)
    told = _OWNED.search(run(["ntfssecaudit", "-v", device, f"/{wanted.path}"], timeout=600).stdout)
    if told is None:
        raise NetbootError(f"who may change /{wanted.path} is not told", hint=_AGAIN)
    return Found(
        part="answer-file",
        path=wanted.path,
        what="file",
        mode=int(told[3], 8),
        owner=int(told[1]),
        group=int(told[2]),
        digest=wanted.digest,
    )
