"""The host as a PCI function (virtio 1.2 §5.6): requests go to their targets, and their ends come back."""

import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from netboot.lab.drives.behaviour import Behaviour
from netboot.lab.drives.guest_memory import DmaError
from netboot.lab.drives.pci import Bus, ConfigSpace
from netboot.lab.drives.virtio_scsi.registers import BAR, BAR_BYTES, Registers, capabilities
from netboot.lab.drives.virtio_scsi.target import Answer, ScsiTarget
from netboot.lab.drives.virtio_scsi.virtqueue import Chain, give, take

_VENDOR: Final = 0x1AF4
_DEVICE: Final = 0x1048
_CLASS: Final = 0x010000
"""virtio's numbers for a SCSI host (§4.1.2, §5.6.1); mass storage, SCSI."""
_CONTROL, _EVENTS, _REQUESTS = 0, 1, 2
_QUEUES: Final = 3
_REQUEST: Final = struct.Struct("<8sQBBB32s")
_TASK: Final = struct.Struct("<II8sQ")
_ABORT_TASK: Final = (0, 0)
"""A task management function (§5.6.6.2): its type, what it is, whose, and of which request."""
_SENSE_BYTES: Final = 96
_OK, _BAD_TARGET = 0, 3
_CONFIG: Final = struct.pack("<IIIIIIIHHI", 1, 126, 0xFFFF, 16, 16, _SENSE_BYTES, 32, 0, 15, 0)
"""One request queue; 126 pieces and 65,535 sectors a request, 16 requests a disk; targets up to 15, LUN 0 only."""


@dataclass(slots=True)
class _Queued:
    """A target with the requests that wait for it, and the one that it is at."""

    target: ScsiTarget
    waiting: deque[Chain] = field(default_factory=deque)
    current: Chain | None = None


class VirtioScsiHost:
    """The host, as pci.PciFunction."""

    vectors = 1 + _QUEUES
    bars: dict[int, int] = {BAR: BAR_BYTES}  # noqa: RUF012 - pci.PciFunction's, never changed

    def __init__(self, targets: Sequence[ScsiTarget]) -> None:
        self._targets = tuple(_Queued(target) for target in targets)
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
        return {"disks": [one.target.status(now) for one in self._targets]}

    def behave(self, behaviour: Behaviour) -> None:
        """All disks behave otherwise from now on."""
        for one in self._targets:
            one.target.behave(behaviour)

    def power_on(self, bus: Bus, now: float) -> None:
        """The PC was switched on."""
        self._bus = bus
        self._reset()
        for one in self._targets:
            one.target.power_on(now)

    def power_off(self, now: float) -> None:
        """The PC's power is gone."""
        for one in self._targets:
            one.target.power_off(now)
        self._reset()
        self._bus = None

    def reset(self, now: float) -> None:
        """The bus was reset."""
        self._reset()
        for one in self._targets:
            one.target.bus_reset(now)

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
            due = [self._go_on(one, now) for one in self._targets]
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
                    self._manage(chain)
                    self._give(_CONTROL, chain, bytes([_OK]))
                else:
                    self._sort(chain)
        self._registers.notified.clear()

    def _manage(self, chain: Chain) -> None:
        """A task that is aborted has no end any more, as have all of a target that is reset."""
        kind, what, address, wanted = _TASK.unpack(chain.sent[: _TASK.size].ljust(_TASK.size, b"\0"))
        if address[1] >= len(self._targets):
            return
        queued = self._targets[address[1]]
        aborted = [
            one
            for one in (*queued.waiting, *([queued.current] if queued.current else []))
            if (kind, what) != _ABORT_TASK or _identifier(one) == wanted
        ]
        if queued.current in aborted:
            queued.current = None
            queued.target.forget()
        queued.waiting = deque(one for one in queued.waiting if one not in aborted)

    def _sort(self, chain: Chain) -> None:
        """Give a request to its target: byte 1 of the address; LUN 0 is all that a target has (§5.6.6.1)."""
        address = chain.sent[:4].ljust(4, b"\xff")
        if address[1] < len(self._targets) and not (address[2] & 0x3F or address[3]):
            self._targets[address[1]].waiting.append(chain)
        else:
            self._give(_REQUESTS, chain, struct.pack("<IIHBB", 0, 0, 0, 0, _BAD_TARGET).ljust(12 + _SENSE_BYTES, b"\0"))

    def _go_on(self, one: _Queued, now: float) -> float | None:
        ended = one.target.work(now)
        if ended is not None and one.current:
            chain, one.current = one.current, None
            self._answer(chain, ended)
        while one.waiting and not one.target.busy:
            chain = one.waiting.popleft()
            *_, cdb = _REQUEST.unpack(chain.sent[: _REQUEST.size].ljust(_REQUEST.size, b"\0"))
            answer = one.target.execute(cdb, chain.sent[_REQUEST.size :], now)
            if answer is None:
                one.current = chain
            else:
                self._answer(chain, answer)
        return one.target.due(now)

    def _answer(self, chain: Chain, answer: Answer) -> None:
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
        for one in self._targets:
            one.waiting.clear()
            one.current = None
            one.target.forget()


def _identifier(chain: Chain) -> int:
    return int.from_bytes(chain.sent[8:16].ljust(8, b"\0"), "little")
