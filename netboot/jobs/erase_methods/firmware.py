"""An erase that the drive does by itself, as the server judges it, whichever technique it was. Pure.

What the evidence shows is decided by `shared/firmware_verdict.py`, whatever the agent made of it; here is what no
honest agent can say beside. Each method's own module says which disks it suits and what it has to prove.
Not for: levels (`levels.py`), ordering (`jobs/erase_policy.py`).
"""

import re
from collections.abc import Callable
from typing import Final

from netboot.jobs.erase_cuts import doubt_of_follow_up
from netboot.jobs.erase_methods import overwrite
from netboot.jobs.erase_methods.levels import levels_of
from netboot.jobs.erase_methods.rules import MethodRules
from netboot.shared.contradictions import Reason
from netboot.shared.erase_methods import Method
from netboot.shared.erase_methods.firmware import FirmwareErased
from netboot.shared.erase_outcome import short_name
from netboot.shared.firmware_verdict import Proof, fault_in, values_of
from netboot.shared.inventory import Disk
from netboot.shared.mark_places import mark_places
from netboot.shared.problems import Problem
from netboot.shared.read_back import ALL, to_read
from netboot.shared.stages.erase import DiskErase

_WHOLE_COMMAND: Final = re.compile(r"[a-zA-Z_-]+ .*\S")


def firmware_rules(
    method: Method,
    proof: Proof,
    command: str,
    suits: Callable[[Disk], bool],
    *,
    whole_drive: bool = True,
    asks: bool = False,
) -> MethodRules[FirmwareErased]:
    """The rules of one technique. `command` is what its order holds in so many words, `whole_drive` that it erases
    every disk of its drive, `asks` that a person has to give something for it."""

    def reason_to_doubt(said: FirmwareErased, order: DiskErase, seconds: float) -> Reason | Problem | None:
        shows = fault_in(said, proof)
        if shows is not None:
            return Problem(shows.code, values_of(said, short_name(order.disk)))
        return _contradiction(said, order, command, seconds) or _then_overwritten(said, order, seconds)

    def left(said: FirmwareErased, _: DiskErase) -> bool:
        # Where no order was given the disk is as it was.
        shows = fault_in(said, proof)
        return not said.command or (shows is not None and shows.verdict == "not-erased")

    return MethodRules(
        suits=lambda disk: not disk.read_only and suits(disk),
        levels=levels_of(method),
        reason_to_doubt=reason_to_doubt,
        left=left,
        whole_drive=whole_drive,
        asks=asks,
    )


def _contradiction(said: FirmwareErased, order: DiskErase, command: str, seconds: float) -> Reason | None:
    if said.resumed and (reason := doubt_of_follow_up(said, order)) is not None:
        return reason
    # What was found done is read whole: nobody saw it at work.
    sample = ALL if said.resumed == "done" else order.sample
    if said.sample != sample or said.to_read != to_read(order.disk.size, sample):
        return "amounts"
    if said.even > said.read:
        return "amounts"
    if said.to_mark != len(mark_places(order.disk.size)) or max(said.marked, said.compared) > said.to_mark:
        return "amounts"
    if command not in said.command or _WHOLE_COMMAND.fullmatch(said.command) is None or not said.tool:
        return "pattern"
    at = [seen.at for seen in said.states]
    if at != sorted(at) or said.seconds > seconds or any(moment > said.seconds for moment in at):
        return "times"
    return "too-fast" if said.read > overwrite.FASTEST * (seconds - said.seconds) else None


def _then_overwritten(said: FirmwareErased, order: DiskErase, seconds: float) -> Reason | Problem | None:
    if not order.then_overwrite:
        return None
    if said.overwritten is None:
        return overwrite.incomplete(order.disk, written=0, verified=0)
    return overwrite.RULES.reason_to_doubt(said.overwritten, order, seconds)
