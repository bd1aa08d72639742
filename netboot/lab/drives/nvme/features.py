"""Features of an NVMe drive of the lab: kept until a reset, and told again. Pure.

Follows NVM Express Base 2.0 §5.15 (Get Features) and §5.27 (Set Features). Nothing is saved across a reset.
"""

from netboot.lab.drives.nvme.command import CommandError, Status

WRITE_CACHE = 0x06
QUEUES = 0x07
SANITIZE_CONFIG = 0x17
MAX_QUEUES = 16
"""Pairs of I/O queues that this controller gives at most."""

_CURRENT, _SUPPORTED = 0, 3
_DEFAULTS = {
    0x01: 0,  # arbitration
    0x02: 0,  # power management
    0x04: 273 + 70,  # temperature threshold
    0x05: 0,  # error recovery
    WRITE_CACHE: 1,
    QUEUES: (MAX_QUEUES - 1) << 16 | (MAX_QUEUES - 1),
    0x08: 0,  # interrupt coalescing
    0x09: 0,  # interrupt vector configuration
    0x0A: 0,  # write atomicity
    0x0B: 0,  # asynchronous events
    SANITIZE_CONFIG: 0,
}


class Features:
    """The values of now; a new one is as after a reset."""

    def __init__(self, *, write_cache: bool) -> None:
        self._values = {number: value for number, value in _DEFAULTS.items() if number != WRITE_CACHE or write_cache}

    def get(self, dword10: int) -> int:
        """The current or default value, or what may be done with it. Raises CommandError."""
        number, select = dword10 & 0xFF, dword10 >> 8 & 7
        if number not in self._values or select > _SUPPORTED:
            raise CommandError(Status.INVALID_FIELD)
        if select == _SUPPORTED:
            return 0b100 if number != QUEUES else 0  # changeable, not saveable, not by namespace
        return self._values[number] if select == _CURRENT else _DEFAULTS[number]

    def set(self, dword10: int, value: int) -> int:
        """Set it; what the completion says. Raises CommandError."""
        number = dword10 & 0xFF
        if number not in self._values:
            raise CommandError(Status.INVALID_FIELD)
        if dword10 >> 31:
            raise CommandError(Status.FEATURE_NOT_SAVEABLE)
        if number == QUEUES:
            if value & 0xFFFF == 0xFFFF or value >> 16 == 0xFFFF:
                raise CommandError(Status.INVALID_FIELD)
            return self._values[QUEUES]
        self._values[number] = value
        return 0

    @property
    def sanitize_warns(self) -> bool:
        """No-Deallocate Response Mode: a drive that deallocates anyway does not refuse, and says so afterwards."""
        return bool(self._values[SANITIZE_CONFIG] & 1)
