"""How a stage tells where it is while it runs: for the screen and the page, never evidence."""

from typing import Protocol


class Progress(Protocol):
    """`done` of `total` bytes; `part` names the disk or the step. Called in the event loop's thread, and cheap."""

    def __call__(self, done: int, total: int, part: str = "") -> None: ...
