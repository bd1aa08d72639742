"""What an NVMe drive of the lab knows across power cuts: its state file's content, and plain changes of it."""

import msgspec

from netboot.lab.drives.nvme.sanitize import Sanitizing


class SelfTest(msgspec.Struct, frozen=True):
    """One result of the self-test log (Base §5.16.1.7): `code` 1 short or 2 extended, `result` as the log has it."""

    code: int
    result: int
    hours: int
    nsid: int = 0
    lba: int | None = None


class Counters(msgspec.Struct):
    """What the SMART log counts; sectors in 512 bytes, time in seconds. Saved when the power goes, and at changes."""

    power_on_seconds: float = 0
    power_cycles: int = 0
    unsafe_shutdowns: int = 0
    sectors_read: int = 0
    sectors_written: int = 0
    reads: int = 0
    writes: int = 0
    media_errors: int = 0
    errors: int = 0


class NvmeState(msgspec.Struct, frozen=True):
    """All of it. `sectors` are sector sizes by namespace, where a Format has changed them; `reverted`: its PSID was
    used, and its former owner's locks are gone."""

    sanitizing: Sanitizing = Sanitizing()
    sectors: dict[int, int] = {}
    self_tests: tuple[SelfTest, ...] = ()
    reverted: bool = False
    counters: Counters = msgspec.field(default_factory=Counters)
