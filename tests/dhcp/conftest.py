import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.packet import DhcpPacket, MessageType, Op, Option, Options, encode_options
from netboot.dhcp_proxy import BesideSettings

MAC = bytes.fromhex("525400880001")
UUID_ON_THE_WIRE = bytes.fromhex("00443322116655887799aabbccddeeff00")
FULL_IPXE = encode_options(((0x13, b"\1"), (0x18, b"\1"), (0x24, b"\1"), (0x27, b"\1"), (0xEB, b"\1\x15\1")))

MakeClient = Callable[..., DhcpPacket]


@pytest.fixture
def settings() -> BesideSettings:
    return BesideSettings(BootFileNames(IPv4Address("10.77.0.2")), move_to_merged=False)


@pytest.fixture
def make_client() -> MakeClient:
    """Makes a boot client's packet; every keyword can be left out."""

    def make(
        *,
        architecture: int = 0,
        method: bytes = b"PXEClient",
        kind: MessageType = MessageType.DISCOVER,
        user_class: bytes = b"",
        ipxe: bytes = b"",
        more: Options = (),
        mac: bytes = MAC,
        **fields: Any,
    ) -> DhcpPacket:
        options: Options = (
            (Option.MESSAGE_TYPE, bytes((kind,))),
            (Option.VENDOR_CLASS, method + b":Arch:%05d:UNDI:003016" % architecture),
            (Option.ARCHITECTURE, architecture.to_bytes(2)),
            (Option.MACHINE_ID, UUID_ON_THE_WIRE),
        )
        if user_class:
            options += ((Option.USER_CLASS, user_class),)
        if ipxe:
            options += ((Option.IPXE, ipxe),)
        return DhcpPacket(**{"op": Op.BOOTREQUEST, "xid": 0x1234, "chaddr": mac, "options": options + more, **fields})

    return make


class ScapyOracle:
    """Asks tests/dhcp/scapy_oracle.py, which runs in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def build(self, bootp: dict[str, Any], options: list[tuple[Any, ...]]) -> bytes:
        return bytes.fromhex(self._ask({"build": {"bootp": bootp, "options": options}})["payload"])

    def read(self, payload: bytes) -> dict[str, Any]:
        return self._ask({"read": payload.hex()})

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question, default=lambda value: {"hex": value.hex()}), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture(scope="session")
def scapy_oracle() -> Iterator[ScapyOracle]:
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("scapy_oracle.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield ScapyOracle(process)
        assert process.stdin is not None
        process.stdin.close()
