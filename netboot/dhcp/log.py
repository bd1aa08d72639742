"""What DHCP writes into the log: each PC's answers once a minute, not once a packet.

At `debug` every packet is logged in full. Memory is bounded, since anyone on the LAN can make up MAC addresses.
Not for: floods from made-up addresses, which `serve/logs.py` throttles.
"""

import logging
from collections import OrderedDict

from netboot.dhcp.boot_client import BootClient, Ignored
from netboot.dhcp.core import BOOT_SERVER_PORT, Arrival, Handled
from netboot.dhcp.packet import NO_ADDRESS
from netboot.dhcp.text import render

log = logging.getLogger(__name__)

AGAIN_AFTER = 60.0
"""Seconds after which the same is told of the same PC once more."""

MAX_ENTRIES = 4096


class DhcpLog:
    """The log's memory. `now` is in seconds on any steady clock."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._said)

    def handled(self, handled: Handled, arrival: Arrival | None, now: float) -> None:
        """Tell what became of a datagram, None for what became due without one."""
        client, ignored = handled.client, handled.ignored
        if client is None:
            if ignored is not None and arrival is not None:
                log_ignored(ignored, arrival)
            return
        if ignored is not None:
            self._say(client, logging.WARNING if handled.news else logging.DEBUG, f"is not answered: {ignored}", now)
        elif handled.remark is not None and handled.news:
            self._say(client, logging.WARNING, handled.remark.text, now)
        if handled.boot_file:
            self._say(client, logging.INFO, _sent(handled, client, arrival), now)
        if arrival is not None and log.isEnabledFor(logging.DEBUG):
            origin = f"{arrival.source}:{arrival.source_port}"
            log.debug("from %s to port %d\n%s", origin, arrival.port, render(client.packet))

    def _say(self, client: BootClient, level: int, text: str, now: float) -> None:
        if level > logging.DEBUG and self._said_recently(client.mac, text, now):
            level = logging.DEBUG
        if not log.isEnabledFor(level):
            return
        extra = {
            "mac": client.mac,
            "uuid": str(client.uuid) if client.uuid else None,
            "firmware": client.firmware.value,
            "architecture": client.architecture,
        }
        log.log(level, "%s %s", client.mac, text, extra=extra)

    def _said_recently(self, mac: str, text: str, now: float) -> bool:
        said = self._said.get((mac, text))
        if said is not None and now - said < AGAIN_AFTER:
            return True
        self._said[mac, text] = now
        self._said.move_to_end((mac, text))
        if len(self._said) > MAX_ENTRIES:
            self._said.popitem(last=False)
        return False


def log_ignored(ignored: Ignored, arrival: Arrival) -> None:
    """Tell, at debug, of a packet that was no boot client's."""
    origin = f"{arrival.source}:{arrival.source_port}"
    log.debug("a packet from %s to port %d is not answered: %s", origin, arrival.port, ignored)


def _sent(handled: Handled, client: BootClient, arrival: Arrival | None) -> str:
    text = f"boots by {'iPXE' if client.ipxe else client.firmware.value}: sent {handled.boot_file}"
    if arrival is not None and arrival.port == BOOT_SERVER_PORT:
        text += " on port 4011"
    address = next((answer.packet.yiaddr for answer in handled.answers if answer.boot_file), NO_ADDRESS)
    return text if address == NO_ADDRESS else f"{text} with the address {address}"
