"""Which kernel modules the base keeps: those chosen by pattern, and all that these depend on.

Reads modules.dep and modules.softdep as depmod writes them (modules.dep(5), modprobe.d(5)). Not for: loading modules.
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from netboot.bootfiles.recipe import Choice
from netboot.errors import NetbootError


def parse_dependencies(text: str) -> dict[str, tuple[str, ...]]:
    """From modules.dep: each module's path to the paths it depends on, relative to the modules' folder."""
    lines = (line.partition(":") for line in text.splitlines() if line.strip())
    return {path: tuple(needed.split()) for path, _, needed in lines}


def parse_soft_dependencies(text: str) -> dict[str, tuple[str, ...]]:
    """From modules.softdep: each module's name to the names it would like before or after it."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        match line.split():
            case ["softdep", name, *wanted]:
                names = tuple(word for word in wanted if not word.endswith(":"))
                found[_name(name)] = found.get(_name(name), ()) + names
    return found


def closure(choice: Choice, dependencies: Mapping[str, Iterable[str]], soft: Mapping[str, Iterable[str]]) -> set[str]:
    """The paths of the chosen modules and of everything they need. Raises NetbootError for a pattern without a match.

    A pattern is compared with the path below kernel/. A soft dependency that is built into the kernel is no path, and
    is passed over; "without" keeps a module from being chosen, not from being needed.
    """
    by_name = {_name(path): path for path in dependencies}
    names = [_below_kernel(path) for path in dependencies]
    if empty := [pattern for pattern in choice.with_ if not any(fnmatchcase(name, pattern) for name in names)]:
        raise NetbootError(
            f"no kernel module matches {', '.join(empty)}",
            hint="correct modules in images/agent.yaml, then build again",
        )
    waiting = [path for path in dependencies if chosen(_below_kernel(path), choice)]
    kept: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in kept:
            continue
        kept.add(path)
        waiting.extend(dependencies.get(path, ()))
        waiting.extend(by_name[_name(name)] for name in soft.get(_name(path), ()) if _name(name) in by_name)
    return kept


def chosen(path: str, choice: Choice) -> bool:
    """Whether a choice takes this path."""
    return any(fnmatchcase(path, pattern) for pattern in choice.with_) and not any(
        fnmatchcase(path, pattern) for pattern in choice.without
    )


def _below_kernel(path: str) -> str:
    return path.removeprefix("kernel/")


def _name(path: str) -> str:
    return re.sub(r"\.ko(\.xz|\.zst|\.gz)?$", "", path.rsplit("/", 1)[-1]).replace("-", "_")
