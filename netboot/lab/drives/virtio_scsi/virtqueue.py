"""A split virtqueue, from the device's side (virtio 1.2 §2.7): takes what the driver offers, and gives it back used."""

import struct
from dataclasses import dataclass
from typing import Final

from netboot.lab.drives.guest_memory import DmaError, GuestMemory

MOST: Final = 128
"""Descriptors of a queue."""
_DESCRIPTOR: Final = struct.Struct("<QIHH")
_NEXT, _WRITE = 1, 2
_NO_INTERRUPT: Final = 1


@dataclass(slots=True)
class Queue:
    """One queue's registers (§4.1.4.3) and how far it was read."""

    size: int = MOST
    vector: int = 0xFFFF
    enabled: bool = False
    descriptors: int = 0
    driver: int = 0
    device: int = 0
    seen: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """What the driver offered: its number, the bytes for us, and the room for what we answer."""

    head: int
    sent: bytes
    room: tuple[tuple[int, int], ...]


def take(queue: Queue, memory: GuestMemory) -> Chain | None:
    """The next chain, None: there is none. Raises DmaError when it is no chain."""
    (offered,) = struct.unpack("<H", memory.read(queue.driver + 2, 2))
    if not queue.enabled or offered == queue.seen:
        return None
    (head,) = struct.unpack("<H", memory.read(queue.driver + 4 + 2 * (queue.seen % queue.size), 2))
    queue.seen = queue.seen + 1 & 0xFFFF
    sent: list[bytes] = []
    room: list[tuple[int, int]] = []
    at = head
    for _ in range(queue.size):
        if at >= queue.size:
            raise DmaError(f"descriptor {at} of {queue.size}")
        address, length, flags, following = _DESCRIPTOR.unpack(memory.read(queue.descriptors + 16 * at, 16))
        if flags & _WRITE:
            room.append((address, length))
        else:
            sent.append(memory.read(address, length))
        if not flags & _NEXT:
            return Chain(head, b"".join(sent), tuple(room))
        at = following
    raise DmaError("a chain without an end")


def give(queue: Queue, memory: GuestMemory, chain: Chain, answer: bytes) -> bool:
    """Write the answer into the chain's room and give it back; whether the driver wants to be told. Raises DmaError."""
    done = 0
    for address, length in chain.room:
        part = answer[done : done + length]
        if not part:
            break
        memory.write(address, part)
        done += len(part)
    memory.write(queue.device + 4 + 8 * (queue.used % queue.size), struct.pack("<II", chain.head, done))
    queue.used = queue.used + 1 & 0xFFFF
    memory.write(queue.device + 2, struct.pack("<H", queue.used))
    (flags,) = struct.unpack("<H", memory.read(queue.driver, 2))
    return not flags & _NO_INTERRUPT
