"""Which kernel modules the base keeps: those chosen by pattern, and all that these depend on.

Reads modules.dep, modules.softdep and modules.alias as depmod writes them (modules.dep(5), modprobe.d(5)).
Not for: loading modules.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from netboot.bootfiles.recipe import Choice
from netboot.shared.errors import NetbootError


@dataclass(frozen=True, slots=True)
class Index:
    """What depmod found: hard dependencies by path, soft ones by name, and the modules' aliases."""

    dependencies: Mapping[str, Sequence[str]]
    soft: Mapping[str, Sequence[str]]
    aliases: Mapping[str, Sequence[str]]


def read_index(folder: Path) -> Index:
    """The index in /lib/modules/<release>, after depmod."""
    return Index(
        parse_dependencies((folder / "modules.dep").read_text(encoding="utf-8")),
        parse_soft_dependencies((folder / "modules.softdep").read_text(encoding="utf-8")),
        parse_aliases((folder / "modules.alias").read_text(encoding="utf-8")),
    )


def parse_dependencies(text: str) -> dict[str, tuple[str, ...]]:
    """From modules.dep: each module's path to the paths it depends on, relative to the modules' folder."""
    lines = (line.partition(":") for line in text.splitlines() if line.strip())
    return {path: tuple(needed.split()) for path, _, needed in lines}


def parse_soft_dependencies(text: str) -> dict[str, tuple[str, ...]]:
    """From modules.softdep: each module's name to the names it would like before or after it."""
    dependencies: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        match line.split():
            case ["softdep", name, *wanted]:
                names = tuple(word for word in wanted if not word.endswith(":"))
                dependencies[_name(name)] = dependencies.get(_name(name), ()) + names
    return dependencies


def parse_aliases(text: str) -> dict[str, tuple[str, ...]]:
    """From modules.alias: each alias without a wildcard, to the names of the modules that answer to it."""
    aliases: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        match line.split():
            case ["alias", alias, name] if not set(alias) & set("*?["):
                aliases[_name(alias)] = (*aliases.get(_name(alias), ()), _name(name))
    return aliases


def closure(choice: Choice, index: Index) -> set[str]:
    """The paths of the chosen modules and of everything they need. Raises NetbootError for a pattern without a match.

    A pattern is compared with the path below kernel/. A soft dependency that is built into the kernel is no path, and
    is passed over; "without" keeps a module from being chosen, not from being needed.
    """
    names = [_below_kernel(path) for path in index.dependencies]
    if empty := [pattern for pattern in choice.with_ if not any(fnmatchcase(name, pattern) for name in names)]:
        raise NetbootError(
            f"no kernel module matches {', '.join(empty)}",
            hint="correct modules in images/agent.yaml, then build again",
        )
    by_name = {_name(path): path for path in index.dependencies}
    waiting = [path for path in index.dependencies if chosen(_below_kernel(path), choice)]
    required: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in required:
            continue
        required.add(path)
        waiting.extend(index.dependencies.get(path, ()))
        for wanted in map(_name, index.soft.get(_name(path), ())):
            waiting.extend(by_name[name] for name in (wanted, *index.aliases.get(wanted, ())) if name in by_name)
    return required


def chosen(path: str, choice: Choice) -> bool:
    """Whether a choice takes this path."""
    return any(fnmatchcase(path, pattern) for pattern in choice.with_) and not any(
        fnmatchcase(path, pattern) for pattern in choice.without
    )


def _below_kernel(path: str) -> str:
    return path.removeprefix("kernel/")


def _name(path: str) -> str:
    return re.sub(r"\.ko(\.xz|\.zst|\.gz)?$", "", path.rsplit("/", 1)[-1]).replace("-", "_")
