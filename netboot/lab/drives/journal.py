"""What a lab drive was told to do, beside its image: one JSON object a line, for tests that ask what really came."""

import json
import time
from collections.abc import Mapping
from pathlib import Path


class Journal:
    """Adds to `<image>.journal`, line by line; what is there stays."""

    def __init__(self, image: Path) -> None:
        self._path = journal_path(image)

    def add(self, entry: Mapping[str, object]) -> None:
        """One entry, with its time in seconds of time.time()."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": round(time.time(), 3), **entry}) + "\n")


def journal_path(image: Path) -> Path:
    """Where the journal of a drive with this image is."""
    return image.with_name(image.name + ".journal")


def read_journal(image: Path) -> list[dict[str, object]]:
    """All entries, the oldest first; none where nothing was told yet."""
    path = journal_path(image)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
