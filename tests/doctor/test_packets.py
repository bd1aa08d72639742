"""What the doctor asks and how it reads the answers."""

import struct
from ipaddress import IPv4Address
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.boot_client import BootClient, BootMethod, Firmware, Ignored, read_boot_client
from netboot.dhcp.boot_file import BootFile, BootFileNames, choose_boot_file
from netboot.dhcp.packet import DhcpPacket, MalformedPacket, MessageType, Op, Option, decode, encode
from netboot.dhcp.probe import PROBE_UUID
from netboot.doctor.observed import Asker, Offer
from netboot.doctor.offers import is_answer, netboot_named_by, read_offer, told_file
from netboot.doctor.questions import boot_request, discover, made_up_mac
from netboot.policy import Policy

MAC = "02:11:22:33:44:55"
NETBOOT, OTHER = IPv4Address("10.77.0.2"), IPv4Address("10.77.0.9")


@pytest.mark.parametrize(
    ("asker", "firmware", "method"),
    [
        (Asker.BIOS, Firmware.BIOS, BootMethod.PXE),
        (Asker.IPXE, Firmware.BIOS, BootMethod.PXE),
        (Asker.UEFI, Firmware.UEFI_X64, BootMethod.PXE),
        (Asker.IA32, Firmware.UEFI_IA32, BootMethod.PXE),
        (Asker.HTTP, Firmware.UEFI_X64, BootMethod.HTTP),
    ],
)
def test_netboot_reads_each_question_as_the_firmware_it_stands_for(
    asker: Asker, firmware: Firmware, method: BootMethod
) -> None:
    client = read_boot_client(decode(encode(discover(asker, MAC, 7))))
    assert isinstance(client, BootClient)
    assert (client.firmware, client.method, client.uuid) == (firmware, method, PROBE_UUID)
    assert (client.ipxe is not None) == (asker is Asker.IPXE)


def test_the_plain_question_is_no_boot_clients() -> None:
    assert isinstance(read_boot_client(discover(Asker.PLAIN, MAC, 7)), Ignored)


def test_questions_only_ask_and_carry_a_made_up_address_that_stays_the_same() -> None:
    mac = made_up_mac("52:54:00:12:34:56")
    assert mac == made_up_mac("52:54:00:12:34:56") != made_up_mac("52:54:00:12:34:57")
    assert int(mac[:2], 16) & 0b11 == 0b10
    assert {discover(asker, mac, 7).message_type for asker in Asker} == {MessageType.DISCOVER}
    assert boot_request(Asker.UEFI, mac, 7, OTHER).ciaddr == OTHER
    assert isinstance(PROBE_UUID, UUID)


def offer_packet(**options: bytes) -> DhcpPacket:
    named = {Option[name.upper()]: value for name, value in options.items()}
    return DhcpPacket(
        op=Op.BOOTREPLY,
        xid=7,
        chaddr=b"\2" * 6,
        yiaddr=IPv4Address("10.77.0.100"),
        options=((Option.MESSAGE_TYPE, b"\2"), *named.items()),
    )


def read(packet: DhcpPacket) -> Offer:
    return read_offer(packet, Asker.UEFI, source=OTHER, source_mac="aa:bb:cc:dd:ee:ff", after=0.1)


def test_an_offer_is_read_whole() -> None:
    offer = read(
        offer_packet(
            server_id=NETBOOT.packed,
            subnet_mask=bytes((255, 255, 255, 0)),
            router=OTHER.packed,
            dns_server=OTHER.packed + NETBOOT.packed,
            lease_time=struct.pack("!I", 600),
            boot_file=b"pxelinux.0\0",
            tftp_server=b"10.0.0.7",
            vendor_class=b"PXEClient",
        )
    )
    assert (offer.server, offer.lease, offer.file, offer.tftp_server) == (NETBOOT, 600, "pxelinux.0", "10.0.0.7")
    assert (str(offer.network), offer.dns) == ("10.77.0.0/24", (OTHER, NETBOOT))
    assert offer.speaks_pxe
    assert not offer.is_proxy


def test_what_does_not_parse_is_left_out_and_nothing_unprintable_is_kept() -> None:
    offer = read(offer_packet(server_id=b"\1", subnet_mask=b"\1\2\3\4", router=b"\1\2\3", boot_file=b"\x1b[2Jx\xff"))
    assert (offer.server, offer.network, offer.routers) == (OTHER, None, ())
    assert offer.file.isprintable()


@given(st.binary(max_size=600))
def test_no_bytes_of_the_network_break_the_reader(noise: bytes) -> None:
    head = bytes(encode(offer_packet()))[:240]
    try:
        packet = decode(head + noise)
    except MalformedPacket:
        return
    if is_answer(packet):
        offer = read(packet)
        assert offer.file.isprintable()
        assert offer.vendor_class.isprintable()


def test_netboot_is_known_by_the_script_that_it_names_to_ipxe() -> None:
    client, names = read_boot_client(discover(Asker.IPXE, MAC, 7)), BootFileNames(NETBOOT, http_port=8081)
    assert isinstance(client, BootClient)
    script = choose_boot_file(client, names, Policy())
    assert isinstance(script, BootFile)
    assert netboot_named_by(proxy(Asker.IPXE, file=script.name)) == NETBOOT
    for other in ("", "undionly.kpxe", "http://10.77.0.9/boot.ipxe", "http://999.1.1.1/boot/ipxe"):
        assert netboot_named_by(proxy(Asker.IPXE, file=other)) is None


def proxy(asker: Asker, **changes: object) -> Offer:
    values = {"server": NETBOOT, "next_server": NETBOOT, "file": "shimx64.efi", "vendor_class": "PXEClient"}
    return Offer(asker=asker, **{**values, **changes})  # type: ignore[arg-type]  # a test's shorthand


def test_a_uefi_pc_takes_its_file_from_port_4011_and_a_bios_pc_from_the_offer() -> None:
    offers = (proxy(Asker.UEFI), proxy(Asker.BIOS, file="undionly.kpxe", vendor_options=b"\6\1\x08\xff"))
    reply = proxy(Asker.UEFI, file="from-4011.efi")
    assert told_file(Asker.UEFI, offers, (reply,), NETBOOT)[0] == "from-4011.efi"
    assert told_file(Asker.BIOS, offers, (reply,), NETBOOT)[0] == "undionly.kpxe"


def test_a_silent_port_4011_is_the_step_that_fails() -> None:
    file, steps = told_file(Asker.UEFI, (proxy(Asker.UEFI),), (), NETBOOT)
    assert file == ""
    assert [(step.place, step.trouble) for step in steps] == [("dhcp", None), ("4011", "silent")]


def test_a_whole_offer_needs_no_port_4011() -> None:
    whole = proxy(Asker.UEFI, address=IPv4Address("10.77.0.100"))
    assert told_file(Asker.UEFI, (whole,), (), NETBOOT)[0] == "shimx64.efi"


def test_a_building_that_names_netboot_is_followed_and_another_server_is_not() -> None:
    building = proxy(Asker.BIOS, server=OTHER, address=IPv4Address("10.77.0.100"), file="undionly.kpxe")
    assert told_file(Asker.BIOS, (building,), (), NETBOOT)[0] == "undionly.kpxe"
    rival = proxy(Asker.BIOS, server=OTHER, next_server=OTHER)
    assert told_file(Asker.BIOS, (rival,), (), NETBOOT)[1][0].trouble == "silent"
