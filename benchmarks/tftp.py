"""TFTP beside in.tftpd (tftpd-hpa) and dnsmasq: MB/s of one client and 60 MB, and of twenty clients with 1 MB each.

Everything runs in one network namespace of its own on loopback, since dnsmasq knows no TFTP port but 69. The client is
atftp; client and server are pinned to two cores, or both to one. Peers have no windows (RFC 7440), so each is measured
once a block size and stands beside every window of netboot's. The figures are medians, taken in turns so that a busy
moment of the machine strikes all alike.

Prints one JSON object on stdout; progress goes to stderr. Needs root and two cores; takes some minutes.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from netboot.process import run
from netboot.tftp import FolderSource, TftpServer, TftpSettings

ADDRESS = "192.0.2.1"
"""On the namespace's loopback: in.tftpd resolves no address while 127.0.0.1 is the only one."""

MB = 1_000_000
SIZES = {1: 60 * MB, 20: MB}
"""Bytes of the file, by the number of clients."""

IN_TFTPD = "tftpd-hpa/usr/sbin/in.tftpd"
PEERS = ("in.tftpd", "dnsmasq")


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement: how many clients ask at once, with what options, and on how many cores all of it runs."""

    clients: int
    block_size: int
    window: int
    cores: int


@dataclass(frozen=True, slots=True)
class Figure:
    """MB/s (10^6 bytes) of a case, netboot's and the peers', and netboot's ratio to in.tftpd beside its target."""

    clients: int
    block_size: int
    window: int
    cores: int
    netboot: float
    in_tftpd: float
    dnsmasq: float
    ratio: float
    target: float | None
    met: bool | None


def cases() -> list[Case]:
    """Not every cell, so that a run ends in time; the targets are stated for two cores, and for one at window 1."""
    apart = [Case(clients, size, window, 2) for clients in SIZES for size in (512, 1468) for window in (1, 4, 16, 64)]
    together = [Case(1, size, 1, 1) for size in (512, 1468)]
    return apart + together


def target(case: Case) -> float | None:
    """The ratio to in.tftpd that netboot is held to, for one client."""
    if case.clients > 1:
        return None
    if case.cores == 1:
        return 0.6
    return 0.9 if case.window == 1 else 2.5


def command(name: str, folder: Path, in_tftpd: Path) -> list[str]:
    """How to start a server in the foreground on port 69 of ADDRESS."""
    if name == "netboot":
        return [sys.executable, __file__, "--serve", os.fspath(folder)]
    if name == "in.tftpd":
        listen = ["--foreground", "--address", f"{ADDRESS}:69", "--user", "root"]
        return [os.fspath(in_tftpd), *listen, "--secure", os.fspath(folder)]
    settings = ["--conf-file=/dev/null", "--port=0", "--user=root", "--tftp-max=100"]
    return ["dnsmasq", "--keep-in-foreground", *settings, "--enable-tftp", f"--tftp-root={folder}"]


@contextlib.contextmanager
def serving(name: str, folder: Path, in_tftpd: Path) -> Iterator[None]:
    """A server of this name, pinned to core 0, answering."""
    with subprocess.Popen(
        ["taskset", "--cpu-list", "0", *command(name, folder, in_tftpd)], stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_until_it_answers()
            yield
        finally:
            process.terminate()


def wait_until_it_answers() -> None:
    """Ask for a file that is not there until the server says so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        for _ in range(100):
            sock.sendto(b"\0\1missing\0octet\0", (ADDRESS, 69))
            with contextlib.suppress(OSError):
                if sock.recv(600).startswith(b"\0\5"):
                    return
            time.sleep(0.1)
    raise SystemExit("the server did not answer within 30 s")


def fetch(case: Case, name: str) -> None:
    """One client's transfer."""
    run(
        [
            "taskset", "--cpu-list", str(case.cores - 1),
            "atftp", "--get",
            "--option", f"blksize {case.block_size}",
            "--option", f"windowsize {case.window}",
            "--remote-file", name,
            "--local-file", "/dev/null",
            ADDRESS, "69",
        ]
    )  # fmt: skip


def measure(case: Case) -> float:
    """MB/s over all clients of one round."""
    started = time.monotonic()
    with ThreadPoolExecutor(case.clients) as pool:
        list(pool.map(lambda _: fetch(case, f"f{SIZES[case.clients]}"), range(case.clients)))
    return case.clients * SIZES[case.clients] / MB / (time.monotonic() - started)


def round_of(server: str, folder: Path, in_tftpd: Path) -> dict[Case, float]:
    """One figure a case of this server; a peer's figure at window 1 stands for all its windows."""
    with serving(server, folder, in_tftpd):
        return {case: measure(case) for case in cases() if server == "netboot" or case.window == 1}


def compare(scratch: Path, rounds: int) -> list[Figure]:
    """Run all servers in turns, inside the namespace."""
    run(["ip", "link", "set", "dev", "lo", "up"])
    run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"])
    folder = scratch / "boot"
    folder.mkdir()
    for size in SIZES.values():
        (folder / f"f{size}").write_bytes(os.urandom(size))
    found: dict[str, dict[Case, list[float]]] = {name: {} for name in ("netboot", *PEERS)}
    for number in range(rounds):
        for name, figures in found.items():
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
            for case, speed in round_of(name, folder, scratch / IN_TFTPD).items():
                figures.setdefault(case, []).append(speed)
    return [figure(case, found) for case in cases()]


def figure(case: Case, found: dict[str, dict[Case, list[float]]]) -> Figure:
    """The medians of one case, and whether the target is met."""
    lockstep = Case(case.clients, case.block_size, 1, case.cores)
    ours = statistics.median(found["netboot"][case])
    in_tftpd, dnsmasq = (statistics.median(found[name][lockstep]) for name in PEERS)
    ratio = ours / in_tftpd
    wanted = target(case)
    return Figure(
        case.clients,
        case.block_size,
        case.window,
        case.cores,
        netboot=round(ours, 1),
        in_tftpd=round(in_tftpd, 1),
        dnsmasq=round(dnsmasq, 1),
        ratio=round(ratio, 2),
        target=wanted,
        met=None if wanted is None else ratio >= wanted,
    )


def unpack_in_tftpd(scratch: Path) -> None:
    """The server of tftpd-hpa, unpacked only: installed, its package would start a daemon on port 69."""
    run(["apt-get", "--quiet=2", "--option", "APT::Sandbox::User=root", "download", "tftpd-hpa"], cwd=scratch)
    (package,) = scratch.glob("tftpd-hpa_*.deb")
    run(["dpkg-deb", "--extract", package, scratch / "tftpd-hpa"])


async def serve(folder: Path) -> None:
    """netboot's server, as `netboot serve` runs it."""
    settings = TftpSettings(address=ADDRESS, max_per_client=64)
    await TftpServer(settings, FolderSource(folder)).run()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    # How the program starts itself: as netboot's server, and inside the namespace.
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        asyncio.run(serve(asked.serve))
        return 0
    if asked.inside is not None:
        figures = compare(asked.inside, asked.rounds)
        print(json.dumps({"figures": [asdict(each) for each in figures]}, indent=2))
        return 0 if all(each.met is not False for each in figures) else 1
    with tempfile.TemporaryDirectory(prefix="netboot-bench-tftp-") as scratch:
        unpack_in_tftpd(Path(scratch))
        again = [sys.executable, __file__, "--rounds", str(asked.rounds), "--inside", scratch]
        return subprocess.run(["unshare", "--net", *again], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
