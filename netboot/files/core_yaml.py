"""Reads YAML files that people write (settings, profiles, recipes), and says of a mistake on which line it is.

YAML 1.2's core schema (§10.3.2), since people read it so: `off` is a word, 52:54:00:12:34:56 is an address. PyYAML by
itself reads version 1.1, where they are `false` and a number. A key that is there twice is a mistake. Not for: what may
stand in the files (`settings/config.py`, `jobs/profiles.py`, `masters/recipe.py`), typed values (`checked_yaml.py`).
"""

import re
from typing import Final

import yaml

_TAG: Final = "tag:yaml.org,2002:"
_CORE: Final = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
)
_PATTERN: Final = "Expected `str` matching regex "


class CoreLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the words of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own shape

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        """A mapping whose keys are there once each. Raises yaml.YAMLError."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"`{key.value}` is there twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        made: dict[object, object] = super().construct_mapping(node, deep)
        return made


for _name, _words, _first in _CORE:
    CoreLoader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"^(?:{_words})$"), _first)


def load(text: str) -> object:
    """The value that this text is. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=CoreLoader)  # noqa: S506 - a safe loader


def compose(text: str, source: str = "") -> yaml.Node | None:
    """The nodes of this text, which know their lines and that they are from `source`. Raises yaml.YAMLError."""
    loader = CoreLoader(text)
    loader.name = source
    try:
        node: yaml.Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    return node


def construct(node: yaml.Node) -> object:
    """The value that these nodes are. Raises yaml.YAMLError."""
    loader = CoreLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def position(node: yaml.Node | None, place: str, message: str) -> tuple[str, int]:
    """The file and line (from 1) of a msgspec path such as `$.http.port`, or of the field that its message names."""
    here = node
    for step in _path_steps(place):
        if isinstance(here, yaml.MappingNode) and not step.startswith("["):
            here = next((value for key, value in here.value if getattr(key, "value", None) == step), here)
        elif isinstance(here, yaml.SequenceNode) and step.startswith("["):
            index = step.strip("[]")
            here = here.value[int(index)] if index.isdigit() and int(index) < len(here.value) else here
    if isinstance(here, yaml.MappingNode):
        for key, _ in here.value:
            if f"`{getattr(key, 'value', '')}`" in message:
                here = key
                break
    return (here.start_mark.name, here.start_mark.line + 1) if here is not None else ("", 1)


def explain(message: str, place: str, schema: dict[str, object]) -> str:
    """msgspec's message, reworded for the reader of a settings file: it names the words or keys that are allowed.

    `schema` is the settings' JSON schema.
    """
    there = _schema_at(schema, schema, _path_steps(place))
    if _PATTERN in message:
        return f"expected {there.get('description', 'other characters')}"
    if message.startswith("Invalid enum value") and (words := _allowed_words(there)):
        return f"{message}; expected {', '.join(words)}"
    if "unknown field" in message and isinstance(keys := there.get("properties"), dict):
        return f"{message}; there is {', '.join(keys)}"
    if message.startswith("Expected `str`, got `") and not message.endswith(("`object`", "`array`", "`null`")):
        return f"{message}; put the value between quotes"
    return message


def _path_steps(place: str) -> list[str]:
    return [step for step in place.removeprefix("$").replace("[", ".[").split(".") if step]


def _schema_at(part: object, whole: dict[str, object], steps: list[str]) -> dict[str, object]:
    """The part of a JSON schema that these steps lead to; {} when they lead nowhere."""
    if not isinstance(part, dict):
        return {}
    if isinstance(name := part.get("$ref"), str):
        definitions = whole.get("$defs")
        return _schema_at(
            definitions.get(name.rpartition("/")[2]) if isinstance(definitions, dict) else {}, whole, steps
        )
    if not steps:
        return part
    inner = part.get("properties")
    following = part.get("items") if steps[0].startswith("[") else isinstance(inner, dict) and inner.get(steps[0])
    return _schema_at(following, whole, steps[1:])


def _allowed_words(part: dict[str, object]) -> list[str]:
    choices = [part, *_as_list(part.get("anyOf"))]
    return [str(word) for choice in choices if isinstance(choice, dict) for word in _as_list(choice.get("enum"))]


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
