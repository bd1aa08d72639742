"""A switch with a server, PCs and whoever else, each in a namespace made for the test."""

import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

from netboot.dhcp.address_plan import AddressPlan
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.full_service import TellConflict, open_full_dhcp
from netboot.dhcp.service import DhcpService
from netboot.jobs.policy import nothing_set
from netboot.records.record import open_record
from tests.namespace import at_work, running

SERVER = IPv4Address("10.81.0.1")


class Switch:
    """A bridge in a namespace of its own; every host's eth0 hangs on it."""

    def __init__(self) -> None:
        self._hosts: dict[str, IPv4Address | None] = {}
        self.bridge = self.namespace("bridge")

    def namespace(self, name: str) -> str:
        """The namespace of a host of that name."""
        return f"netboot-full-{os.getpid()}-{name}"

    def open(self) -> None:
        ip("netns", "add", self.bridge)
        ip("-n", self.bridge, "link", "add", "lan0", "type", "bridge", "forward_delay", "0")
        ip("-n", self.bridge, "link", "set", "lan0", "up")

    def host(self, name: str, address: IPv4Address | None = None) -> str:
        """Add a host, or find it again; returns its namespace."""
        namespace = self.namespace(name)
        if name not in self._hosts:
            number = len(self._hosts)
            port, mac = f"p{number}", f"02:00:00:00:01:{number:02x}"
            self._hosts[name] = address
            ip("netns", "add", namespace)
            ip("-n", self.bridge, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            ip("-n", self.bridge, "link", "set", port, "master", "lan0", "up")
            ip("-n", namespace, "link", "set", "lo", "up")
            ip("-n", namespace, "link", "set", "eth0", "address", mac, "up")
            if address is not None:
                ip("-n", namespace, "address", "add", f"{address}/24", "broadcast", "+", "dev", "eth0")
        return namespace

    def mac(self, name: str) -> str:
        namespace = self.host(name)
        links = json.loads(run_in(namespace, "ip", "-json", "link", "show", "dev", "eth0").stdout)
        return str(links[0]["address"])

    def forget_leases(self) -> None:
        """Take every address away that a client was given."""
        for name, address in self._hosts.items():
            if address is None:
                ip("-n", self.namespace(name), "address", "flush", "dev", "eth0")

    def close(self) -> None:
        for name in (*self._hosts, "bridge"):
            subprocess.run(["ip", "netns", "delete", self.namespace(name)], check=False, timeout=20)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=20)


def run_in(namespace: str, *command: str, timeout: float = 30) -> "subprocess.CompletedProcess[str]":
    """Run a program in a namespace to its end."""
    return subprocess.run(
        ["ip", "netns", "exec", namespace, *command], capture_output=True, text=True, timeout=timeout, check=False
    )


def serving(
    switch: Switch, plan: AddressPlan, record_file: Path, on_conflict: TellConflict | None = None
) -> AbstractContextManager[None]:
    """The DHCP server of our own, on its ports in the server's namespace, with its record in this file."""

    @asynccontextmanager
    async def server() -> AsyncIterator[None]:
        with open_record(record_file) as record:
            full = await open_full_dhcp(
                plan, "eth0", BootFileNames(SERVER), record, nothing_set, on_conflict=on_conflict
            )
            sockets = DhcpService(full, interface="eth0", address=SERVER)
            full.answer_by(sockets.deliver)
            await sockets.start()
            try:
                async with at_work(full, sockets):
                    yield
            finally:
                sockets.close()
                full.close()

    return running(switch.namespace("server"), server)
