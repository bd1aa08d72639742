"""Records what a running PC shows of its hardware, as one text that the tests read back (`conftest.py`).

Run inside a PC or a QEMU guest, as root:  python3 record.py "what this device is" > recorded/NAME.txt
Only the files and programs that the agent reads are kept. Nothing is edited afterwards.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FILES = (
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/self/mountinfo",
    "proc/swaps",
    "sys/class/dmi/id/*",
    "sys/firmware/efi/fw_platform_size",
    "sys/firmware/efi/efivars/SecureBoot-*",
    "sys/firmware/efi/efivars/SetupMode-*",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
    "sys/class/net/*/address",
    "sys/class/net/*/type",
    "sys/class/net/*/speed",
    "sys/class/net/*/carrier",
    "sys/class/net/*/uevent",
    "sys/class/net/*/device/driver",
    "sys/class/net/*/device/vendor",
    "sys/class/net/*/device/device",
    "sys/class/net/*/wireless",
    "sys/class/net/*/phy80211",
    "sys/class/net/*/bridge",
    "sys/class/power_supply/*/*",
    "sys/block/*/size",
    "sys/block/*/ro",
    "sys/block/*/removable",
    "sys/block/*/hidden",
    "sys/block/*/dev",
    "sys/block/*/wwid",
    "sys/block/*/serial",
    "sys/block/*/diskseq",
    "sys/block/*/nsid",
    "sys/block/*/holders",
    "sys/block/*/slaves",
    "sys/block/*/holders/*",
    "sys/block/*/queue/logical_block_size",
    "sys/block/*/queue/physical_block_size",
    "sys/block/*/queue/rotational",
    "sys/block/*/queue/discard_max_hw_bytes",
    "sys/block/*/queue/discard_granularity",
    "sys/block/*/device/model",
    "sys/block/*/device/vendor",
    "sys/block/*/device/rev",
    "sys/block/*/device/type",
    "sys/block/*/device/removable",
    "sys/block/*/device/serial",
    "sys/block/*/device/firmware_rev",
    "sys/block/*/device/wwid",
    "sys/block/*/device/vpd_pg80",
    "sys/block/*/device/vpd_pgb1",
    "sys/block/*/device/transport",
    "sys/block/*/device/nvme*/transport",
    "sys/block/*/device/raid_level",
    "sys/block/*/device/fwrev",
    "sys/block/*/device/name",
    "sys/block/*/device/unit_descriptor/boot_lun_id",
    "sys/block/*/device/unit_descriptor/lun_write_protect",
    "sys/block/*/*/partition",
    "sys/block/*/*/dev",
    "sys/block/*/*/holders",
    "sys/block/*/*/holders/*",
    "sys/bus/pci/devices/*/class",
    "sys/bus/pci/devices/*/vendor",
    "sys/bus/pci/devices/*/device",
    "sys/bus/pci/devices/*/driver",
    "sys/bus/pci/devices/*/removable",
    "sys/bus/pci/devices/*/remapped_nvme",
    "sys/bus/usb/devices/*/removable",
    "sys/class/nvme/*/state",
    "sys/class/nvme/*/transport",
    "sys/class/nvme/*/model",
    "sys/class/nvme/*/serial",
    "sys/class/ata_link/*/sata_spd",
    "sys/class/ata_device/*/class",
    "sys/class/scsi_device/*/device/type",
    "sys/class/raid_devices/*",
)
COMMANDS = (
    ("dmidecode", "--type", "17"),
    ("udevadm", "info", "--export-db"),
)
SUBSYSTEMS = ("block", "net", "pci", "nvme", "usb")


def components(path: Path) -> Iterator[tuple[Path, str]]:
    """Every symbolic link on the way to `path` with its target, then the real path with ""."""
    todo, here = list(path.parts[1:]), Path("/")
    while todo:
        part = todo.pop(0)
        here = here.parent if part == ".." else here / part
        if here.is_symlink():
            target = here.readlink()
            yield here, str(target)
            here = here.parent
            todo = [*target.parts, *todo]
    yield here, ""


def show(text: str) -> None:
    for line in text.rstrip("\n").split("\n"):
        print(f"| {line}" if line else "|")


def record_files() -> None:
    seen = set()
    for pattern in FILES:
        for found in sorted(Path("/").glob(pattern)):
            for path, target in components(found):
                if path in seen:
                    continue
                seen.add(path)
                if target:
                    print(f"link {str(path)[1:]} {target}")
                elif path.is_dir():
                    print(f"dir {str(path)[1:]}")
                else:
                    record_file(path)


def record_file(path: Path) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        print(f"error {str(path)[1:]} {error.errno}")
        return
    text = content.decode("ascii", "replace")
    if "\0" in text or "\ufffd" in text or (text and not text.endswith("\n")):
        print(f"bytes {str(path)[1:]} {content.hex()}")
    else:
        print(f"file {str(path)[1:]}")
        show(text)


def run(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout.decode()


def record_command(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, check=False)
    if ended.returncode:
        print("failed", " ".join(command))
        show(ended.stderr.decode())
        return
    output = ended.stdout.decode()
    if command[0] == "udevadm":
        kept = [r for r in output.split("\n\n") if any(f"E: SUBSYSTEM={name}\n" in r + "\n" for name in SUBSYSTEMS)]
        output = "\n\n".join(kept) + "\n"
    print("run", " ".join(command))
    show(output)


def main() -> None:
    print("#", " ".join(sys.argv[1:]))
    print("#", run("date", "+%Y-%m-%d").strip(), run("uname", "-srvm").strip())
    for tool in (("dmidecode", "--version"), ("udevadm", "--version"), ("nvme", "version")):
        print("#", tool[0], run(*tool).split("\n")[0])
    print(f"# udevadm's records kept: {' '.join(SUBSYSTEMS)}")
    record_files()
    for command in COMMANDS:
        record_command(*command)
    for name in sorted(Path("/sys/block").glob("sd*")):
        record_command("hdparm", "-I", f"/dev/{name.name}")
    for name in sorted(Path("/sys/block").glob("nvme*")):
        record_command("nvme", "id-ctrl", f"/dev/{name.name}", "--output-format=json")
    for name in sorted(Path("/sys/class/nvme").glob("nvme*")):
        device = f"/dev/{name.name}"
        record_command("nvme", "id-ctrl", device, "--output-format=json")
        record_command("nvme", "list-ns", device, "--output-format=json")
        record_command("nvme", "list-ns", device, "--all", "--output-format=json")


main()
