"""From YAML that people write to typed values: a mistake is told with its file, its line and what was expected.

The one door for settings and recipes. A node remembers which file it came from, so that one put together from several
files is judged as a whole and still tells each mistake where it stands.
Not for: how YAML is read (`core_yaml.py`), what may stand in a file (`settings/config.py`, `masters/recipe.py`).
"""

from typing import TypeVar

import msgspec
import yaml

from netboot.files import core_yaml
from netboot.shared.errors import NetbootError

Typed = TypeVar("Typed")


def compose(text: str, *, source: str) -> yaml.Node | None:
    """The nodes of a text from the file `source`; None for an empty one. Raises NetbootError with the line."""
    try:
        node = core_yaml.compose(text, source)
        # Keys that are there twice are noticed only here.
        core_yaml.load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise NetbootError(
            f"{source}{where}: this is not YAML: {getattr(error, 'problem', error)}",
            hint="indent with spaces, and write `name: value`",
        ) from error
    return node


def convert(node: yaml.Node | None, kind: type[Typed], *, source: str, hint: str) -> Typed:
    """The value of these nodes. Raises NetbootError with file and line, what was expected, and `hint`."""
    value = core_yaml.construct(node) if node is not None else {}
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        place = place.strip("` ")
        expected = core_yaml.explain(message, place, msgspec.json.schema(kind))
        raise mistake(node, place, expected, source=source, hint=hint, message=message) from error


def mistake(
    node: yaml.Node | None, place: str, words: str, *, source: str, hint: str, message: str = ""
) -> NetbootError:
    """The error that something is wrong at `place`, a msgspec path such as `$.users[1]`; `message` may name a field."""
    name, line = core_yaml.position(node, place, message)
    named = place.removeprefix("$").removeprefix(".") or "top level"
    return NetbootError(f"{name or source}, line {line}: {named}: {words}", hint=hint)
