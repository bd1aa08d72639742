"""The bridge as a PCI function: a virtio SCSI host (virtio 1.2 §5.6) whose targets are SATA disks."""

import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from netboot.lab.drives.ata.attached import Attached
from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.guest_memory import DmaError
from netboot.lab.drives.pci import Bus, ConfigSpace
from netboot.lab.drives.sat_bridge.registers import BAR, BAR_BYTES, Registers, capabilities
from netboot.lab.drives.sat_bridge.spec import Registers as Handing
from netboot.lab.drives.sat_bridge.translate import Answer, Ending, translate
from netboot.lab.drives.sat_bridge.virtqueue import Chain, give, take

_VENDOR: Final = 0x1AF4
_DEVICE: Final = 0x1048
_CLASS: Final = 0x010000
"""virtio's numbers for a SCSI host (§4.1.2, §5.6.1); mass storage, SCSI."""
_CONTROL, _EVENTS, _REQUESTS = 0, 1, 2
_QUEUES: Final = 3
_REQUEST: Final = struct.Struct("<8sQBBB32s")
_SENSE_BYTES: Final = 96
_OK, _BAD_TARGET = 0, 3
_CONFIG: Final = struct.pack("<IIIIIIIHHI", 1, 126, 0xFFFF, 16, 16, _SENSE_BYTES, 32, 0, 15, 0)
"""One request queue; 126 pieces and 65,535 sectors a request, 16 requests a disk; targets up to 15, LUN 0 only."""


@dataclass(slots=True)
class Target:
    """A disk with the requests that wait for it."""

    attached: Attached
    waiting: deque[Chain] = field(default_factory=deque)
    current: tuple[Chain, Ending] | None = None


class Bridge:
    """The bridge, as pci.PciFunction."""

    vectors = 1 + _QUEUES
    bars: dict[int, int] = {BAR: BAR_BYTES}  # noqa: RUF012 - pci.PciFunction's, never changed

    def __init__(self, targets: Sequence[Target], handing: Handing) -> None:
        self._targets = tuple(targets)
        self._handing = handing
        self.config = ConfigSpace(
            vendor=_VENDOR,
            device=_DEVICE,
            class_code=_CLASS,
            bars=self.bars,
            vectors=self.vectors,
            vendor_capabilities=capabilities(),
        )
        self._registers = Registers(_QUEUES, _CONFIG, self._forget)
        self._bus: Bus | None = None

    def status(self, now: float) -> Mapping[str, object]:
        """What each disk is at."""
        return {"disks": [target.attached.status(now) for target in self._targets]}

    def behave(self, behaviour: Behaviour) -> None:
        """All disks behave otherwise from now on."""
        for target in self._targets:
            target.attached.behave(behaviour)

    def power_on(self, bus: Bus, now: float) -> None:
        """The PC was switched on."""
        self._bus = bus
        self._reset()
        for target in self._targets:
            target.attached.power_on(now)

    def power_off(self, now: float) -> None:
        """The PC's power is gone."""
        for target in self._targets:
            target.attached.power_off(now)
        self._reset()
        self._bus = None

    def reset(self, now: float) -> None:
        """The bus was reset."""
        self._reset()
        for target in self._targets:
            target.attached.bus_reset(now)

    def read(self, bar: int, offset: int, size: int, now: float) -> bytes:
        """The PC reads a register."""
        del bar, now
        return self._registers.read(offset, size)

    def write(self, bar: int, offset: int, data: bytes, now: float) -> None:
        """The PC writes one."""
        del bar, now
        self._registers.write(offset, data)

    def work(self, now: float) -> float | None:
        """Take what was offered, and let every disk go on."""
        try:
            self._take()
            due = [self._go_on(target, now) for target in self._targets]
        except DmaError:
            # §2.1.2: the driver has to reset what it broke.
            self._registers.reset()
            self._registers.status = 0x40
            self._forget()
            return None
        return min((seconds for seconds in due if seconds is not None), default=None)

    def _take(self) -> None:
        if self._bus is None:
            return
        for number in sorted(self._registers.notified & {_CONTROL, _REQUESTS}):
            queue = self._registers.queues[number]
            while (chain := take(queue, self._bus.memory)) is not None:
                if number == _CONTROL:
                    self._give(_CONTROL, chain, bytes([_OK]))
                else:
                    self._sort(chain)
        self._registers.notified.clear()

    def _sort(self, chain: Chain) -> None:
        """Give a request to its target: byte 1 of the address; LUN 0 is all that a target has (§5.6.6.1)."""
        address = chain.sent[:4].ljust(4, b"\xff")
        if address[1] < len(self._targets) and not (address[2] & 0x3F or address[3]):
            self._targets[address[1]].waiting.append(chain)
        else:
            self._give(_REQUESTS, chain, struct.pack("<IIHBB", 0, 0, 0, 0, _BAD_TARGET).ljust(12 + _SENSE_BYTES, b"\0"))

    def _go_on(self, target: Target, now: float) -> float | None:
        disk = target.attached.disk
        reply = target.attached.work(now)
        if reply is not None and target.current:
            chain, ending = target.current
            target.current = None
            self._answer(target, chain, ending(reply))
        while target.waiting and not disk.busy:
            chain = target.waiting.popleft()
            *_, cdb = _REQUEST.unpack(chain.sent[: _REQUEST.size].ljust(_REQUEST.size, b"\0"))
            becomes = translate(cdb, chain.sent[_REQUEST.size :], disk, self._handing)
            if isinstance(becomes, Answer):
                self._answer(target, chain, becomes)
                continue
            done = target.attached.execute(becomes.command, now)
            if done is None:
                target.current = chain, becomes.ending
            else:
                self._answer(target, chain, becomes.ending(done))
        return disk.due(now)

    def _answer(self, target: Target, chain: Chain, answer: Answer) -> None:
        room = sum(length for _, length in chain.room) - 12 - _SENSE_BYTES
        # What was sent to the disk went whole; of what comes, the residual tells how much less than asked it was.
        residual = max(0, room - len(answer.data)) if room > 0 else 0
        head = struct.pack("<IIHBB", len(answer.sense), residual, 0, answer.status, _OK)
        self._give(_REQUESTS, chain, head + answer.sense.ljust(_SENSE_BYTES, b"\0") + answer.data[: max(0, room)])

    def _give(self, number: int, chain: Chain, answer: bytes) -> None:
        if self._bus is None:
            return
        queue = self._registers.queues[number]
        if give(queue, self._bus.memory, chain, answer) and queue.vector < self.vectors:
            self._bus.interrupt(queue.vector)

    def _reset(self) -> None:
        self._registers.reset()
        self._forget()

    def _forget(self) -> None:
        """The driver knows of no request any more; what a disk is at goes on."""
        for target in self._targets:
            target.waiting.clear()
            target.current = None
