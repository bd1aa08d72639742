"""Papers as a table (CSV, RFC 4180): a line a disk, for spreadsheets and yearly figures. Pure."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from netboot.certificates.layout import Issued

COLUMNS: Final = (
    "number", "kind", "date", "donor", "pc_maker", "pc_model", "pc_serial", "pc_number", "disk_model", "disk_serial",
    "disk_bytes", "medium", "technique", "level", "verdict", "seconds", "ordered_by", "event", "event_hash",
    "json_sha256",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula."""


def csv_table(papers: Iterable[Issued]) -> str:
    """The table, with a line of names; a PC in which nothing was erased has none."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in papers:
        paper, machine = one.paper, one.paper.machine
        for disk in paper.disks:
            event = disk.event
            row = (
                paper.number, paper.kind, paper.date, paper.donor, machine.maker, machine.model, machine.serial,
                machine.number, disk.model, disk.serial or disk.by_place, disk.size, disk.medium, disk.technique,
                disk.level, disk.verdict, disk.seconds, paper.ordered_by, "" if event is None else event.sequence,
                "" if event is None else event.hash, one.digest,
            )  # fmt: skip
            writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
