"""A job, two disks and a stick that never existed, and what is said of their erasure."""

import msgspec
from msgspec.structs import replace

from netboot.imaging import Job, MasterNeeds, StageRecord, new_stages
from netboot.inventory import Board, Disk, DiskId, Firmware, HiddenStorage, Inventory, System
from netboot.profile import Profile
from netboot.protocol import Erasure, Result, StageName

GB = 10**9
MANIFEST = "a" * 64
MASTER = MasterNeeds(manifest=MANIFEST, name="debian", disk=8 * GB, used=100)
SSD = Disk(name="sda", id=DiskId(serial="S1", wwn="0x1", size=16 * GB), model="SSD", transport="sata")
HDD = Disk(name="sdb", id=DiskId(serial="H1", size=500 * GB), model="HDD", transport="sata", rotational=True)
STICK = Disk(name="sdc", id=DiskId(serial="U1", size=32 * GB), model="Stick", transport="usb", removable=True)
ALL: tuple[StageName, ...] = ("check", "erase", "deploy", "customise", "finish")


def inventory(*disks: Disk, hidden: tuple[HiddenStorage, ...] = ()) -> Inventory:
    return Inventory(system=System(), board=Board(), firmware=Firmware(mode="uefi"), disks=disks, hidden=hidden)


def profile(*stages: StageName, unerased: str = "forbid") -> Profile:
    return msgspec.convert(
        {
            "id": "p",
            "name": {"fr": "P", "en": "P"},
            "stages": stages,
            "master": "debian" if "deploy" in stages else "",
            "unerased": unerased,
        },
        Profile,
    )


def job(*disks: Disk, stages: tuple[StageName, ...] = ALL, unerased: str = "forbid", **more: object) -> Job:
    chosen = profile(*stages, unerased=unerased)
    return replace(
        Job(
            id="j",
            profile=chosen,
            stages=new_stages(chosen),
            inventory=inventory(*disks),
            hostname="pc-1",
            master=MASTER,
        ),
        **more,
    )


def done(the_job: Job, stage: StageName, result: Result | None = None) -> Job:
    record = StageRecord(stage=stage, state="done", result=result)
    return replace(the_job, stages=tuple(record if r.stage == stage else r for r in the_job.stages))


def erasure(disk: Disk, verdict: str = "erased", *, read: int | None = None) -> Erasure:
    return msgspec.convert(
        {
            "disk": msgspec.to_builtins(disk.id),
            "method": "overwrite",
            "level": "clear",
            "verdict": verdict,
            "written": disk.id.size,
            "verified": disk.id.size if read is None else read,
        },
        Erasure,
    )
