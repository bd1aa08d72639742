"""What a person may call a new master, and what they are told instead."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.files.assets import asset_folder
from netboot.masters.recipe_reading import load_recipe
from netboot.shared.stages.capture import CaptureOptions
from netboot.workshop.called import Called, Field, Mistake, licence

GOOD = Called("school", "2", "School, year 4", "GPL-3.0-or-later")
KNOWN = {"school": {"1"}, "office": {"2"}}


def test_a_free_name_and_a_new_version_of_a_taken_one_are_right() -> None:
    assert GOOD.mistakes({}) == {}
    assert GOOD.mistakes(KNOWN) == {}
    assert Called("school", "", "School", "MIT").mistakes({"school": {"1", ""}}) == {}


@pytest.mark.parametrize(
    ("called", "wrong"),
    [
        (Called("école", "2", "School", "MIT"), {"name": "name-form"}),
        (Called("", "2", "School", "MIT"), {"name": "name-form"}),
        (Called("../school", "2", "School", "MIT"), {"name": "name-form"}),
        (Called("--help", "2", "School", "MIT"), {"name": "name-form"}),
        (Called("school", "2 b", "School", "MIT"), {"version": "version-form"}),
        (Called("school", "1", "School", "MIT"), {"version": "version-taken"}),
        (Called("school", "2", "", "MIT"), {"title": "title-form"}),
        (Called("school", "2", "a\nb", "MIT"), {"title": "title-form"}),
        (Called("school", "2", "x" * 121, "MIT"), {"title": "title-form"}),
        (Called("school", "2", "School", ""), {"licence": "licence-form"}),
        (Called("school", "2", "School", "free"), {"licence": "licence-unknown"}),
        (Called("school", "2", "School", "MIT AND"), {"licence": "licence-unknown"}),
        (Called("school", "2", "School", "LicenseRef-a b"), {"licence": "licence-unknown"}),
        (Called("", "\x00", "", "nothing"), {
            "name": "name-form", "version": "version-form", "title": "title-form", "licence": "licence-unknown",
        }),
    ],
)  # fmt: skip
def test_each_mistake_is_told_at_its_field(called: Called, wrong: dict[Field, Mistake]) -> None:
    assert called.mistakes(KNOWN) == wrong


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("mit", "MIT"),
        ("gpl-2.0-or-later with classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
        ("(MIT or Apache-2.0) and CC-BY-SA-4.0", "(MIT OR Apache-2.0) AND CC-BY-SA-4.0"),
        ("LicenseRef-Debian-main", "LicenseRef-Debian-main"),
    ],
)
def test_a_licence_is_kept_as_spdx_writes_it(text: str, spdx: str) -> None:
    assert licence(text) == spdx


def test_what_the_shipped_recipes_say_is_a_licence() -> None:
    said = [load_recipe(asset_folder("images") / f"{name}.yaml").licence for name in ("ecole", "ubuntu-minimal")]
    assert [licence(text) for text in said] == said


@given(st.builds(Called, *[st.text(max_size=130)] * 4))
def test_what_has_no_mistake_is_what_a_capture_may_be_ordered_with(called: Called) -> None:
    options = {"name": called.name, "version": called.version, "title": called.title, "licence": called.licence}
    try:
        msgspec.convert(options, CaptureOptions)
    except msgspec.ValidationError:
        assert called.mistakes({})
    else:
        assert set(called.mistakes({})) <= {"licence"}, "only the licence is judged by more than its form"
