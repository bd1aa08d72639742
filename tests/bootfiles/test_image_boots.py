"""Both archives in a PC with 1 GiB: devices, network, and what /init does with the agent's exit status.

The agent is one of the test's own, in a third archive over the second; everything else is what PCs get.
"""

import socket
import subprocess
from pathlib import Path

import pytest

from netboot.bootfiles import BootFiles, agent_archive, cpio, prove

WITHIN = 300
"""Seconds from power-on to its being off; 36 on a quiet machine."""
MAC = "52:54:00:62:00:01"

AGENT = """
import os, pathlib, subprocess, sys
import msgspec
from netboot.agent.net import network
from netboot.agent.inventory import read_inventory

if not os.path.exists("/run/crashed"):
    pathlib.Path("/run/crashed").touch()
    sys.exit(3)
import aiohttp, nacl.signing, zstandard
words = dict(word.split("=") for word in open("/proc/cmdline").read().split() if "=" in word)
found = network.bring_up(("10.0.2.2", int(words["port"])), words["mac"], patience=60)
inventory = read_inventory(words["mac"])
print("MARK address", found.interface, found.address)
print("MARK disks", *sorted(disk.id.serial for disk in inventory.disks))
for disk in inventory.disks:
    print("MARK can", disk.id.serial, msgspec.json.encode(disk.can).decode())
print("MARK nic", *(f"{nic.driver}:{nic.boot}" for nic in inventory.nics))
print("MARK memory", inventory.memory >> 20)
for name in ("ext4", "vfat", "ntfs3", "btrfs", "xfs"):
    subprocess.run(["modprobe", name])
print("MARK filesystems", *sorted({"ext4", "vfat", "btrfs", "xfs"} & set(open("/proc/filesystems").read().split())))
for name in ("mkfs.ext4", "nvme", "sfdisk", "smartctl", "partclone.extfs", "efibootmgr", "openSeaChest_Erase"):
    missing = b"not found" in subprocess.run([name, "--version"], capture_output=True).stderr
    print("MARK program", name, "missing" if missing else "runs")
sys.exit(10)
"""


def _boot(folder: Path, files: BootFiles, listener: socket.socket, agent: str = AGENT, more: str = "") -> str:
    own = cpio.archive([cpio.file("usr/lib/netboot/netboot/agent/__main__.py", agent.encode())], mtime=0)
    initrd = folder / "initrd"
    initrd.write_bytes(
        files.path("agent-base.img").read_bytes() + agent_archive({"language": "fr"}) + cpio.compress(own, level=1)
    )
    drives: list[str] = []
    for serial, device in (("SATA1", "ide-hd"), ("NVME1", "nvme"), ("VIRTIO1", "virtio-blk-pci")):
        image = folder / serial
        with image.open("wb") as file:
            file.truncate(64 << 20)
        drives += ["-drive", f"file={image},format=raw,if=none,id={serial}"]
        drives += ["-device", f"{device},drive={serial},serial={serial}"]
    words = f"console=tty0 console=ttyS0 port={listener.getsockname()[1]} mac={MAC} {more}".strip()
    # One processor, as every PC of the lab has: with two, this PC was once seen to stand still under emulation.
    command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-m", "1024", "-smp", "1", "-no-reboot"]
    command += ["-display", "none", "-serial", "stdio", "-device", "virtio-rng-pci", *drives]
    command += ["-netdev", "user,id=n", "-device", f"virtio-net-pci,netdev=n,romfile=,mac={MAC}"]
    command += ["-kernel", str(files.path("vmlinuz")), "-initrd", str(initrd), "-append", words]
    console = folder / "console"
    with console.open("wb") as output:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, check=False, timeout=WITHIN)
    assert ended.returncode == 0
    return console.read_text(errors="replace")


@pytest.mark.lab
@pytest.mark.timeout(900)
def test_a_pc_reaches_python_sees_its_devices_and_switches_itself_off(built: BootFiles, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        try:
            serial = _boot(tmp_path, built, listener)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the PC is still on after {WITHIN} s:\n{(tmp_path / 'console').read_text(errors='replace')}")
    assert "Préparation du matériel" in serial
    assert "Le programme s'est arrêté (code 3)" in serial
    assert "The program stopped (code 3)" in serial
    marks = {line.removeprefix("MARK ").strip() for line in serial.splitlines() if line.startswith("MARK ")}
    assert "address eth0 10.0.2.15/24" in marks
    assert "disks NVME1 SATA1 VIRTIO1" in marks
    can = dict(mark.removeprefix("can ").split(" ", 1) for mark in marks if mark.startswith("can "))
    assert '"ata_security":{"supported":false},"ata_sanitize":{"supported":false},"discard":{' in can["SATA1"]
    assert '"nvme_format":{"supported":true,"sectors":[512,4096]},"nvme_sanitize":{},"discard":{' in can["NVME1"]
    assert can["VIRTIO1"].startswith('{"discard":{"most":')
    assert "nic virtio_net:True" in marks
    assert "filesystems btrfs ext4 vfat xfs" in marks
    assert [mark for mark in marks if mark.endswith("missing")] == []
    assert "reboot: Power down" in serial


@pytest.mark.lab
@pytest.mark.matrix
@pytest.mark.timeout(900)
def test_an_agent_that_dies_again_and_again_before_it_reached_the_server_does_not_keep_its_pc(
    built: BootFiles, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serial = _boot(tmp_path, built, listener, agent="raise SystemExit(1)", more="netboot.patience=60")
    assert "The program stopped (code 1)" in serial
    assert "reboot: Restarting system" in serial


@pytest.mark.lab
def test_what_a_pc_loads_of_the_agent_is_at_most_80_mb(built: BootFiles) -> None:
    assert built.path("agent-base.img").stat().st_size + len(agent_archive({"language": "fr"})) <= 80 * 10**6


@pytest.mark.lab
@pytest.mark.root
@pytest.mark.matrix
@pytest.mark.timeout(900)
def test_a_second_build_from_the_recorded_packages_gives_the_same_bytes(built: BootFiles) -> None:
    prove(built, progress=print)
