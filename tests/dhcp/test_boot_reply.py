"""What a reply sends back of its request."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from netboot.dhcp.boot_reply import echoed
from netboot.dhcp.packet import DhcpPacket, Option

MakeClient = Callable[..., DhcpPacket]


@pytest.mark.parametrize(("length", "sent_back"), [(17, True), (255, True), (256, False), (4000, False)])
def test_only_an_option_that_came_in_one_piece_is_sent_back(
    make_client: MakeClient, length: int, sent_back: bool
) -> None:
    request = make_client(architecture=7)
    others = tuple(option for option in request.options if option[0] != Option.MACHINE_ID)
    value = bytes(length)
    long = replace(request, options=(*others, (Option.MACHINE_ID, value)))
    assert echoed(long, Option.MACHINE_ID) == (((Option.MACHINE_ID, value),) if sent_back else ())
