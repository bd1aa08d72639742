"""Sockets and services inside network namespaces: what tests on a wire share."""

import asyncio
import ctypes
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar

from netboot.dhcp.packet import DhcpPacket, decode, encode

Result = TypeVar("Result")

EVERYBODY = "255.255.255.255"


class OnPorts(Protocol):
    """A service with ports of its own."""

    async def start(self) -> None: ...
    async def run(self) -> None: ...
    def close(self) -> None: ...


def enter(namespace: str) -> None:
    """Move the calling thread into a namespace; os.setns comes with Python 3.12."""
    with open(f"/run/netns/{namespace}") as opened:  # noqa: PTH123 - a file descriptor is wanted, not contents
        if ctypes.CDLL(None, use_errno=True).setns(opened.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def inside(namespace: str, work: Callable[[], Result]) -> Result:
    """Run `work` in a thread of its own inside a namespace; sockets that it opens stay there."""
    future: Future[Result] = Future()

    def body() -> None:
        try:
            enter(namespace)
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(60)
    return future.result(0)


@contextmanager
def running(namespace: str, make: Callable[[], OnPorts]) -> Iterator[None]:
    """A service, started and running in a namespace."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()

    async def main() -> None:
        service = make()
        await service.start()
        task = asyncio.create_task(service.run())
        started.set_result((asyncio.get_running_loop(), task))
        with suppress(asyncio.CancelledError):
            await task
        service.close()

    def body() -> None:
        try:
            enter(namespace)
            asyncio.run(main())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=body)
    thread.start()
    loop, task = started.result(20)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)
        assert not thread.is_alive()


@contextmanager
def udp_socket(namespace: str, port: int, interface: str = "eth0") -> Iterator[socket.socket]:
    """A socket as firmware has one: on one interface, allowed to broadcast."""

    def opened() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        made.bind(("0.0.0.0", port))
        made.settimeout(5)
        return made

    with inside(namespace, opened) as made:
        yield made


def ask(
    pc: socket.socket, packet: DhcpPacket, to: str = EVERYBODY, port: int = 67
) -> tuple[DhcpPacket, tuple[str, int]]:
    pc.sendto(encode(packet), (to, port))
    payload, sender = pc.recvfrom(4096)
    return decode(payload), sender


def is_silent(pc: socket.socket) -> bool:
    pc.settimeout(0.4)
    try:
        pc.recvfrom(4096)
    except TimeoutError:
        return True
    finally:
        pc.settimeout(5)
    return False
