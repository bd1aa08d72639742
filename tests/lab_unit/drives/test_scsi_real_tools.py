"""SCSI lab disks under real tools: Linux' sd, sg3_utils, smartctl and openSeaChest of the agent's own base archive.

One PC has a host with a disk for each way to behave. It proves that such disks are told and answer as the standards
have it, and that the agent's readers understand what the tools print of them; nothing of a maker's firmware.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from netboot.agent.answers.erase_support import parse_erase_support
from netboot.agent.answers.hex_dump import dumped_bytes
from netboot.agent.answers.scsi_sanitize import parse_order, parse_status
from netboot.agent.disks.block_devices import parse_unit_serial
from netboot.agent.disks.scsi_abilities import parse_commands
from netboot.agent.disks.smart_report import disk_counts, read_report
from netboot.bootfiles import BootFiles
from netboot.lab.disks import MARKER, create_used, find_pattern
from netboot.lab.drives.behaviour import Behaviour, Outcome
from netboot.lab.drives.scsi.spec import ScsiDisk, ScsiModel, ScsiSpec
from netboot.lab.qemu_root import QemuRoot, make_qemu_root
from netboot.shared.disk_abilities import ScsiSanitize
from tests.lab_unit.drives.tool_pc import drives, tool_pc

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]

SIZE = 8 << 20
SCRIPT = """
disk, until = {}, time.monotonic() + 90
while len(disk) < 7 and time.monotonic() < until:
    time.sleep(0.5)
    for path in glob.glob("/sys/block/sd*"):
        device = "/dev/" + os.path.basename(path)
        # sg_inq of sg3_utils 1.48 (Debian 13) prints no serial number: its std_inq_decode does so for an answer of no
        # bytes; 1.47 and 1.49 do it where no --maxlen was given.
        serial = re.search(r"serial number: +([!-~]+)", run("sg_vpd", "--page=0x80", device)["out"])
        if serial:
            disk[serial[1]] = device
say("serials", sorted(disk))

def order(device, *how):
    return run("sg_sanitize", *how, "--quick", "--verbose", device)

def generic(device):
    return "/dev/bsg/" + os.path.basename(os.path.realpath("/sys/block/" + os.path.basename(device) + "/device"))

def status(device):
    return run("sg_requests", "--hex", generic(device))

def claim(device):
    # As the agent does: else udev has the kernel look for partitions once sg_sanitize has closed it, and who opens it
    # then waits until the sanitize is over.
    return os.open(device, os.O_RDWR | os.O_EXCL)

device = disk["BLOCK"]
seen = {"old": read(device), "version": run("sg_sanitize", "--version")}
seen["serial"] = run("sg_vpd", "--page=0x80", "--hex", device)["out"]
seen["commands"] = run("sg_opcodes", "--no-inquiry", "--hex", generic(device))
seen["smartctl"] = run("smartctl", "--json=c", "--all", device)
seen["support"] = run("openSeaChest_Erase", "--device", device, "--showEraseSupport", "--noBanner")
seen["idle"] = status(device)
say("BLOCK", seen)

for serial in ("BLOCK", "LIES", "FAILS"):
    device = disk[serial]
    held = claim(device)
    seen = {"order": order(device, "--block", "--early"), "meanwhile": status(device)}
    seen["again"] = order(device, "--block", "--early")
    until = time.monotonic() + 120
    while time.monotonic() < until and " 04 1b " in status(device)["out"]:
        time.sleep(0.5)
    seen["after"] = status(device)
    seen["new"] = read(device)
    os.close(held)
    say(serial + "-erased", seen)

pathlib.Path("/tmp/pattern").write_bytes(bytes([0xB5]))
device = disk["WRITES"]
held = claim(device)
seen = {"order": order(device, "--overwrite", "--count=1", "--pattern=/tmp/pattern", "--early")}
time.sleep(6)
seen["after"] = status(device)
seen["new"] = read(device)
say("WRITES", seen)

device = disk["CRYPTO"]
seen = {"order": order(device, "--crypto", "--wait", "--timeout=60"), "after": status(device), "new": read(device)}
say("CRYPTO", seen)
say("REFUSES", {"order": order(disk["REFUSES"], "--crypto", "--wait", "--timeout=60")})

# As after a power cut: the kernel finds a disk that is at work, and looks for partitions on it.
place = os.path.realpath("/sys/block/" + os.path.basename(disk["LATE"]) + "/device")
unit = os.path.basename(place)
# Else the kernel, before it forgets the disk, waits until it can empty its cache.
pathlib.Path(place, "scsi_disk", unit, "cache_type").write_text("temporary write through")
held = claim(disk["LATE"])
seen = {"order": order(disk["LATE"], "--block", "--early")}
os.close(held)
pathlib.Path(place, "delete").write_text("1")
[host] = [part for part in place.split("/") if part.startswith("host")]
pathlib.Path("/sys/class/scsi_host", host, "scan").write_text("- - -")
until = time.monotonic() + 20
while not glob.glob(place + "/block/sd*") and time.monotonic() < until:
    time.sleep(0.1)
device = "/dev/" + os.listdir(place + "/block")[0]
for kind, node in (("generic", generic(device)), ("block", device)):
    began = time.monotonic()
    seen[kind] = run("sg_requests", "--hex", node)
    seen[kind + "-seconds"] = time.monotonic() - began
say("LATE", seen)
sys.exit(10)
"""


@pytest.fixture(scope="module")
def qemu() -> QemuRoot:
    return make_qemu_root()


def taken(order: dict[str, Any]) -> str:
    """What the agent reads in an order's transcript."""
    return parse_order(order["status"], order["err"] + "\n" + order["out"]).taken


def test_each_way_to_behave_is_seen_by_real_tools(built: BootFiles, qemu: QemuRoot, tmp_path: Path) -> None:
    behaviours = {
        "BLOCK": Behaviour(erase_seconds=6, leaves="ff"),
        "LIES": Behaviour(erase=Outcome.LIES, erase_seconds=4),
        "FAILS": Behaviour(erase=Outcome.FAILS, erase_seconds=4),
        "WRITES": Behaviour(erase_seconds=2),
        "CRYPTO": Behaviour(erase_seconds=2),
        "REFUSES": Behaviour(erase=Outcome.REFUSES),
        "LATE": Behaviour(erase_seconds=30),
    }
    disks = []
    for serial, behaviour in behaviours.items():
        create_used(tmp_path / serial, SIZE, serial)
        disks.append(ScsiDisk(os.fspath(tmp_path / serial), ScsiModel(serial=serial), behaviour, grown=3))
    specs = [ScsiSpec(os.fspath(tmp_path / "scsi"), tuple(disks))]
    with drives(tmp_path, specs), tool_pc(tmp_path, built, qemu, SCRIPT, specs) as pc:
        said = pc.wait_off()
    print(json.dumps(said, indent=1))
    assert said["serials"] == sorted(behaviours)

    seen = said["BLOCK"]
    assert seen["old"].startswith(MARKER.hex())
    assert (seen["version"]["out"] + seen["version"]["err"]).startswith("sg_sanitize: version: ")
    assert parse_unit_serial(dumped_bytes(seen["serial"])) == "BLOCK"
    assert parse_commands(seen["commands"]["out"]) == ScsiSanitize(block=True, crypto=True, overwrite=True)
    counts = disk_counts(read_report(seen["smartctl"]["out"], seen["smartctl"]["status"]))
    assert (counts.grown_defects, counts.uncorrected) == (3, 0)
    listed = parse_erase_support(seen["support"]["out"])
    assert listed is not None
    assert "Sanitize Block Erase" in [one.name for one in listed]
    assert parse_status(seen["idle"]["out"]).state == "idle"

    for serial, ends, new in (("BLOCK", "idle", "ff" * 64), ("LIES", "idle", MARKER.hex()), ("FAILS", "failed", None)):
        seen = said[f"{serial}-erased"]
        assert taken(seen["order"]) == "accepted"
        assert parse_status(seen["meanwhile"]["out"]).state == "running"
        assert parse_status(seen["meanwhile"]["out"]).progress is not None
        assert taken(seen["again"]) == "refused"
        assert parse_status(seen["after"]["out"]).state == ends
        assert isinstance(seen["new"], int) if new is None else seen["new"].startswith(new[:64])

    assert taken(said["WRITES"]["order"]) == "accepted"
    assert parse_status(said["WRITES"]["after"]["out"]).state == "idle"
    assert said["WRITES"]["new"] == "b5" * 64
    assert taken(said["CRYPTO"]["order"]) == "accepted"
    assert parse_status(said["CRYPTO"]["after"]["out"]).state == "idle"
    assert not said["CRYPTO"]["new"].startswith(MARKER.hex()[:64])
    assert taken(said["REFUSES"]["order"]) == "refused"
    late = said["LATE"]
    assert parse_status(late["generic"]["out"]).state == "running"
    assert parse_status(late["block"]["out"]).state == "idle", "else the agent needs no generic device"
    assert [find_pattern(tmp_path / serial) is None for serial in ("BLOCK", "WRITES", "CRYPTO", "LIES")] == [
        True, True, True, False,
    ]  # fmt: skip
