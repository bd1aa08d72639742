"""The way through netboot's own files, and servers that do not do as they should."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address

import pytest

from netboot.bootmenu.boot_menu import BootingPc, BootMenu
from netboot.bootmenu.offered import MenuOffer
from netboot.dhcp.probe import PROBE_UUID
from netboot.doctor.http_get import HttpTrouble, http_get
from netboot.doctor.tftp_get import TftpTrouble, tftp_get
from netboot.doctor.walk import boot_files, grub_menu_url, ipxe_menu_url
from netboot.settings.config import Settings

SERVER, HERE = IPv4Address("10.77.0.2"), IPv4Address("127.0.0.1")
MAC = "02:11:22:33:44:55"
NEEDED = {"vmlinuz", "agent-base.img", "agent.img"}


@pytest.fixture
def menus() -> BootMenu:
    return BootMenu(
        (),
        Settings(),
        SERVER,
        offer_of=lambda mac, uuid: MenuOffer(),
        digits_asked=lambda: False,
        prove=lambda picked: "",
    )


def test_netboots_first_files_lead_to_its_menus_with_the_doctors_mac_and_uuid(menus: BootMenu) -> None:
    asked = f"mac={MAC}&uuid={PROBE_UUID}"
    assert grub_menu_url(menus.grub_start().encode(), MAC) == f"http://10.77.0.2:80/menu.grub?{asked}"
    assert ipxe_menu_url(menus.ipxe_start().encode(), MAC) == f"http://10.77.0.2:80/menu.ipxe?{asked}"


@pytest.mark.parametrize("strange", [b"", b"\xff\xfe", b"menuentry x {}", b"#!ipxe\nset base http://1.2.3.4"])
def test_other_servers_first_files_are_not_taken_for_netboots(strange: bytes) -> None:
    assert grub_menu_url(strange, MAC) is None
    assert ipxe_menu_url(strange, MAC) is None


@pytest.mark.parametrize("loader", ["grub", "ipxe"])
def test_the_files_that_a_menu_loads_are_found_in_it(menus: BootMenu, loader: str) -> None:
    text = menus.menu(BootingPc(loader, MAC, str(PROBE_UUID)))  # type: ignore[arg-type]  # one of the two words
    url = f"http://10.77.0.2:80/menu.{loader}?mac={MAC}"
    found = boot_files(text.encode(), url)
    assert {file.removeprefix("http://10.77.0.2:80/boot/") for file in found} >= NEEDED


Tftp = Callable[[bytes, socket.socket, tuple[str, int]], None]


@contextmanager
def tftp_server(answer: Tftp) -> Iterator[int]:
    """Answers each datagram by `answer`, on a port of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind((str(HERE), 0))
        opened.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    datagram, peer = opened.recvfrom(2000)
                except TimeoutError:
                    continue
                answer(datagram, opened, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield opened.getsockname()[1]
        finally:
            over.set()
            thread.join()


def read_from(answer: Tftp, within: float = 5.0) -> bytes:
    with tftp_server(answer) as port:
        return tftp_get(HERE, "x", limit=10_000, until=time.monotonic() + within, port=port)


def data(number: int, payload: bytes) -> bytes:
    return struct.pack("!HH", 3, number) + payload


def test_a_server_without_options_is_read_in_blocks_of_512() -> None:
    def answer(datagram: bytes, opened: socket.socket, peer: tuple[str, int]) -> None:
        number = 0 if datagram[1] == 1 else struct.unpack("!H", datagram[2:4])[0]
        if number < 3:
            opened.sendto(data(number + 1, bytes(512 if number < 2 else 10)), peer)

    assert len(read_from(answer)) == 2 * 512 + 10


def test_blocks_that_come_twice_or_too_soon_do_no_harm() -> None:
    def answer(datagram: bytes, opened: socket.socket, peer: tuple[str, int]) -> None:
        number = 0 if datagram[1] == 1 else struct.unpack("!H", datagram[2:4])[0]
        for block in (number + 2, number + 1, number):
            if 1 <= block <= 3:
                opened.sendto(data(block, bytes([block]) * (512 if block < 3 else 1)), peer)

    assert read_from(answer) == b"\1" * 512 + b"\2" * 512 + b"\3"


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (struct.pack("!HH", 5, 1) + b"no\0", "missing"),
        (struct.pack("!HH", 5, 2) + b"\x1b[2J", "refused"),
        (b"\0\6blksize\0x\0", "damaged"),
        (b"\0\6windowsize\x0099\0", "damaged"),
        (b"\0\6blksize\x0065000\0", "damaged"),
        (data(1, b"x" * 512), "damaged"),
    ],
)
def test_a_server_that_does_wrong_is_a_trouble_with_a_name(reply: bytes, trouble: str) -> None:
    def answer(datagram: bytes, opened: socket.socket, peer: tuple[str, int]) -> None:
        number = 0 if datagram[1] == 1 else struct.unpack("!H", datagram[2:4])[0]
        # The last reply goes on for ever, one block after the other.
        opened.sendto(data(number + 1, reply[4:]) if reply[1] == 3 else reply, peer)

    with pytest.raises(TftpTrouble) as caught:
        read_from(answer)
    assert caught.value.trouble == trouble
    assert str(caught.value).isprintable()


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(TftpTrouble) as caught:
        read_from(lambda datagram, opened, peer: None, within=1.0)
    assert caught.value.trouble == "silent"
    assert time.monotonic() - began < 2


@contextmanager
def http_server(**answers: tuple[int, bytes, int]) -> Iterator[str]:
    """GET and HEAD of /name answer (status, body, announced length)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, length = answers[self.path[1:]]
            self.send_response(status)
            self.send_header("Content-Length", str(length if self.command == "GET" else len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the library's name

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer((str(HERE), 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{HERE}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_only_the_first_part_of_a_long_file_is_read() -> None:
    with http_server(long=(200, bytes(300_000), 300_000)) as url:
        page = http_get(f"{url}/long", limit=100_000, until=time.monotonic() + 5)
    assert (len(page.body), page.length) == (100_000, 300_000)


@pytest.mark.parametrize(
    ("name", "trouble"), [("gone", "missing"), ("broken", "refused"), ("moved", "refused"), ("other", "damaged")]
)
def test_what_http_answers_otherwise_is_a_trouble_with_a_name(name: str, trouble: str) -> None:
    answers = {"gone": (404, b"", 0), "broken": (500, b"", 0), "moved": (302, b"", 0), "other": (200, b"abc", 2)}
    with http_server(**answers) as url, pytest.raises(HttpTrouble) as caught:
        http_get(f"{url}/{name}", limit=1000, until=time.monotonic() + 5)
    assert caught.value.trouble == trouble


@pytest.mark.parametrize("url", ["tftp://10.0.0.1/x", "http://", "http://10.0.0.1:none/x", "http://[x/", "shimx64.efi"])
def test_what_is_no_url_for_firmware_is_refused_unread(url: str) -> None:
    with pytest.raises(HttpTrouble) as caught:
        http_get(url, limit=1000, until=time.monotonic() + 1)
    assert caught.value.trouble == "damaged"
