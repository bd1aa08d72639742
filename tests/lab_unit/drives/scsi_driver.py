"""Asks a lab drive on the virtio SCSI host as Linux' virtio_scsi does: queues in memory, SCSI commands in them."""

import struct
from dataclasses import dataclass

from tests.lab_unit.drives.client import VfioClient

RING, DATA = 0x10000, 0x100000
CONTROL, REQUESTS = 0, 2


@dataclass(frozen=True)
class Ended:
    """A SCSI command's end, as the driver sees it."""

    status: int
    response: int
    residual: int
    sense: bytes
    data: bytes

    @property
    def key(self) -> tuple[int, int, int]:
        """Sense key, code and qualifier, in either format."""
        if self.sense[0] & 0x7F == 0x72:
            return self.sense[1] & 0xF, self.sense[2], self.sense[3]
        return self.sense[2] & 0xF, self.sense[12], self.sense[13]


class Driver:
    """Sets the request queue up (virtio 1.2 §3.1, §4.1.5) and gives one request after the other."""

    def __init__(self, client: VfioClient) -> None:
        self.client = client
        self.offered = 0
        client.write_region(0, 20, b"\1")
        client.write_region(0, 20, b"\3")
        client.write32(0, 0, 1)
        assert client.read32(0, 4) & 1, "VIRTIO_F_VERSION_1"
        client.write_region(0, 22, struct.pack("<H", REQUESTS))
        client.write_region(0, 24, struct.pack("<H", 16))
        client.write_region(0, 26, struct.pack("<H", 3))
        for at, address in ((32, RING), (40, RING + 0x1000), (48, RING + 0x2000)):
            client.write32(0, at, address)
            client.write32(0, at + 4, 0)
        client.write_region(0, 28, b"\1\0")
        client.write_region(0, 20, b"\x0f")

    def give(self, cdb: bytes, *, out: bytes = b"", room: int = 0, target: int = 0) -> None:
        """Lay a request out in memory, and ring."""
        request = struct.pack("<8sQBBB32s", bytes([1, target, 0x40, 0]), 7, 0, 0, 0, cdb)
        pieces = [
            (DATA, request, 0),
            (DATA + 0x1000, out, 0),
            (DATA + 0x80000, bytes(108), 2),
            (DATA + 0x90000, bytes(room), 2),
        ]
        pieces = [piece for piece in pieces if piece[1]]
        for number, (address, content, flags) in enumerate(pieces):
            self.client.poke(address, content)
            last = number == len(pieces) - 1
            descriptor = struct.pack("<QIHH", address, len(content), flags | (0 if last else 1), number + 1)
            self.client.poke(RING + 16 * number, descriptor)
        self.client.poke(RING + 0x1004 + 2 * (self.offered % 16), struct.pack("<H", 0))
        self.offered += 1
        self.client.poke(RING + 0x1002, struct.pack("<H", self.offered))
        self.client.write_region(0, 0x2000 + 4 * REQUESTS, struct.pack("<H", REQUESTS))
        self.room = room

    def end(self) -> Ended:
        """Wait for the request's end."""
        self.client.wait_interrupt(3)
        assert struct.unpack("<H", self.client.peek(RING + 0x2002, 2)) == (self.offered,)
        length, residual, _, status, response = struct.unpack("<IIHBB", self.client.peek(DATA + 0x80000, 12))
        sense = self.client.peek(DATA + 0x8000C, length)
        return Ended(status, response, residual, sense, self.client.peek(DATA + 0x90000, self.room - residual))

    def do(self, cdb: bytes, *, out: bytes = b"", room: int = 0, target: int = 0) -> Ended:
        self.give(cdb.ljust(16, b"\0"), out=out, room=room, target=target)
        return self.end()
