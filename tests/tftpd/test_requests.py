"""What arrives at the service's port: names and options of every sort, and datagrams that are no request at all."""

import asyncio
import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netboot.tftp import FolderSource, Outcome
from tests.tftpd.conftest import FILES, HASTY, LOOPBACK, Bench, Client, connect, rrq, still_answers

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
