"""A PC with lab drives whose agent is a test's own script: it runs the base archive's real tools and says what it saw.

The script has `say(name, value)`, `run(*words)`, `read(device, at)` and `disks()`; it ends with sys.exit(10), which
switches the PC off. One that fails says so and switches it off too: an agent would be started again.
"""

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from netboot.bootfiles import BootFiles, agent_archive, cpio
from netboot.lab.drives.specs import Spec
from netboot.lab.qemu_root import QemuRoot
from tests.lab_unit.drives.client import drive_process

WITHIN = 900
WORDS = '''
import glob, json, mmap, os, pathlib, re, subprocess, sys, time, traceback

def say(name, value):
    print("MARK", name, json.dumps(value), flush=True)

def run(*words):
    """As netboot.shared.process.run reads it: sg_sanitize --verbose prints bytes that are no text."""
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=600)
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}

def failed(*error):
    say("FAILED", "".join(traceback.format_exception(*error)))
    os._exit(10)

sys.excepthook = failed

def read(device, at=0):
    """64 bytes past the cache, in hexadecimal, or the error's number."""
    file = os.open(device, os.O_RDONLY | os.O_DIRECT)
    buffer = mmap.mmap(-1, 4096)
    try:
        os.preadv(file, [buffer], at)
        return buffer[:64].hex()
    except OSError as error:
        return error.errno
    finally:
        os.close(file)

def disks(count):
    """The ATA disks by serial number, as soon as there are so many."""
    found, until = {}, time.monotonic() + 90
    while len(found) < count and time.monotonic() < until:
        time.sleep(0.5)
        for path in glob.glob("/sys/block/sd*"):
            device = "/dev/" + os.path.basename(path)
            serial = re.search(r"Serial Number: +([!-~]+)", run("hdparm", "-I", device)["out"])
            if serial:
                found[serial[1]] = device
    return found
'''


@dataclass(frozen=True)
class ToolPc:
    """The PC that is on, and where its console's words go."""

    process: subprocess.Popen[bytes]
    console: Path

    def said(self) -> dict[str, Any]:
        """What the script has said so far, by name."""
        # A line that is still being written is left for the next look.
        text = self.console.read_text(errors="replace").rpartition("\n")[0]
        marks = (line.removeprefix("MARK ").split(" ", 1) for line in text.splitlines() if line.startswith("MARK "))
        return {name: json.loads(value) for name, value in marks}

    def wait_off(self) -> dict[str, Any]:
        """Wait until the PC has switched itself off; all that was said."""
        try:
            assert self.process.wait(WITHIN) == 0
        except subprocess.TimeoutExpired:
            pytest.fail(self.console.read_text(errors="replace")[-4000:])
        said = self.said()
        assert "FAILED" not in said, said["FAILED"]
        return said

    def wait_said(self, name: str) -> dict[str, Any]:
        """Wait until this was said; all that was said."""
        until = time.monotonic() + WITHIN
        while name not in self.said():
            assert self.process.poll() is None, self.console.read_text(errors="replace")[-4000:]
            assert time.monotonic() < until, self.console.read_text(errors="replace")[-4000:]
            time.sleep(0.5)
        return self.said()


@contextmanager
def drives(folder: Path, specs: Sequence[Spec]) -> Iterator[None]:
    """The drives, each a process of its own, before and after their PCs; their images are there."""
    with ExitStack() as stack:
        for number, spec in enumerate(specs):
            written = folder / f"drive{number}.json"
            written.write_bytes(msgspec.json.encode(spec))
            stack.enter_context(drive_process(written, sockets=(Path(spec.socket),)))
        yield


@contextmanager
def tool_pc(folder: Path, files: BootFiles, qemu: QemuRoot, script: str, specs: Sequence[Spec]) -> Iterator[ToolPc]:
    """A PC with these drives that runs the script; without power at exit."""
    own = cpio.archive([cpio.file("usr/lib/netboot/netboot/agent/__main__.py", (WORDS + script).encode())], mtime=0)
    initrd = folder / "initrd"
    initrd.write_bytes(
        files.path("agent-base.img").read_bytes() + agent_archive({"language": "fr"}) + cpio.compress(own, level=1)
    )
    command = [*qemu.program, "-accel", "tcg", "-machine", "q35,memory-backend=memory", "-m", "1024", "-no-reboot"]
    command += ["-object", "memory-backend-memfd,id=memory,size=1024M,share=on", "-display", "none", "-nic", "none"]
    command += ["-nodefaults", "-device", "virtio-rng-pci", "-serial", "stdio"]
    for spec in specs:
        device = {"driver": "vfio-user-pci", "socket": {"type": "unix", "path": spec.socket}}
        command += ["-device", json.dumps(device)]
    command += ["-kernel", str(files.path("vmlinuz")), "-initrd", str(initrd), "-append", "console=ttyS0"]
    console = folder / "console"
    with (
        console.open("wb") as output,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, env=qemu.environment) as process,
    ):
        try:
            yield ToolPc(process, console)
        finally:
            process.kill()
