"""A disk image that a master is deployed to, and the master: what the tests of deploying share."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from netboot.agent.deploy import stage as deploy
from netboot.agent.deploy.earlier import Journal
from netboot.agent.deploy.fetch import server_source
from netboot.agent.deploy.source import ChunkSource
from netboot.agent.deploy.stage import run_deploy
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import HeldUp, nobody
from netboot.shared.inventory import Disk, DiskId
from netboot.shared.manifest import Manifest
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import Deploy, DeployResult
from tests.agent.boot_http import PUBLIC, BootHttp
from tests.agent.chunk_sources import OpenSource

MIB = 1024 * 1024
SIZE = 8 * MIB
UNUSED = (3 * MIB, 5 * MIB)
OLD = b"\x5a"


class Target:
    """A disk image that stands for /dev/NAME; its chunks come from the server, or as `open_source` says."""

    def __init__(self, folder: Path, size: int, open_source: OpenSource | None = None) -> None:
        self.open_source = open_source
        self.path = folder / "target.img"
        self.path.write_bytes(OLD * size)
        self.disk = Disk(name=str(self.path), id=DiskId(serial="TARGET", size=size), model="Image")

    def stage(self, boot_http: BootHttp) -> Deploy:
        return Deploy(manifest=boot_http.digest, name="Test master", target=self.disk.id)

    async def deploy(
        self,
        boot_http: BootHttp,
        *,
        journal: Journal | None = None,
        patience: float = 30.0,
        progress: Callable[[int, int], None] = lambda done, total: None,
        key: bytes = PUBLIC,
        parts: list[str] | None = None,
        held_up: HeldUp = nobody,
        server: ServerPlace | None = None,
        stage: Deploy | None = None,
    ) -> DeployResult:
        def report(done: int, total: int, part: str = "") -> None:
            progress(done, total)
            if parts is not None:
                parts.append(part)

        async with self.opened(boot_http, patience=patience, server=server) as source:
            return await run_deploy(
                stage or self.stage(boot_http),
                source=source,
                public_key=key,
                progress=report,
                held_up=held_up,
                journal=journal,
                read_disks=lambda: [self.disk],
            )

    def opened(
        self, boot_http: BootHttp, *, patience: float, server: ServerPlace | None
    ) -> AbstractAsyncContextManager[ChunkSource]:
        if self.open_source is not None:
            return self.open_source(boot_http)
        return server_source(server or ServerPlace(boot_http.url), deploy.FLIGHTS, patience=patience)

    async def refused(self, boot_http: BootHttp, *, key: bytes = PUBLIC) -> Problem:
        with pytest.raises(StageFailed) as caught:
            await self.deploy(boot_http, key=key)
        return caught.value.problem

    def untouched(self) -> bool:
        return self.path.read_bytes() == OLD * self.disk.id.size


def matches(path: Path, manifest: Manifest) -> bool:
    data = path.read_bytes()
    return all(hashlib.sha256(data[c.offset : c.end]).hexdigest() == c.sha256 for c in manifest.chunks)
