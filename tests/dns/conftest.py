"""Real DNS programs of Debian's on this machine's loopback addresses: dig as the PCs' resolver, dnsmasq as another DNS.

127.0.0.0/8 is one network to the kernel, so that a client's address is chosen by `dig -b`.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

PC, STRANGER = IPv4Address("127.77.0.100"), IPv4Address("127.88.0.100")
"""A PC of the workshop's network, and one of another."""


def free_port(address: str) -> int:
    """A port that nobody has now, by UDP and by TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((address, 0))
            port: int = udp.getsockname()[1]
            with contextlib.suppress(OSError):  # by TCP it may be a browser's of the tests before
                tcp.bind((address, port))
                return port


async def dig(server: IPv4Address, port: int, *words: str, client: IPv4Address = PC) -> str:
    """What dig (bind9-dnsutils) prints of one try."""
    process = await asyncio.create_subprocess_exec(
        "dig", f"@{server}", "-p", str(port), "-b", str(client), "+tries=1", "+time=3", "+nocookie", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return out.decode()


@asynccontextmanager
async def program(*command: str | os.PathLike[str], log: Path, ready: str) -> AsyncIterator[None]:
    """A program that runs until the block ends; it must first have written `ready`."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
    try:
        async with asyncio.timeout(20):
            while ready not in log.read_text(errors="replace"):
                assert process.returncode is None, log.read_text(errors="replace")
                await asyncio.sleep(0.02)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
