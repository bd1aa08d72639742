"""The interface of a source of manifests and chunks for a deploy: the server today (`fetch.py`), other PCs later.

A source only gives out chunks whose bytes match their name, so it need not be trusted. Not for: writing
(`agent/deploy/stage.py`), the manifest's signature (`agent/deploy/master.py`).
"""

from dataclasses import dataclass
from typing import Protocol

from netboot.agent.deploy.awaited import Awaited
from netboot.shared.manifest import Chunk


class NotThereError(Exception):
    """The source answers, and does not have what has this `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class DamagedError(Exception):
    """What the source has does not match its `name`, several times over."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class SilentError(Exception):
    """The source has not answered for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer for {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Given:
    """What one of those who have chunks gave: `name` says who it is."""

    name: str
    chunks: int
    """Whole ones that matched their names."""
    fetched: int
    """Bytes that came, in whole bodies: manifests, and what did not match, count too."""
    refetched: int
    """How often a chunk was asked for again because it was damaged."""


class ChunkSource(Protocol):
    """What has manifests and chunks. Both ways of asking raise NotThereError, DamagedError, SilentError."""

    @property
    def awaited(self) -> Awaited:
        """Told when the source is waited for, and when something came of it."""

    async def manifest(self, digest: str) -> bytes:
        """The signed manifest's bytes, unchecked."""

    async def chunk(self, chunk: Chunk, into: memoryview) -> None:
        """Fill `into` (the chunk's length) with its plain bytes, checked against its name."""

    def given(self) -> tuple[Given, ...]:
        """Who gave what so far: one of each that was asked."""
