from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.boot_client import BootClient, BootMethod, Firmware, Ignored, IpxeFeature, Reason, read_boot_client
from netboot.dhcp.packet import DhcpPacket, Op, Option

MakeClient = Callable[..., DhcpPacket]


def client_of(packet: DhcpPacket) -> BootClient:
    client = read_boot_client(packet)
    assert isinstance(client, BootClient)
    return client


def reason_of(packet: DhcpPacket) -> Reason:
    ignored = read_boot_client(packet)
    assert isinstance(ignored, Ignored)
    return ignored.reason


def test_a_pxe_rom_is_read_once_into_one_value(make_client: MakeClient) -> None:
    client = client_of(make_client(architecture=0))
    assert client.mac == "52:54:00:88:00:01"
    assert client.uuid == UUID("11223344-5566-7788-99aa-bbccddeeff00")
    assert (client.method, client.firmware, client.ipxe) == (BootMethod.PXE, Firmware.BIOS, None)


@pytest.mark.parametrize(
    ("architecture", "firmware"),
    [
        (0, Firmware.BIOS),
        (6, Firmware.UEFI_IA32),
        (7, Firmware.UEFI_X64),
        (9, Firmware.UEFI_X64),
        (11, Firmware.UEFI_ARM),
        (16, Firmware.UEFI_X64),
        (19, Firmware.UEFI_ARM),
        (2, Firmware.UNKNOWN),
        (0xFFFF, Firmware.UNKNOWN),
    ],
)
def test_the_architecture_tells_the_firmware(make_client: MakeClient, architecture: int, firmware: Firmware) -> None:
    assert client_of(make_client(architecture=architecture)).firmware is firmware


@pytest.mark.parametrize(
    ("raw", "classes"),
    [
        (b"", ()),
        (b"iPXE", (b"iPXE",)),
        (b"\x04iPXE", (b"iPXE",)),
        (b"\x03lab\x04iPXE", (b"lab", b"iPXE")),
        (b"\x09iPXE", (b"\x09iPXE",)),
        (b"\x04iPXE\x00", (b"\x04iPXE\x00",)),
    ],
)
def test_user_classes_come_raw_or_with_their_lengths(
    make_client: MakeClient, raw: bytes, classes: tuple[bytes, ...]
) -> None:
    client = client_of(make_client(user_class=raw))
    assert client.user_classes == classes
    assert (client.ipxe is not None) == (b"iPXE" in classes)


def test_ipxe_tells_what_it_was_built_with(make_client: MakeClient) -> None:
    features = bytes.fromhex("b105018086100eeb03011501 170101 130101 270101 240100 180101 ff")
    ipxe = client_of(make_client(user_class=b"iPXE", ipxe=features)).ipxe
    assert ipxe is not None
    assert ipxe.features == {IpxeFeature.HTTP, IpxeFeature.MENU, IpxeFeature.BZIMAGE}
    assert ipxe.version == (1, 21, 1)


def test_an_ipxe_with_a_class_of_its_own_is_known_by_option_175(make_client: MakeClient) -> None:
    assert client_of(make_client(user_class=b"workshop", ipxe=b"\x13\1\1")).ipxe is not None


def test_a_malformed_option_175_is_an_ipxe_without_features(make_client: MakeClient) -> None:
    ipxe = client_of(make_client(user_class=b"iPXE", ipxe=b"\x13\x7f\1")).ipxe
    assert ipxe is not None
    assert ipxe.features == frozenset()


@pytest.mark.parametrize(
    "machine_id", [b"", b"\0" * 17, b"\0" + b"\xff" * 16, b"\1" + bytes(range(16)), bytes(range(9)), bytes(18)]
)
def test_a_machine_id_that_identifies_nothing_is_none(make_client: MakeClient, machine_id: bytes) -> None:
    packet = make_client()
    options = tuple((code, machine_id if code == Option.MACHINE_ID else value) for code, value in packet.options)
    assert client_of(replace(packet, options=options)).uuid is None


def test_what_is_no_boot_client_says_why(make_client: MakeClient) -> None:
    assert reason_of(without(make_client(), Option.VENDOR_CLASS)) is Reason.NOT_A_BOOT_CLIENT
    assert reason_of(make_client(method=b"MSFT 5.0")) is Reason.NOT_A_BOOT_CLIENT
    assert reason_of(make_client(op=Op.BOOTREPLY)) is Reason.NOT_A_REQUEST
    assert reason_of(make_client(htype=32)) is Reason.NOT_ETHERNET
    assert reason_of(make_client(mac=b"")) is Reason.NOT_ETHERNET


def without(packet: DhcpPacket, *codes: int) -> DhcpPacket:
    return replace(packet, options=tuple(option for option in packet.options if option[0] not in codes))


@pytest.mark.parametrize(
    ("option_60", "firmware"),
    [
        (b"PXEClient:Arch:00007:UNDI:003016", Firmware.UEFI_X64),
        (b"PXEClient:Arch:00006:UNDI:003016", Firmware.UEFI_IA32),
        (b"PXEClient:Arch:00000:UNDI:002001", Firmware.BIOS),
        (b"PXEClient:Arch:00011:UNDI:003000", Firmware.UEFI_ARM),
        (b"PXEClient:Arch:7", Firmware.UEFI_X64),
        (b"HTTPClient:Arch:00015:UNDI:003001", Firmware.UEFI_IA32),
    ],
)
@pytest.mark.parametrize("option_93", [None, b"", b"\x77\x77"])
def test_what_option_93_does_not_tell_option_60_does(
    make_client: MakeClient, option_60: bytes, firmware: Firmware, option_93: bytes | None
) -> None:
    packet = without(make_client(), Option.VENDOR_CLASS, Option.ARCHITECTURE)
    more = () if option_93 is None else ((Option.ARCHITECTURE, option_93),)
    client = client_of(replace(packet, options=(*packet.options, (Option.VENDOR_CLASS, option_60), *more)))
    assert (client.firmware, client.architecture_told) == (firmware, True)


@pytest.mark.parametrize(
    ("option_60", "firmware"),
    [(b"PXEClient", Firmware.BIOS), (b"PXEClient:Arch:", Firmware.BIOS), (b"HTTPClient", Firmware.UEFI_X64)],
)
def test_who_tells_nothing_is_taken_for_what_most_are(
    make_client: MakeClient, option_60: bytes, firmware: Firmware
) -> None:
    packet = without(make_client(), Option.VENDOR_CLASS, Option.ARCHITECTURE)
    client = client_of(replace(packet, options=(*packet.options, (Option.VENDOR_CLASS, option_60))))
    assert (client.firmware, client.architecture_told) == (firmware, False)


@pytest.mark.parametrize(
    ("option_93", "architecture"),
    [
        (b"\0\7", 7),
        (b"\7\0", 7),  # the bytes swapped
        (b"\x10\0", 16),
        (b"\7", 7),
        (b"\0\7\0", 7),
        (b"\x77\x77\0\7", 7),  # a list, whose first nobody knows
        (b"\0\7\0\0", 7),  # a list, the best first
        (b"\0\0\0\7", 0),
    ],
)
def test_an_architecture_is_read_however_it_is_written(
    make_client: MakeClient, option_93: bytes, architecture: int
) -> None:
    packet = without(make_client(), Option.VENDOR_CLASS, Option.ARCHITECTURE)
    told = ((Option.VENDOR_CLASS, b"PXEClient"), (Option.ARCHITECTURE, option_93))
    assert client_of(replace(packet, options=packet.options + told)).architecture == architecture


@pytest.mark.parametrize("fields", [{"htype": 6}, {"mac": bytes.fromhex("525400880001") + bytes(10)}])
def test_an_ethernet_address_is_read_however_its_kind_and_length_are_told(
    make_client: MakeClient, fields: dict[str, Any]
) -> None:
    assert client_of(make_client(**fields)).mac == "52:54:00:88:00:01"


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.text for reason in Reason)
    assert str(Ignored(Reason.LOOP, "undionly.kpxe")).endswith("(undionly.kpxe)")


@given(st.dictionaries(st.sampled_from([60, 77, 93, 97, 175]), st.binary(max_size=300)))
def test_hostile_options_never_raise(options: dict[int, bytes]) -> None:
    options[60] = b"PXEClient" + options.get(60, b"")
    packet = DhcpPacket(op=Op.BOOTREQUEST, xid=1, chaddr=b"\x02\0\0\0\0\1", options=tuple(options.items()))
    assert isinstance(read_boot_client(packet), BootClient | Ignored)
