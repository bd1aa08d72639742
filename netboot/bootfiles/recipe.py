"""Reads images/agent.yaml: which Debian packages are fetched, and what of them the base archive keeps.

Not for: masters, which have recipes of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from netboot.shared.errors import NetbootError


@dataclass(frozen=True, slots=True)
class Choice:
    """Patterns as fnmatch reads them; `*` crosses directories. A path is chosen by `with_` and not by `without`."""

    with_: tuple[str, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """The whole of images/agent.yaml."""

    suite: str
    components: tuple[str, ...]
    loader_packages: tuple[str, ...]
    agent_packages: tuple[str, ...]
    programs: tuple[str, ...]
    files: tuple[str, ...]
    python: Choice
    modules: Choice
    hardware_names: tuple[str, ...]
    keymaps: Mapping[str, str]


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe. Raises NetbootError naming the file and the key."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NetbootError(
            f"{path}: cannot be read: {error}", hint="put the file back as it came with netboot"
        ) from error
    return _Reader(path).recipe(content)


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def recipe(self, content: object) -> Recipe:
        top = self.mapping(content, "the file")
        packages = self.mapping(top.get("packages"), "packages")
        return Recipe(
            suite=self.text(top.get("suite"), "suite"),
            components=self.texts(top.get("components"), "components"),
            loader_packages=self.texts(packages.get("loaders"), "packages: loaders"),
            agent_packages=self.texts(packages.get("agent"), "packages: agent"),
            programs=self.texts(top.get("programs"), "programs"),
            files=self.texts(top.get("files"), "files"),
            python=self.choice(top.get("python"), "python"),
            modules=self.choice(top.get("modules"), "modules"),
            hardware_names=self.texts(top.get("hardware_names"), "hardware_names"),
            keymaps={
                name: self.text(layout, f"keymaps: {name}")
                for name, layout in self.mapping(top.get("keymaps"), "keymaps").items()
            },
        )

    def choice(self, value: object, key: str) -> Choice:
        content = self.mapping(value, key)
        return Choice(
            self.texts(content.get("with"), f"{key}: with"), self.texts(content.get("without"), f"{key}: without")
        )

    def mapping(self, value: object, key: str) -> dict[str, object]:
        if not isinstance(value, dict):
            raise self.error(key, "names with values")
        return {str(name): content for name, content in value.items()}

    def texts(self, value: object, key: str) -> tuple[str, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise self.error(key, "a list of words")
        return tuple(self.text(item, key) for item in value)

    def text(self, value: object, key: str) -> str:
        if not isinstance(value, str) or not value or any(character in value for character in "\n\0"):
            raise self.error(key, "a word")
        return value

    def error(self, key: str, expected: str) -> NetbootError:
        return NetbootError(f"{self.path}: {key}: {expected} was expected", hint="correct the file, then build again")
