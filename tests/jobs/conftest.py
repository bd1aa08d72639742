"""A job, two disks and a stick that never existed, and what is said of their erasure."""

import msgspec
from msgspec.structs import replace

from netboot.agent.erase.pattern import Pattern
from netboot.jobs.job import Job, MasterNeeds, StageRecord, new_stages
from netboot.jobs.profile import Profile
from netboot.shared.disk_status import DiskStatus
from netboot.shared.erase_methods.overwrite import Overwritten
from netboot.shared.inventory import Board, Disk, DiskId, Firmware, HiddenStorage, Inventory, System
from netboot.shared.stages import Result, StageName
from netboot.shared.stages.erase import Erasure, Verdict

GB = 10**9
MANIFEST = "a" * 64
MASTER = MasterNeeds(manifest=MANIFEST, name="debian", disk=8 * GB, used=100)
SSD = Disk(name="sda", id=DiskId(serial="S1", wwn="0x1", size=16 * GB), model="SSD", transport="sata")
HDD = Disk(
    name="sdb", id=DiskId(serial="H1", size=500 * GB), model="HDD", transport="sata", rotational=True, rotation=7200
)
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


def erasure(disk: Disk, verdict: Verdict = "erased", *, read: int | None = None) -> Erasure:
    """What an agent says of this disk, all of one piece where it is erased."""
    size = disk.id.size
    status = DiskStatus(
        name=disk.name, serial=disk.id.serial, wwn=disk.id.wwn, size=size, logical_sector=512,
        visible_sectors=size // 512, native_sectors=size // 512, real_sectors="not-told",
    )  # fmt: skip
    return Erasure(
        disk=disk.id,
        evidence=Overwritten(
            written=size, verified=size if read is None else read, pattern=Pattern(bytes(32)).description
        ),
        verdict=verdict,
        level="clear" if verdict == "erased" else "none",
        wanted="clear",
        began=100.0,
        ended=100.0 + size / 1e8,
        before=status,
        after=status,
    )
