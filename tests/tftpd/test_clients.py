"""Real clients fetch files of awkward sizes: tftp-hpa, atftp, curl and tftpy's."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tftpy import TftpClient

from netboot.shared.process import run
from netboot.tftp import FolderSource, Limits, Outcome
from tests.tftpd.conftest import LOOPBACK, Bench
from tests.tftpd.relay import LossyRelay, near_rollover

SIZES = (0, 1, 511, 512, 513, 1468 * 3, 5_000_000)

Fetch = Callable[[int, str, Path], Awaitable[None]]


async def tftp_hpa(port: int, name: str, to: Path) -> None:
    command = ["tftp", "-m", "binary", LOOPBACK, str(port), "-c", "get", name, os.fspath(to)]
    await asyncio.to_thread(run, command, timeout=60)


def atftp(*options: str) -> Fetch:
    async def fetch(port: int, name: str, to: Path) -> None:
        asked = [word for option in options for word in ("--option", option)]
        names = ["--remote-file", name, "--local-file", os.fspath(to)]
        command = ["atftp", "--get", *asked, *names, LOOPBACK, str(port)]
        await asyncio.to_thread(run, command, timeout=60)

    return fetch


async def curl(port: int, name: str, to: Path) -> None:
    # curl takes "tsize 0" in an OACK for an error, so an empty file is asked for without options.
    options = ["--tftp-no-options"] if name == "f0" else ["--tftp-blksize", "1024"]
    url = f"tftp://{LOOPBACK}:{port}/{name}"
    command = ["curl", "--silent", "--show-error", *options, "--output", os.fspath(to), url]
    await asyncio.to_thread(run, command, timeout=60)


async def curl_512(port: int, name: str, to: Path) -> None:
    url = f"tftp://{LOOPBACK}:{port}/{name}"
    await asyncio.to_thread(run, ["curl", "--silent", "--show-error", "--output", os.fspath(to), url], timeout=60)


async def tftpy_client(port: int, name: str, to: Path) -> None:
    client = TftpClient(LOOPBACK, port, {"blksize": 1468, "tsize": 0})
    await asyncio.to_thread(client.download, name, os.fspath(to), timeout=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("boot")
    chance = random.Random(2347)
    for size in SIZES:
        (root / f"f{size}").write_bytes(chance.randbytes(size))
    return root


@pytest.mark.parametrize(
    "fetch",
    [
        pytest.param(tftp_hpa, id="tftp-hpa"),
        pytest.param(atftp(), id="atftp"),
        pytest.param(atftp("blksize 1468", "windowsize 1"), id="atftp-window-1"),
        pytest.param(atftp("blksize 1468", "windowsize 16", "tsize 0"), id="atftp-window-16"),
        pytest.param(curl, id="curl"),
        pytest.param(tftpy_client, id="tftpy"),
    ],
)
async def test_a_client_gets_every_byte_of_every_size(bench: Bench, folder: Path, tmp_path: Path, fetch: Fetch) -> None:
    port = await bench.serve(FolderSource(folder))
    for size in SIZES:
        to = tmp_path / f"got{size}"
        await fetch(port, f"f{size}", to)
        assert to.read_bytes() == (folder / f"f{size}").read_bytes()
    assert bench.outcomes == [Outcome.FINISHED] * len(SIZES)
    assert [event.sent for event in bench.events if event.outcome] == list(SIZES)


@pytest.mark.parametrize("fetch", [pytest.param(tftp_hpa, id="tftp-hpa"), pytest.param(curl_512, id="curl")])
async def test_block_numbers_roll_over_beyond_32_mib_of_512_byte_blocks_one_at_a_time(
    bench: Bench, tmp_path: Path, fetch: Fetch
) -> None:
    big = random.Random(7440).randbytes(34_000_000)
    port = await bench.serve({"big": big}.get)
    await fetch(port, "big", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == big


async def test_packets_lost_repeated_and_reordered_around_both_rollovers_of_70_mb_change_no_byte(
    bench: Bench, tmp_path: Path
) -> None:
    big = random.Random(1350).randbytes(70_000_000)
    port = await bench.serve({"big": big}.get, limits=Limits(timeout=0.3, retries=8))
    with LossyRelay(port, trouble=0.04, seed=65536, hit=near_rollover) as relay:
        await atftp("windowsize 16", "blksize 512")(relay.port, "big", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == big
    assert min(relay.dropped, relay.repeated, relay.delayed) > 3


async def test_ten_clients_at_once_each_get_their_file(bench: Bench, folder: Path, tmp_path: Path) -> None:
    port = await bench.serve(FolderSource(folder), max_per_client=10)
    fetch = atftp("blksize 1468", "windowsize 8")
    await asyncio.gather(*(fetch(port, "f5000000", tmp_path / str(number)) for number in range(10)))
    wanted = (folder / "f5000000").read_bytes()
    assert all((tmp_path / str(number)).read_bytes() == wanted for number in range(10))


@pytest.mark.parametrize(
    "fetch",
    [
        pytest.param(tftp_hpa, id="tftp-hpa"),
        pytest.param(atftp("blksize 1468", "windowsize 1"), id="atftp-window-1"),
        pytest.param(atftp("blksize 1468", "windowsize 16"), id="atftp-window-16"),
        pytest.param(tftpy_client, id="tftpy"),
    ],
)
async def test_a_bad_cable_delays_a_file_and_never_changes_it(bench: Bench, tmp_path: Path, fetch: Fetch) -> None:
    content = random.Random(1350).randbytes(200_000)
    port = await bench.serve({"f": content}.get, limits=Limits(timeout=0.3, retries=8))
    with LossyRelay(port, trouble=0.02, seed=1123) as relay:
        await fetch(relay.port, "f", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == content
    assert min(relay.dropped, relay.repeated, relay.delayed) > 0
