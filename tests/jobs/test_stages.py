"""Each stage's parts are there, under its name: what the one list names, and nothing else."""

from pathlib import Path
from typing import get_args

import pytest

from netboot.jobs import stages as jobs_stages
from netboot.jobs.profile import ORDER
from netboot.jobs.stages import STAGES
from netboot.shared import sentences
from netboot.shared import stages as shared_stages
from netboot.shared.language import Language
from netboot.shared.sentences import TITLES
from netboot.shared.stages import KINDS, WRITING, Result, Stage, StageName


def test_every_stage_has_its_words_in_both_languages_and_no_word_is_of_no_stage() -> None:
    assert set(TITLES) == set(get_args(StageName))
    for title in TITLES.values():
        assert set(title) == set(get_args(Language))
        assert all(title.values())
    assert set(TITLES) <= {path.stem for path in Path(sentences.__path__[0]).glob("*.py")}


@pytest.mark.parametrize(("folder", "shared_file"), [(shared_stages, "kind"), (jobs_stages, "rules")])
def test_every_stage_has_its_module_and_no_module_is_of_no_stage(folder: object, shared_file: str) -> None:
    (path,) = folder.__path__  # type: ignore[attr-defined]
    assert {file.stem for file in Path(path).glob("[!_]*.py")} == {*get_args(StageName), shared_file}
    assert list(STAGES) == list(KINDS) == list(ORDER)


def test_a_message_may_hold_each_stages_order_and_evidence() -> None:
    assert list(get_args(Stage)) == [kind.order for kind in KINDS.values()]
    assert list(get_args(Result)) == [kind.result for kind in KINDS.values() if kind.result is not None]


def test_what_writes_to_disks_is_said_to() -> None:
    assert {"erase", "deploy", "customise"} == WRITING
