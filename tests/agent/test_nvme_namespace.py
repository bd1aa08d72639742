"""What a namespace says of its format; `recorded/answers/` has the output, its origin in its first lines."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.answers.nvme_namespace import Namespace, parse_namespace, parse_plain_formats
from tests.agent.recorded_answers import answer

CRUCIAL = Namespace(lba_format=1, sector=4096, metadata=0, format_left=0, reads_after=0x00)


def saying(**other: object) -> str:
    said = msgspec.json.decode(answer("handed-nvme-id-ns"), type=dict[str, object])
    return msgspec.json.encode({**said, **other}).decode()


def test_a_real_drives_namespace_is_read() -> None:
    assert parse_namespace(answer("handed-nvme-id-ns")) == CRUCIAL


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ({"flbas": 0x10}, (0, 512, 0, 0, 0)),
        ({"fpi": 0}, (1, 4096, 0, None, 0)),
        ({"fpi": 0x80 | 99}, (1, 4096, 0, 99, 0)),
        ({"fpi": 0x80 | 100}, (1, 4096, 0, 100, 0)),
        ({"fpi": 0x80 | 101}, (1, 4096, 0, None, 0)),
        ({"flbas": 0, "fpi": 0xFF}, (0, 512, 0, None, 0)),
        ({"dlfeat": 0}, (1, 4096, 0, 0, None)),
        ({"dlfeat": 0x1A}, (1, 4096, 0, 0, 0xFF)),
        ({"dlfeat": 3}, (1, 4096, 0, 0, None)),
        ({"lbafs": [{"ms": 0, "ds": 9}] * 33, "flbas": 0x40}, (32, 512, 0, 0, 0)),
        ({"lbafs": [{"ms": 8, "ds": 9}, {"ms": 8, "ds": 12}]}, (1, 4096, 8, 0, 0)),
        ({"flbas": 2}, None),
        ({"flbas": 0x21}, None),
        ({"lbafs": []}, None),
        ({"lbafs": [{"ms": 0, "ds": 9}, {"ms": 0, "ds": 0}]}, None),
        ({"lbafs": [{"ms": 0, "ds": 9}, {"ms": 0, "ds": 8}]}, None),
        ({"flbas": 256}, None),
        ({"fpi": -1}, None),
    ],
)
def test_each_field_has_its_meaning(
    other: dict[str, object], wanted: tuple[int, int, int, int | None, int | None] | None
) -> None:
    """NVM command set specification 1.0, Identify Namespace."""
    told = parse_namespace(saying(**other))
    assert told == (None if wanted is None else Namespace(*wanted))


@given(st.fixed_dictionaries({name: st.integers(-(2**40), 2**40) | st.none() for name in ("flbas", "fpi", "dlfeat")}))
def test_no_figure_breaks_the_reading(said: dict[str, object]) -> None:
    told = parse_namespace(saying(**said))
    assert told is None or told.lba_format in (0, 1)


@given(st.text(max_size=30))
def test_no_text_is_a_namespace(text: str) -> None:
    assert parse_namespace(text) is None


@pytest.mark.parametrize(
    ("formats", "wanted"),
    [
        ([(0, 9, 0), (0, 12, 0)], {512: 0, 4096: 1}),
        ([(0, 9, 2), (8, 9, 0), (0, 9, 1), (64, 12, 0)], {512: 2}),
        ([(0, 12, 1), (0, 12, 1), (0, 9, 3)], {4096: 0, 512: 2}),
        ([(0, 0, 0), (0, 8, 0), (8, 12, 0)], {}),
        ([(8, 9, 0)] * 64 + [(0, 9, 0)], {}),
        ([], {}),
    ],
)
def test_of_the_formats_without_metadata_the_fastest_of_each_size_is_named(
    formats: list[tuple[int, int, int]], wanted: dict[int, int]
) -> None:
    lbafs = [{"ms": metadata, "ds": power, "rp": speed} for metadata, power, speed in formats]
    assert parse_plain_formats(saying(lbafs=lbafs)) == wanted


def test_what_is_no_such_output_offers_nothing() -> None:
    assert parse_plain_formats("") == parse_plain_formats("{}") == parse_plain_formats(saying(lbafs=[{"ms": -1}])) == {}
