"""The capture, as agent and server speak of it: the disk of a prepared PC becomes a master. Nothing is written to it.

Not for: what travels while it runs, which is not told by the line (`shared/capture_plan.py`).
"""

from typing import Annotated, Final

from msgspec import Meta

from netboot.shared.fields import Answered, Digest, Identifier
from netboot.shared.inventory import Count, DiskId, Size, Text
from netboot.shared.manifest import Line, MasterName
from netboot.shared.stages.kind import Evidence, Kind, Options, Order


class CaptureOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the master is to be called, and its licence (SPDX). Without a `version` it is the moment of the capture.

    `smaller`: once it is there, the server makes a version of it that fits smaller disks.
    """

    name: MasterName
    title: Line
    licence: Line
    version: Identifier = ""
    smaller: bool = False


class Capture(Order, frozen=True, kw_only=True, tag="capture"):
    """Read what is in use on this disk, and send the server what it lacks of it. `job` is under what it is sent."""

    job: Annotated[Identifier, Meta(min_length=1)]
    source: DiskId
    name: MasterName
    answered: Answered = ()


class CaptureResult(Evidence, frozen=True, kw_only=True, tag="capture"):
    """The master that the server made of this disk: `used` bytes of it in so many `chunks`.

    `sent_chunks` are those of them that the store lacked, `sent` the bytes that they were on the wire.
    """

    manifest: Digest
    name: MasterName
    version: Text
    source: DiskId
    chunks: Count
    used: Size
    sent_chunks: Count
    sent: Size


KIND: Final = Kind(order=Capture, result=CaptureResult, writes=False, sends=True, options=CaptureOptions)
