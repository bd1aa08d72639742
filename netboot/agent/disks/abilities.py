"""Asks each disk what it can do to erase itself: side by side, and for a few seconds only.

A disk that is slow or dead must not hold up the hello, so each is asked by a thread of its own, and what is not there
in time is not told. Such a thread is left behind (`disk_threads.py` says why); the program that it waits for is ended
when its own time is over. All that is done is reading, and ATA is spoken only to disks that speak it to the PC: a USB
bridge may take what it does not know for something else.
Not for: what the answers mean (`ata_abilities.py`, `nvme_abilities.py`, `scsi_abilities.py`).
"""

import re
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from netboot.agent.answers.opal_discovery import parse_discovery
from netboot.agent.answers.scsi_sanitize import parse_status
from netboot.agent.disks import ata_abilities, nvme_abilities, scsi_abilities
from netboot.agent.disks.scsi_node import generic_node
from netboot.agent.host import Host
from netboot.agent.text import number
from netboot.shared.disk_abilities import Abilities, Discard
from netboot.shared.disk_ports import OWN_PORTS, speaks_scsi
from netboot.shared.inventory import Disk

PATIENCE: Final = 5.0
"""Seconds from the question to the last answer that counts."""
_SCSI_NAME: Final = re.compile(r"sd[a-z]{1,4}")


class Asked:
    """Disks that are asked at this moment."""

    def __init__(self, host: Host, disks: Iterable[Disk]) -> None:
        self._disks = tuple(disks)
        self._until = time.monotonic() + PATIENCE
        self._told: dict[str, Abilities] = {}
        self._threads = [threading.Thread(target=self._ask, args=(host, disk), daemon=True) for disk in self._disks]
        for thread in self._threads:
            thread.start()

    def disks(self) -> tuple[Disk, ...]:
        """The same disks, each with what it has told by now or tells in the time that is left. Blocks until then."""
        for thread in self._threads:
            thread.join(max(0.0, self._until - time.monotonic()))
        abilities = dict(self._told)
        return tuple(replace(disk, can=abilities.get(disk.name, Abilities())) for disk in self._disks)

    def _ask(self, host: Host, disk: Disk) -> None:
        for abilities in _answers(host, disk):
            self._told[disk.name] = abilities


def _answers(host: Host, disk: Disk) -> Iterator[Abilities]:
    """What is known of the disk, after each of its answers."""
    abilities = Abilities(discard=_read_discard(host, disk.name))
    yield abilities
    if disk.transport == "nvme" or disk.transport in OWN_PORTS:
        abilities = replace(abilities, opal=parse_discovery(host.level_0(disk.name)))
        yield abilities
    device = f"/dev/{disk.name}"
    if disk.ata:
        security, sanitize = ata_abilities.parse_identity(host.output(("hdparm", "-I", device)))
        abilities = replace(abilities, ata_security=security, ata_sanitize=sanitize)
        yield abilities
        if sanitize is not None and sanitize.supported:
            transcript = host.transcript(("hdparm", "--sanitize-status", device))
            state = ata_abilities.parse_sanitize_state(transcript, own_port=disk.transport in OWN_PORTS)
            yield replace(abilities, ata_sanitize=replace(sanitize, state=state))
    elif disk.transport == "nvme":
        nvme = nvme_abilities.parse_controller(host.output(("nvme", "id-ctrl", device, "--output-format=json")))
        if nvme is None:
            return
        abilities = replace(abilities, nvme_format=nvme[0], nvme_sanitize=nvme[1])
        yield abilities
        # One that has no such log counts the question as an error of its own.
        if nvme[1].supported:
            log = host.output(("nvme", "sanitize-log", device, "--output-format=json"))
            abilities = replace(abilities, nvme_sanitize=nvme_abilities.with_log(nvme[1], log))
            yield abilities
        if nvme[0].supported:
            namespace = host.output(("nvme", "id-ns", device, "--output-format=json"))
            yield replace(abilities, nvme_format=nvme_abilities.with_sectors(nvme[0], namespace))
    elif is_scsi(disk):
        node = generic_node(host, disk.name)
        scsi = scsi_abilities.parse_commands(host.output(("sg_opcodes", "--no-inquiry", "--hex", node)))
        if scsi is None:
            return
        yield replace(abilities, scsi_sanitize=scsi)
        if scsi.supported:
            status = parse_status(host.output(("sg_requests", "--hex", node)))
            state = None if status.state == "not-told" else status.state
            yield replace(abilities, scsi_sanitize=replace(scsi, state=state))


def is_scsi(disk: Disk) -> bool:
    """Whether a disk speaks SCSI itself, and has the name that the kernel gives such disks."""
    return speaks_scsi(disk) and _SCSI_NAME.fullmatch(disk.name) is not None


def _read_discard(host: Host, name: str) -> Discard | None:
    queue = f"sys/block/{name}/queue"
    most = host.text(f"{queue}/discard_max_hw_bytes")
    return Discard(most=number(most), granularity=host.number(f"{queue}/discard_granularity")) if most else None
