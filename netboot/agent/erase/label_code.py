"""Asks a person for the PSID on a disk's label, and opens by it a disk that TCG's locks are on for.

A PSID is never guessed: it is typed or scanned, for this disk, TRIES times at most, because a drive takes only so many
wrong ones from one power-on to the next. Nobody in time, or no readable label, is an answer too: a disk that is open as
it stands goes on to be erased otherwise, one that is shut does not. The code stays in memory; the record knows who gave
it (`agent/questions.py`).
A disk that was opened so has new keys by its own word. It counts for nothing by that: nothing could be marked on it
before. It is then marked and erased as any other.
Not for: the erase whose proof is the Revert itself (`opal_revert.py`).
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from netboot.agent.disks.direct_io import DirectDisk
from netboot.agent.disks.disk_threads import start
from netboot.agent.erase.firmware.held_drive import leads_to
from netboot.agent.erase.firmware.opal import OpalRevert, is_reverting, locks_of, speaks_opal
from netboot.agent.progress import Does, Doing, nobody
from netboot.agent.questions import Ask
from netboot.shared.disk_abilities import Opal
from netboot.shared.erase_methods.firmware import Accepted
from netboot.shared.inventory import Disk, gigabytes, label
from netboot.shared.problems import Problem
from netboot.shared.stage_question import GIVE, AnswerChoice, Sentence, ShortWords
from netboot.shared.stages.erase import DiskErase

TRIES: Final = 3
WAIT: Final = 1800.0
"""Seconds that a person has for the code: the disk may have to be taken out to read its label."""
_ANSWER: Final = 60.0
"""Seconds for a drive to say how its locks are."""
CHOICES: Final = (
    AnswerChoice(
        id=GIVE,
        words=ShortWords(
            fr="Envoyer ce code au disque, qui s'efface", en="Give this code to the disk, which is erased"
        ),
    ),
    AnswerChoice(id="none", words=ShortWords(fr="Pas de code lisible", en="No code that can be read")),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a disk's locks. none: they are off. gone: they went off by the code. open: they are on, and let
    the disk be used for now. shut: they are on and closed; `problem` says what to do."""

    state: Literal["none", "gone", "open", "shut"]
    problem: Problem | None = None


def question(disk: Disk, tries: int) -> Sentence:
    """What is asked; `tries` codes were refused before."""
    name = " ".join(part for part in (disk.model[:40], disk.id.text[:40], gigabytes(disk.id.size)) if part)
    fr = f"Un ancien propriétaire a verrouillé le disque {name} (TCG Opal). Quel est le code PSID de son étiquette ?"
    en = f"A former owner has locked the disk {name} (TCG Opal). Which is the PSID code on its label?"
    if tries:
        fr = f"Code refusé par le disque, {tries} fois sur {TRIES}. {fr}"
        en = f"The disk refused the code, {tries} times of {TRIES}. {en}"
    return Sentence(fr=fr, en=en)


async def asked(ask: Ask, disk: Disk, tries: int) -> str | None:
    """The code that a person gives for this disk, "" where they have none; None for nobody, and for a job that has
    asked as often as one may: other disks go on."""
    try:
        return await ask.code(question(disk, tries), CHOICES, WAIT)
    except ValueError:
        return None


async def open_up(order: DiskErase, disk: Disk, device: DirectDisk, ask: Ask, does: Does = nobody) -> Opened:
    """Have the locks taken off where they are on and the order lets a person be asked. Raises nothing for the disk."""
    if not speaks_opal(disk):
        return Opened("none")
    silent = Problem("erase-opal-silent", {"disk": label(disk)})
    if await start(partial(is_reverting, disk)):
        return Opened("shut", silent)
    locks = await _locks(disk)
    if locks is None or not locks.owned:
        return Opened("none")
    problem = Problem("erase-opal-locked", {"disk": label(disk)})
    tries = 0
    while order.psid and tries < TRIES:
        code = await asked(ask, disk, tries)
        if not code:
            break
        revert = OpalRevert(code)
        does(Doing("drive"))
        given = await start(partial(_give, revert, order, disk, device))
        if given == "yes":
            return Opened("gone")
        tries += 1
        if not revert.wrong:
            problem = silent if given == "not-told" else Problem("erase-opal-kept", {"disk": label(disk)})
            break
        problem = Problem("erase-opal-wrong", {"disk": label(disk), "tries": str(tries)})
    locks = await _locks(disk)
    if locks is not None and not locks.shut:
        return Opened("open" if locks.owned else "none")
    return Opened("shut", problem)


async def _locks(disk: Disk) -> Opal | None:
    """What the drive says of its locks; None where it does not answer."""
    future = start(lambda: locks_of(disk))
    ended, _ = await asyncio.wait({future}, timeout=_ANSWER)
    return future.result() if ended else None


def _give(revert: OpalRevert, order: DiskErase, disk: Disk, device: DirectDisk) -> Accepted:
    """Give the drive its code, if it is still this disk, and nothing else would be erased with it. Blocks."""
    if not leads_to(device) or not revert.is_this(disk) or revert.beside(disk) is not None:
        return "no"
    return revert.order(disk, order).accepted
