"""Lab drives in a thread of the test, so that a test has their sockets and their files."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.control import PowerSwitch
from netboot.lab.drives.nvme.spec import NvmeSpec
from netboot.lab.drives.specs import Spec, make
from netboot.lab.drives.vfio_user import DriveServer
from tests.lab_unit.drives.nvme_host import old_image


@contextmanager
def served(spec: Spec) -> Iterator[Path]:
    """A drive that is there for PCs; its socket."""
    drive = PowerSwitch(make(spec))
    server = DriveServer(drive, Path(spec.socket), drive.told)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Path(spec.socket)
    finally:
        server.stop()
        thread.join(20)
        assert not thread.is_alive()


NvmeMaker = Callable[..., Path]


@pytest.fixture(name="nvme")
def _nvme(tmp_path: Path) -> Iterator[NvmeMaker]:
    """Makes an NVMe drive of 1 MiB of old data, `disk.img` (more namespaces: `disk2.img`…); gives its socket."""
    with ExitStack() as stack:

        def serve(behaviour: Behaviour | None = None, namespaces: int = 1, sector: int = 512, **fields: object) -> Path:
            images = [tmp_path / f"disk{number if number > 1 else ''}.img" for number in range(1, namespaces + 1)]
            for image in images:
                old_image(image)
            spec = {
                "socket": str(tmp_path / "drive"),
                "namespaces": [{"image": str(image), "sector": sector} for image in images],
                "serial": "LABNVME1",
                "behaviour": msgspec.to_builtins(behaviour or Behaviour(erase_seconds=0.3)),
                "kind": "nvme",
                **fields,
            }
            return stack.enter_context(served(msgspec.convert(spec, NvmeSpec)))

        yield serve
