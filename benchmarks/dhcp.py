"""netboot as a proxy DHCP beside dnsmasq as one: answers a second, and how long a PC waits at 1,000 DISCOVERs a second.

Both run in turns in the same namespace of a LAN made for this, on one core; the PCs are played from another namespace
and the other core by netboot/lab/dhcp_load.py, each with a MAC of its own. netboot is all of `netboot serve`, with
stand-ins for the boot files, which nobody fetches. Both write one line a PC into a file. A figure is the median of the
rounds.

Prints one JSON object; a ratio above 1 is in netboot's favour. Needs root and two cores; takes about a minute.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import yaml

from netboot.bootfiles.record import NAMES, current, write_record
from netboot.lab.building import BootFiles, proxy_boot_command
from netboot.lab.child import Child
from netboot.lab.dhcp_load import Load
from netboot.lab.network import INTERFACE, Lan, open_lan

RATE = 1000
P99_TARGET = 5.0
"""Milliseconds, at RATE."""

PEERS = ("netboot", "dnsmasq")
STARTED = {"netboot": "ready on", "dnsmasq": "started, "}


@contextlib.asynccontextmanager
async def serving(lan: Lan, peer: str) -> AsyncIterator[None]:
    """One of the two on core 0 of the server's host, answering."""
    if peer == "netboot":
        command: tuple[str | os.PathLike[str], ...] = (
            sys.executable,
            "-m",
            "netboot",
            "serve",
            "--config",
            lan.folder / "netboot.yaml",
        )
    else:
        # Without the line an option: netboot writes one a PC too.
        command = tuple(word for word in proxy_boot_command(BootFiles(lan.folder)) if word != "--log-dhcp")
    program = await lan.spawn(
        lan.server, ("taskset", "--cpu-list", "0", *command), name=f"{peer}-{time.monotonic_ns()}"
    )
    await program.wait_for_output(STARTED[peer], within=20)
    try:
        yield
    finally:
        await program.stop()


async def load(lan: Lan, *how: str) -> Load:
    """Play the PCs from core 1 of the building's host."""
    words = ("--interface", INTERFACE, *how)
    command = ("taskset", "--cpu-list", "1", sys.executable, "-m", "netboot.lab.dhcp_load", *words)
    program: Child = await lan.spawn(lan.building, command, name=f"load-{time.monotonic_ns()}")
    if await program.wait():
        raise SystemExit(program.tail())
    return msgspec.json.decode(program.output(), type=Load)


async def compare(rounds: int) -> dict[str, object]:
    """Measure both in turns."""
    steady: dict[str, list[Load]] = {peer: [] for peer in PEERS}
    busiest: dict[str, list[float]] = {peer: [] for peer in PEERS}
    async with open_lan() as lan:
        write_settings(lan.folder)
        for number in range(rounds):
            for peer in PEERS:
                async with serving(lan, peer):
                    steady[peer].append(await load(lan, "--rate", str(RATE), "--seconds", "5"))
                    most = await load(lan, "--outstanding", "32", "--seconds", "3")
                    busiest[peer].append(most.answered / most.seconds)
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    peers = {peer: figures(steady[peer], busiest[peer]) for peer in PEERS}
    ours, theirs = peers["netboot"], peers["dnsmasq"]
    return {
        "rate": RATE,
        "load": round(os.getloadavg()[0], 1),
        **peers,
        "answers_ratio": round(ours["answers_a_second"] / theirs["answers_a_second"], 2),
        "p99_ratio": round(theirs["p99_ms"] / ours["p99_ms"], 2),
        "p99_target_ms": P99_TARGET,
        "met": ours["p99_ms"] < P99_TARGET and ours["answered_share"] > 0.999,
    }


def figures(steady: list[Load], busiest: list[float]) -> dict[str, float]:
    """The medians of one peer's rounds."""
    if any(each.p99 is None for each in steady):
        raise SystemExit("a server did not answer at all: see its log")
    return {
        "answered_share": round(sum(each.answered for each in steady) / sum(each.sent for each in steady), 4),
        "p50_ms": statistics.median(each.p50 or math.inf for each in steady),
        "p99_ms": statistics.median(each.p99 or math.inf for each in steady),
        "answers_a_second": round(statistics.median(busiest)),
    }


def write_settings(folder: Path) -> None:
    """What `netboot serve` needs to start, in this folder."""
    files = folder / "bootfiles"
    (files / "one").mkdir(parents=True)
    for name in NAMES:
        (files / "one" / name).write_bytes(b"stand-in")
    write_record(files / "one", kernel="none", recipe="none", loader_packages=(), agent_packages=())
    current(files).symlink_to("one")
    settings = {
        "interface": INTERFACE,
        "data": str(folder / "data"),
        "bootfiles": str(files),
        "page": {"address": "127.0.0.1"},
    }
    (folder / "netboot.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    figures_of_both = asyncio.run(compare(asked.rounds))
    print(json.dumps(figures_of_both, indent=2))
    return 0 if figures_of_both["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
