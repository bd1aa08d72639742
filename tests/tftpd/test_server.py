"""Transfers at the service's socket: limits, clients that fall silent or start over, and what is told of them."""

import asyncio
import os
from pathlib import Path

import pytest

from netboot.shared.errors import NetbootError
from netboot.tftp import FolderSource, Limits, Outcome, TftpServer, TftpSettings
from tests.tftpd.conftest import FILES, HASTY, LOOPBACK, Bench, Client, connect, rrq, still_answers


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
