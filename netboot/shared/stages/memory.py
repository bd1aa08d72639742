"""The memory test, as agent and server speak of it."""

from typing import Annotated, Final

from msgspec import Meta

from netboot.shared.inventory import Count, Size, Text
from netboot.shared.stages.kind import Evidence, Kind, Order


class Memory(Order, frozen=True, kw_only=True, tag="memory"):
    """Test the memory that is free, for about `seconds` seconds. Nothing is written to a disk."""

    seconds: Annotated[int, Meta(ge=1, le=86400)]


class MemoryResult(Evidence, frozen=True, kw_only=True, tag="memory"):
    """`tested` bytes of memory at once, `copied` bytes written and compared in `rounds`, `wrong` values found.

    `first` is the tool's line on the first wrong value.
    """

    tested: Size
    copied: Size
    rounds: Count
    seconds: Annotated[float, Meta(ge=0)]
    wrong: Count
    first: Text = ""


KIND: Final = Kind(order=Memory, result=MemoryResult, writes=False)
