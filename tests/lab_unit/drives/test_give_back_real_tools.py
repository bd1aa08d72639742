"""Lab disks that hide their end, under the agent's own code, Linux' libata and hdparm: HPA, AMAC, DCO, given back.

They are written from the standards: it proves the commands, the kernel's part and what we make of it, never what a
maker's firmware does.
"""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from netboot.bootfiles import BootFiles
from netboot.lab.disks import create_used
from netboot.lab.drives.ahci.spec import AhciSpec
from netboot.lab.drives.ata.attached import SataDisk
from netboot.lab.drives.ata.disk import AtaState
from netboot.lab.drives.ata.hidden import HiddenKept
from netboot.lab.drives.ata.model import AtaModel, Hiding
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.state import state_path
from netboot.lab.qemu_root import QemuRoot, make_qemu_root
from tests.lab_unit.drives.tool_pc import drives, tool_pc

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]

SIZE = 8 << 20
WHOLE = SIZE // 512
HIDES: dict[str, tuple[Hiding, HiddenKept]] = {
    "HPA": (Hiding.HPA, HiddenKept(accessible=10_000)),
    "AMAC": (Hiding.AMAC, HiddenKept(accessible=10_000)),
    "OVERLAY": (Hiding.HPA, HiddenKept(overlay=12_000)),
    "BOTH": (Hiding.HPA, HiddenKept(overlay=12_000, accessible=10_000)),
    "NOTHING": (Hiding.HPA, HiddenKept()),
    "KEEPS": (Hiding.HPA, HiddenKept(accessible=10_000)),
}
SCRIPT = """
import msgspec
from netboot.agent.disks.listing import read_disks
from netboot.agent.disks.disk_status import disk_status
from netboot.agent.erase import give_back as module

transcript, said = module.transcript, []

def told(command):
    status, text = transcript(command)
    said.append([" ".join(command), status, text])
    return status, text

module.transcript = told
device = disks(6)
# Its one lasting SET MAX of this power-on is spent, on what changes nothing.
say("SPENT", run("hdparm", "--verbose", "-Np10000", "--yes-i-know-what-i-am-doing", device["KEEPS"]))
for serial in sorted(device):
    found = next(disk for disk in read_disks() if disk.id.serial == serial)
    said.clear()
    names = []
    after = module.give_back(found.id, read_disks, tell=names.append)
    problem = after.problem and after.problem.code
    now = [disk for disk in read_disks() if disk.id.serial == serial]
    status = disk_status(now[0]) if len(now) == 1 else None
    say(serial, msgspec.to_builtins({
        "found": found.id, "now": after.disk, "said": after.said, "problem": problem, "told": names,
        "transcripts": list(said), "status": status,
    }))
sys.exit(10)
"""


@pytest.fixture(scope="module")
def qemu() -> QemuRoot:
    return make_qemu_root()


def test_what_a_disk_hides_is_given_back_by_its_own_word_or_the_disk_is_told_to_keep_it(
    built: BootFiles, qemu: QemuRoot, tmp_path: Path
) -> None:
    disks = []
    for serial, (hiding, kept) in HIDES.items():
        image = tmp_path / serial
        create_used(image, SIZE, serial)
        state_path(image).write_bytes(msgspec.json.encode(AtaState(hidden=kept)))
        disks.append(SataDisk(os.fspath(image), AtaModel(serial=serial, hiding=hiding)))
    specs = [AhciSpec(os.fspath(tmp_path / "ahci"), tuple(disks))]
    with drives(tmp_path, specs), tool_pc(tmp_path, built, qemu, SCRIPT, specs) as pc:
        said = pc.wait_off()
    print(json.dumps(said, indent=1))
    orders = {
        "HPA": ["max-address"], "AMAC": ["max-address"], "OVERLAY": ["overlay"], "BOTH": ["max-address", "overlay"],
    }  # fmt: skip
    for serial, areas in orders.items():
        seen: dict[str, Any] = said[serial]
        assert [(one["area"], one["accepted"]) for one in seen["said"]["orders"]] == [(one, "yes") for one in areas]
        assert seen["found"]["size"] == seen["said"]["visible"] * 512 < SIZE
        assert seen["now"]["size"] == seen["said"]["size"] == SIZE
        assert seen["problem"] is None
        assert len(seen["told"]) == 1
        status = seen["status"]
        assert status["visible_sectors"] == status["native_sectors"] == status["real_sectors"] == WHOLE
        lasting = msgspec.json.decode(state_path(tmp_path / serial).read_bytes(), type=AtaState)
        assert lasting.hidden == HiddenKept(), "it is given back for good"
    assert (said["NOTHING"]["said"], said["NOTHING"]["transcripts"]) == (None, [])
    assert said["NOTHING"]["now"] == said["NOTHING"]["found"], "and is not found anew"

    seen = said["KEEPS"]
    assert [one["accepted"] for one in seen["said"]["orders"]] == ["no"]
    assert (seen["problem"], seen["now"]) == ("hidden-area-kept", seen["found"])
    # Asked for good; whether libata then shows the area for this once depends on when it reads the disk anew.
    maxima = [entry for entry in read_journal(tmp_path / "KEEPS") if entry["command"] == "set_max_ext"]
    assert maxima[0]["count"] == 1
    lasting = msgspec.json.decode(state_path(tmp_path / "KEEPS").read_bytes(), type=AtaState)
    assert lasting.hidden.accessible == 10_000
