"""What documents say that can be held true: settings and their defaults, problem codes, states, links, file names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

import msgspec
import pytest
import yaml
from msgspec import Struct

from netboot.agent.screen.wording import words
from netboot.bootmenu.texts import TEXTS as MENU_TEXTS
from netboot.files.assets import asset_folder
from netboot.jobs.profiles import load_profiles, parse_profile
from netboot.masters.recipe import Recipe
from netboot.masters.recipe_reading import parse_recipe
from netboot.settings.config import Settings, parse_settings
from netboot.shared.language import Language
from netboot.shared.problems import Code
from netboot.shared.sentences import SENTENCES
from netboot.shared.stages import StageName
from netboot.shared.stages.erase import Verdict
from netboot.shared.wording import stage_name, verdict_name
from netboot.webui.state_texts import STATES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SETTINGS_FILE = ROOT / "docs/settings.md"
ARCHITECTURE = ROOT / "docs/architecture.md"
GUIDES: dict[Language, Path] = {"fr": ROOT / "docs/operator.fr.md", "en": ROOT / "docs/operator.en.md"}
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SETTINGS_TITLES = {"fr": "Réglages", "en": "Settings"}
RECIPES_TITLES = {"fr": "Recettes", "en": "Recipes"}
PROFILES_TITLES = {"fr": "Profils", "en": "Profiles"}

both_guides = pytest.mark.parametrize("language", get_args(Language))


def keys(kind: type[Struct], before: str = "") -> Iterator[str]:
    """Every setting of a struct, nested ones as `http.port`."""
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            yield from keys(field.type, f"{before}{field.name}.")
        else:
            yield f"{before}{field.name}"


def words_of(kind: type[Struct]) -> Iterator[tuple[str, str]]:
    """Every word that a setting of fixed words takes, with the setting's last name."""
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            yield from words_of(field.type)
        elif get_origin(field.type) is Literal:
            yield from ((field.name, word) for word in get_args(field.type))


def keys_of_yaml(value: object, before: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from keys_of_yaml(inner, f"{before}.{name}" if before else name)
    else:
        yield before


def section(text: str, title: str) -> str:
    """A section of a document, without its title, up to the next of its level."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no section {title!r}"
    return found[2]


def yaml_block(text: str) -> str:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block)


def first_cells(text: str) -> list[str]:
    """The first cell of every row of a document's tables, headings and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [line.split("|")[1].strip() for line in lines]


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The names under which a document's titles can be linked to, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_settings_file_that_is_shown_has_every_key_with_its_default() -> None:
    block = yaml_block(SETTINGS_FILE.read_text(encoding="utf-8"))
    assert parse_settings(block, source="settings.md") == Settings()
    # Two defaults follow the user, so their lines stand there as comments.
    whole = re.sub(r"^#(?=[a-z]+:)", "", block, flags=re.MULTILINE)
    assert set(keys_of_yaml(yaml.safe_load(whole))) == set(keys(Settings))
    assert parse_settings(whole, source="settings.md").data_folder == Path("/var/lib/netboot")
    for name, word in words_of(Settings):
        assert re.search(rf"^ *{name}: .*\b{word}\b", block, re.MULTILINE), f"{name}: {word}"


@both_guides
def test_every_setting_is_told_in_the_guide(language: Language) -> None:
    told = section(GUIDES[language].read_text(encoding="utf-8"), SETTINGS_TITLES[language])
    assert [cell.strip("`") for cell in first_cells(told)[1:]] == list(keys(Settings))
    assert not [word for _, word in words_of(Settings) if f"`{word}`" not in told]


@both_guides
def test_the_guides_profile_is_one_that_is_accepted_and_names_every_key(language: Language) -> None:
    block = yaml_block(section(GUIDES[language].read_text(encoding="utf-8"), PROFILES_TITLES[language]))
    profile = parse_profile(block, source="the guide")
    assert set(yaml.safe_load(block)) == {field.name for field in msgspec.structs.fields(type(profile))}


@both_guides
def test_the_guides_recipe_is_one_that_is_accepted_and_names_every_key(language: Language) -> None:
    block = yaml_block(section(GUIDES[language].read_text(encoding="utf-8"), RECIPES_TITLES[language]))
    recipe = parse_recipe(block, source="the guide", folder=asset_folder("images"))
    assert recipe.packages[-2:] == ("gcompris-qt", "tuxpaint")
    assert set(yaml.safe_load(block)) == {field.name for field in msgspec.structs.fields(Recipe)}


@both_guides
def test_every_problem_is_told_in_the_guide_in_the_order_of_the_code(language: Language) -> None:
    cells = first_cells(GUIDES[language].read_text(encoding="utf-8"))
    told = [cell.strip("`") for cell in cells[cells.index("Code") + 1 :]]
    assert told[: len(SENTENCES)] == list(get_args(Code))
    assert set(SENTENCES) == set(get_args(Code))


@both_guides
def test_the_guide_says_states_verdicts_stages_and_the_screens_large_words_as_they_are_shown(
    language: Language,
) -> None:
    cells = first_cells(GUIDES[language].read_text(encoding="utf-8"))
    screen = words(language)
    shown = [texts[language] for texts in STATES.values()]
    shown += [verdict_name(verdict, language) for verdict in get_args(Verdict)]
    shown += [stage_name(stage, language) for stage in get_args(StageName)]
    shown += [screen.ready_word, screen.erased_word, screen.stopped_word, screen.doubtful_word]
    assert not [text for text in shown if text not in cells]


@both_guides
def test_every_line_of_the_boot_menu_is_told_in_the_guide(language: Language) -> None:
    cells = first_cells(GUIDES[language].read_text(encoding="utf-8"))
    texts = MENU_TEXTS[language]
    lines = [texts.local, texts.armed.format(profile="…"), texts.inventory]
    lines += [profile.name[language] for profile in load_profiles([asset_folder("images") / "profiles"])]
    assert not [line for line in lines if line not in cells]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = without_code(path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"`((?:netboot|menus|images|tests|docs|benchmarks)/[\w./-]+)`", text)
    assert not [name for name in named if not (ROOT / name).exists() and not name.startswith("netboot/_assets")]


def test_every_module_that_a_module_names_is_where_it_says() -> None:
    """By its path from the same folder, from netboot/ or from the top: else nobody finds it, or finds another."""
    astray = []
    for path in sorted((ROOT / "netboot").rglob("*.py")):
        for name in re.findall(r"(?<![\w/.-])(?:[\w-]+/)*[\w-]+\.py\b", path.read_text(encoding="utf-8")):
            if not any((folder / name).exists() for folder in (path.parent, ROOT / "netboot", ROOT)):
                astray.append(f"{path.relative_to(ROOT)}: {name}")
    assert not astray


def test_every_package_has_its_place_in_the_architecture() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    top = [path for path in (ROOT / "netboot").iterdir() if path.suffix == ".py" and not path.name.startswith("__")]
    folders = [path for path in (ROOT / "netboot").iterdir() if (path / "__init__.py").exists()]
    assert not [path.name for path in top if f"`netboot/{path.name}`" not in text]
    assert not [path.name for path in folders if f"`netboot/{path.name}/" not in text]


def test_the_hints_of_errors_name_sections_that_exist() -> None:
    hints = [
        re.search(r"docs/([\w.]+\.md), (?:“([^”]+)”|([\w ]+))", line)
        for path in (ROOT / "netboot").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "hint=" in line
    ]
    found = {(hint[1], hint[2] or hint[3]) for hint in hints if hint}
    assert ("operator.en.md", "Settings") in found
    for name, title in found:
        section((ROOT / "docs" / name).read_text(encoding="utf-8"), title)
