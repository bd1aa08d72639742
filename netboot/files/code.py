"""A digest of the code that a build depends on, for cache keys: a module and all of netboot that it imports.

The imports are read from the source, without running it. The digest covers too much rather than too little: building
again for nothing costs minutes, a key that misses a change puts a stale master on PCs.
"""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent.parent


def code_digest(module: str, *, package: Path = _PACKAGE) -> str:
    """SHA-256 over `source_files` of this module, 64 hex digits. `package` is netboot's folder."""
    total = hashlib.sha256()
    for path in source_files(module, package=package):
        total.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


def source_files(module: str, *, package: Path = _PACKAGE) -> tuple[Path, ...]:
    """The source of this module and of every module of netboot that it imports, directly or not, sorted.

    The scripts and data files beside any of them are included.
    """
    known: set[Path] = set()
    ahead = [path for name in _with_parents(module) if (path := _source_file(name, package))]
    while ahead:
        if (path := ahead.pop()) not in known:
            known.add(path)
            names = _imported_names(ast.parse(path.read_bytes()))
            ahead += [source for name in names if (source := _source_file(name, package))]
    data = {other for path in known for other in path.parent.iterdir() if other.is_file() and other.suffix != ".py"}
    return tuple(sorted(known | data))


def _imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield from _with_parents(f"{node.module}.{alias.name}")


def _with_parents(name: str) -> Iterator[str]:
    """The name and the packages above it: importing a module runs their __init__ first."""
    parts = name.split(".")
    yield from (".".join(parts[: count + 1]) for count in range(len(parts)))


def _source_file(name: str, package: Path) -> Path | None:
    first, *rest = name.split(".")
    if first != package.name:
        return None
    place = package.joinpath(*rest)
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
