"""What netboot answers to packets that real firmware sent, read as text.

recorded/NAME.txt is what passed on a virtual LAN (netboot/lab/record.py), recorded/NAME.expected is what is said about
it. After a change that is meant, `python tests/dhcp/test_recorded.py` writes all NAME.expected anew: read the
difference before it is committed.
"""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from netboot.dhcp.boot_client import Reason
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import Arrival, Handled
from netboot.dhcp.packet import Option, decode, encode
from netboot.dhcp.text import render
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from netboot.lab.firmware import Firmware
from netboot.lab.machine import workshop_pc

RECORDED = Path(__file__).with_name("recorded")
NAMES = sorted(path.stem for path in RECORDED.glob("*.txt"))
SETTINGS = BesideSettings(BootFileNames(IPv4Address("10.77.0.2")), move_to_merged=False)
SECONDS_BETWEEN = 4.0  # a recording has no times; this is firmware's usual pace


@dataclass(frozen=True, slots=True)
class Recorded:
    by_client: bool
    ends: str
    arrival: Arrival
    payload: bytes


def recording(name: str) -> list[Recorded]:
    packets = []
    for line in (RECORDED / f"{name}.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        who, source, _, destination, payload = line.split()
        address, source_port = source.rsplit(":", 1)
        arrival = Arrival(int(destination.rsplit(":", 1)[1]), IPv4Address(address), int(source_port))
        packets.append(Recorded(who == "client", f"{source} > {destination}", arrival, bytes.fromhex(payload)))
    return packets


def handled(name: str, settings: BesideSettings = SETTINGS) -> list[tuple[Recorded, Handled]]:
    """What becomes of each packet that the client sent, in one run of the proxy."""
    proxy = BesideBuilding(settings)
    asked = [packet for packet in recording(name) if packet.by_client and packet.arrival.port in (67, 4011)]
    return [
        (packet, proxy.receive(packet.payload, packet.arrival, now=number * SECONDS_BETWEEN))
        for number, packet in enumerate(asked)
    ]


def transcript(name: str) -> str:
    parts = []
    for packet, done in handled(name):
        parts.append(f"client {packet.ends}\n{render(decode(packet.payload))}")
        for answer in done.answers:
            to = f"{answer.destination}:{answer.destination_port}"
            parts.append(f"netboot :{answer.from_port} > {to}\n{render(answer.packet)}")
        if done.ignored:
            parts.append(f"netboot says nothing: {done.ignored}")
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_to_recorded_firmware_is_what_is_expected(name: str) -> None:
    assert transcript(name) == (RECORDED / f"{name}.expected").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_recorded_packets_survive_the_codec(name: str) -> None:
    for packet in recording(name):
        value = decode(packet.payload)
        assert decode(encode(value)) == value


@pytest.mark.parametrize("name", NAMES)
def test_scapy_reads_the_same_in_recorded_packets(name: str, scapy_oracle: Any) -> None:
    for packet in recording(name):
        ours, theirs = decode(packet.payload), scapy_oracle.read(packet.payload)
        assert theirs["bootp"]["xid"] == ours.xid
        assert theirs["bootp"]["siaddr"] == str(ours.siaddr)
        assert theirs["bootp"]["chaddr"].startswith(ours.chaddr.hex())
        assert theirs["options"]["message-type"] == [ours.message_type]
        vendor_class = ours.option(Option.VENDOR_CLASS)
        assert theirs["options"].get("vendor_class_id") == (vendor_class and [vendor_class.hex()])


def files_sent(done: list[tuple[Recorded, Handled]]) -> list[str]:
    return [one.boot_file for _, one in done if one.answers]


def test_the_firmware_and_the_ipxe_of_one_pc_give_the_same_uuid() -> None:
    pc = workshop_pc(1, Firmware.BIOS)
    names = ("ovmf-proxy", "ovmf-http", "seabios-ipxe-proxy", "seabios-undionly-loop")
    seen = {one.client.uuid for name in names for _, one in handled(name) if one.client}
    assert seen == {UUID(str(pc.uuid))}


def test_with_the_lab_switch_the_recorded_rom_is_sent_undionly_and_undionly_is_sent_the_menu() -> None:
    sent = files_sent(handled("seabios-undionly-loop", replace(SETTINGS, plain_pxe_first=True)))
    assert sent == ["undionly.kpxe"] * 2 + ["http://10.77.0.2/boot/ipxe"] * 4


def test_the_recorded_loop_is_left_after_the_limit_whatever_is_sent_again() -> None:
    done = handled("seabios-undionly-loop", replace(SETTINGS, loop_limit=2))
    assert len(files_sent(done)) == 4  # two dialogues of two DISCOVERs each
    ignored = [one.ignored for _, one in done if one.ignored]
    assert [one.reason for one in ignored].count(Reason.LOOP) == 2
    assert [one.news for _, one in done].count(True) == 1


def main() -> None:
    for name in NAMES:
        (RECORDED / f"{name}.expected").write_text(transcript(name))


if __name__ == "__main__":
    main()
