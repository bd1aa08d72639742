"""The name server on real sockets, asked by dig; what it does not know is asked of a real dnsmasq."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
import pytest

from netboot.dns.forward import UNDER_WAY_A_CLIENT, Forwarder
from netboot.dns.responder import Hosts, Responder
from netboot.dns.service import CONNECTIONS_A_CLIENT, RATE_A_CLIENT, NameServer
from netboot.shared.errors import NetbootError
from tests.dns.conftest import PC, STRANGER, dig, free_port, program

SERVER, OTHER, SILENT = IPv4Address("127.77.0.2"), IPv4Address("127.77.0.3"), IPv4Address("127.77.0.4")
NETWORK = IPv4Network("127.77.0.0/16")
HOSTS = Hosts({"atelier-7": PC}, {PC: "atelier-7"})


@asynccontextmanager
async def serving(forward: Sequence[IPv4Address] = (), *, other_port: int = 53) -> AsyncIterator[int]:
    """A name server that runs; gives its port."""
    port = free_port(str(SERVER))
    service = NameServer(
        Responder(domain="workshop.internal", server=SERVER, network=NETWORK, forwards=bool(forward)),
        lambda: HOSTS,
        address=SERVER,
        network=NETWORK,
        forwarder=Forwarder(forward, port=other_port) if forward else None,
        port=port,
    )
    await service.start()
    running = asyncio.create_task(service.run())
    try:
        yield port
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        service.close()


@asynccontextmanager
async def another_dns(folder: Path) -> AsyncIterator[int]:
    """dnsmasq as the DNS of the world outside: one name, and one that needs TCP; gives its port."""
    port = free_port(str(OTHER))
    texts = (f"--txt-record=large.example,{','.join([str(n) * 200 for n in range(9)])}",)
    command = (
        "dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--pid-file=", "--no-hosts",
        "--no-resolv", "--bind-interfaces", f"--listen-address={OTHER}", f"--port={port}",
        "--host-record=outside.example,192.0.2.7", *texts,
    )  # fmt: skip
    async with program(*command, log=folder / "dnsmasq.log", ready="started"):
        yield port


@pytest.mark.parametrize("way", ["+notcp", "+tcp"])
async def test_dig_finds_the_server_and_a_pc_by_name_and_by_address(way: str) -> None:
    async with serving() as port:
        assert (await dig(SERVER, port, way, "+short", "netboot.workshop.internal")).strip() == str(SERVER)
        assert (await dig(SERVER, port, way, "+short", "Atelier-7.WORKSHOP.internal")).strip() == str(PC)
        assert (await dig(SERVER, port, way, "+short", "-x", str(PC))).strip() == "atelier-7.workshop.internal."
        nobody = await dig(SERVER, port, way, "atelier-8.workshop.internal")
        assert "status: NXDOMAIN" in nobody
        assert "flags: qr aa rd;" in nobody
        assert "hostmaster.workshop.internal." in nobody
        assert "status: NOERROR" in (no_data := await dig(SERVER, port, way, "atelier-7.workshop.internal", "AAAA"))
        assert "ANSWER: 0, AUTHORITY: 1" in no_data
        assert "status: REFUSED" in await dig(SERVER, port, way, "debian.org")


async def test_dig_asks_several_times_on_one_connection() -> None:
    async with serving() as port:
        names = ["netboot.workshop.internal", "atelier-7.workshop.internal"]
        found = await dig(SERVER, port, "+tcp", "+keepopen", "+short", *names)
        assert found.split() == [str(SERVER), str(PC)]


async def test_a_client_of_another_network_is_not_answered() -> None:
    async with serving() as port:
        for way in ("+notcp", "+tcp"):
            silent = await dig(SERVER, port, way, "+time=1", "netboot.workshop.internal", client=STRANGER)
            assert "NOERROR" not in silent
            assert str(SERVER) + "\n" not in silent


async def test_what_it_does_not_know_is_asked_of_the_server_that_was_told(tmp_path: Path) -> None:
    async with another_dns(tmp_path) as other_port, serving([OTHER], other_port=other_port) as port:
        for way in ("+notcp", "+tcp"):
            assert (await dig(SERVER, port, way, "+short", "outside.example")).strip() == "192.0.2.7"
        assert "status: REFUSED" in await dig(SERVER, port, "nowhere.invalid")
        assert "flags: qr rd ra;" in await dig(SERVER, port, "outside.example")
        # dig comes back by TCP of itself when the answer was cut.
        large = await dig(SERVER, port, "large.example", "TXT")
        assert "retrying in TCP mode" in large
        assert large.count('"8888') == 1
        assert (await dig(SERVER, port, "+short", "atelier-7.workshop.internal")).strip() == str(PC)


async def test_the_next_server_is_asked_when_the_first_is_silent_and_a_failure_is_told_when_all_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netboot.dns.forward.WITHIN", 0.3)
    async with another_dns(tmp_path) as other_port:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
            hole.bind((str(SILENT), other_port))
            async with serving([SILENT, OTHER], other_port=other_port) as port:
                assert (await dig(SERVER, port, "+short", "outside.example")).strip() == "192.0.2.7"
            async with serving([SILENT], other_port=other_port) as port:
                assert "status: SERVFAIL" in await dig(SERVER, port, "outside.example")


async def test_a_reply_to_another_question_or_from_another_place_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("netboot.dns.forward.WITHIN", 0.5)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar, socket.socket(type=socket.SOCK_DGRAM) as stranger:
        liar.setblocking(False)
        liar.bind((str(OTHER), 0))
        stranger.bind((str(SILENT), 0))

        async def lie() -> None:
            wire, client = await loop.sock_recvfrom(liar, 2048)
            query = dns.message.from_wire(wire)
            answer = dns.message.make_response(query)
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", "192.0.2.66"))
            stranger.sendto(answer.to_wire(), client)
            other = dns.message.make_query("other.example", "A", id=query.id)
            await loop.sock_sendto(liar, dns.message.make_response(other).to_wire(), client)
            answer.id ^= 1
            await loop.sock_sendto(liar, answer.to_wire(), client)

        lying = asyncio.create_task(lie())
        async with serving([OTHER], other_port=liar.getsockname()[1]) as port:
            assert "status: SERVFAIL" in await dig(SERVER, port, "outside.example")
        await lying


def socket_of(client: IPv4Address) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((str(client), 0))
    made.setblocking(False)
    return made


async def answers(client: socket.socket, *, within: float) -> list[dns.message.Message]:
    """Everything that arrives until nothing does for this many seconds."""
    got = []
    with suppress(TimeoutError):
        while True:
            wire = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 2048), within)
            got.append(dns.message.from_wire(wire))
    return got


async def test_a_client_that_floods_gets_a_bounded_number_of_answers_and_others_get_theirs() -> None:
    async with serving() as port:
        query = dns.message.make_query("netboot.workshop.internal", "A").to_wire()
        with socket_of(PC) as client:
            for _ in range(5 * RATE_A_CLIENT):
                client.sendto(query, (str(SERVER), port))
                await asyncio.sleep(0)
            other = await dig(SERVER, port, "+short", "netboot.workshop.internal", client=IPv4Address("127.77.0.101"))
            assert other.strip() == str(SERVER)
            # The flood may lie across the turn of a second or two.
            assert len(await answers(client, within=0.3)) <= 3 * RATE_A_CLIENT


async def test_questions_to_a_silent_server_are_bounded_for_one_client() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole, socket_of(PC) as client:
        hole.bind((str(SILENT), 0))
        async with serving([SILENT], other_port=hole.getsockname()[1]) as port:
            for number in range(UNDER_WAY_A_CLIENT + 9):
                name = f"{number}.example"
                client.sendto(dns.message.make_query(name, "A").to_wire(), (str(SERVER), port))
            refused = await answers(client, within=0.5)
            assert [answer.rcode() for answer in refused] == [dns.rcode.SERVFAIL] * 9


async def test_connections_that_say_nothing_are_bounded_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netboot.dns.service.IDLE", 0.5)
    async with serving() as port:
        lines = [
            await asyncio.open_connection(str(SERVER), port, local_addr=(str(PC), 0))
            for _ in range(CONNECTIONS_A_CLIENT + 1)
        ]
        async with asyncio.timeout(5):
            assert await lines[-1][0].read() == b""
            assert [await reader.read() for reader, _ in lines] == [b""] * len(lines)
        assert (await dig(SERVER, port, "+tcp", "+short", "netboot.workshop.internal")).strip() == str(SERVER)
        for _, writer in lines:
            writer.close()


async def test_a_taken_port_is_told_with_what_to_do() -> None:
    async with serving() as port:
        responder = Responder(domain="workshop.internal", server=SERVER, network=NETWORK)
        second = NameServer(responder, lambda: HOSTS, address=SERVER, network=NETWORK, port=port)
        with pytest.raises(NetbootError, match="cannot be opened") as caught:
            await second.start()
        assert "names.answer" in caught.value.hint
