"""Recorded PCs (`record.py`), as a Host that the readers take for the running one, and a disk full of old data."""

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from netboot.agent.host import Host
from netboot.shared.manifest import Manifest
from tests.agent.boot_http import manifest_of, root_partition
from tests.agent.chunk_sources import from_memory
from tests.agent.deploy_target import MIB, SIZE, UNUSED, Target
from tests.agent.scripted_drive import full, impatient

RECORDED = Path(__file__).parent / "recorded"


def parse_recording(text: str, root: Path) -> dict[tuple[str, ...], str]:
    """Lay the recorded files out under `root`; returns the recorded outputs by command line."""
    outputs: dict[tuple[str, ...], str] = {}
    blocks: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("|"):
            blocks[-1][1].append(line[2:])
        elif not line.startswith("#"):
            blocks.append((line, []))
    for head, body in blocks:
        kind, _, rest = head.partition(" ")
        content = "".join(f"{line}\n" for line in body)
        if kind == "run":
            outputs[tuple(rest.split(" "))] = content
        elif kind == "dir":
            (root / rest).mkdir(parents=True, exist_ok=True)
        elif kind == "link":
            path, target = rest.split(" ")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(target)
        elif kind in ("file", "bytes"):
            path, _, data = rest.partition(" ")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(bytes.fromhex(data) if kind == "bytes" else content.encode())
    return outputs


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk full of old data, whose scripted drive is asked often and waited for hardly."""
    impatient(monkeypatch)
    return full(tmp_path / "disk.img")


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[str], Host]:
    """`recorded("bios-desktop")`: that PC. Its tree is below `tmp_path / "bios-desktop"`, to be changed at will."""

    def open_recording(name: str) -> Host:
        root = tmp_path / name
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        outputs = parse_recording((RECORDED / f"{name}.txt").read_text(), root)

        def programs(command: Sequence[str]) -> str:
            return outputs.get(tuple(command), "")

        return Host(root, programs)

    return open_recording


@pytest.fixture(scope="module")
def master() -> bytes:
    """A disk of random bytes whose third and fourth MiB nobody uses."""
    data = bytearray(random.Random(1).randbytes(SIZE))
    data[UNUSED[0] : UNUSED[1]] = bytes(UNUSED[1] - UNUSED[0])
    return bytes(data)


@pytest.fixture(scope="module")
def manifest(master: bytes) -> Manifest:
    return manifest_of(
        master,
        (root_partition(MIB, SIZE - MIB - 33 * 512),),
        used=[(0, UNUSED[0]), (UNUSED[1], SIZE)],
    )


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(tmp_path, SIZE)


@pytest.fixture(params=[None, from_memory], ids=["the server", "memory"])
def from_any(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """A target whose chunks come from one source or the other."""
    return Target(tmp_path, SIZE, request.param)
