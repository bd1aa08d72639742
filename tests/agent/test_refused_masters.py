"""A manifest that is damaged, cut, signed by others or of another master: refused before the first write, no chunk
asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from netboot.agent.deploy.source import ChunkSource
from netboot.shared.manifest import MAGIC, SIGNATURE_LENGTH, Manifest, payload, sign
from tests.agent.boot_http import KEY, BootHttp
from tests.agent.chunk_sources import MemorySource
from tests.agent.deploy_target import SIZE, Target

BEGINS = len(MAGIC) + SIGNATURE_LENGTH
KINDS = ("cut", "flipped", "longer", "head only", "of others", "older", "the older one's signature", "empty")


def wrong(kind: str, signed: bytes, manifest: Manifest, at: int) -> bytes:
    """What is sent in place of the signed manifest."""
    older = msgspec.structs.replace(manifest, version="0")
    match kind:
        case "cut":
            return signed[: at % len(signed)]
        case "flipped":
            at %= len(signed)
            return signed[:at] + bytes([signed[at] ^ (1 + at % 255)]) + signed[at + 1 :]
        case "longer":
            return signed + b" " * (1 + at % 9)
        case "head only":
            return signed[:BEGINS]
        case "of others":
            return sign(manifest, SigningKey(b"\x55" * 32))
        case "older":
            return sign(older, KEY)
        case "the older one's signature":
            return sign(older, KEY)[:BEGINS] + payload(manifest)
    return b""


class Sending(MemorySource):
    """Gives these bytes for whatever manifest it is asked."""

    def __init__(self, held: BootHttp, sent: bytes) -> None:
        super().__init__(held)
        self._sent = sent

    async def manifest(self, digest: str) -> bytes:
        """As ChunkSource says."""
        del digest
        return self._sent


@given(kind=st.sampled_from(KINDS), at=st.integers(0, 1 << 20))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_it_is_refused_before_the_first_write(
    tmp_path_factory: pytest.TempPathFactory, manifest: Manifest, master: bytes, kind: str, at: int
) -> None:
    boot_http = BootHttp(manifest, master)
    sent = wrong(kind, boot_http.signed, manifest, at)
    assert sent != boot_http.signed

    @asynccontextmanager
    async def source(held: BootHttp) -> AsyncIterator[ChunkSource]:
        yield Sending(held, sent)

    target = Target(tmp_path_factory.mktemp("disk"), SIZE, source)
    problem = await target.refused(boot_http)
    assert problem.code == "master-unsigned"
    assert target.untouched()
    assert boot_http.asked == []
    target.path.unlink()
