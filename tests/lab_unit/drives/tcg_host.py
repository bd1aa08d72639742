"""A host that speaks to an Opal drive as Linux does: one session with the PSID, then Revert.

Written from Core 2.01 §3.2 and block/sed-opal.c of Linux 6.12 (its buffers have 2,048 bytes, its session is 41h, and it
takes a status from the last five tokens). The bytes are put together here a second time, without the drive's own code.
"""

import struct
import time

from tests.lab_unit.drives.nvme_host import Completion, NvmeHost

BUFFER = 2048
COM_ID = 0x07FE
SEND, RECEIVE = 0x81, 0x82
SMUID = bytes.fromhex("00000000000000ff")
ADMIN_SP = bytes.fromhex("0000020500000001")
LOCKING_SP = bytes.fromhex("0000020500000002")
SID = bytes.fromhex("0000000900000006")
PSID = bytes.fromhex("000000090001ff01")
START_SESSION = bytes.fromhex("000000000000ff02")
REVERT = bytes.fromhex("0000000600000202")
NOT_AUTHORIZED, BUSY, LOCKED_OUT, FAIL, INVALID = 0x01, 0x03, 0x12, 0x3F, 0x0C


def level_0(host: NvmeHost, size: int = BUFFER) -> bytes:
    """What the drive says of itself to anybody."""
    return receive(host, 0x0001, size).data


def receive(host: NvmeHost, com_id: int, size: int = BUFFER, protocol: int = 1) -> Completion:
    """Security Receive."""
    return host.run(0, RECEIVE, size, 0, (protocol << 24 | com_id << 8, size))


def send(host: NvmeHost, data: bytes, com_id: int = COM_ID, protocol: int = 1) -> Completion:
    """Security Send."""
    return host.run(0, SEND, data, 0, (protocol << 24 | com_id << 8, len(data)))


def atom(data: bytes) -> bytes:
    """A byte string: a short atom up to 15 bytes, else a medium one."""
    return (
        bytes([0xA0 | len(data)]) + data if len(data) < 16 else bytes([0xD0 | len(data) >> 8, len(data) & 255]) + data
    )


def com_packet(tokens: bytes, tper: int = 0, session: int = 0, com_id: int = COM_ID) -> bytes:
    """All three headers around these tokens, in a whole buffer."""
    padded = tokens.ljust(-(-len(tokens) // 4) * 4, b"\0")
    sub = struct.pack(">6xHI", 0, len(tokens)) + padded
    packet = struct.pack(">IIIHHII", tper, session, 0, 0, 0, 0, len(sub)) + sub
    return (struct.pack(">IHHIII", 0, com_id, 0, 0, 0, len(packet)) + packet).ljust(BUFFER, b"\0")


def call(uid: bytes, method: bytes, parameters: bytes = b"") -> bytes:
    """A method's call with its closing status list."""
    return b"\xf8" + atom(uid) + atom(method) + b"\xf0" + parameters + b"\xf1\xf9\xf0\0\0\0\xf1"


def starting(psid: bytes, authority: bytes = PSID, sp: bytes = ADMIN_SP) -> bytes:
    """StartSession as Linux sends it."""
    named = b"\xf2\x00" + atom(psid) + b"\xf3\xf2\x03" + atom(authority) + b"\xf3"
    return call(SMUID, START_SESSION, b"\x81\x41" + atom(sp) + b"\x01" + named)


def is_outstanding(host: NvmeHost) -> bool:
    """Whether the drive says "not yet" to a host that asks for its answer."""
    data = receive(host, COM_ID).data
    if not struct.unpack_from(">I", data, 8)[0]:
        return False
    assert data == struct.pack(">IHHIII", 0, COM_ID, 0, 1, 0, 0).ljust(BUFFER, b"\0")
    return True


def answered(host: NvmeHost) -> bytes:
    """The tokens of the drive's answer, which Linux asks for again while one is outstanding."""
    while struct.unpack_from(">I", data := receive(host, COM_ID).data, 8)[0]:
        time.sleep(0.02)
    assert struct.unpack_from(">IHHIII", data)[1:5] == (COM_ID, 0, 0, 0)
    (length,) = struct.unpack_from(">I", data, 52)
    return data[56 : 56 + length]


def status_of(tokens: bytes) -> int:
    """As Linux finds it."""
    assert tokens[-5] == 0xF0
    assert tokens[-1] == 0xF1
    return tokens[-4]


def psid_revert(host: NvmeHost, psid: bytes) -> int:
    """The method status of the step that ended it: 0 when the drive did it."""
    if status := begin_revert(host, psid):
        return status
    return status_of(answered(host))


def begin_revert(host: NvmeHost, psid: bytes) -> int:
    """Call for a Revert in a session of the PSID's; the status of a session that was not opened."""
    assert send(host, com_packet(starting(psid))).status == 0
    answer = answered(host)
    if status := status_of(answer):
        return status
    # F8 A8 uid A8 method F0, then the host's number and the TPer's.
    assert answer[19:22] == b"\xf0\x81\x41"
    width = answer[22] & 15
    session = int.from_bytes(answer[23 : 23 + width], "big")
    assert send(host, com_packet(call(ADMIN_SP, REVERT), session, 0x41)).status == 0
    return 0
