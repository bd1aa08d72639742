"""NVMe lab drives under real tools: Linux' driver, nvme-cli and smartctl of the agent's own base archive, in a PC.

One PC has a drive for each way to behave (`tool_pc.py`). It proves that such a drive is told and answers as the
standards have it, never what a maker's firmware does.
"""

import json
from pathlib import Path

import pytest

from netboot.bootfiles import BootFiles
from netboot.lab.disks import MARKER, create_used, find_pattern
from netboot.lab.drives.behaviour import Bad, BadSectors, Behaviour, Outcome, WithoutPower
from netboot.lab.drives.control import tell
from netboot.lab.drives.journal import read_journal
from netboot.lab.drives.nvme.spec import Namespace, NvmeSpec
from netboot.lab.qemu_root import QemuRoot, make_qemu_root
from tests.lab_unit.drives.tool_pc import drives, tool_pc

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.matrix, pytest.mark.timeout(1800)]

SIZE = 8 << 20

GUEST = '''
def tool(device, command, *words):
    """nvme-cli, its JSON parsed."""
    done = run("nvme", command, device, *words, "--output-format=json")
    try:
        done["json"] = json.loads(done["out"])
    except ValueError:
        pass
    return done

def drives():
    found = {}
    for path in glob.glob("/sys/class/nvme/nvme*"):
        found[pathlib.Path(path, "serial").read_text().strip()] = "/dev/" + os.path.basename(path)
    return found

def log(device):
    return next(iter(tool(device, "sanitize-log")["json"].values()))

def wait(device, seconds=240):
    until = time.monotonic() + seconds
    while log(device)["sstat"]["status"].startswith("(2)") and time.monotonic() < until:
        time.sleep(0.5)
    return log(device)

until = time.monotonic() + 60
while len(drives()) < COUNT and time.monotonic() < until:
    time.sleep(0.5)
disk = drives()
say("serials", sorted(disk))
'''

METHODS = """
for serial in ("BLOCK", "CRYPTO", "OVERWRITE", "FAILS", "HANGS", "LIES", "REFUSES"):
    action = {"CRYPTO": "start-crypto-erase", "OVERWRITE": "start-overwrite"}.get(serial, "start-block-erase")
    device = disk[serial]
    words = ["--owpass=1", "--ovrpat=0x11223344"] if serial == "OVERWRITE" else []
    seen = {"before": log(device), "old": read(device + "n1")}
    seen["order"] = run("nvme", "sanitize", device, "--sanact=" + action, *words)
    seen["meanwhile"] = log(device)
    seen["read"] = read(device + "n1", 4096)
    seen["again"] = run("nvme", "sanitize", device, "--sanact=" + action, *words)
    seen["after"] = wait(device, 5 if serial == "HANGS" else 240)
    seen["new"] = read(device + "n1")
    seen["namespaces"] = sorted(os.path.basename(path) for path in glob.glob(device + "n*"))
    say(serial, seen)

device = disk["FORMATS"]
seen = {"old": read(device + "n1")}
for name, words in (("0", ["--ses=0"]), ("2", ["--ses=2"]), ("1", ["--ses=1"]), ("4096", ["--ses=1", "--lbaf=1"])):
    seen["order " + name] = run("nvme", "format", device, "--namespace-id=1", *words, "--force")
    seen["new " + name] = read(device + "n1")
    queue = pathlib.Path("/sys/block", os.path.basename(device) + "n1", "queue")
    seen["sector " + name] = (queue / "logical_block_size").read_text()
    if name == "0":
        seen["untouched"] = read(device + "n1", SIZE - 4096)
seen["id"] = tool(device, "id-ctrl")["json"]
seen["namespace"] = tool(device + "n1", "id-ns")["json"]
seen["list"] = tool(device, "list-ns")
seen["firmware"] = tool(device, "fw-log")
seen["self-test"] = run("nvme", "device-self-test", device, "--namespace-id=1", "--self-test-code=1", "--wait")
seen["self-tests"] = tool(device, "self-test-log")["json"]
seen["bad"] = read(device + "n1", 40960)
seen["errors"] = tool(device, "error-log", "--log-entries=4")["json"]
seen["smart"] = tool(device, "smart-log")["json"]
seen["smartctl"] = json.loads(run("smartctl", "--json", "--all", device)["out"])
seen["support"] = run("openSeaChest_Erase", "--device", device + "n1", "--showEraseSupport", "--noBanner")
say("FORMATS", seen)
sys.exit(10)
"""

ORDER = """
device = disk["CUT"]
assert run("nvme", "sanitize", device, "--sanact=start-block-erase")["status"] == 0
while log(device)["sprog"] < int(0.4 * 65536):
    time.sleep(0.2)
say("cut", log(device))
time.sleep(600)
"""

FOLLOW = """
device = disk["CUT"]
say("found", log(device))
say("refused", read(device + "n1"))
say("ended", wait(device))
say("left", read(device + "n1"))
sys.exit(10)
"""


@pytest.fixture(scope="module", name="qemu")
def _qemu() -> QemuRoot:
    return make_qemu_root()


def _full(*specs: NvmeSpec) -> None:
    for spec in specs:
        for namespace in spec.namespaces:
            create_used(Path(namespace.image), SIZE, spec.serial)


def _spec(folder: Path, serial: str, behaviour: Behaviour, *more: str) -> NvmeSpec:
    images = tuple(Namespace(str(folder / name)) for name in (f"{serial}.img", *more))
    return NvmeSpec(str(folder / serial), images, serial, behaviour=behaviour, self_test_seconds=2)


def test_each_way_to_behave_is_seen_by_real_tools(built: BootFiles, qemu: QemuRoot, tmp_path: Path) -> None:
    quick = {"erase_seconds": 3, "erase_announces": 60}
    specs = [
        _spec(tmp_path, "BLOCK", Behaviour(**quick), "second.img"),  # type: ignore[arg-type]
        _spec(tmp_path, "CRYPTO", Behaviour(**quick)),  # type: ignore[arg-type]
        _spec(tmp_path, "OVERWRITE", Behaviour(**quick)),  # type: ignore[arg-type]
        _spec(tmp_path, "FAILS", Behaviour(erase=Outcome.FAILS, erase_seconds=3)),
        _spec(tmp_path, "HANGS", Behaviour(erase=Outcome.HANGS, erase_seconds=3, erase_stops_at=0.01)),
        _spec(tmp_path, "LIES", Behaviour(erase=Outcome.LIES, erase_seconds=3)),
        _spec(tmp_path, "REFUSES", Behaviour(erase=Outcome.REFUSES)),
        _spec(tmp_path, "FORMATS", Behaviour(erase_seconds=1, bad=(BadSectors(10, Bad.UNREADABLE),))),
    ]
    _full(*specs)
    script = f"COUNT, SIZE = {len(specs)}, {SIZE}\n" + GUEST + METHODS
    with drives(tmp_path, specs), tool_pc(tmp_path, built, qemu, script, specs) as pc:
        said = pc.wait_off()
    print(json.dumps(said, indent=1))
    old = MARKER.hex()
    assert said["serials"] == sorted(spec.serial for spec in specs)
    for serial in ("BLOCK", "CRYPTO", "OVERWRITE", "FAILS", "HANGS", "LIES", "REFUSES"):
        seen = said[serial]
        assert seen["old"].startswith(old)
        assert seen["before"]["sstat"]["status"].startswith("(0)"), "never sanitized"
        if serial == "REFUSES":
            assert seen["order"]["status"] != 0
            assert seen["after"]["sstat"]["status"].startswith("(0)")
            assert seen["new"].startswith(old)
            continue
        assert seen["order"]["status"] == 0
        assert seen["meanwhile"]["sstat"]["status"].startswith("(2)"), "in progress"
        assert isinstance(seen["read"], int), "reads are refused meanwhile"
        assert seen["again"]["status"] != 0
    for serial, left in (("BLOCK", "00" * 64), ("OVERWRITE", "44332211" * 16)):
        assert said[serial]["after"]["sstat"]["status"].startswith("(1)")
        assert said[serial]["after"]["sprog"] == 65535
        assert said[serial]["new"] == left
        assert find_pattern(tmp_path / f"{serial}.img") is None
    assert len(said["BLOCK"]["namespaces"]) == 2
    assert find_pattern(tmp_path / "second.img") is None, "a sanitize is about every namespace"
    assert said["CRYPTO"]["after"]["sstat"]["status"].startswith("(1)")
    assert not said["CRYPTO"]["new"].startswith(old)
    assert said["CRYPTO"]["new"].strip("0")
    assert find_pattern(tmp_path / "CRYPTO.img") is None
    assert said["FAILS"]["after"]["sstat"]["status"].startswith("(3)")
    assert isinstance(said["FAILS"]["new"], int)
    assert said["HANGS"]["after"]["sprog"] == 655
    assert said["LIES"]["after"]["sstat"]["status"].startswith("(1)")
    assert said["LIES"]["new"].startswith(old)

    seen = said["FORMATS"]
    assert seen["new 0"] == seen["old"]
    assert seen["untouched"].startswith(old), "SES 0 erases nothing"
    assert not seen["new 2"].startswith(old)
    assert seen["new 2"].strip("0")
    assert seen["new 1"] == "00" * 64
    assert [seen[f"sector {name}"].strip() for name in ("0", "1", "4096")] == ["512", "512", "4096"]
    assert [seen[f"order {name}"]["status"] for name in ("0", "1", "2", "4096")] == [0] * 4
    journal = [entry for entry in read_journal(tmp_path / "FORMATS.img") if entry["command"] == "format"]
    assert [int(str(entry["dword10"])) >> 9 & 7 for entry in journal] == [0, 2, 1, 1]
    assert seen["id"]["sn"].strip() == "FORMATS"
    assert seen["id"]["sanicap"] & 7 == 7
    assert seen["self-tests"]["List of Valid Reports"][0]["Self test result"] == 7
    assert seen["smartctl"]["serial_number"] == "FORMATS"
    assert seen["smartctl"]["nvme_smart_health_information_log"]["media_errors"] > 0
    assert isinstance(seen["bad"], int)
    assert "Sanitize Block Erase" in seen["support"]["out"]
    assert "NVM Format: Crypto Erase" in seen["support"]["out"]


def test_a_sanitize_is_followed_up_after_a_power_cut(built: BootFiles, qemu: QemuRoot, tmp_path: Path) -> None:
    # It stands at 40 % until it is told to go on, however long a PC takes to come back under emulation.
    stands = Behaviour(erase=Outcome.HANGS, erase_seconds=5, without_power=WithoutPower.WAITS)
    spec = _spec(tmp_path, "CUT", stands)
    _full(spec)
    with drives(tmp_path, [spec]):
        with tool_pc(tmp_path, built, qemu, "COUNT = 1\n" + GUEST + ORDER, [spec]) as pc:
            pc.wait_said("cut")
        with tool_pc(tmp_path, built, qemu, "COUNT = 1\n" + GUEST + FOLLOW, [spec]) as pc:
            pc.wait_said("refused")
            tell(Path(spec.socket), do="behave", behaviour={"erase_seconds": 5})
            said = pc.wait_off()
    assert said["found"]["sstat"]["status"].startswith("(2)")
    assert said["found"]["sprog"] == int(0.4 * 65536)
    assert isinstance(said["refused"], int)
    assert said["ended"]["sstat"]["status"].startswith("(1)")
    assert said["left"] == "00" * 64
    assert find_pattern(tmp_path / "CUT.img") is None
