"""Firmware's sockets, and services on their ports: what tests on a wire share."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Protocol

from netboot.dhcp.packet import DhcpPacket, decode, encode
from tests.namespace import at_work, inside, running

EVERYBODY = "255.255.255.255"


class OnPorts(Protocol):
    """A service with ports of its own."""

    async def start(self) -> None: ...
    async def run(self) -> None: ...
    def close(self) -> None: ...


def running_service(namespace: str, make: Callable[[], OnPorts]) -> AbstractContextManager[None]:
    """A service, started and running in a namespace."""

    @asynccontextmanager
    async def on_its_ports() -> AsyncIterator[None]:
        service = make()
        await service.start()
        try:
            async with at_work(service):
                yield
        finally:
            service.close()

    return running(namespace, on_its_ports)


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
