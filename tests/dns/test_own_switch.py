"""A switch of our own as `serve` puts it together: a real DHCP client gets an address, and a name that dig finds."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from netboot.dhcp.address_plan import plan_addresses
from netboot.dns.directory import Directory
from netboot.dns.naming import directory, name_server, with_names
from netboot.jobs.named import Named
from netboot.jobs.policy import nothing_set
from netboot.lan.interfaces import Interface
from netboot.records.record import open_record
from netboot.serve.dhcp_mode import ServedDhcp
from netboot.settings.config import parse_settings
from tests.dhcp_full.switch import SERVER, Switch, run_in
from tests.namespace import at_work, running

pytestmark = pytest.mark.root

EVENT = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/24" dev "$interface"
echo "$ip $dns $domain" > "$LEASE"
"""


@pytest.fixture
def switch() -> Iterator[Switch]:
    made = Switch()
    try:
        made.open()
        made.host("server", SERVER)
        made.host("pc")
        yield made
    finally:
        made.close()


def serving(switch: Switch, folder: Path) -> AbstractContextManager[Directory]:
    """DHCP and names in the server's namespace; gives who has which name."""
    settings = parse_settings("dhcp: {mode: full}\n", source="the test")
    interface = Interface(name="eth0", address=SERVER, network=IPv4Network("10.81.0.0/24"))

    @asynccontextmanager
    async def server() -> AsyncIterator[Directory]:
        plan = with_names(plan_addresses(settings.dhcp.full, interface), settings.names)
        dhcp = ServedDhcp(
            settings, interface, nothing_set, building=None, plan=plan, on_boot_client=lambda sighting: None
        )
        async with AsyncExitStack() as stack:
            record = stack.enter_context(open_record(folder / "record.sqlite"))
            who = directory(plan, dhcp.leases, record.jobs.named_pcs())
            names = name_server(plan, settings.names, who)
            await names.start()
            stack.callback(names.close)
            async with at_work(names, *await dhcp.start(stack, record)):
                yield who

    return running(switch.namespace("server"), server)


def test_a_pc_is_told_whom_to_ask_and_is_found_by_the_name_that_its_job_gave_it(switch: Switch, tmp_path: Path) -> None:
    event, lease = tmp_path / "event", tmp_path / "lease"
    event.write_text(EVENT)
    event.chmod(0o755)
    pc = switch.namespace("pc")

    def dig(*words: str) -> list[str]:
        return run_in(pc, "dig", f"@{SERVER}", "+tries=1", "+time=3", "+short", *words).stdout.splitlines()

    with serving(switch, tmp_path) as who:
        client = ("busybox", "udhcpc", "-f", "-q", "-n", "-i", "eth0", "-s", str(event))
        got = run_in(pc, "env", f"LEASE={lease}", *client)
        assert lease.exists(), got.stderr
        address, dns, domain = lease.read_text().split()
        assert (dns, domain) == (str(SERVER), "workshop.internal")
        assert dig(f"netboot.{domain}") == [str(SERVER)]
        assert dig(f"pc-1.{domain}") == []
        who.learn(Named("machine", "pc-1", switch.mac("pc")))
        assert dig(f"pc-1.{domain}") == [address]
        assert dig("-x", address) == [f"pc-1.{domain}."]
        assert dig("-x", str(SERVER)) == [f"netboot.{domain}."]
