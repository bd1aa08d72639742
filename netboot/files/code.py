"""The code that decides what a build makes: a module and all that it imports of netboot, read without running it.

For the keys of caches. Too much is in it rather than too little: what is built again for nothing costs minutes, what is
not built again is a stale master on PCs.
"""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent.parent


def code_digest(module: str, *, package: Path = _PACKAGE) -> str:
    """SHA-256 over the source of this module and of all that it knows, 64 hex digits. `package` is netboot's folder."""
    total = hashlib.sha256()
    for path in code_of(module, package=package):
        total.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


def code_of(module: str, *, package: Path = _PACKAGE) -> tuple[Path, ...]:
    """The source of this module and of each of netboot that it imports, directly or by others, in order of their names.

    The scripts and data beside a module of these are in it as well.
    """
    known: set[Path] = set()
    ahead = [path for name in _with_parents(module) if (path := _source(name, package))]
    while ahead:
        if (path := ahead.pop()) not in known:
            known.add(path)
            names = _imported(ast.parse(path.read_bytes()))
            ahead += [found for name in names if (found := _source(name, package))]
    data = {other for path in known for other in path.parent.iterdir() if other.is_file() and other.suffix != ".py"}
    return tuple(sorted(known | data))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield from _with_parents(f"{node.module}.{alias.name}")


def _with_parents(name: str) -> Iterator[str]:
    """A package is run before what is in it."""
    parts = name.split(".")
    yield from (".".join(parts[: count + 1]) for count in range(len(parts)))


def _source(name: str, package: Path) -> Path | None:
    first, *rest = name.split(".")
    if first != package.name:
        return None
    place = package.joinpath(*rest)
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
