"""TFTP beside in.tftpd (tftpd-hpa) and dnsmasq: MB/s of one client and 60 MB, and of twenty clients with 1 MB each.

Everything runs in one network namespace of its own on loopback, since dnsmasq knows no TFTP port but 69; each server
has an address there. The client is atftp; client and server are pinned to two cores, or both to one. The peers have no
windows (RFC 7440), so each is measured once a block size and stands beside every window of netboot's. The servers take
turns within a round, and the best of the rounds counts: other work on the machine only ever slows a transfer.

Prints one JSON object on stdout; progress goes to stderr. Needs root and two cores; takes some minutes.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
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

ADDRESSES = {"netboot": "192.0.2.1", "in.tftpd": "192.0.2.2", "dnsmasq": "192.0.2.3"}
"""On the namespace's loopback (RFC 5737); in.tftpd resolves no address while 127.0.0.1 is the only one."""

MB = 1_000_000
SIZES = {1: 60 * MB, 20: MB}
"""Bytes of the file, by the number of clients."""

IN_TFTPD = "tftpd-hpa/usr/sbin/in.tftpd"


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
    """How to start a server in the foreground on port 69 of its address."""
    if name == "netboot":
        return [sys.executable, __file__, "--serve", os.fspath(folder)]
    if name == "in.tftpd":
        listen = ["--foreground", "--address", f"{ADDRESSES[name]}:69", "--user", "root"]
        return [os.fspath(in_tftpd), *listen, "--secure", os.fspath(folder)]
    listen = ["--bind-interfaces", f"--listen-address={ADDRESSES[name]}", "--port=0"]
    tftp = ["--enable-tftp", "--tftp-max=100", f"--tftp-root={folder}"]
    return ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", *listen, *tftp]


@contextlib.contextmanager
def serving(name: str, folder: Path, in_tftpd: Path) -> Iterator[None]:
    """A server of this name, pinned to core 0, answering."""
    with subprocess.Popen(
        ["taskset", "--cpu-list", "0", *command(name, folder, in_tftpd)], stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_until_it_answers(name)
            yield
        finally:
            process.terminate()


def wait_until_it_answers(name: str) -> None:
    """Ask for a file that is not there until the server says so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        for _ in range(100):
            sock.sendto(b"\0\1missing\0octet\0", (ADDRESSES[name], 69))
            with contextlib.suppress(OSError):
                if sock.recv(600).startswith(b"\0\5"):
                    return
            time.sleep(0.1)
    raise SystemExit(f"{name} did not answer within 30 s")


def fetch(case: Case, server: str) -> None:
    """One client's transfer."""
    run(
        [
            "taskset", "--cpu-list", str(case.cores - 1),
            "atftp", "--get",
            "--option", f"blksize {case.block_size}",
            "--option", f"windowsize {case.window}",
            "--remote-file", f"f{SIZES[case.clients]}",
            "--local-file", "/dev/null",
            ADDRESSES[server], "69",
        ]
    )  # fmt: skip


def measure(case: Case, server: str) -> float:
    """MB/s over all clients of one round."""
    started = time.monotonic()
    with ThreadPoolExecutor(case.clients) as pool:
        list(pool.map(lambda _: fetch(case, server), range(case.clients)))
    return case.clients * SIZES[case.clients] / MB / (time.monotonic() - started)


def compare(scratch: Path, rounds: int) -> list[Figure]:
    """Measure all servers in turns, inside the namespace."""
    run(["ip", "link", "set", "dev", "lo", "up"])
    for address in ADDRESSES.values():
        run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
    folder = scratch / "boot"
    folder.mkdir()
    for size in SIZES.values():
        (folder / f"f{size}").write_bytes(os.urandom(size))
    best: dict[tuple[Case, str], float] = {}
    with contextlib.ExitStack() as stack:
        for server in ADDRESSES:
            stack.enter_context(serving(server, folder, scratch / IN_TFTPD))
        for number in range(rounds):
            for case in cases():
                for server in ADDRESSES:
                    if server == "netboot" or case.window == 1:
                        best[case, server] = max(best.get((case, server), 0), measure(case, server))
                print(f"round {number + 1} of {rounds}: {case}", file=sys.stderr, flush=True)
    return [figure(case, best) for case in cases()]


def figure(case: Case, best: dict[tuple[Case, str], float]) -> Figure:
    """One case's figures side by side, and whether the target is met."""
    lockstep = Case(case.clients, case.block_size, 1, case.cores)
    ours, in_tftpd, dnsmasq = best[case, "netboot"], best[lockstep, "in.tftpd"], best[lockstep, "dnsmasq"]
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
    settings = TftpSettings(address=ADDRESSES["netboot"], max_per_client=64)
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
