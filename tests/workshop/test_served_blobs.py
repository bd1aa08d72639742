"""Chunks and manifests over HTTP, the same whether they lie in files of this machine or elsewhere."""

import asyncio
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest
from aiohttp import ClientSession

from netboot.store import BlobFolder, BlobStore
from netboot.store.store import chunk_name, manifest_name
from netboot.workshop.greeting import Workshop
from tests.store.memory_blobs import MemoryBlobs
from tests.workshop.player import serving

DIGEST, LACKING = "ab" * 32, "cd" * 32
FRAME, SIGNED = os.urandom(300_000), b"a signed manifest"


@pytest.fixture(params=["files", "memory"])
def masters(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    blobs: BlobStore = BlobFolder(tmp_path / "store") if request.param == "files" else MemoryBlobs()
    blobs.put(chunk_name(DIGEST), FRAME)
    blobs.put(manifest_name(DIGEST), SIGNED)
    return blobs


async def test_what_the_store_has_is_sent_and_what_it_lacks_is_not_there(
    workshop: Workshop, masters: BlobStore
) -> None:
    async with serving(workshop, masters=masters) as server, ClientSession() as session:
        for path, content in ((f"/chunks/{DIGEST}", FRAME), (f"/manifests/{DIGEST}", SIGNED)):
            async with session.get(server.make_url(path)) as response:
                assert (response.status, await response.read()) == (200, content)
                assert response.content_type == "application/octet-stream"
                assert "immutable" in response.headers["Cache-Control"]
            async with session.head(server.make_url(path)) as response:
                assert (response.status, await response.read()) == (200, b"")
        for path in (f"/chunks/{LACKING}", f"/manifests/{LACKING}", "/chunks/..%2Fmanifests", "/manifests/AB"):
            async with session.get(server.make_url(path)) as response:
                assert response.status == 404, path


class _BreaksOff(io.BytesIO):
    error: OSError

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise self.error
        return super().read(size)


class _Unreliable(MemoryBlobs):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def open(self, name: str) -> BinaryIO:
        blob = _BreaksOff(super().open(name).read())
        blob.error = self._error
        return blob


@pytest.mark.parametrize("error", [OSError("a read error"), ConnectionResetError("the line to the blobs broke")])
async def test_a_blob_that_breaks_off_is_never_taken_for_whole(workshop: Workshop, error: OSError) -> None:
    masters = _Unreliable(error)
    masters.put(chunk_name(DIGEST), FRAME)
    async with serving(workshop, masters=masters) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(f"GET /chunks/{DIGEST} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
        came = bytearray()
        with suppress(ConnectionResetError):
            while piece := await asyncio.wait_for(reader.read(1 << 20), 10):
                came += piece
        writer.close()
    assert came.count(b"HTTP/1.1 ") <= 1, "no second answer inside the first"
    assert not came.endswith(b"0\r\n\r\n"), "the mark of a whole body"
