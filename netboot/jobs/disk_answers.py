"""Questions about a PC's disks that only a person can answer, and what an answer changes. Pure.

Three things that software cannot decide. Does a controller without a driver have a disk behind it? Is a disk part of
this PC, where its properties contradict each other? Which disk is meant, where serial number and WWN do not tell two
apart? An answer is for one machine and is on the record; one that names a disk by its place is for one visit, since
another disk may be at that place after the next boot. Without an answer nothing is written (`disk_rules.py`).

Never asked: what a firmware setting can change (Intel RST, VMD, RAID), or about a disk that does not answer.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from netboot.shared.inventory import Disk, DiskId, HiddenStorage, Inventory, Text, label

AnswerKind = Literal["vouched", "not-vouched", "belongs", "left", "by-place"]
"""No disk behind the controller, or that word taken back; part of the PC; not part of it, so left alone; to be known by
its place. Of several about one thing the last counts.
"""


class Answer(Struct, frozen=True, kw_only=True):
    """One answer: about `disk`, or about `controller` (`HiddenStorage.vouchable`); `label` is what people call it."""

    kind: AnswerKind
    controller: Text = ""
    disk: DiskId | None = None
    label: Text = ""


class Question(Struct, frozen=True, kw_only=True):
    """One thing to be asked about; `answer` is what was said of it. `disks` are several only for "place"."""

    about: Literal["controller", "belonging", "place"]
    hidden: HiddenStorage | None = None
    disks: tuple[Disk, ...] = ()
    answer: AnswerKind | None = None

    @property
    def words(self) -> tuple[AnswerKind, ...]:
        """What may be answered now: not what was said last."""
        match self.about:
            case "controller":
                return ("not-vouched",) if self.answer == "vouched" else ("vouched",)
            case "belonging":
                return ("left",) if self.answer == "belongs" else ("belongs",) if self.answer else ("belongs", "left")
            case "place":
                return () if self.answer else ("by-place",)

    @property
    def key(self) -> str:
        """The same for the same question about the same things, for a form: what was seen is what is answered."""
        things = (self.about, self.hidden, [disk.id for disk in self.disks])
        return hashlib.sha256(msgspec.json.encode(things)).hexdigest()[:32]


def vouched(hidden: HiddenStorage, answers: Sequence[Answer]) -> bool:
    """Whether a person said that there is no disk behind this controller. A kind that is known to hide disks never."""
    if not hidden.may_be_vouched_for:
        return False
    said = [answer.kind for answer in answers if answer.controller == hidden.vouchable]
    return bool(said) and said[-1] == "vouched"


def counts(answer: Answer, answers: Sequence[Answer], inventory: Inventory) -> bool:
    """Whether this one of the answers is the last word on something that the PC has."""
    if answer.disk is None:
        said = [other for other in answers if other.controller == answer.controller]
        return said[-1:] == [answer] and any(answer.controller == hidden.vouchable for hidden in inventory.hidden)
    about = answer.disk
    placing = answer.kind == "by-place"
    said = [
        other
        for other in answers
        if other.disk is not None and other.disk.same_as(about) and (other.kind == "by-place") == placing
    ]
    return said[-1:] == [answer] and any(about.same_as(disk.id) for disk in inventory.disks)


def settled(inventory: Inventory, answers: Sequence[Answer]) -> tuple[Disk, ...]:
    """The disks as the answers leave them: those in doubt are told apart, those named by place are known by it."""
    return tuple(_settled(disk, inventory, answers) for disk in inventory.disks)


def told_apart(disk: Disk, inventory: Inventory) -> bool:
    """Whether nothing else in the PC could be taken for this disk; also a stick may say that it is this disk."""
    known = disk.id.named or disk.id.by_place
    return known and sum(disk.id.same_as(other.id) for other in inventory.disks) == 1


def can_be_placed(disk: Disk, inventory: Inventory) -> bool:
    """Whether its place tells it apart. Two ways to one SAS disk (dual port) are two places of the same disk."""
    if not disk.id.placed or (disk.transport == "sas" and disk.id.wwn and not told_apart(disk, inventory)):
        return False
    return sum((disk.id.path, disk.id.sequence) == (other.id.path, other.id.sequence) for other in inventory.disks) == 1


def in_place(disk_id: DiskId) -> DiskId:
    """The same disk, known by where it sits in this boot."""
    return replace(disk_id, by_place=True)


def questions(inventory: Inventory, answers: Sequence[Answer]) -> tuple[Question, ...]:
    """All that a person may be asked of this PC, answered or not."""
    asked = [
        Question(about="controller", hidden=hidden, answer="vouched" if vouched(hidden, answers) else None)
        for hidden in inventory.hidden
        if hidden.may_be_vouched_for
    ]
    pairs = list(zip(inventory.disks, settled(inventory, answers), strict=True))
    for seen, disk in pairs:
        if in_doubt(seen):
            asked.append(Question(about="belonging", disks=(seen,), answer=disk.said or None))
    alike = [
        (seen, disk)
        for seen, disk in pairs
        if disk.belonging == "internal" and disk.id.size > 0 and not told_apart(seen, inventory)
    ]
    if alike and all(can_be_placed(seen, inventory) for seen, _ in alike):
        answered = all(disk.id.by_place for _, disk in alike)
        asked.append(
            Question(about="place", disks=tuple(seen for seen, _ in alike), answer="by-place" if answered else None)
        )
    return tuple(asked)


def answers_to(question: Question, kind: AnswerKind, inventory: Inventory) -> tuple[Answer, ...]:
    """The answers that this word gives to this question. Raises ValueError for a word that is no answer to it."""
    match question.about, kind:
        case "controller", "vouched" | "not-vouched" if question.hidden is not None:
            hidden = question.hidden
            return (Answer(kind=kind, controller=hidden.vouchable, label=hidden.controller),)
        case "belonging", "belongs" | "left":
            # A disk that nothing tells apart is the one at this place, now; the next visit asks again.
            return tuple(
                Answer(
                    kind=kind,
                    disk=disk.id if told_apart(disk, inventory) else in_place(disk.id),
                    label=label(disk),
                )
                for disk in question.disks
            )
        case "place", "by-place":
            return tuple(
                Answer(kind=kind, disk=in_place(disk.id), label=label(replace(disk, id=in_place(disk.id))))
                for disk in question.disks
            )
    raise ValueError(f"{kind} is no answer about {question.about}")


def in_doubt(disk: Disk) -> bool:
    """Whether no sign decides if this disk is part of the PC; an empty reader asks nothing."""
    return replace(disk, said="").belonging == "doubt" and disk.id.size > 0


def _settled(disk: Disk, inventory: Inventory, answers: Sequence[Answer]) -> Disk:
    said: Literal["", "belongs", "left"] = ""
    placed = False
    for answer in answers:
        if answer.disk is None or not answer.disk.same_as(disk.id):
            continue
        if answer.kind == "by-place":
            placed = True
        elif answer.kind in ("belongs", "left") and (answer.disk.by_place or told_apart(disk, inventory)):
            said = answer.kind
    return replace(disk, said=said if in_doubt(disk) else "", id=in_place(disk.id) if placed else disk.id)
