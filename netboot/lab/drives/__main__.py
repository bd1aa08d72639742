"""`python -m netboot.lab.drives SPEC.json`: one lab drive, until SIGTERM.

SPEC.json is a spec (specs.py; `-`: it comes on standard input): what the drive is, where its socket and images are, how
it behaves. It is there for a PC, `-device '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"…"}}'`, as soon as
its socket is. The shortest one, of an NVMe drive that hangs at 1 % of an erase, with an image that was made before:

    {"kind": "nvme", "socket": "/tmp/drive", "serial": "LAB1", "namespaces": [{"image": "/tmp/disk.img"}],
     "behaviour": {"erase": "hangs", "erase_stops_at": 0.01}}

Beside the image stands what the drive knows for ever (`.state.json`), which sectors it says are zeros (`.zeros`) and
what it was told to do (`.journal`): a factory-new drive is an image without them.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from netboot.lab.drives.control import PowerSwitch
from netboot.lab.drives.specs import make, parse_spec
from netboot.lab.drives.vfio_user import DriveServer


def main() -> int:
    """Serve; the exit status is 2 when the spec or an image is wrong."""
    parser = argparse.ArgumentParser(prog="python -m netboot.lab.drives", description="a lab drive, by vfio-user")
    parser.add_argument("spec", type=Path, help="a JSON file, or - for standard input")
    asked: Path = parser.parse_args().spec
    _at_the_end(lambda *_: sys.exit(0))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        spec = parse_spec(sys.stdin.buffer.read() if str(asked) == "-" else asked.read_bytes())
        drive = PowerSwitch(make(spec))
        server = DriveServer(drive, Path(spec.socket), drive.told)
    except (OSError, ValueError, msgspec.DecodeError) as error:
        sys.stderr.write(f"{asked}: {error}\n")
        return 2
    _at_the_end(lambda *_: server.stop())
    server.run()
    return 0


def _at_the_end(do: Callable[..., object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, do)


if __name__ == "__main__":
    sys.exit(main())
