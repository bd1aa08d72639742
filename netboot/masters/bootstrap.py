"""Runs mmdebstrap for a recipe: what it would install, and the installation itself with its progress told.

Downloaded packages stay in the cache (`package_cache.py`), which is bound over the new root's own folder of archives
in a mount namespace that ends with mmdebstrap, however that ends. So do all programs that it started, in a namespace of
processes: else an apt or a dpkg would work on after a build that was killed, in a draft that the next build removes and
with the lock of the packages that it needs.
Not for: what else makes a root a master's (`system_root.py`).
"""

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from netboot.masters.archives import Archive
from netboot.masters.install_progress import InstallProgress
from netboot.masters.intake import Progress
from netboot.masters.package_cache import PackageCache
from netboot.masters.recipe import Recipe
from netboot.shared.errors import NetbootError
from netboot.shared.long_programs import follow
from netboot.shared.process import ProgramError, run, with_all_it_starts

_INSTALLED: Final = re.compile(r"^Inst (?P<name>\S+) (?:\[\S+\] )?\((?P<version>\S+) ", re.MULTILINE)
_UNKNOWN: Final = re.compile(r"^E: (?:Unable to locate package|Package) '?(?P<name>[a-z0-9.+-]+)", re.MULTILINE)
_LONGEST_INSTALLATION: Final = 6 * 3600.0
"""Seconds: a desktop's packages over a line of 1 Mbit/s, and their installation on an old PC."""


def resolve(recipe: Recipe, archive: Archive) -> tuple[str, ...]:
    """What would be installed today, as sorted name=version. Raises NetbootError."""
    try:
        simulated = run(
            [*_mmdebstrap(recipe, archive), "--simulate", "--verbose", recipe.suite, "/dev/null", "-"],
            stdin=archive.source_lines,
        )
    except ProgramError as error:
        if error.completed is not None and (unknown := _UNKNOWN.findall(error.completed.stderr)):
            raise NetbootError(
                f"{recipe.suite} has no package {', '.join(unknown)} in {', '.join(recipe.components)}",
                hint="correct its name in the recipe, or add the component that has it to `components`",
            ) from error
        raise
    packages = parse_simulation(simulated.stdout + simulated.stderr)
    if not packages:
        raise NetbootError("mmdebstrap does not say what it would install", hint="is it older than Debian 12's 1.3?")
    return packages


def parse_simulation(text: str) -> tuple[str, ...]:
    """The sorted name=version of apt's simulated installation ("Inst name (version …")."""
    return tuple(sorted({f"{match['name']}={match['version']}" for match in _INSTALLED.finditer(text)}))


def install(
    recipe: Recipe,
    archive: Archive,
    folder: Path,
    hooks: Sequence[str],
    packages: Sequence[str],
    cache: PackageCache,
    progress: Progress,
) -> None:
    """Install the recipe's `packages` (as `resolve` gave them) into `folder`, which must not exist, with these hooks.

    Raises NetbootError. Needs root.
    """
    cache.prepare()
    listing = folder.with_name(f"{folder.name}.list")
    listing.write_text(archive.source_lines, encoding="utf-8")
    inside = '"$1/var/cache/apt/archives"'
    steps = InstallProgress(len(packages))

    def tell(line: str) -> None:
        if words := steps.feed(line):
            progress(f"{recipe.name}: {words}")

    follow(
        with_all_it_starts(
            [
                *_mmdebstrap(recipe, archive),
                "--verbose",
                "--format=directory",
                "--skip=download/empty,essential/unlink,cleanup/apt/cache",
                *(f"--dpkgopt=path-exclude=/usr/share/{kind}/*" for kind in ("locale", "man")),
                *(f"--dpkgopt=path-include=/usr/share/{path}" for path in _translations(recipe)),
                f"--setup-hook=mkdir --parents {inside}; mount --bind {shlex.quote(os.fspath(cache.folder))} {inside}",
                *hooks,
                f"--customize-hook=umount {inside}",
                recipe.suite,
                folder,
                listing,
            ]
        ),
        tell,
        timeout=_LONGEST_INSTALLATION,
        env={"INITRD": "No", "DEBIAN_FRONTEND": "noninteractive"},
    )
    cache.forget_unused(tuple(packages))


def _translations(recipe: Recipe) -> list[str]:
    languages = recipe.languages
    return [
        "man/man[1-9]*/*",
        "locale/locale.alias",
        *(f"locale/{language}*/*" for language in languages),
        *(f"man/{language}*/*" for language in languages),
    ]


def _mmdebstrap(recipe: Recipe, archive: Archive) -> list[str | Path]:
    return [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--architectures=amd64",
        f"--components={','.join(dict.fromkeys(recipe.components))}",
        f"--include={','.join(sorted(set(recipe.packages)))}",
        f"--keyring={archive.keyring}",
    ]
