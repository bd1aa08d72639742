"""What the doctor asks and how it reads the answers."""

import struct
from ipaddress import IPv4Address, IPv4Network
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.boot_client import BootClient, BootMethod, Firmware, Ignored, read_boot_client
from netboot.dhcp.boot_file import BootFile, BootFileNames, choose_boot_file
from netboot.dhcp.packet import DhcpPacket, MalformedPacket, MessageType, Op, Option, decode, encode
from netboot.dhcp.probe import PROBE_UUID
from netboot.doctor.observed import Asker, Offer
from netboot.doctor.offers import BootQuestion, asked_on_4011, is_answer, netboot_named_by, read_offer, told_file
from netboot.doctor.questions import boot_request, decoys_in, discover, made_up_mac
from netboot.jobs.policy import Policy

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


# What dnsmasq 2.90 sent to a BIOS PC, to a UEFI PC, and to one for which it had no service (2026-11-28).
ONE_SERVICE = bytes.fromhex("060103 0a0400505845 08078000010a510001 0907800004426f6f74 ff")
TWO_SERVICES = bytes.fromhex("060103 08078000010a510001 090f800004426f6f74 0000054c6f63616c 0a09035072657373204638 ff")
TWO_UEFI_SERVICES = bytes.fromhex(
    "060103 080e8001010a510001 8002010a510001 090f800104426f6f74 8002054f74686572 0a09035072657373204638 ff"
)
NO_SERVICE = bytes.fromhex("0601080a0400505845ff")
DNSMASQ = IPv4Address("10.81.0.1")


@pytest.mark.parametrize(
    ("asker", "options", "asked"),
    [
        (Asker.BIOS, ONE_SERVICE, BootQuestion(DNSMASQ, 0x8000)),
        (Asker.IPXE, ONE_SERVICE, BootQuestion(DNSMASQ, 0x8000)),
        (Asker.BIOS, TWO_SERVICES, BootQuestion(DNSMASQ, 0x8000)),
        (Asker.UEFI, TWO_UEFI_SERVICES, BootQuestion(DNSMASQ, 0x8001)),
        (Asker.IA32, NO_SERVICE, None),
        (Asker.UEFI, b"", BootQuestion(OTHER)),
        (Asker.BIOS, b"", None),
        (Asker.BIOS, b"\x06\x01\x08\xff", None),
        (Asker.HTTP, ONE_SERVICE, None),
        (Asker.BIOS, bytes.fromhex("0908 0000054c6f63616c ff"), None),  # only the PC's own disk
        (Asker.BIOS, bytes.fromhex("0907800004426f6f74ff"), None),  # no server of that type
        (Asker.BIOS, b"\x08\xff\x80", None),
    ],
)
def test_whom_firmware_asks_on_port_4011_is_read_from_the_menu(
    asker: Asker, options: bytes, asked: BootQuestion | None
) -> None:
    offer = Offer(asker=asker, server=OTHER, vendor_class="PXEClient", vendor_options=options)
    assert asked_on_4011(offer) == asked


@given(st.binary(max_size=255))
def test_no_menu_raises_anything(options: bytes) -> None:
    asked_on_4011(Offer(asker=Asker.BIOS, server=OTHER, vendor_class="PXEClient", vendor_options=options))


def test_the_item_of_a_menu_is_asked_for_as_pxe_has_it() -> None:
    asked = boot_request(Asker.BIOS, MAC, 7, OTHER, 0x8000)
    assert asked.option(Option.VENDOR_OPTIONS) == bytes.fromhex("470480000000ff")


def test_the_file_that_a_menu_leads_to_is_followed() -> None:
    offer = Offer(asker=Asker.BIOS, server=OTHER, vendor_class="PXEClient", vendor_options=ONE_SERVICE, after=0.1)
    reply = Offer(asker=Asker.BIOS, server=OTHER, next_server=NETBOOT, file="undionly.kpxe", after=0.2)
    file, steps = told_file(Asker.BIOS, (offer,), (reply,), NETBOOT)
    assert (file, [step.place for step in steps]) == ("undionly.kpxe", ["dhcp", "4011"])
    assert not [step for step in steps if step.trouble]


def test_decoys_are_hosts_of_the_network_spread_over_it() -> None:
    decoys = decoys_in(IPv4Network("10.77.0.0/24"), 8)
    assert [int(address) & 0xFF for address in decoys] == [16, 48, 80, 112, 143, 175, 207, 239]
    assert decoys_in(IPv4Network("10.77.0.0/30"), 8) == (IPv4Address("10.77.0.1"), IPv4Address("10.77.0.2"))
    assert decoys_in(IPv4Network("10.77.0.0/31"), 8) == ()


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
