"""Sets up and starts DHCP in the mode that the settings name.

Not for: what is answered (dhcp_proxy.py, dhcp/full.py), which values may be set (settings/config.py).
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from ipaddress import IPv4Address
from typing import Protocol

from netboot.dhcp.address_plan import AddressPlan
from netboot.dhcp.boot_file import BootFileNames
from netboot.dhcp.full_service import FullDhcpService, TellConflict, open_full_dhcp
from netboot.dhcp.leases import State
from netboot.dhcp.service import BootSighting, DhcpService
from netboot.dhcp_proxy import BesideBuilding, BesideSettings
from netboot.jobs.policy import PolicyOf
from netboot.lan.interfaces import Interface
from netboot.records.record import Record
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError

log = logging.getLogger(__name__)


class Service(Protocol):
    """What runs until it is cancelled."""

    async def run(self) -> None: ...


class ServedDhcp:
    """What answers DHCP on one interface. `plan` is what is given in `full` mode, None in every other.

    `building` is the address of the building's DHCP server, None when it is not known.
    """

    def __init__(
        self,
        settings: Settings,
        interface: Interface,
        policy_of: PolicyOf,
        *,
        building: IPv4Address | None,
        plan: AddressPlan | None,
        on_boot_client: Callable[[BootSighting], None],
        on_conflict: TellConflict | None = None,
    ) -> None:
        self._settings = settings
        self._interface = interface
        self._policy_of = policy_of
        self._plan = plan
        self._on_boot_client = on_boot_client
        self._on_conflict = on_conflict
        self._full: FullDhcpService | None = None
        self._sockets: DhcpService | None = None
        self._names = BootFileNames(interface.address, http_port=settings.http.port)
        self._beside = BesideBuilding(
            BesideSettings(
                self._names,
                mode="merged" if settings.dhcp.mode == "merged" else "proxy",
                move_to_merged=settings.dhcp.move_to_merged,
                building=building,
                plain_pxe_first=settings.dhcp.plain_pxe_first,
            ),
            policy_of,
        )

    def fetched_by(self, address: IPv4Address) -> None:
        """A PC at this address was sent a boot file, by TFTP or HTTP."""
        self._beside.fetched_by(address)

    def loaded_by(self, address: IPv4Address) -> None:
        """A PC at this address has got a whole file by TFTP."""
        (self._full or self._beside).loaded_by(address)

    def came_up_at(self, address: IPv4Address) -> None:
        """A PC at this address asked for something by HTTP."""
        (self._full or self._beside).came_up_at(address)

    def must_be_able_to_move(self, interface: Interface) -> None:
        """Raise NetbootError in `full` mode, whose leases belong to the address and network it began with."""
        began = self._interface
        if self._plan is not None and (interface.address, interface.network) != (began.address, began.network):
            raise NetbootError(
                f"our own DHCP server gives the addresses of {began.network}, "
                f"and ours is {interface.address} in {interface.network} now",
                hint=f"give the interface {began.name} its address {began.address}/{began.network.prefixlen} back, "
                "or start netboot again",
            )

    def use_address(self, address: IPv4Address) -> None:
        """Our address on the PCs' LAN is this one from now on."""
        if self._sockets is not None:
            self._sockets.use_address(address)

    def leases(self) -> Mapping[str, IPv4Address]:
        """The address that each PC has of us now, by MAC address; nothing in any mode but `full`."""
        if self._full is None:
            return {}
        now = time.monotonic()
        bound = (lease for lease in self._full.leases() if lease.state is State.BOUND and lease.until > now)
        return {lease.mac: lease.address for lease in bound}

    async def start(self, stack: AsyncExitStack, record: Record) -> list[Service]:
        """Take the ports, given back by `stack`; returns what is to run. Raises NetbootError."""
        if self._settings.dhcp.mode == "off":
            return []
        if self._plan is None:
            sockets = DhcpService(
                self._beside,
                interface=self._interface.name,
                address=self._interface.address,
                on_boot_client=self._on_boot_client,
            )
            services: list[Service] = [sockets]
        else:
            full = await open_full_dhcp(
                self._plan,
                self._interface.name,
                self._names,
                record,
                self._policy_of,
                plain_pxe_first=self._settings.dhcp.plain_pxe_first,
                on_conflict=self._on_conflict,
            )
            self._full = full
            stack.callback(full.close)
            sockets = DhcpService(
                full,
                interface=self._interface.name,
                address=self._interface.address,
                on_boot_client=self._on_boot_client,
            )
            full.answer_by(sockets.deliver)
            services = [full, sockets]
        await sockets.start()
        stack.callback(sockets.close)
        self._sockets = sockets
        if sockets.shares_port and self._plan is None:
            self._stay_with_proxy()
        return services

    def _stay_with_proxy(self) -> None:
        """Beside a DHCP server on this machine: what it answers to us as its relay, it answers to itself."""
        if self._settings.dhcp.mode == "merged":
            raise NetbootError(
                "`dhcp.mode: merged` does not work with a DHCP server on the same machine: its answers to netboot "
                "never leave that server's own port",
                hint="set `dhcp.mode: proxy`, or stop that server, or run netboot on another machine",
            )
        if self._settings.dhcp.move_to_merged:
            log.warning(
                "beside a DHCP server on this machine no PC is moved to `merged`: "
                "one that takes no proxy's offer does not boot"
            )
        self._beside.stay_with_proxy()
