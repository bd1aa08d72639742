"""What a disk counts of its own damage and wear, before and after an erase, as evidence.

ATA: SMART attributes 5 (reallocated sectors), 197 (pending), 198 (offline uncorrectable) and 187 (reported
uncorrectable), as smartctl names them; no standard fixes their numbers. NVM Express base specification 2.0, SMART /
Health Information log: Media and Data Integrity Errors, Available Spare, Percentage Used. SCSI: the grown defect list
(SBC-4, READ DEFECT DATA) and the uncorrected errors of its error counters (SPC-5, log pages 02h, 03h and 05h).
None is *not told*, and never nought. Pure: no I/O. Not for: asking (`agent/disks/smart_report.py`), what follows
(`out_of_reach.py`).
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from netboot.shared.inventory import Size, Text

Share = Annotated[int, Meta(ge=0, le=255)]
"""Per cent, as NVMe counts them: a drive may be more than used up."""


class DiskCounts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One disk at one moment; `used` and `spare` are per cent. `said` is what smartctl complained of."""

    reallocated: Size | None = None
    pending: Size | None = None
    offline_uncorrectable: Size | None = None
    reported_uncorrectable: Size | None = None
    media_errors: Size | None = None
    used: Share | None = None
    spare: Share | None = None
    grown_defects: Size | None = None
    uncorrected: Size | None = None
    said: Text = ""

    @property
    def replaced(self) -> int | None:
        """Sectors that it took out of use and put others in the place of."""
        return self.reallocated if self.reallocated is not None else self.grown_defects

    @property
    def tells(self) -> bool:
        """Whether it told anything."""
        return any(count is not None for count in self.all_counts)

    @property
    def all_counts(self) -> tuple[int | None, ...]:
        """All of them, in their order."""
        return tuple(getattr(self, name) for name in COUNTS)


COUNTS: Final = tuple(name for name in DiskCounts.__struct_fields__ if name != "said")
"""The names of what is counted."""
