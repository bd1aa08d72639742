"""What DHCP writes into the log: each PC's answers once, not once a packet, and a flood in one line a minute.

At `debug` every packet is told, with its text. Memory is bounded, since anyone on the LAN can make up MAC addresses.
Not for: the page (floor.py), what is answered.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from netboot.boot_client import BootClient, Ignored
from netboot.dhcp_core import BOOT_SERVER_PORT, Arrival, Handled
from netboot.dhcp_packet import NO_ADDRESS
from netboot.dhcp_text import render

log = logging.getLogger(__name__)

AGAIN_AFTER = 60.0
"""Seconds after which the same is told of the same PC once more."""

INTERVAL = 60.0
"""Seconds that are summed up in one line."""

LINES = 200
"""Lines in an interval: a workshop of 32 PCs needs fewer; what is more is counted."""

MAX_ENTRIES = 4096


@dataclass(slots=True)
class _Interval:
    began: float
    told: int = 0
    left_out: int = 0
    macs: set[str] = field(default_factory=set)


class DhcpLog:
    """The log's memory. `now` is in seconds on any steady clock."""

    def __init__(self, now: float) -> None:
        self._said: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._interval = _Interval(now)

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

    def sum_up(self, now: float) -> None:
        """Called about once a second: tell what was left out, once an interval."""
        interval = self._interval
        if now - interval.began < INTERVAL:
            return
        if interval.left_out:
            more = " or more" if len(interval.macs) >= MAX_ENTRIES else ""
            log.warning(
                "%d more lines about %d%s MAC addresses were left out in the last minute: is somebody making them up?",
                interval.left_out,
                len(interval.macs),
                more,
            )
        self._interval = _Interval(now)

    def _say(self, client: BootClient, level: int, text: str, now: float) -> None:
        if level > logging.DEBUG:
            level = self._level(client.mac, text, level, now)
        extra = {
            "mac": client.mac,
            "uuid": str(client.uuid) if client.uuid else None,
            "firmware": client.firmware.value,
            "architecture": client.architecture,
        }
        log.log(level, "%s %s", client.mac, text, extra=extra)

    def _level(self, mac: str, text: str, level: int, now: float) -> int:
        """The level at which this is told: debug when it was told of late, or when too much is told already."""
        said = self._said.get((mac, text))
        if said is not None and now - said < AGAIN_AFTER:
            return logging.DEBUG
        interval = self._interval
        if interval.told >= LINES:
            interval.left_out += 1
            if len(interval.macs) < MAX_ENTRIES:
                interval.macs.add(mac)
            return logging.DEBUG
        interval.told += 1
        self._said[mac, text] = now
        self._said.move_to_end((mac, text))
        if len(self._said) > MAX_ENTRIES:
            self._said.popitem(last=False)
        return level


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
