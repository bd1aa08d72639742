"""Whose adapter a line comes from: asked of the real kernel, over a real cable between two namespaces."""

import os
import socket
import subprocess
from collections.abc import Iterator
from functools import partial

import pytest

from netboot.lan.neighbours import adapter_of
from tests.namespace import inside

HERE, THERE = f"nb-n{os.getpid()}", f"nb-p{os.getpid()}"
MAC = "98:fa:9b:00:00:01"


def ip(*words: str) -> None:
    """One ip(8) command."""
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)


@pytest.fixture
def cable() -> Iterator[None]:
    """A server at 10.78.0.1 and a PC at 10.78.0.2 whose adapter has MAC."""
    ip("netns", "add", HERE)
    ip("netns", "add", THERE)
    try:
        ip("link", "add", "lan0", "netns", HERE, "type", "veth", "peer", "name", "eth0", "netns", THERE)
        ip("-n", THERE, "link", "set", "eth0", "address", MAC)
        for namespace, link, address in ((HERE, "lan0", "10.78.0.1/24"), (THERE, "eth0", "10.78.0.2/24")):
            ip("-n", namespace, "address", "add", address, "dev", link)
            ip("-n", namespace, "link", "set", link, "up")
            ip("-n", namespace, "link", "set", "lo", "up")
        yield
    finally:
        ip("netns", "delete", HERE)
        ip("netns", "delete", THERE)


@pytest.mark.root
def test_the_adapter_of_a_pc_on_our_segment_is_known_and_no_other(cable: None) -> None:
    listener = inside(HERE, lambda: socket.create_server(("10.78.0.1", 0)))
    with listener, inside(THERE, lambda: socket.create_connection(listener.getsockname(), 10)):
        line, (address, _) = listener.accept()
        with line:
            assert address == "10.78.0.2"
            assert inside(HERE, lambda: adapter_of(address)) == MAC
    for unknown in ("10.78.0.99", "10.0.0.2", "127.0.0.1", "", "10.78.0.20", "10.78.0."):
        assert inside(HERE, partial(adapter_of, unknown)) == ""
