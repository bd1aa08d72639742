from ipaddress import IPv4Address

from netboot.lab.capture import Datagram
from netboot.lab.record import text


def test_a_fixture_says_where_it_comes_from_then_one_packet_a_line() -> None:
    ask = Datagram(
        1.0, "52:54:00:77:00:01", IPv4Address("0.0.0.0"), 68, IPv4Address("255.255.255.255"), 67, b"\x01\x02"
    )
    answer = Datagram(1.1, "52:54:00:00:00:99", IPv4Address("10.77.0.1"), 67, IPv4Address("10.77.0.100"), 68, b"\x03")
    assert text(["OVMF", "how"], [ask, answer], "52:54:00:77:00:01") == (
        "# OVMF\n# how\nclient 0.0.0.0:68 > 255.255.255.255:67 0102\nserver 10.77.0.1:67 > 10.77.0.100:68 03\n"
    )
