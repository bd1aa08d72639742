"""Boot clients at the server that gives addresses: address and boot file in one answer. No sockets."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from netboot.dhcp.address_plan import Reservation, Route
from netboot.dhcp.boot_client import Reason
from netboot.dhcp.core import Arrival, Remark
from netboot.dhcp.packet import MessageType, Option, Options, encode
from netboot.jobs.policy import Policy
from tests.dhcp_full.packets import ON_67, PLAN, PXE, SERVER, discover, message, reason, request, server, the_answer


def test_a_boot_client_gets_address_and_boot_file_in_one_answer() -> None:
    core = server()
    offer = discover(core, more=PXE)
    ack = the_answer(request(core, offer.packet.yiaddr, more=PXE))
    for answer in (offer, ack):
        assert answer.boot_file == "shimx64.efi"
        assert (answer.packet.file, answer.packet.siaddr, answer.packet.sname) == (b"shimx64.efi", SERVER, b"10.0.0.1")
        assert answer.packet.option(Option.VENDOR_CLASS) == b"PXEClient"
        assert answer.packet.option(Option.MACHINE_ID) == PXE[2][1]
        assert answer.packet.yiaddr in [lease.address for lease in core.leases()]


def test_options_66_and_67_are_sent_to_who_asks_for_them_and_end_with_a_nul() -> None:
    core = server()
    asked = ((Option.PARAMETER_LIST, bytes((1, 3, 66, 67))),)
    offer = discover(core, more=PXE + asked)
    ack = the_answer(request(core, offer.packet.yiaddr, more=PXE + asked))
    for packet in (offer.packet, ack.packet):
        assert packet.option(Option.TFTP_SERVER) == b"10.0.0.1\0"
        assert packet.option(Option.BOOT_FILE) == b"shimx64.efi\0"
    assert discover(server(), more=PXE).packet.option(Option.BOOT_FILE) is None


def test_a_request_that_no_longer_says_pxe_gets_the_file_it_was_offered() -> None:
    core = server()
    address = discover(core, more=PXE, xid=9).packet.yiaddr
    assert the_answer(request(core, address, xid=9)).boot_file == "shimx64.efi"
    assert the_answer(request(core, address, xid=10)).boot_file == ""  # what is installed asks in its own dialogue


@pytest.mark.parametrize(
    ("option_60", "file", "remark"),
    [
        (b"PXEClient:Arch:00007:UNDI:003016", "shimx64.efi", None),
        (b"PXEClient", "undionly.kpxe", Remark.ARCHITECTURE_GUESSED),
    ],
)
def test_a_pc_that_does_not_tell_its_architecture_gets_a_file_all_the_same(
    option_60: bytes, file: str, remark: Remark | None
) -> None:
    core = server()
    step = core.receive(message(MessageType.DISCOVER, more=((Option.VENDOR_CLASS, option_60),)), ON_67, now=0)
    assert step.probe is not None
    offered = core.probed(step.probe, None, now=1)
    assert the_answer(offered).boot_file == file
    assert offered is not None
    assert offered.handled.remark is remark


def test_http_boot_gets_a_url_with_its_address() -> None:
    http: Options = ((Option.VENDOR_CLASS, b"HTTPClient:Arch:00016"), (Option.ARCHITECTURE, b"\0\x10"))
    offer = discover(server(), more=http).packet
    assert offer.file == b"http://10.0.0.1/shimx64.efi"
    assert offer.option(Option.VENDOR_CLASS) == b"HTTPClient"


def test_port_4011_is_answered_as_beside_another_server() -> None:
    here = IPv4Address("10.0.0.101")
    asked = message(MessageType.REQUEST, ciaddr=here, more=PXE)
    answer = the_answer(server().receive(asked, Arrival(4011, here, 4011), now=0))
    assert (answer.from_port, answer.destination, answer.boot_file) == (4011, here, "shimx64.efi")


@pytest.mark.parametrize(
    ("architecture", "policy", "why"),
    [(7, Policy(denied=True), Reason.DENIED), (11, Policy(), Reason.FIRMWARE_ARM)],
)
def test_a_pc_that_is_not_booted_gets_an_address_all_the_same(architecture: int, policy: Policy, why: Reason) -> None:
    core = server(policy_of=lambda mac, uuid="": policy)
    pxe = (PXE[0], (Option.ARCHITECTURE, architecture.to_bytes(2)))
    step = core.receive(message(MessageType.DISCOVER, more=pxe), ON_67, now=0)
    assert step.probe is not None
    after = core.probed(step.probe, None, now=1)
    offer = the_answer(after)
    assert after is not None
    assert reason(after) is why
    assert (offer.packet.yiaddr, offer.packet.file, offer.boot_file) == (step.probe, b"", "")


def test_a_boot_loop_ends_with_an_address_and_no_file() -> None:
    core = server()
    files = [discover(core, xid=100 + turn, now=turn * 3, more=PXE).boot_file for turn in range(12)]
    assert files == ["shimx64.efi"] * 8 + [""] * 4


def test_the_fullest_answer_fits_what_every_client_must_take() -> None:
    """RFC 2131 §2: 576 bytes with IP and UDP headers."""
    route = Route(IPv4Network("192.168.200.4/32"), SERVER)
    plan = replace(
        PLAN,
        dns=(SERVER,) * 4,
        domain="d" * 63,
        routes=(route,) * 8,
        reservations={"02:00:00:00:00:01": Reservation(None, "n" * 63)},
    )
    core = server(plan)
    asked = ((Option.PARAMETER_LIST, bytes(range(1, 122))), *PXE)
    ack = the_answer(request(core, discover(core, more=asked).packet.yiaddr, more=asked)).packet
    assert len(ack.options) > 12
    assert len(encode(ack)) <= 548
