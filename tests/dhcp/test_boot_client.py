from collections.abc import Callable
from dataclasses import replace
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
    packet = make_client()
    without = {
        code: replace(packet, options=tuple(option for option in packet.options if option[0] != code))
        for code in (Option.VENDOR_CLASS, Option.ARCHITECTURE)
    }
    assert reason_of(without[Option.VENDOR_CLASS]) is Reason.NOT_A_BOOT_CLIENT
    assert reason_of(without[Option.ARCHITECTURE]) is Reason.NO_ARCHITECTURE
    assert reason_of(make_client(method=b"MSFT 5.0")) is Reason.NOT_A_BOOT_CLIENT
    assert reason_of(make_client(op=Op.BOOTREPLY)) is Reason.NOT_A_REQUEST
    assert reason_of(make_client(htype=32)) is Reason.NOT_ETHERNET
    assert reason_of(make_client(mac=b"")) is Reason.NOT_ETHERNET


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.text for reason in Reason)
    assert str(Ignored(Reason.LOOP, "undionly.kpxe")).endswith("(undionly.kpxe)")


@given(st.dictionaries(st.sampled_from([60, 77, 93, 97, 175]), st.binary(max_size=300)))
def test_hostile_options_never_raise(options: dict[int, bytes]) -> None:
    options[60] = b"PXEClient" + options.get(60, b"")
    packet = DhcpPacket(op=Op.BOOTREQUEST, xid=1, chaddr=b"\x02\0\0\0\0\1", options=tuple(options.items()))
    assert isinstance(read_boot_client(packet), BootClient | Ignored)
