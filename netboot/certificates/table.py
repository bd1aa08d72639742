"""Papers as a table (CSV, RFC 4180): a line a disk, for spreadsheets and yearly figures. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from netboot.certificates.layout import Issued
from netboot.certificates.values import Event

COLUMNS: Final = (
    "number", "kind", "date", "donor", "kit", "pc_maker", "pc_model", "pc_serial", "pc_number", "disk_model",
    "disk_serial", "disk_bytes", "medium", "technique", "level", "verdict", "seconds", "ordered_by", "exception",
    "taken_out_by", "became", "event", "event_hash", "json_sha256",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula."""


def csv_table(papers: Iterable[Issued]) -> str:
    """The table, with a line of names; a disk that nothing was done to has one, and one that was taken out."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in papers:
        for row in _rows(one):
            writer.writerow([_cell(row.get(name, "")) for name in COLUMNS])
    return out.getvalue()


def _rows(issued: Issued) -> Iterator[dict[str, object]]:
    paper, machine = issued.paper, issued.paper.machine
    common = {
        "number": paper.number, "kind": paper.kind, "date": paper.date, "donor": paper.donor, "kit": paper.kit,
        "pc_maker": machine.maker, "pc_model": machine.model, "pc_serial": machine.serial, "pc_number": machine.number,
        "ordered_by": paper.ordered_by, "json_sha256": issued.digest,
        "exception": "; ".join(f"{signed.by}: {signed.reason}" for signed in paper.exceptions),
    }  # fmt: skip
    for disk in paper.disks:
        yield common | _event(disk.event) | {
            "disk_model": disk.model, "disk_serial": disk.serial or disk.by_place, "disk_bytes": disk.size,
            "medium": disk.medium, "technique": disk.technique, "level": disk.level, "verdict": disk.verdict,
            "seconds": disk.seconds,
        }  # fmt: skip
    for other in paper.others:
        if other.why == "untreated":
            told = {"disk_model": other.model, "disk_serial": other.serial, "disk_bytes": other.size}
            yield common | told | {"verdict": other.why}
    for out in paper.taken_out:
        told = {"disk_model": out.label, "taken_out_by": out.taken_by, "became": out.became}
        yield common | _event(out.event) | told | {"verdict": "taken-out"}


def _event(event: Event | None) -> dict[str, object]:
    return {} if event is None else {"event": event.sequence, "event_hash": event.hash}


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
