"""Unpacking packages ends with netboot, however that ends: no mmdebstrap and no apt goes on by itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

pytestmark = pytest.mark.root

_Answer = TypeVar("_Answer")

UNPACK = """
import sys
from pathlib import Path
from typing import TypeVar
from netboot.bootfiles import debian
lines = debian.sources(debian.Mirror(sys.argv[1], None), "trixie", ("main",))
debian.unpack(["busybox"], suite="trixie", source_lines=lines, into=Path(sys.argv[2]))
"""


@pytest.fixture
def silent_mirror() -> Iterator[str]:
    """One that takes every question and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/debian"


def test_nothing_of_it_outlives_a_killed_netboot(tmp_path: Path, silent_mirror: str) -> None:
    words: list[str | Path] = [sys.executable, "-c", UNPACK, silent_mirror, tmp_path / "tree"]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as netboot:
        try:
            started = eventually(lambda: at_work(started_by(netboot.pid)))
        finally:
            netboot.send_signal(signal.SIGKILL)
    try:
        eventually(lambda: not any(name_of(pid) for pid in started))
    finally:
        for pid in filter(name_of, started):
            os.kill(pid, signal.SIGKILL)


def at_work(pids: frozenset[int]) -> frozenset[int]:
    """The same, once apt waits for the mirror among them."""
    names = {name_of(pid) for pid in pids}
    return pids if {"mmdebstrap", "http"} <= names else frozenset()


def started_by(parent: int) -> frozenset[int]:
    """All that it started, and what these started."""
    children = {int(word) for word in text(f"/proc/{parent}/task/{parent}/children").split()}
    return frozenset(children).union(*(started_by(child) for child in children))


def name_of(pid: int) -> str:
    return text(f"/proc/{pid}/comm").strip()


def text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def eventually(ask: Callable[[], _Answer]) -> _Answer:
    until = time.monotonic() + 60
    while not (answer := ask()):
        assert time.monotonic() < until, "it does not come to that"
        time.sleep(0.1)
    return answer
