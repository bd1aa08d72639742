"""Structured logs on standard error: text for people, or one JSON object a line.

Values given with `extra={...}` are fields of their own. Control and other invisible characters never reach a terminal
(`shared/visible.py`). A flood of packets does not fill the disk: of one kind of line only so many are written, and the
next one says how many were left out.
"""

import json
import logging
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from netboot.shared.visible import visible

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

BURST: Final = 200
"""Lines of one kind that may follow one another: some dozens of PCs that boot at once."""
LASTING: Final = 5.0
"""Lines of one kind a second, after a burst."""
TRACE: Final = 20
"""Lines that one with a traceback counts for."""
KINDS: Final = 512


def set_up_logs(level: str, form: Literal["text", "json"]) -> None:
    """Send every log record of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    handler.addFilter(Throttle(time.monotonic))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # What no line here shows is not looked up for each one (logging HOWTO, "Optimization"): it is a third of its cost.
    logging._srcfile = None  # noqa: SLF001 - as the HOWTO has it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for talkative in ("aiohttp.access", "tftpy"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    # Which steps a record's schema takes is news; that there is a schema is none, at every command that opens it.
    logging.getLogger("alembic.runtime.migration").addFilter(lambda line: str(line.msg).startswith("Running "))


@dataclass(slots=True)
class _Kind:
    """Lines from one place in the program: how many it may still write, and how many it was not allowed to."""

    allowance: float
    at: float
    left_out: int = 0


class Throttle:
    """Lets BURST lines of one kind pass, then LASTING a second; lines for debugging always.

    A kind is a logger and its message before values are put in. `clock` is in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kinds: OrderedDict[tuple[str, str], _Kind] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written; the first one after a gap has the field `left_out`."""
        if record.levelno <= logging.DEBUG:
            return True
        now = self._clock()
        kind = self._kind(record.name, str(record.msg), now)
        kind.allowance = min(BURST, kind.allowance + (now - kind.at) * LASTING)
        kind.at = now
        cost = TRACE if record.exc_info else 1
        if kind.allowance < cost:
            kind.left_out += 1
            return False
        kind.allowance -= cost
        if kind.left_out:
            record.left_out = kind.left_out
            kind.left_out = 0
        return True

    def _kind(self, logger: str, message: str, now: float) -> _Kind:
        key = (logger, message)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _Kind(BURST, now)
            if len(self._kinds) > KINDS:
                self._kinds.popitem(last=False)
        else:
            self._kinds.move_to_end(key)
        return kind


def _fields(record: logging.LogRecord) -> dict[str, str]:
    return {name: str(value) for name, value in vars(record).items() if name not in _STANDARD}


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        text = f"{when} {record.levelname.lower():7} {record.name.removeprefix('netboot.'):14} {record.getMessage()}"
        if fields:
            text += f" [{fields}]"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return visible(text)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True)
