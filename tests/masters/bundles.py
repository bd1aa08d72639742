"""Bundles as another workshop writes them, and how to spoil them."""

import io
import os
import sys

from nacl.signing import SigningKey

from netboot.masters.bundle.format import Head, Since, Writer, plain_lengths
from netboot.shared.manifest import Manifest, sign
from netboot.store import Store
from tests.masters.commands import Workshop

NANTES = SigningKey(b"\x0a" * 32)
ANGERS = SigningKey(b"\x0b" * 32)


def bundle(
    store: Store,
    manifest: Manifest,
    *,
    key: SigningKey = NANTES,
    signed: SigningKey | None = None,
    name: str = "Nantes",
    left_out: frozenset[str] = frozenset(),
    since: Since | None = None,
    frames: dict[str, bytes] | None = None,
) -> bytes:
    """A bundle of this master, whose chunks are in `store`. `signed`: another key that its manifest is signed with;
    `frames`: other bytes in place of a chunk's frame."""
    head = Head(workshop=name, key=bytes(key.verify_key).hex())
    if since is not None:
        head = Head(workshop=name, key=bytes(key.verify_key).hex(), since=since)
    chunks = {sha256: b"" if sha256 in left_out else store.get_frame(sha256) for sha256 in plain_lengths(manifest)}
    chunks |= frames or {}
    out = io.BytesIO()
    writer = Writer(out.write, key)
    writer.opening(head, sign(manifest, signed or key), [len(frame) for frame in chunks.values()])
    for frame in chunks.values():
        if frame:
            writer.frame(frame)
    writer.end()
    return out.getvalue()


def told(workshop: Workshop) -> str:
    """The fingerprint that this workshop reads out."""
    status, said = workshop.run("workshops")
    assert status == 0
    return said.split("\t")[0]


def import_command(workshop: Workshop, *words: str) -> list[str]:
    """`netboot master import-bundle …`, as a process of its own."""
    told(workshop)  # which writes its settings
    settings = os.fspath(workshop.data.with_name("settings.yaml"))
    return [sys.executable, "-m", "netboot", "master", "import-bundle", *words, "--config", settings]
