"""The manifest of an ordered master: fetched, its signature and its digest checked."""

import asyncio

from netboot.agent.deploy.source import ChunkSource, NotThereError
from netboot.agent.failures import StageFailed
from netboot.shared.manifest import Manifest, ManifestError, digest_of, parse_signed
from netboot.shared.problems import Problem


async def fetch_manifest(digest: str, name: str, source: ChunkSource, public_key: bytes) -> Manifest:
    """The manifest of that digest; `name` is the master's, for people. Raises StageFailed, and what `source` raises."""
    try:
        data = await source.manifest(digest)
    except NotThereError as error:
        raise StageFailed(Problem("master-missing", {"master": name})) from error
    try:
        manifest = await asyncio.to_thread(parse_signed, data, public_key)
    except ManifestError as error:
        raise StageFailed(Problem("master-unsigned", {"master": name})) from error
    if digest_of(data) != digest:
        # Signed by this workshop, but not the one that was ordered: an older version sent in its place.
        raise StageFailed(Problem("master-unsigned", {"master": name}))
    return manifest
