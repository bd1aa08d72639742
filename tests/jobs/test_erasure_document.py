"""docs/erasure.md tells the table of levels and the list of methods as the code has them."""

from pathlib import Path
from typing import get_args

from netboot.jobs.erase_methods.levels import TABLE
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.sentences.erase import LEVELS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "erasure.md").read_text(encoding="utf-8")
MEDIA = {"magnetic": "turning", "flash": "flash", "not-told": "not told"}


def name_of(method: Method) -> str:
    return KINDS[method].name["en"].removesuffix(", then read back")


def rows() -> list[str]:
    return [
        f"| {name_of(method)} | {MEDIA[medium]} | {LEVELS[counts.level]['en']} | {counts.source} | {counts.condition} |"
        for method in get_args(Method)
        for medium, counts in TABLE[method].items()
    ]


def test_the_table_is_the_one_in_the_code() -> None:
    table = DOCUMENT.partition("|---|---|---|---|---|\n")[2].partition("\n\n")[0].splitlines()
    assert [" ".join(line.split()) for line in table] == [" ".join(row.split()) for row in rows()]


def test_the_methods_stand_in_the_order_in_which_they_are_taken() -> None:
    listed = [line.partition(". ")[2] for line in DOCUMENT.splitlines() if line[:1].isdigit() and ". " in line]
    assert listed[:-1] == [f"`{method}`: {name_of(method)}" for method in get_args(Method)[:-1]]
    assert listed[-1] == "`overwrite`: the whole disk overwritten by netboot"


if __name__ == "__main__":
    print("\n".join(rows()))
