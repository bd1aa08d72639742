"""A master that is made on the server because a person ordered it on the page: built, taken in, or
made smaller. Values only.

Not for: making it (`masters/worker.py`), what is ordered and told (`workshop/makings.py`).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from netboot.shared.fields import Identifier

MakingKind = Literal["build", "import", "shrink"]
MakingState = Literal["running", "done", "failed", "stopped", "interrupted"]
"""How it stands: `stopped` by a person, `interrupted` because the server ended."""

Told = Annotated[str, Meta(max_length=2000)]


Step = Literal[
    "looking-up",
    "waiting",
    "downloading",
    "installing",
    "setting-up",
    "making-disk",
    "laying-out",
    "unpacking",
    "restoring",
    "checking",
    "shrinking",
    "packing",
    "copying",
]


class Making(Struct, frozen=True, kw_only=True):
    """One of them. `source` is the recipe, the file, or the version, by its name; `began` and `ended` are seconds since
    the epoch.

    `publishing` is the digest that it was about to make current when it last said so. `digest` and `version` are what
    came of it, `account` what was understood of it (`masters/account.py`), `disk` and `shrunk_from` the bytes of the
    smallest disk that it fits on, now and before it was made smaller (0 where it was not). `message` and `hint` say why
    nothing came of it, and `step` where it failed. These lines are a technician's English.
    """

    id: Identifier
    kind: MakingKind
    name: Told
    source: Told
    began: float
    state: MakingState = "running"
    publishing: str = ""
    ended: float = 0.0
    digest: str = ""
    version: Told = ""
    account: Annotated[tuple[Told, ...], Meta(max_length=200)] = ()
    message: Told = ""
    hint: Told = ""
    step: Step | None = None
    disk: int = 0
    shrunk_from: int = 0


class BuildOrder(Struct, frozen=True, kw_only=True, tag="build"):
    """Build this recipe, a file, whose master has this name. `data` is the workshop's data folder."""

    data: str
    recipe: str
    name: str


class ImportOrder(Struct, frozen=True, kw_only=True, tag="import"):
    """Take in this file, or folder, as a master that is called so. Its loaders must start where a PC booted by the shim
    in the folder `bootfiles`. Without a `version` it is the moment.
    """

    data: str
    bootfiles: str
    file: str
    name: str
    version: str
    title: str
    licence: str


class ShrinkOrder(Struct, frozen=True, kw_only=True, tag="shrink"):
    """Make, as `version`, one that fits smaller disks of the current version of the master `name`: this digest, which
    is the version `of`."""

    data: str
    name: str
    digest: str
    of: str
    version: str


class ToShrink(Struct, frozen=True, kw_only=True):
    """A captured master of which a smaller version is made as soon as nothing else is; `job` is what captured it."""

    name: Told
    version: Told
    digest: Identifier
    job: Identifier


Order = BuildOrder | ImportOrder | ShrinkOrder
