"""A boot HTTP server for the tests: one master's manifest and chunks over loopback, misbehaving when told to."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Self

import zstandard
from aiohttp import web
from nacl.signing import SigningKey

from netboot.shared.manifest import Chunk, FileSystem, Manifest, Partition, UefiLoader, digest_of, sign

KEY = SigningKey(b"netboot test key, for tests only"[:32])
PUBLIC = bytes(KEY.verify_key)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def manifest_of(
    disk: bytes,
    partitions: tuple[Partition, ...],
    *,
    used: list[tuple[int, int]],
    length: int = 256 * 1024,
    sector: int = 512,
    uefi: UefiLoader | None = None,
) -> Manifest:
    """The manifest of this disk, of which only the `used` ranges (start, end) become chunks of at most `length`."""
    chunks = [
        Chunk(start, min(length, end - start), hashlib.sha256(disk[start : min(start + length, end)]).hexdigest())
        for first, end in used
        for start in range(first, end, length)
    ]
    return Manifest(
        name="test-master",
        version="1",
        title="A master for tests",
        licence="MIT",
        created="2026-01-01T00:00:00Z",
        architecture="amd64",
        sector=512 if sector == 512 else 4096,
        disk=len(disk),
        table="gpt",
        partitions=partitions,
        uefi=uefi,
        chunks=tuple(chunks),
    )


def root_partition(start: int, length: int, *, number: int = 1, kind: str = "ext4") -> Partition:
    """A partition for a file system that grows."""
    return Partition(
        number=number,
        start=start,
        length=length,
        type="0fc63daf-8483-4772-8e79-3d69d8477de4",
        role="root",
        grow=True,
        filesystem=FileSystem(kind=kind),
    )


class BootHttp:
    """Use as an async context manager; `answers` replaces the answer for a chunk, by its name."""

    def __init__(self, manifest: Manifest, disk: bytes) -> None:
        self.manifest = manifest
        self.signed = sign(manifest, KEY)
        self.frames = {
            chunk.sha256: zstandard.ZstdCompressor().compress(disk[chunk.offset : chunk.end])
            for chunk in manifest.chunks
        }
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.before_manifest: Callable[[], Awaitable[object]] | None = None
        self.before_chunk: Callable[[], Awaitable[None]] | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def digest(self) -> str:
        return digest_of(self.signed)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before when it was stopped."""
        app = web.Application()
        app.router.add_get("/manifests/{digest}", self._manifest)
        app.router.add_get("/chunks/{sha256}", self._chunk)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every connection, finished or not."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _manifest(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["digest"] != self.digest:
            raise web.HTTPNotFound
        if self.before_manifest is not None:
            await self.before_manifest()
        return web.Response(body=self.signed)

    async def _chunk(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["sha256"]
        self.asked.append(name)
        if self.before_chunk is not None:
            await self.before_chunk()
        if name in self.answers:
            return await self.answers[name](request)
        if name not in self.frames:
            raise web.HTTPNotFound
        return web.Response(body=self.frames[name])


def always(body: bytes) -> Answer:
    """Answer with these bytes whatever is asked."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    return answer
