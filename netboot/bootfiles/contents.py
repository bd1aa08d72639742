"""Which files of the unpacked packages enter the base archive: those named, and the libraries these load.

All names are relative to the tree's root, without a leading slash, with /bin, /sbin and /lib written as below usr/.
Not for: kernel modules (netboot/bootfiles/modules.py), and files that no package holds (netboot/bootfiles/base.py).
"""

import os
import posixpath
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from netboot.bootfiles.modules import chosen
from netboot.bootfiles.recipe import Choice
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

PROGRAM_FOLDERS = ("usr/bin", "usr/sbin")
LOADER = "usr/lib64/ld-linux-x86-64.so.2"


def list_tree(root: Path) -> list[str]:
    """All files and links below etc/ and usr/, sorted."""
    paths = []
    for top in ("etc", "usr"):
        for folder, folders, files in os.walk(root / top):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            paths += [os.path.relpath(Path(folder, name), root) for name in (*files, *links)]
    return sorted(paths)


def choose_programs(names: Iterable[str], tree: Iterable[str]) -> set[str]:
    """The paths of the named programs. Raises NetbootError naming those that no package holds."""
    available = set(tree)
    programs, missing = set(), []
    for name in names:
        paths = {path for folder in PROGRAM_FOLDERS if (path := f"{folder}/{name}") in available}
        programs |= paths
        if not paths:
            missing.append(name)
    if missing:
        raise _missing("programs", missing)
    return programs


def choose_files(patterns: Iterable[str], tree: Iterable[str]) -> set[str]:
    """The paths that match. Raises NetbootError naming patterns without a match."""
    names = list(tree)
    matches = {pattern: {name for name in names if fnmatchcase(name, pattern)} for pattern in patterns}
    if empty := [pattern for pattern, matching in matches.items() if not matching]:
        raise _missing("files", empty)
    return set().union(*matches.values())


def choose_python(choice: Choice, tree: Iterable[str]) -> set[str]:
    """The Python files that a choice takes; never a __pycache__. Raises NetbootError for a `with` without a match."""
    names = [name for name in tree if "/__pycache__/" not in name]
    if empty := [pattern for pattern in choice.with_ if not any(fnmatchcase(name, pattern) for name in names)]:
        raise _missing("python", empty)
    return {name for name in names if chosen(name, choice)}


def follow_links(root: Path, names: Iterable[str]) -> set[str]:
    """These names and, for each symbolic link, what it points to. Raises NetbootError for a link to nowhere."""
    waiting, resolved = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in resolved:
            continue
        resolved.add(name)
        path = root / name
        if path.is_symlink():
            waiting.append(inside(posixpath.join("/", posixpath.dirname(name), path.readlink().as_posix())))
        elif not path.exists():
            raise _missing("files", [name])
    return resolved


def libraries(root: Path, names: Iterable[str]) -> set[str]:
    """The shared libraries, and the dynamic loader, that these programs and libraries load.

    The packages' own loader is asked, in the tree. Raises NetbootError when a library is missing.
    """
    binaries = sorted(name for name in names if _is_elf(root / name))
    script = f'for name do /{LOADER} --list "/$name" || echo "$name: not found"; done'
    listed = run(["chroot", root, "/usr/bin/busybox", "sh", "-c", script, "sh", *binaries])
    return parse_loader_list(listed.stdout) | {LOADER}


def parse_loader_list(text: str) -> set[str]:
    """The paths in what `ld.so --list` prints. Raises NetbootError when it names something "not found"."""
    if missing := [line.strip() for line in text.splitlines() if line.endswith("not found")]:
        raise _missing("libraries", missing)
    return {inside(path) for path in re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", text, re.MULTILINE)}


def inside(path: str) -> str:
    """An absolute path of the tree as a name: normalised, and below usr/ where Debian's links lead there."""
    name = posixpath.normpath(path).lstrip("/")
    return f"usr/{name}" if name.split("/", 1)[0] in {"bin", "sbin", "lib", "lib64"} else name


def _is_elf(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _missing(key: str, names: Iterable[str]) -> NetbootError:
    return NetbootError(
        f"no Debian package that was fetched holds: {', '.join(names)}",
        hint=f"correct {key} in images/agent.yaml, then build again",
    )
