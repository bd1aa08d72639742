from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.boot_client import BootClient, Ignored, Reason, read_boot_client
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.core import BROADCAST, Answer, Arrival, Handled
from netboot.dhcp.packet import (
    BROADCAST_FLAG,
    MAX_PACKET,
    NO_ADDRESS,
    DhcpPacket,
    MessageType,
    Op,
    Option,
    decode,
    encode,
    encode_options,
)
from netboot.dhcp.proxy_offer import decide
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from netboot.jobs.policy import Loader, Policy

MakeClient = Callable[..., DhcpPacket]

SERVER = IPv4Address("10.77.0.2")
SCRIPT = b"http://10.77.0.2/boot/ipxe"
ON_67 = Arrival(port=67, source=NO_ADDRESS, source_port=68)
ON_4011 = Arrival(port=4011, source=IPv4Address("10.77.0.101"), source_port=2048)
SKIP_DISCOVERY = b"\x06\x01\x08\xff"


def ipxe_with(*features: int) -> bytes:
    return encode_options(tuple((feature, b"\1") for feature in features))


HTTP, BZIMAGE, EFI, MENU = 0x13, 0x18, 0x24, 0x27


def decided(packet: DhcpPacket, settings: BesideSettings, arrival: Arrival = ON_67) -> Answer | Ignored:
    client = read_boot_client(packet)
    assert isinstance(client, BootClient)
    return decide(client, arrival, settings.files, Policy())


def answer_to(packet: DhcpPacket, settings: BesideSettings, arrival: Arrival = ON_67) -> Answer:
    outcome = decided(packet, settings, arrival)
    assert isinstance(outcome, Answer)
    return outcome


def reason_for(packet: DhcpPacket, settings: BesideSettings, arrival: Arrival = ON_67) -> Reason:
    outcome = decided(packet, settings, arrival)
    assert isinstance(outcome, Ignored)
    return outcome.reason


def test_a_bios_pc_is_told_to_take_undionly_without_discovery(
    make_client: MakeClient, settings: BesideSettings
) -> None:
    answer = answer_to(make_client(architecture=0), settings)
    assert answer == Answer(
        packet=DhcpPacket(
            op=Op.BOOTREPLY,
            xid=0x1234,
            chaddr=bytes.fromhex("525400880001"),
            flags=BROADCAST_FLAG,
            siaddr=SERVER,
            sname=b"10.77.0.2",
            file=b"undionly.kpxe",
            options=(
                (Option.MESSAGE_TYPE, bytes((MessageType.OFFER,))),
                (Option.SERVER_ID, SERVER.packed),
                (Option.VENDOR_CLASS, b"PXEClient"),
                (Option.MACHINE_ID, bytes.fromhex("0044332211665588 7799aabbccddeeff00".replace(" ", ""))),
                (Option.VENDOR_OPTIONS, SKIP_DISCOVERY),
            ),
        ),
        from_port=67,
        destination=BROADCAST,
        destination_port=68,
        boot_file="undionly.kpxe",
    )
    assert answer.packet.yiaddr == NO_ADDRESS


@pytest.mark.parametrize("architecture", [7, 9])
def test_a_uefi_pc_gets_no_option_43_so_that_it_asks_again_on_4011(
    make_client: MakeClient, settings: BesideSettings, architecture: int
) -> None:
    offer = answer_to(make_client(architecture=architecture), settings).packet
    assert offer.option(Option.VENDOR_CLASS) == b"PXEClient"
    assert offer.option(Option.VENDOR_OPTIONS) is None


def test_on_4011_the_answer_goes_to_the_port_it_was_asked_from(
    make_client: MakeClient, settings: BesideSettings
) -> None:
    address = IPv4Address("10.77.0.101")
    answer = answer_to(make_client(architecture=7, kind=MessageType.REQUEST, ciaddr=address), settings, ON_4011)
    assert (answer.from_port, answer.destination, answer.destination_port) == (4011, address, 2048)
    assert answer.packet.message_type is MessageType.ACK
    assert (answer.packet.ciaddr, answer.packet.siaddr, answer.packet.file) == (address, SERVER, b"shimx64.efi")
    assert answer.packet.option(Option.SERVER_ID) == SERVER.packed


def test_http_boot_gets_a_url_with_the_address_in_figures(make_client: MakeClient, settings: BesideSettings) -> None:
    offer = answer_to(
        make_client(architecture=16, method=b"HTTPClient"),
        replace(settings, files=replace(settings.files, http_port=8000)),
    ).packet
    assert offer.file == b"http://10.77.0.2:8000/shimx64.efi"
    assert offer.option(Option.VENDOR_CLASS) == b"HTTPClient"
    assert offer.option(Option.VENDOR_OPTIONS) is None


@pytest.mark.parametrize("user_class", [b"iPXE", b"\x04iPXE"])
@pytest.mark.parametrize(
    ("architecture", "features", "file"),
    [
        (0, (HTTP, BZIMAGE, MENU), SCRIPT),
        (7, (HTTP, EFI, MENU), SCRIPT),
        (0, (HTTP, EFI, MENU), b"undionly.kpxe"),
        (0, (BZIMAGE, MENU), b"undionly.kpxe"),
        (0, (HTTP, BZIMAGE), b"undionly.kpxe"),
        (0, (), b"undionly.kpxe"),
        (7, (HTTP, BZIMAGE, MENU), b"snponly.efi"),
        (9, (), b"snponly.efi"),
    ],
)
def test_an_ipxe_that_can_run_the_menu_gets_it_and_any_other_gets_ours_first(
    make_client: MakeClient,
    settings: BesideSettings,
    user_class: bytes,
    architecture: int,
    features: tuple[int, ...],
    file: bytes,
) -> None:
    packet = make_client(architecture=architecture, user_class=user_class, ipxe=ipxe_with(*features))
    offer = answer_to(packet, settings).packet
    assert (offer.file, offer.siaddr) == (file, SERVER)


@pytest.mark.parametrize(
    ("architecture", "method", "reason"),
    [
        (11, b"PXEClient", Reason.FIRMWARE_ARM),
        (19, b"HTTPClient", Reason.FIRMWARE_ARM),
        (2, b"PXEClient", Reason.FIRMWARE_UNKNOWN),
        (20, b"HTTPClient", Reason.FIRMWARE_UNKNOWN),
        (0, b"HTTPClient", Reason.FIRMWARE_UNKNOWN),
    ],
)
@pytest.mark.parametrize("arrival", [ON_67, ON_4011])
def test_firmware_that_is_not_served_is_told_apart(
    make_client: MakeClient,
    settings: BesideSettings,
    arrival: Arrival,
    architecture: int,
    method: bytes,
    reason: Reason,
) -> None:
    kind = MessageType.DISCOVER if arrival is ON_67 else MessageType.REQUEST
    assert reason_for(make_client(architecture=architecture, method=method, kind=kind), settings, arrival) is reason


@pytest.mark.parametrize(
    ("architecture", "method", "file"),
    [
        (6, b"PXEClient", b"grubnetia32.efi"),
        (15, b"HTTPClient", b"http://10.77.0.2/grubnetia32.efi"),
    ],
)
def test_a_32_bit_uefi_gets_the_unsigned_grub_for_it(
    make_client: MakeClient, settings: BesideSettings, architecture: int, method: bytes, file: bytes
) -> None:
    offer = answer_to(make_client(architecture=architecture, method=method), settings).packet
    assert offer.file == file
    assert offer.option(Option.VENDOR_CLASS) == method
    assert offer.option(Option.VENDOR_OPTIONS) is None


@pytest.mark.parametrize("kind", [MessageType.REQUEST, MessageType.INFORM, MessageType.RELEASE])
def test_the_rest_of_the_dialogue_on_67_is_the_buildings(
    make_client: MakeClient, settings: BesideSettings, kind: MessageType
) -> None:
    assert reason_for(make_client(kind=kind), settings) is Reason.NOT_A_DISCOVER


def test_on_4011_only_a_request_from_a_real_address_is_answered(
    make_client: MakeClient, settings: BesideSettings
) -> None:
    assert reason_for(make_client(), settings, ON_4011) is Reason.NOT_A_BOOT_REQUEST
    request = make_client(kind=MessageType.REQUEST)
    for source in ("0.0.0.0", "255.255.255.255", "224.0.1.2"):
        nowhere = replace(ON_4011, source=IPv4Address(source))
        assert reason_for(request, settings, nowhere) is Reason.NO_RETURN_ADDRESS


def test_a_denied_pc_is_answered_on_neither_port(make_client: MakeClient, settings: BesideSettings) -> None:
    proxy = BesideBuilding(settings, lambda mac, uuid="": Policy(denied=mac == "52:54:00:88:00:01"))
    for kind, arrival in ((MessageType.DISCOVER, ON_67), (MessageType.REQUEST, ON_4011)):
        done = proxy.receive(encode(make_client(kind=kind)), arrival, now=0)
        assert (done.answers, done.ignored) == ((), Ignored(Reason.DENIED))
    assert proxy.receive(encode(make_client(mac=b"\2\0\0\0\0\1")), ON_67, now=0).answers


@pytest.mark.parametrize(
    ("loader", "method", "architecture", "user_class", "file"),
    [
        ("ipxe", b"PXEClient", 7, b"", "snponly.efi"),
        ("ipxe", b"HTTPClient", 16, b"", "http://10.77.0.2/snponly.efi"),
        ("ipxe", b"PXEClient", 0, b"", "undionly.kpxe"),
        ("grub", b"PXEClient", 7, b"", "shimx64.efi"),
        ("grub", b"PXEClient", 7, b"iPXE", "shimx64.efi"),
        ("grub", b"PXEClient", 0, b"iPXE", "undionly.kpxe"),
        ("undionly", b"PXEClient", 0, b"", "undionly.kpxe"),
        ("ipxe.pxe", b"PXEClient", 0, b"", "ipxe.pxe"),
        ("kkpxe", b"PXEClient", 0, b"", "undionly.kkpxe"),
        ("kkpxe", b"PXEClient", 0, b"iPXE", "undionly.kkpxe"),
        ("ipxe.pxe", b"PXEClient", 7, b"", "shimx64.efi"),
        ("ipxe.pxe", b"PXEClient", 7, b"iPXE", "snponly.efi"),
        ("ipxe.pxe", b"HTTPClient", 16, b"", "http://10.77.0.2/shimx64.efi"),
    ],
)
def test_a_pc_gets_the_loader_that_is_set_for_it(
    make_client: MakeClient,
    settings: BesideSettings,
    loader: Loader,
    method: bytes,
    architecture: int,
    user_class: bytes,
    file: str,
) -> None:
    proxy = BesideBuilding(settings, lambda mac, uuid="": Policy(loader=loader))
    packet = make_client(architecture=architecture, method=method, user_class=user_class)
    assert receive(proxy, packet, now=0).boot_file == file


def test_an_address_that_changed_is_in_the_next_offer(make_client: MakeClient, settings: BesideSettings) -> None:
    proxy = BesideBuilding(settings)
    proxy.use_address(IPv4Address("10.77.0.9"))
    (answer,) = receive(proxy, make_client(architecture=16, method=b"HTTPClient"), now=0).answers
    assert answer.boot_file == "http://10.77.0.9/shimx64.efi"
    assert answer.packet.siaddr == IPv4Address("10.77.0.9")


def test_a_relayed_client_is_answered_through_its_relay(make_client: MakeClient, settings: BesideSettings) -> None:
    relay = IPv4Address("10.1.0.1")
    packet = make_client(giaddr=relay, hops=1, more=((Option.RELAY_AGENT, b"\1\4port"),))
    answer = answer_to(packet, settings, Arrival(67, relay, 67))
    assert (answer.destination, answer.destination_port, answer.packet.giaddr) == (relay, 67, relay)
    assert answer.packet.options[-1] == (Option.RELAY_AGENT, b"\1\4port")


def test_a_client_without_a_machine_id_is_sent_none(make_client: MakeClient, settings: BesideSettings) -> None:
    packet = make_client()
    bare = replace(packet, options=tuple(option for option in packet.options if option[0] != Option.MACHINE_ID))
    assert answer_to(bare, settings).packet.option(Option.MACHINE_ID) is None


def test_scapy_reads_the_offer_as_it_is_meant(
    make_client: MakeClient, settings: BesideSettings, scapy_oracle: Any
) -> None:
    seen = scapy_oracle.read(encode(answer_to(make_client(architecture=0), settings).packet))
    assert seen["bootp"]["siaddr"] == "10.77.0.2"
    assert seen["bootp"]["yiaddr"] == "0.0.0.0"
    assert bytes.fromhex(seen["bootp"]["file"]) == b"undionly.kpxe"
    assert seen["options"]["server_id"] == ["10.77.0.2"]
    assert seen["options"]["vendor_specific"] == [SKIP_DISCOVERY.hex()]


def test_a_discover_that_scapy_built_is_answered(settings: BesideSettings, scapy_oracle: Any) -> None:
    wire = scapy_oracle.build(
        {"op": 1, "xid": 77, "secs": 4, "flags": 0x8000, "chaddr": b"\x52\x54\0\x88\0\1"},
        [
            ("message-type", "discover"),
            ("pxe_client_architecture", b"\0\x07"),
            ("vendor_class_id", b"PXEClient:Arch:00007:UNDI:003016"),
        ],
    )
    assert BesideBuilding(settings).receive(wire, ON_67, now=0).boot_file == "shimx64.efi"


def receive(proxy: BesideBuilding, packet: DhcpPacket, now: float) -> Handled:
    return proxy.receive(encode(packet), ON_67, now=now)


def test_a_boot_loop_is_left_and_told_once(make_client: MakeClient, settings: BesideSettings) -> None:
    proxy = BesideBuilding(replace(settings, loop_limit=2))
    handled = [receive(proxy, make_client(xid=xid), now=xid * 10.0) for xid in range(5)]
    assert [bool(one.answers) for one in handled] == [True, True, False, False, False]
    assert [one.news for one in handled] == [False, False, True, False, False]
    assert handled[2].ignored == Ignored(Reason.LOOP, "undionly.kpxe")


def test_the_exchange_on_4011_does_not_count_as_a_second_boot(
    make_client: MakeClient, settings: BesideSettings
) -> None:
    proxy = BesideBuilding(replace(settings, loop_limit=1))
    assert receive(proxy, make_client(architecture=7), now=0).boot_file
    request = encode(make_client(architecture=7, kind=MessageType.REQUEST, xid=0x9999))
    assert proxy.receive(request, ON_4011, now=3).boot_file


def test_in_the_lab_an_ipxe_rom_is_first_treated_as_a_plain_pxe_rom(
    make_client: MakeClient, settings: BesideSettings
) -> None:
    proxy = BesideBuilding(replace(settings, plain_pxe_first=True))
    sent = []
    for xid, now in ((1, 0), (1, 4), (2, 20), (2, 24), (3, 60), (4, 75)):
        packet = make_client(xid=xid, user_class=b"iPXE", ipxe=ipxe_with(HTTP, BZIMAGE, MENU))
        sent.append(receive(proxy, packet, now=now).boot_file)
    assert sent == [
        "undionly.kpxe",
        "undionly.kpxe",
        SCRIPT.decode(),
        SCRIPT.decode(),
        "undionly.kpxe",
        SCRIPT.decode(),
    ]


def test_without_the_lab_switch_an_ipxe_rom_is_taken_at_its_word(
    make_client: MakeClient, settings: BesideSettings
) -> None:
    packet = make_client(user_class=b"iPXE", ipxe=ipxe_with(HTTP, BZIMAGE, MENU))
    assert receive(BesideBuilding(settings), packet, now=0).boot_file == SCRIPT.decode()


@pytest.mark.parametrize("change", [{"bios_file": "x" * 128}, {"script_path": "/é"}, {"uefi_x64_file": ""}])
def test_a_boot_file_that_no_packet_can_name_is_refused_at_once(
    settings: BesideSettings, change: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="does not fit into a DHCP packet"):
        replace(settings.files, **change)  # type: ignore[arg-type]  # the values are all names


@given(st.binary(max_size=MAX_PACKET), st.sampled_from([ON_67, ON_4011]))
def test_garbage_is_ignored_with_a_reason(payload: bytes, arrival: Arrival) -> None:
    handled = BesideBuilding(BesideSettings(BootFileNames(SERVER))).receive(payload, arrival, now=0)
    assert not handled.answers
    assert str(handled.ignored)


hostile_options = st.dictionaries(
    st.one_of(st.sampled_from([53, 60, 77, 82, 93, 97, 175]), st.integers(1, 254).filter(lambda code: code != 52)),
    st.one_of(st.binary(max_size=1200), st.sampled_from([b"\1", b"\3", b"PXEClient", b"HTTPClient", b"\0\7", b"\0\0"])),
    max_size=8,
)


@given(hostile_options, st.sampled_from([ON_67, ON_4011]))
def test_whatever_a_client_claims_the_answer_can_be_sent(options: dict[int, bytes], arrival: Arrival) -> None:
    options.setdefault(60, b"PXEClient")
    options.setdefault(93, b"\0\0")
    options.setdefault(53, b"\1" if arrival is ON_67 else b"\3")
    packet = DhcpPacket(op=Op.BOOTREQUEST, xid=1, chaddr=b"\x02\0\0\0\0\1", options=tuple(options.items()))
    client = read_boot_client(packet)
    if isinstance(client, Ignored):
        return
    outcome = decide(client, arrival, BootFileNames(SERVER), Policy())
    if isinstance(outcome, Answer):
        wire = encode(outcome.packet)
        assert len(wire) <= 1472  # one Ethernet frame
        assert decode(wire) == outcome.packet
