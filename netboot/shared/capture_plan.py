"""What agent and server tell each other of a capture, by HTTP beside the line, since it is too long for a message.

    PUT  /captures/JOB/plan            CapturePlan   what is on the disk, and which parts of it are in use
    POST /captures/JOB/names           Named         some chunks of these parts    → Lacking: which of them to send
    PUT  /captures/JOB/chunks/SHA256   one zstd frame
    POST /captures/JOB/master                        all is sent: make the master  → CaptureResult

Each with `Authorization: Bearer`, the token of the visit whose job it is. Answers: 200; 409 where the server knows no
plan (it was started anew, or waited too long), so that the agent begins anew with what the store has by then; 422 and
507 (the store cannot keep it) with the Problem why no master can come of it; 503 while the store is cleaned up, so that
the agent asks again; 403 for what no running capture may send. All values are bytes.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from netboot.shared.fields import Digest
from netboot.shared.inventory import Size
from netboot.shared.manifest import LENGTH_LIMIT, Chunk, Partition, UefiLoader, Understood
from netboot.shared.problems import Problem

CHUNKS_LIMIT: Final = LENGTH_LIMIT // 100
"""Chunks of one capture: a manifest of more would be too long."""
PLAN_LIMIT: Final = 8 * 1024 * 1024
"""Longest plan that is read."""
NAMES: Final = 256
"""Chunks named at once."""
NAMES_LIMIT: Final = 32 * 1024
"""Longest list of names that is read, either way."""

Ranges = Annotated[tuple[tuple[Size, Size], ...], Meta(min_length=1, max_length=CHUNKS_LIMIT)]


class CapturePlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A disk as `survey` found it: all that its master's manifest says, but for what people call it and the chunks.

    `ranges` are in use, each from its start up to before its end, in order.
    """

    disk: Size
    sector: Literal[512, 4096]
    table: Literal["gpt", "dos"]
    table_id: Annotated[str, Meta(max_length=36)]
    partitions: Annotated[tuple[Partition, ...], Meta(max_length=128)]
    uefi: UefiLoader | None
    understood: Understood
    ranges: Ranges


class Named(Struct, frozen=True, forbid_unknown_fields=True):
    """Some chunks, each of which lies in one of the ranges."""

    chunks: Annotated[tuple[Chunk, ...], Meta(min_length=1, max_length=NAMES)]


class Lacking(Struct, frozen=True, forbid_unknown_fields=True):
    """The names, among those that were just told, of the chunks that are to be sent, each once."""

    names: Annotated[tuple[Digest, ...], Meta(max_length=NAMES)]


def pieces_of(ranges: Sequence[tuple[int, int]], grid: int) -> int:
    """How many pieces these ranges are cut into on a grid of so many bytes: known before they are cut.

    Raises ValueError for ranges that are not in order, or empty.
    """
    count = at = 0
    for start, end in ranges:
        if not at <= start < end:
            raise ValueError(f"the range from {start} to {end} is out of order")
        count += (end - 1) // grid - start // grid + 1
        at = end
    return count


def too_scattered(disk: str, count: int) -> Problem:
    """Of a disk, as people know it, whose parts in use make more chunks than CHUNKS_LIMIT."""
    return Problem("capture-scattered", {"disk": disk, "count": str(count), "most": str(CHUNKS_LIMIT)})


_PLAN: Final = msgspec.json.Decoder(CapturePlan)
_NAMED: Final = msgspec.json.Decoder(Named)


def parse_plan(data: bytes) -> CapturePlan:
    """Raises ValueError."""
    return _PLAN.decode(data)


def parse_named(data: bytes) -> Named:
    """Raises ValueError."""
    return _NAMED.decode(data)
