"""A workshop's data folder, and `netboot master …` that is told of it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from netboot.cli import main
from netboot.shared.manifest import Manifest
from netboot.store import Store
from netboot.store.store import manifest_name


@dataclass
class Workshop:
    """A data folder, and the command line that is told of it."""

    data: Path
    capsys: pytest.CaptureFixture[str]
    more: str = ""
    """Lines of its settings."""

    @property
    def store(self) -> Store:
        """Opened anew, as by another process."""
        return Store(self.data / "store")

    @property
    def record_file(self) -> Path:
        return self.data / "record.sqlite"

    def run(self, *words: str) -> tuple[int, str]:
        """The exit status of `netboot master …`, and what it said."""
        settings = self.data.with_name("settings.yaml")
        settings.write_text(f"data: {self.data}\n{self.more}", encoding="utf-8")
        status = main(["master", *words, "--config", str(settings)])
        out = self.capsys.readouterr()
        return status, out.out + out.err

    def has(self, manifest: Manifest) -> bool:
        """Whether an agent gets all of it: the manifest and each of its chunks."""
        there = self.store.blobs.exists(manifest_name(manifest.digest))
        return there and all(self.store.has_chunk(chunk.sha256) for chunk in manifest.chunks)

    def everything(self) -> dict[str, bytes]:
        """Every file of the store but its locks, and the mark that no master has a name."""
        locks = (".lock", ".naming", ".none")
        files = [path for path in (self.data / "store").rglob("*") if path.is_file() and path.name not in locks]
        return {str(path): path.read_bytes() for path in files}
