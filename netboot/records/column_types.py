"""Column types: values as msgspec's JSON text, and times in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.exc import DontWrapMixin

from netboot.shared.errors import NetbootError

T = TypeVar("T")


class Unreadable(NetbootError, DontWrapMixin):  # noqa: N818 — an expected outcome
    """A value that could be written but never read back: a text too long, a number that JSON has not."""


def _refused(name: str, error: Exception) -> Unreadable:
    return Unreadable(
        f"the record does not take this {name}: {error}"[:400],
        hint="nothing was changed; if a PC sent it, note its model and report it",
    )


def encoded(value: object) -> bytes:
    """A value as it is kept. Raises Unreadable."""
    try:
        return msgspec.json.encode(value)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _refused(type(value).__name__, error) from error


class Packed(TypeDecorator[T]):
    """A value as JSON text; decoding checks it against its type again.

    It is checked on the way in as well: one value that cannot be read would hide every list that it stands in.
    `read` reads what earlier versions wrote as well, where that has another shape.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: object, *, read: Callable[[str, Any], T] | None = None) -> None:
        super().__init__()
        self.kind = kind
        self.read = read

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:
        """Value to text. Raises Unreadable."""
        if value is None:
            return None
        try:
            text = msgspec.json.encode(value)
            msgspec.json.decode(text, type=self.kind)
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
            name = getattr(self.kind, "__name__", "value")
            raise _refused(name, error) from error
        return text.decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        """Text to value."""
        if value is None:
            return None
        decoded: T = self.read(value, self.kind) if self.read else msgspec.json.decode(value, type=self.kind)
        return decoded


class Utc(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so that it is put back on reading."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC without a zone."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Back to UTC."""
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
