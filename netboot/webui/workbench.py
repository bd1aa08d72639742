"""What masters can be made of, as the page shows it: recipes, and the files of a folder that the administrator set.

The values, and who gives them (`serve/workbench.py`). Not for: what is ordered with them (`making_page.py`).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from aiohttp import web

from netboot.jobs.making import BuildOrder, ImportOrder, ShrinkOrder
from netboot.shared.errors import NetbootError
from netboot.shared.language import Language
from netboot.webui.turns import Turns
from netboot.webui.visitor import visitor
from netboot.workshop.called import Called
from netboot.workshop.makings import Makings


@dataclass(frozen=True, slots=True)
class ShownRecipe:
    """A recipe, by its file's name without `.yaml`. `room`: the bytes that must be free to build it.

    `mistake` is why it cannot be read; then nothing else is known of it.
    """

    id: str
    name: str
    titles: Mapping[Language, str] = field(default_factory=dict)
    room: int = 0
    version: str = ""
    mistake: str = ""


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of the inbox, or a folder into which another program saved a disk; bytes, seconds since the epoch.

    `unnamed`: its name is in no UTF-8, so nothing can be said about it but this.
    """

    name: str
    size: int
    changed: float
    is_folder: bool = False
    unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Bench:
    """What masters can be made of. `folder` is the inbox, "" for none, `unread` why its files cannot be told; `free`:
    bytes where builds are made."""

    recipes: tuple[ShownRecipe, ...]
    files: tuple[ShownFile, ...]
    folder: str
    free: int
    may_build: bool
    unread: str = ""


class InboxSilent(NetbootError):  # noqa: N818 — an expected outcome
    """The folder of images does not answer."""

    def __init__(self) -> None:
        super().__init__("the folder of images does not answer", hint="look at this folder, and its disk")


class Upload(Protocol):
    """A file that comes into the inbox under this `name`. Its methods write: call them in a thread. Each raises
    NetbootError, InboxSilent."""

    name: str

    def write(self, data: bytes) -> None:
        """The next bytes."""

    def finish(self) -> None:
        """All of it is here."""

    def drop(self) -> None:
        """Let go of it, whole or not."""


class Workbench(Protocol):
    """Where the values come from. Its methods read files: call them in a thread."""

    @property
    def may_build(self) -> bool:
        """Whether this server may make masters. Reads nothing."""

    def bench(self) -> Bench:
        """What there is now. Raises OSError."""

    def order_to_build(self, recipe: str) -> BuildOrder | None:
        """What builds the recipe of this id; None when it is not there, or has a mistake."""

    def order_to_import(self, file: str, called: Called) -> ImportOrder | None:
        """What takes in the inbox's file of this name; None when it is not there."""

    def order_to_shrink(self, name: str, digest: str, of: str, version: str) -> ShrinkOrder:
        """What makes, as `version`, one that fits smaller disks of this master's version `of`, which is this digest."""

    def receive(self, name: str, expected: int) -> Upload:
        """Be ready for a file that a browser calls so, of about so many bytes. Raises NetbootError, InboxSilent."""


makings_key: Final = web.AppKey("makings", Makings)
uploading_key: Final = web.AppKey("uploading", Turns)
"""One file is sent at a time."""
workbench_key: Final = web.AppKey("workbench", Workbench)


async def bench_of(request: web.Request) -> Bench | None:
    """What masters can be made of; None where nothing can be made, or for who may not order it."""
    if workbench_key not in request.app or not visitor(request).operator:
        return None
    return await asyncio.to_thread(request.app[workbench_key].bench)
