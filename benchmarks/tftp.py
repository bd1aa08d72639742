"""TFTP beside in.tftpd (tftpd-hpa) and dnsmasq: MB/s of one client and 60 MB, and of twenty clients with 1 MB each.

Everything runs in one network namespace of its own on loopback, since dnsmasq knows no TFTP port but 69; each server
has an address there. The client is atftp, the same for all; client and server are pinned to two cores, or both to one.
The peers have no windows (RFC 7440), so each is measured once a block size and stands beside every window of netboot's.
The servers take turns within a round; a figure is the median of the rounds, a ratio the median of each round's ratio.

Prints one JSON object on stdout; progress goes to stderr. Needs root and two cores; no round is begun after --minutes.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from netboot.serve.logs import set_up_logs
from netboot.shared.process import run
from netboot.tftp import FolderSource, TftpServer, TftpSettings

log = logging.getLogger(__name__)

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


Speeds = dict[tuple[Case, str], float]
"""MB/s (10^6 bytes) of one round, by case and server."""


@dataclass(frozen=True, slots=True)
class Figure:
    """MB/s of a case, netboot's and the peers', and netboot's ratios to them beside the target for in.tftpd's."""

    clients: int
    block_size: int
    window: int
    cores: int
    netboot: float
    in_tftpd: float
    dnsmasq: float
    to_in_tftpd: float
    to_dnsmasq: float
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
    """A server of this name, pinned to core 0, answering. SystemExit with its last words when it does not."""
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(["taskset", "--cpu-list", "0", *command(name, folder, in_tftpd)], stderr=said) as process,
    ):
        try:
            if not answers(name, process):
                said.seek(0)
                last = "\n".join(said.read().splitlines()[-5:])
                raise SystemExit(f"{name} does not answer (status {process.poll()}); its last words:\n{last}")
            yield
        finally:
            process.terminate()


def answers(name: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server comes to say that a file is not there, before it ends and within 30 s."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        for _ in range(100):
            if process.poll() is not None:
                return False
            sock.sendto(b"\0\1missing\0octet\0", (ADDRESSES[name], 69))
            with contextlib.suppress(OSError):
                if sock.recv(600).startswith(b"\0\5"):
                    return True
            time.sleep(0.1)
    return False


def measure(case: Case, server: str) -> float:
    """MB/s over all clients of one round; the clients are started at once."""
    name = f"f{SIZES[case.clients]}"
    client = [
        "atftp", "--get",
        "--option", f"blksize {case.block_size}",
        "--option", f"windowsize {case.window}",
        "--remote-file", "NAME",
        "--local-file", "/dev/null",
        ADDRESSES[server], "69",
    ]  # fmt: skip
    started = time.monotonic()
    run(
        [
            "taskset", "--cpu-list", str(case.cores - 1),
            "xargs", f"--max-procs={case.clients}", "--replace=NAME", *client,
        ],
        stdin=f"{name}\n" * case.clients,
    )  # fmt: skip
    return case.clients * SIZES[case.clients] / MB / (time.monotonic() - started)


def compare(scratch: Path, rounds: int, minutes: float) -> list[Figure]:
    """Measure all servers in turns, inside the namespace."""
    started = time.monotonic()
    run(["ip", "link", "set", "dev", "lo", "up"])
    for address in ADDRESSES.values():
        run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
    folder = scratch / "boot"
    folder.mkdir()
    for size in SIZES.values():
        (folder / f"f{size}").write_bytes(os.urandom(size))
    done: list[Speeds] = []
    with contextlib.ExitStack() as stack:
        for server in ADDRESSES:
            stack.enter_context(serving(server, folder, scratch / IN_TFTPD))
        while len(done) < rounds:
            done.append(one_round())
            minutes_gone = (time.monotonic() - started) / 60
            print(f"round {len(done)} done after {minutes_gone:.1f} minutes", file=sys.stderr, flush=True)
            if minutes_gone * (len(done) + 1) / len(done) > minutes:
                break
    return [figure(case, done) for case in cases()]


def one_round() -> Speeds:
    """Every case once, the servers one after the other."""
    speeds: Speeds = {}
    for case in cases():
        for server in ADDRESSES:
            if server == "netboot" or case.window == 1:
                speeds[case, server] = measure(case, server)
    return speeds


def figure(case: Case, rounds: list[Speeds]) -> Figure:
    """One case's figures side by side, and whether the target is met."""
    lockstep = Case(case.clients, case.block_size, 1, case.cores)
    ours = [speeds[case, "netboot"] for speeds in rounds]
    theirs = {peer: [speeds[lockstep, peer] for speeds in rounds] for peer in ADDRESSES if peer != "netboot"}
    ratios = {
        peer: statistics.median(mine / its for mine, its in zip(ours, speeds, strict=True))
        for peer, speeds in theirs.items()
    }
    wanted = target(case)
    return Figure(
        case.clients,
        case.block_size,
        case.window,
        case.cores,
        netboot=round(statistics.median(ours), 1),
        in_tftpd=round(statistics.median(theirs["in.tftpd"]), 1),
        dnsmasq=round(statistics.median(theirs["dnsmasq"]), 1),
        to_in_tftpd=round(ratios["in.tftpd"], 2),
        to_dnsmasq=round(ratios["dnsmasq"], 2),
        target=wanted,
        met=None if wanted is None else ratios["in.tftpd"] >= wanted,
    )


def unpack_in_tftpd(scratch: Path) -> None:
    """The server of tftpd-hpa, unpacked only: installed, its package would start a daemon on port 69."""
    run(["apt-get", "--quiet=2", "--option", "APT::Sandbox::User=root", "download", "tftpd-hpa"], cwd=scratch)
    (package,) = scratch.glob("tftpd-hpa_*.deb")
    run(["dpkg-deb", "--extract", package, scratch / "tftpd-hpa"])


async def serve(folder: Path) -> None:
    """netboot's server as `netboot serve` runs it, but for its bound of 8 transfers a client: here all are one."""
    set_up_logs("info", "text")
    settings = TftpSettings(address=ADDRESSES["netboot"], max_per_client=64)
    await TftpServer(settings, FolderSource(folder), on_transfer=lambda event: log.info("%s", event)).run()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=9.0)
    # How the program starts itself: as netboot's server, and inside the namespace.
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        asyncio.run(serve(asked.serve))
        return 0
    if asked.inside is not None:
        figures = compare(asked.inside, asked.rounds, asked.minutes)
        # Other work on the machine makes every figure worse, and lock-step across cores most.
        load, _, _ = os.getloadavg()
        print(json.dumps({"load": round(load, 1), "figures": [asdict(each) for each in figures]}, indent=2))
        return 0 if all(each.met is not False for each in figures) else 1
    with tempfile.TemporaryDirectory(prefix="netboot-bench-tftp-") as scratch:
        unpack_in_tftpd(Path(scratch))
        limits = ["--rounds", str(asked.rounds), "--minutes", str(asked.minutes)]
        again = [sys.executable, __file__, *limits, "--inside", scratch]
        return subprocess.run(["unshare", "--net", *again], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
