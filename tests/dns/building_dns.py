"""The building's DNS for tests: how BIND is set up as one, what netboot is told of it, and what the record keeps."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address
from pathlib import Path

import dns.rcode
import dns.update

from netboot.dns.announcer import KEPT_AS, Announcer, NotToldError, load_target
from netboot.dns.update import UpdateTarget
from netboot.jobs.named import Named
from netboot.settings.names import UpdateSettings
from netboot.shared.problems import Problem

LOOPBACK = IPv4Address("127.0.0.1")  # the one loopback address that BIND listens on
SECRET = base64.b64encode(secrets.token_bytes(32)).decode()
ONE = Named("one", "atelier-1", "98:fa:9b:00:00:01", IPv4Address("127.77.0.101"))
TWO = Named("two", "atelier-1", "98:fa:9b:00:00:02", IPv4Address("127.77.0.102"))
SETTINGS = UpdateSettings(
    server=str(LOOPBACK), zone="building.test", reverse_zone="77.127.in-addr.arpa", key="netboot", secret=SECRET
)

ZONE = """$TTL 300
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 127.0.0.1
printer IN A 127.77.0.9
"""
REVERSE = """$TTL 300
@ IN SOA ns.building.test. hostmaster.building.test. 1 3600 600 86400 60
@ IN NS ns.building.test.
9.0 IN PTR printer.building.test.
"""


def set_up_bind(folder: Path, address: IPv4Address, port: int) -> tuple[str | Path, ...]:
    """Write the zones, a printer that somebody entered by hand, and a key for netboot; the command that serves them."""
    (folder / "building.zone").write_text(ZONE)
    (folder / "reverse.zone").write_text(REVERSE)
    (folder / "named.conf").write_text(f"""
        options {{
            directory "{folder}"; pid-file none; session-keyfile none; recursion no; dnssec-validation no;
            listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }};
        }};
        controls {{ }};
        key "netboot" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
        zone "building.test" {{ type primary; file "building.zone"; allow-update {{ key netboot; }}; }};
        zone "77.127.in-addr.arpa" {{ type primary; file "reverse.zone"; allow-update {{ key netboot; }}; }};
    """)
    return ("named", "-g", "-c", folder / "named.conf", "-n", "1")


BIND_READY = "all zones loaded"


class Kept:
    """What the record keeps, and how often it was written."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text
        self.writes = 0

    def setting(self, key: str) -> str | None:
        assert key == KEPT_AS
        return self.text

    def set_setting(self, key: str, value: str) -> None:
        assert key == KEPT_AS
        self.text = value
        self.writes += 1

    def is_(self, text: str) -> bool:
        return self.text == text

    @property
    def hostnames(self) -> list[str]:
        return [waiting["hostname"] for waiting in json.loads(self.text or "[]")]


Told = list[tuple[str, Problem | None]]


@asynccontextmanager
async def announcing(announcer: Announcer) -> AsyncIterator[None]:
    """The service at work, as the server starts and ends it."""
    await announcer.start()
    running = asyncio.create_task(announcer.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await announcer.close()


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to be")


def target_of(settings: UpdateSettings = SETTINGS) -> UpdateTarget:
    target = load_target(settings)
    assert target is not None
    return target


async def silent(update: dns.update.UpdateMessage, target: UpdateTarget) -> dns.rcode.Rcode:
    """A DNS that is down."""
    raise NotToldError("no answer")
