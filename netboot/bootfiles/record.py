"""bootfiles.json: what a folder of boot files holds, and the check that the files are still those recorded.

Which folder is in use is told by a link, one for each version of the code: what another version made is never served.
Not for: making them (netboot/bootfiles/builder.py).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netboot.bootfiles.loaders import KIT_CORE, LOADERS
from netboot.files.assets import asset_folder
from netboot.files.code import code_digest
from netboot.shared.errors import NetbootError

RECORD = "bootfiles.json"
RECIPE = "agent.yaml"
NAMES = ("agent-base.img", KIT_CORE, *LOADERS, "vmlinuz")
BUILD_HINT = "run: sudo ./run netboot bootfiles build"
_LONGEST_RECORD = 1 << 20


@dataclass(frozen=True, slots=True)
class BootFiles:
    """A complete folder of boot files.

    `packages` are sorted name=version; `sha256` and `sizes` (bytes) are by file name; `recipe` is the digest of what
    decided the contents beside the packages; `kernel` is the kernel's release, as in /lib/modules.
    """

    folder: Path
    kernel: str
    recipe: str
    loader_packages: tuple[str, ...]
    agent_packages: tuple[str, ...]
    sha256: Mapping[str, str]
    sizes: Mapping[str, int]

    @property
    def packages(self) -> tuple[str, ...]:
        """All packages that anything was taken from, sorted."""
        return tuple(sorted({*self.loader_packages, *self.agent_packages}))

    def path(self, name: str) -> Path:
        """Where one of the files is. Raises KeyError for a name that is none of theirs."""
        if name not in self.sha256:
            raise KeyError(name)
        return self.folder / name


def load(cache: Path) -> BootFiles:
    """The boot files in use, each compared with its recorded SHA-256.

    Raises NetbootError, with the command that makes them, when they are missing or damaged.
    """
    link = current(cache)
    if not link.exists():
        raise NetbootError(f"there are no boot files of this version of netboot in {cache}", hint=BUILD_HINT)
    return load_folder(link.resolve())


def recipe_digest() -> str:
    """A digest over the recipe and the code that applies it: all that decides the contents but the packages."""
    code = code_digest("netboot.bootfiles.builder")
    return hashlib.sha256((asset_folder("images") / RECIPE).read_bytes() + code.encode()).hexdigest()


def current(cache: Path) -> Path:
    """The link to the folder that this version of the code made and serves; it may not be there."""
    return cache / f"current-{recipe_digest()[:16]}"


def load_folder(folder: Path) -> BootFiles:
    """The boot files of one folder of the cache, compared with its record. Raises NetbootError."""
    files = read_record(folder)
    for name, expected in files.sha256.items():
        if digest(files.folder / name) != expected:
            raise NetbootError(
                f"the boot file {files.folder / name} is missing or damaged", hint=f"{BUILD_HINT} --refresh"
            )
    return files


def read_record(folder: Path) -> BootFiles:
    """The record of a folder; its files are not looked at. Raises NetbootError."""
    try:
        with (folder / RECORD).open(encoding="utf-8") as file:
            content = json.loads(file.read(_LONGEST_RECORD))
        files = BootFiles(
            folder=folder,
            kernel=str(content["kernel"]),
            recipe=str(content["recipe"]),
            loader_packages=tuple(str(package) for package in content["packages"]["loaders"]),
            agent_packages=tuple(str(package) for package in content["packages"]["agent"]),
            sha256={str(name): str(entry["sha256"]) for name, entry in content["files"].items()},
            sizes={str(name): int(entry["bytes"]) for name, entry in content["files"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NetbootError(
            f"the boot files' record {folder / RECORD} cannot be read", hint=f"{BUILD_HINT} --refresh"
        ) from error
    if set(files.sha256) != set(NAMES):
        raise NetbootError(f"the boot files in {folder} are of another version of netboot", hint=BUILD_HINT)
    return files


def write_record(
    folder: Path, *, kernel: str, recipe: str, loader_packages: tuple[str, ...], agent_packages: tuple[str, ...]
) -> BootFiles:
    """Record a folder that holds all of NAMES."""
    files = {name: {"bytes": (folder / name).stat().st_size, "sha256": digest(folder / name)} for name in NAMES}
    packages = {"agent": agent_packages, "loaders": loader_packages}
    content = {"files": files, "kernel": kernel, "packages": packages, "recipe": recipe}
    (folder / RECORD).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return read_record(folder)


def digest(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal; empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
