"""A record to collect onto, and a stick to collect from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from netboot.records.record import Record, open_record


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with open_record(tmp_path / "record.sqlite") as opened:
        yield opened


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """The folder of a stick's visits."""
    folder = tmp_path / "stick" / "visits"
    folder.mkdir(parents=True)
    return folder
