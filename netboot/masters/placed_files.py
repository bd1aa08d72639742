"""The files that a recipe puts into its system, as a tar archive that only the system's own tar unpacks: by names of
owners, which only its own accounts can tell.

Pure. Not for: which files a desktop adds (`desktop_files.py`), the order of it all (`in_root.sh`).
"""

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from netboot.masters.recipe import Recipe


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """One file: its whole path, its bytes, whose it is, and its mode."""

    path: str
    content: bytes
    owner: str = "root"
    mode: int = 0o644


def recipe_files(recipe: Recipe, beside: Mapping[str, bytes]) -> tuple[PlacedFile, ...]:
    """The `files` of a recipe; `beside` are the contents of those that it only names."""
    return tuple(
        PlacedFile(
            path=file.path,
            content=file.bytes_of(beside),
            owner=file.owner,
            mode=int(file.mode, 8),
        )
        for file in recipe.files
    )


def script_contents(recipe: Recipe, beside: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """The `scripts` of a recipe, in their order."""
    return tuple(script.bytes_of(beside) for script in recipe.scripts)


def packed(placed: Sequence[PlacedFile]) -> bytes:
    """A tar archive of these files, the same for the same files; folders in an account's home are the account's."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder, owner in sorted(_folders_of_homes(placed)):
            member = _member(folder, owner, 0o755)
            member.type = tarfile.DIRTYPE
            tar.addfile(member)
        for file in sorted(placed, key=lambda file: file.path):
            member = _member(file.path, file.owner, file.mode)
            member.size = len(file.content)
            tar.addfile(member, io.BytesIO(file.content))
    return archive.getvalue()


def _folders_of_homes(placed: Sequence[PlacedFile]) -> set[tuple[str, str]]:
    return {
        (str(folder), file.owner)
        for file in placed
        for folder in PurePosixPath(file.path).parents
        if folder.is_relative_to(f"/home/{file.owner}") and str(folder) != f"/home/{file.owner}"
    }


def _member(path: str, owner: str, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path.removeprefix("/"))
    # An account's group has its name.
    member.mode, member.uname, member.gname = mode, owner, owner
    return member
