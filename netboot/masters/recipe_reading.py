"""Reads a recipe, and the one that it extends: lists join, single values replace, mappings do so key by key.

The locales replace too: the first one counts, and joined ones could never take a language away.

Every mistake is told with the file, the line and what was expected, also one in the recipe that is extended.
Not for: what a recipe is (`recipe.py`).
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import yaml

from netboot.files import checked_yaml
from netboot.masters.recipe import Recipe
from netboot.masters.recipe_rules import Mistake, mistakes
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import MASTER_NAME

_HINT: Final = "see docs/operator.en.md, “Recipes”, and compare it with those in images/"
_ATTACHED_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of one file beside a recipe: pages and pictures, no images of disks."""
_REPLACED: Final = frozenset({"locales"})
"""Lists that do not join."""


def load_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises NetbootError."""
    return parse_recipe(_text(path), source=str(path), folder=path.parent)


def parse_recipe(text: str, *, source: str, folder: Path) -> Recipe:
    """Read a recipe from YAML; `source` names it in errors, `folder` is where others and its files are.

    Raises NetbootError.
    """
    node = _extended(checked_yaml.compose(text, source=source), folder, (source,))
    recipe = checked_yaml.convert(node, Recipe, source=source, hint=_HINT)
    for place, words in mistakes(recipe):
        raise checked_yaml.mistake(node, place, words, source=source, hint=_HINT)
    return recipe


def require_none(found: Iterable[Mistake], path: Path) -> None:
    """That there is none of these mistakes in the recipe at `path`. Raises NetbootError for the first, at its line."""
    for place, words in found:
        node = _extended(checked_yaml.compose(_text(path), source=str(path)), path.parent, (str(path),))
        raise checked_yaml.mistake(node, place, words, source=str(path), hint=_HINT)


def read_beside(recipe: Recipe, folder: Path) -> dict[str, bytes]:
    """The contents of the files beside the recipe, by the names that it gives them. Raises NetbootError."""
    contents = {}
    for name in recipe.beside:
        path = folder / name
        try:
            with path.open("rb") as file:
                contents[name] = file.read(_ATTACHED_LIMIT + 1)
        except OSError as error:
            raise NetbootError(
                f"the recipe {recipe.name} names {name}, which cannot be read: {error}",
                hint=f"put it at {path}, or take it out of the recipe",
            ) from error
        if len(contents[name]) > _ATTACHED_LIMIT:
            raise NetbootError(
                f"{path} has more than {_ATTACHED_LIMIT >> 20} MiB", hint="give a recipe small files, or a package"
            )
    return contents


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NetbootError(
            f"the recipe {path} cannot be read: {error}", hint="give the path of a recipe, such as those in images/"
        ) from error


def _extended(node: yaml.Node | None, folder: Path, chain: Sequence[str]) -> yaml.Node | None:
    """The recipe's nodes with those of what it extends, however far that goes."""
    if not isinstance(node, yaml.MappingNode):
        return node
    base = next((value for key, value in node.value if getattr(key, "value", None) == "extends"), None)
    if base is None:
        return node
    name = base.value if isinstance(base, yaml.ScalarNode) else ""
    path = folder / f"{name}.yaml"
    fault = ""
    if not _is_name(name):
        fault = "expected the name of another recipe of this folder, without .yaml"
    elif str(path) in chain or path.resolve() in {Path(link).resolve() for link in chain}:
        fault = f"a circle: {' extends '.join((*chain, str(path)))}"
    elif not path.is_file():
        fault = f"there is no recipe {path}"
    if fault:
        raise checked_yaml.mistake(node, "$.extends", fault, source=chain[-1], hint=_HINT)
    below = _extended(checked_yaml.compose(_text(path), source=str(path)), folder, (*chain, str(path)))
    return _joined(below, node) if isinstance(below, yaml.MappingNode) else node


def _is_name(name: str) -> bool:
    return re.fullmatch(MASTER_NAME, name) is not None


def _joined(below: yaml.MappingNode, above: yaml.MappingNode) -> yaml.MappingNode:
    pairs = {key.value: (key, value) for key, value in below.value}
    for key, value in above.value:
        _, earlier = pairs.get(key.value, (None, None)) if key.value not in _REPLACED else (None, None)
        if isinstance(earlier, yaml.SequenceNode) and isinstance(value, yaml.SequenceNode):
            joined = yaml.SequenceNode(value.tag, [*earlier.value, *value.value], value.start_mark, value.end_mark)
            pairs[key.value] = (key, joined)
        elif isinstance(earlier, yaml.MappingNode) and isinstance(value, yaml.MappingNode):
            pairs[key.value] = (key, _joined(earlier, value))
        else:
            pairs[key.value] = (key, value)
    return yaml.MappingNode(above.tag, list(pairs.values()), above.start_mark, above.end_mark)
