"""The service at its socket: hostile datagrams, refusals, limits, and what it tells of transfers."""

import asyncio
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netboot.shared.errors import NetbootError
from netboot.tftp import FolderSource, Limits, Outcome, TftpServer, TftpSettings
from tests.tftpd.conftest import LOOPBACK, Bench

FILES = {"shimx64.efi": b"s" * 3000, "grub/grub.cfg": b"menu"}
HASTY = Limits(timeout=0.05, retries=2)


def rrq(*strings: str | bytes) -> bytes:
    words = [string.encode() if isinstance(string, str) else string for string in strings]
    return b"\0\1" + b"".join(word + b"\0" for word in words)


class Client:
    """A UDP socket that speaks one datagram at a time."""

    def __init__(self, port: int) -> None:
        self.server = (LOOPBACK, port)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((LOOPBACK, 0))
        self.sock.setblocking(False)
        self.transfer: tuple[str, int] = self.server

    def ask(self, datagram: bytes) -> None:
        self.sock.sendto(datagram, self.server)

    def say(self, datagram: bytes) -> None:
        self.sock.sendto(datagram, self.transfer)

    async def hear(self, seconds: float = 2.0) -> bytes:
        """The next datagram, or nothing once `seconds` have passed."""
        try:
            async with asyncio.timeout(seconds):
                datagram, self.transfer = await asyncio.get_running_loop().sock_recvfrom(self.sock, 65536)
        except TimeoutError:
            return b""
        return datagram


@pytest.fixture
def clients() -> Iterator[list[Client]]:
    made: list[Client] = []
    yield made
    for client in made:
        client.sock.close()


def connect(clients: list[Client], port: int) -> Client:
    clients.append(Client(port))
    return clients[-1]


async def still_answers(clients: list[Client], port: int) -> bool:
    client = connect(clients, port)
    client.ask(rrq("grub/grub.cfg", "octet"))
    answered = await client.hear() == b"\0\3\0\1menu"
    client.say(b"\0\4\0\1")
    return answered


OPENINGS = (b"", b"\0\1", b"\0\2", b"\0\4", b"\0\5")
KILLERS = {
    "a directory": (rrq("grub", "octet"), b"\0\5\0\1"),
    "blksize=abc": (rrq("shimx64.efi", "octet", "blksize", "abc"), b"\0\5\0\x08"),
    "a name that is not ASCII": (rrq(b"caf\xe9", "octet"), b"\0\5\0\1"),
    "an unterminated option": (rrq("shimx64.efi", "octet") + b"blksize", b"\0\3\0\1"),
}


@pytest.mark.parametrize("killer", KILLERS)
async def test_what_kills_tftpys_server_is_answered(
    bench: Bench, clients: list[Client], tmp_path: Path, killer: str
) -> None:
    (tmp_path / "grub").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    port = await bench.serve(FolderSource(tmp_path))
    datagram, answer = KILLERS[killer]
    client = connect(clients, port)
    client.ask(datagram)
    assert (await client.hear()).startswith(answer)
    assert await still_answers(clients, port)


JUNK = {
    "0xFF, DHCP's End": b"\xff",
    "the next option, whose code is a letter": b"a\x11",
    "the next option whole": b"+\x04\x06\x01\x08\xff\xff",
    "an option and what it says": b"B\x0a10.77.0.2",
    "a line's end": b"\r\n",
    "spaces of a fixed field": b"   ",
    "old bytes of a buffer": b"\xa5\xdeEFI\x90",
    "bytes that are UTF-8": "é".encode(),
    "a name of more than 255 bytes": b"\xff" * 300,
}


@pytest.mark.parametrize("name", ["shimx64.efi", "/shimx64.efi", "\\shimx64.efi", "grub/grub.cfg"])
@pytest.mark.parametrize("junk", JUNK)
async def test_a_known_name_is_served_whatever_stands_behind_it(
    bench: Bench, clients: list[Client], junk: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "netboot")
    client = connect(clients, await bench.serve(FILES.get))
    client.ask(rrq(name.encode() + JUNK[junk], "octet"))
    known = name.strip("/\\")
    assert await client.hear() == b"\0\3\0\1" + FILES[known][:512]
    assert f"served {known}" in caplog.text


async def test_the_longest_known_name_is_meant(bench: Bench, clients: list[Client]) -> None:
    client = connect(clients, await bench.serve({"a.efi": b"short", "a.efix": b"long"}.get))
    client.ask(rrq(b"a.efix\xff", "octet"))
    assert await client.hear() == b"\0\3\0\1long"


NOT_FOUND = {
    "a name that is not ASCII": b"caf\xe9.efi",
    "UTF-8": "amorçage.efi".encode(),
    "UTF-16, low byte first": b"s\xffh\xff",
    "a control character": b"\x01shimx64.efi",
    "no name": b"",
    "a slash": b"/",
    "a name that is too long": b"x" * 300,
    "another file's name that begins like ours": b"shimx64.efi.signed",
    "a name that goes on with letters": b"shimx64.efi2",
}


@pytest.mark.parametrize("name", NOT_FOUND)
async def test_what_is_not_there_gets_error_1_on_which_shim_goes_on(
    bench: Bench, clients: list[Client], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "netboot")
    client = connect(clients, await bench.serve(FILES.get))
    client.ask(rrq(NOT_FOUND[name], "octet"))
    assert (await client.hear()).startswith(b"\0\5\0\1")
    assert bench.events[-1].reason == "file not found"
    assert "file not found" in caplog.text
    assert LOOPBACK in caplog.text


@pytest.mark.parametrize("way_out", [b"../secret\xff", b"a/../../secret\xff", b"..\\secret\xff", b"../secret"])
async def test_junk_opens_no_way_out_of_the_folder(
    bench: Bench, clients: list[Client], tmp_path: Path, way_out: bytes
) -> None:
    (tmp_path / "boot").mkdir()
    (tmp_path / "secret").write_text("secret")
    client = connect(clients, await bench.serve(FolderSource(tmp_path / "boot")))
    client.ask(rrq(way_out, "octet"))
    assert (await client.hear())[:2] == b"\0\5"


async def test_options_without_a_value_are_ignored_and_the_others_granted(bench: Bench, clients: list[Client]) -> None:
    client = connect(clients, await bench.serve(FILES.get))
    client.ask(rrq("shimx64.efi", "octet", "tsize", "", "blksize", "1468", "windowsize", "") + b"junk")
    assert await client.hear() == b"\0\6blksize\0" + b"1468\0"


async def test_a_refused_write_is_logged_with_its_name(
    bench: Bench, clients: list[Client], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "netboot")
    client = connect(clients, await bench.serve(FILES.get))
    client.ask(b"\0\2new\x1b\0octet\0")
    assert (await client.hear()).startswith(b"\0\5\0\2")
    assert "'new�' to 127.0.0.1: this server is read-only" in caplog.text


async def test_garbage_on_the_port_and_within_a_transfer_leaves_the_server_answering(
    bench: Bench, clients: list[Client]
) -> None:
    port = await bench.serve(FILES.get, limits=HASTY, max_per_client=64)
    client = connect(clients, port)
    inside = connect(clients, port)
    inside.ask(rrq("shimx64.efi", "octet"))
    await inside.hear()

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(
        st.builds(bytes.__add__, st.sampled_from([b"", b"\0\1", b"\0\2", b"\0\4", b"\0\5"]), st.binary(max_size=600))
    )
    def throw(datagram: bytes) -> None:
        client.ask(datagram)
        inside.say(datagram)

    await asyncio.to_thread(throw)
    await asyncio.sleep(0.1)
    assert Outcome.REFUSED in bench.outcomes
    assert await still_answers(clients, port)


async def test_a_write_request_is_refused_as_access(bench: Bench, clients: list[Client]) -> None:
    client = connect(clients, await bench.serve(FILES.get))
    client.ask(b"\0\2new\0octet\0")
    assert await client.hear() == b"\0\5\0\2this server is read-only\0"


async def test_netascii_is_refused_so_that_no_file_is_damaged(bench: Bench, clients: list[Client]) -> None:
    client = connect(clients, await bench.serve(FILES.get))
    client.ask(rrq("shimx64.efi", "NetASCII"))
    assert (await client.hear()).startswith(b"\0\5\0\4only octet")


@pytest.mark.parametrize("name", ["../secret", "a/../../secret", "..\\secret", "out"])
async def test_a_name_that_leads_out_of_the_folder_gets_an_error(
    bench: Bench, clients: list[Client], tmp_path: Path, name: str
) -> None:
    (tmp_path / "boot").mkdir()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "boot/out").symlink_to(tmp_path / "secret")
    client = connect(clients, await bench.serve(FolderSource(tmp_path / "boot")))
    client.ask(rrq(name, "octet"))
    assert (await client.hear())[:2] == b"\0\5"
    assert bench.outcomes == [Outcome.REFUSED]


async def test_errors_acks_and_data_on_the_port_get_no_answer(bench: Bench, clients: list[Client]) -> None:
    client = connect(clients, await bench.serve(FILES.get))
    for datagram in (b"", b"\0", b"\0\3\0\1x", b"\0\4\0\0", b"\0\5\0\0x\0", b"\0\6a\0b\0", b"\xff\xff"):
        client.ask(datagram)
    assert await client.hear(0.1) == b""


async def test_option_names_and_modes_are_read_in_any_case(bench: Bench, clients: list[Client]) -> None:
    client = connect(clients, await bench.serve(FILES.get))
    client.ask(rrq("//shimx64.efi", "OCTET", "BLKSIZE", "1468", "TSize", "0", "utimeout", "1"))
    assert await client.hear() == b"\0\6BLKSIZE\0" + b"1468\0TSize\0" + b"3000\0"
    client.say(b"\0\4\0\0")
    assert await client.hear() == b"\0\3\0\1" + b"s" * 1468


async def test_ovmfs_size_probe_is_told_as_a_probe_and_the_second_request_served(
    bench: Bench, clients: list[Client]
) -> None:
    client = connect(clients, await bench.serve(FILES.get))
    request = rrq("shimx64.efi", "octet", "tsize", "0", "blksize", "1468", "windowsize", "4")
    client.ask(request)
    assert await client.hear() == b"\0\6tsize\0" + b"3000\0blksize\0" + b"1468\0windowsize\0" + b"4\0"
    client.say(b"\0\5\0\x08User aborted\0")
    await asyncio.sleep(0.02)
    assert bench.outcomes == [Outcome.PROBED]
    client.ask(request)
    assert (await client.hear())[:2] == b"\0\6"
    client.say(b"\0\4\0\0")
    blocks = [await client.hear() for _ in range(3)]
    assert b"".join(block[4:] for block in blocks) == FILES["shimx64.efi"]
    client.say(b"\0\4\0\3")
    await asyncio.sleep(0.02)
    ended = bench.events[-1]
    assert (ended.outcome, ended.client, ended.name, ended.size, ended.sent) == (
        Outcome.FINISHED,
        LOOPBACK,
        "shimx64.efi",
        3000,
        3000,
    )


async def test_answers_come_from_a_new_port_of_the_address_that_was_asked(bench: Bench, clients: list[Client]) -> None:
    server = TftpServer(TftpSettings(address="0.0.0.0", port=0), FILES.get)
    await server.start()
    bench.servers.append(server)
    client = connect(clients, server.port)
    client.server = ("127.0.0.2", server.port)
    client.ask(rrq("grub/grub.cfg", "octet"))
    assert await client.hear() == b"\0\3\0\1menu"
    assert client.transfer[0] == "127.0.0.2"
    assert client.transfer[1] != server.port


async def test_a_request_repeated_before_the_answer_arrives_starts_one_transfer(
    bench: Bench, clients: list[Client]
) -> None:
    client = connect(clients, await bench.serve(FILES.get))
    for _ in range(3):
        client.ask(rrq("grub/grub.cfg", "octet"))
    assert await client.hear() == b"\0\3\0\1menu"
    assert await client.hear(0.05) == b""


async def test_a_client_that_starts_over_on_its_port_gets_the_new_file_and_no_error(
    bench: Bench, clients: list[Client]
) -> None:
    client = connect(clients, await bench.serve(FILES.get))
    client.ask(rrq("shimx64.efi", "octet"))
    await client.hear()
    client.ask(rrq("grub/grub.cfg", "octet"))
    assert await client.hear() == b"\0\3\0\1menu"
    assert bench.outcomes == [Outcome.ABORTED]


async def test_a_silent_client_is_told_again_then_given_up(bench: Bench, clients: list[Client]) -> None:
    client = connect(clients, await bench.serve(FILES.get, limits=HASTY))
    client.ask(rrq("grub/grub.cfg", "octet"))
    heard = [await client.hear() for _ in range(4)]
    assert heard[:3] == [b"\0\3\0\1menu"] * 3
    assert heard[3].startswith(b"\0\5\0\0no acknowledgement")
    assert bench.outcomes == [Outcome.FAILED]
    assert bench.events[-1].resent == 2
    assert bench.servers[0].transfers == 0


async def test_a_client_that_closed_its_port_ends_the_transfer(bench: Bench, clients: list[Client]) -> None:
    client = connect(clients, await bench.serve(FILES.get, limits=HASTY))
    client.ask(rrq("shimx64.efi", "octet"))
    await client.hear()
    client.sock.close()
    await asyncio.sleep(0.12)
    assert bench.outcomes == [Outcome.FAILED]
    assert bench.events[-1].reason == "the client closed its port"


async def test_beyond_the_limit_of_one_client_nothing_is_sent_until_a_transfer_ends(
    bench: Bench, clients: list[Client]
) -> None:
    port = await bench.serve(FILES.get, max_per_client=2)
    busy = [connect(clients, port) for _ in range(2)]
    for client in busy:
        client.ask(rrq("shimx64.efi", "octet"))
        await client.hear()
        client.say(b"\0\4\0\1")
        await client.hear()
    third = connect(clients, port)
    third.ask(rrq("grub/grub.cfg", "octet"))
    assert await third.hear(0.05) == b""
    assert bench.outcomes == [Outcome.REFUSED]
    busy[0].say(b"\0\5\0\0enough\0")
    await asyncio.sleep(0.02)
    third.ask(rrq("grub/grub.cfg", "octet"))
    assert await third.hear() == b"\0\3\0\1menu"


async def test_a_flood_of_opens_that_never_answer_gives_way_to_an_honest_pc(
    bench: Bench, clients: list[Client]
) -> None:
    port = await bench.serve(FILES.get, max_transfers=5, max_per_client=100)
    honest = connect(clients, port)
    honest.ask(rrq("shimx64.efi", "octet"))
    await honest.hear()
    honest.say(b"\0\4\0\1")
    await honest.hear()
    for _ in range(20):
        connect(clients, port).ask(rrq("shimx64.efi", "octet"))
    assert await still_answers(clients, port)
    assert bench.servers[0].transfers <= 5
    honest.say(b"\0\4\0\2")
    assert await honest.hear() == b"\0\3\0\3" + b"s" * 512


async def test_a_source_or_a_listener_that_fails_does_not_stop_the_server(clients: list[Client]) -> None:
    def source(name: str) -> bytes | None:
        if name == "broken":
            raise RuntimeError("disk on fire")
        return FILES.get(name)

    def listener(_: object) -> None:
        raise RuntimeError("page gone")

    server = TftpServer(TftpSettings(address=LOOPBACK, port=0), source, on_transfer=listener)
    await server.start()
    try:
        client = connect(clients, server.port)
        client.ask(rrq("broken", "octet"))
        assert await client.hear() == b"\0\5\0\0the server could not look the file up\0"
        assert await still_answers(clients, server.port)
    finally:
        server.close()


async def test_a_file_that_shrinks_while_it_is_sent_ends_with_an_error(
    bench: Bench, clients: list[Client], tmp_path: Path
) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(1_000_000))
    client = connect(clients, await bench.serve(FolderSource(tmp_path), limits=Limits(block_size=60_000)))
    client.ask(rrq("big", "octet", "blksize", "60000"))
    await client.hear()
    os.truncate(path, 300_000)
    for number in range(17):
        client.say(b"\0\4" + number.to_bytes(2, "big"))
        if (await client.hear())[:2] == b"\0\5":
            break
    assert bench.outcomes == [Outcome.FAILED]
    assert "shorter" in bench.events[-1].reason


async def test_windows_that_overrun_the_clients_buffer_arrive_whole(bench: Bench, clients: list[Client]) -> None:
    content = os.urandom(3_000_000)
    client = connect(clients, await bench.serve({"f": content}.get, limits=Limits(block_size=60_000)))
    client.ask(rrq("f", "octet", "blksize", "60000", "windowsize", "64"))
    await client.hear()
    got = bytearray()
    client.say(b"\0\4\0\0")
    expected = 1
    while block := await client.hear(0.5):
        if int.from_bytes(block[2:4], "big") == expected:
            got += block[4:]
            expected += 1
            if len(block) < 60_004:
                break
        client.say(b"\0\4" + (expected - 1).to_bytes(2, "big"))
    assert got == content


async def test_run_serves_until_cancelled_and_tells_clients_that_it_stops(clients: list[Client]) -> None:
    server = TftpServer(TftpSettings(address=LOOPBACK, port=0), FILES.get)
    await server.start()
    task = asyncio.create_task(server.run())
    client = connect(clients, server.port)
    client.ask(rrq("shimx64.efi", "octet"))
    await client.hear()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await client.hear() == b"\0\5\0\0the server is stopping\0"
    assert server.transfers == 0


async def test_a_taken_port_is_told_with_the_cure(bench: Bench) -> None:
    port = await bench.serve(FILES.get)
    with pytest.raises(NetbootError, match="another program has the port") as caught:
        await TftpServer(TftpSettings(address=LOOPBACK, port=port), FILES.get).start()
    assert f"sport = {port}" in caught.value.hint


async def test_an_address_of_another_machine_is_told_with_the_cure() -> None:
    with pytest.raises(NetbootError, match="does not have that address") as caught:
        await TftpServer(TftpSettings(address="192.0.2.1", port=0), FILES.get).start()
    assert "ip -brief address" in caught.value.hint
