"""Reading what is kept of an erase, of whichever version: the one place that knows how evidence looked before.

Until version 3 of the protocol an erasure held its overwrite's figures beside everything else, and of its disk before
and after a list of texts. It stays as it was written, in its event above all, whose hash is over those very bytes; here
it is turned into today's shape when it is read. Every word of it is kept: what fits no field is in `DiskStatus.other`.
Pure: no database.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from netboot.shared.disk_status import DiskStatus, Sectors
from netboot.shared.erase_methods.overwrite import BAD_RANGES, BadRange, Overwritten
from netboot.shared.fields import At, Moment
from netboot.shared.inventory import Count, DiskId, Size, Text
from netboot.shared.problems import Problem
from netboot.shared.stages.erase import EraseResult, Erasure, Level, Verdict

_Status = Annotated[dict[str, Text], Meta(max_length=32)]


class _Old(Struct, frozen=True, kw_only=True):
    """An erasure as versions 1 to 3 of the protocol had it."""

    disk: DiskId
    model: Text = ""
    method: Literal["overwrite"]
    level: Level
    verdict: Verdict
    problem: Problem | None = None
    written: Size = 0
    verified: Size = 0
    unwritten: Size = 0
    unread: Size = 0
    different: Size = 0
    bad: Annotated[tuple[BadRange, ...], Meta(max_length=BAD_RANGES)] = ()
    more_bad: Count = 0
    began: At = 0.0
    ended: At = 0.0
    pc_clock: Moment = 0.0
    started: Moment = 0.0
    finished: Moment = 0.0
    pattern: Text = ""
    before: _Status = {}
    after: _Status = {}


def read_erasure(text: str, _: Any = Erasure) -> Erasure:
    """The erasure that this JSON text holds. Raises msgspec.MsgspecError, or UnicodeError."""
    return _erasure(msgspec.json.decode(text))


def read_result(text: str, kind: Any) -> Any:
    """A stage's result, of one of the types of `kind`. Raises what `read_erasure` does."""
    value = msgspec.json.decode(text)
    if isinstance(value, dict) and value.get("type") == "erase" and isinstance(value.get("erasures"), list):
        return EraseResult(erasures=tuple(_erasure(one) for one in value["erasures"]))
    return msgspec.convert(value, kind)


def _erasure(value: Any) -> Erasure:
    if not isinstance(value, dict) or "evidence" in value:
        return msgspec.convert(value, Erasure)
    return _today(msgspec.convert(value, _Old))


def _today(old: _Old) -> Erasure:
    figures = {name: getattr(old, name) for name in Overwritten.__struct_fields__ if hasattr(old, name)}
    same = {name: getattr(old, name) for name in Erasure.__struct_fields__ if hasattr(old, name)}
    return Erasure(
        **{**same, "evidence": Overwritten(**figures), "before": _status(old.before), "after": _status(old.after)}
    )


def _status(words: dict[str, str]) -> DiskStatus | None:
    if not words:
        return None
    left = dict(words)
    texts = [name for name in ("name", "serial", "wwn", "firmware") if left.get(name)]
    fields: dict[str, Any] = {name: left.pop(name) for name in texts}
    for name in ("size", "logical_sector"):
        _take(fields, left, name)
    _take(fields, left, "visible_sectors")
    for name, word in (("native_sectors", "hidden"), ("real_sectors", "dco")):
        if not _take(fields, left, name) and left.get(word) in _WHY_NOT:
            fields[name] = _WHY_NOT[left.pop(word)]
    if left.get("smart") in ("passed", "failed"):
        fields["smart"] = left.pop("smart")
    return DiskStatus(**fields, other=left)


_BOUNDS: Final = {"size": (1, 2**63 - 1), "logical_sector": (1, 1_000_000)}
_WHY_NOT: Final[dict[str, Sectors]] = {"not told": "not-told", "unclear": "unclear"}


def _take(fields: dict[str, Any], left: dict[str, str], name: str) -> bool:
    """Move the number of this name to its field; what is none stays a word."""
    text = left.get(name, "")
    least, most = _BOUNDS.get(name, (0, 2**63 - 1))
    if not (text.isascii() and text.isdecimal() and str(int(text)) == text and least <= int(text) <= most):
        return False
    fields[name] = int(left.pop(name))
    return True
