"""Disks and controllers that a person is asked about, and the answers."""

from msgspec.structs import replace

from netboot.jobs.disk_answers import Answer, AnswerKind, answers_to, questions
from netboot.shared.inventory import Disk, DiskId, HiddenStorage, Inventory
from tests.jobs.conftest import GB

EMMC = Disk(
    name="mmcblk0", id=DiskId(serial="0x1a2b3c4d", size=32 * GB), model="DF4032", transport="mmc", removable=True
)
READER = HiddenStorage(kind="unknown", controller="1234:5678", setting="…", vouchable="0000:06:01.2 1234:5678")
VOUCHED = Answer(kind="vouched", controller=READER.vouchable)
A = Disk(name="vda", id=DiskId(size=16 * GB, path="pci-0000:00:01.0", sequence=1), transport="virtio")
B = Disk(name="vdb", id=DiskId(size=16 * GB, path="pci-0000:00:02.0", sequence=2), transport="virtio")
TWINS = tuple(replace(disk, id=replace(disk.id, serial="AA00000000000489")) for disk in (A, B))


def said(kind: AnswerKind, of: Inventory, *earlier: Answer) -> tuple[Answer, ...]:
    """Everything that was said so far, and this word to each question that it answers."""
    given = earlier
    for question in questions(of, earlier):
        if kind in question.words:
            given += answers_to(question, kind, of)
    return given
