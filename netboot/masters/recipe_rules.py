"""What makes no sense in a recipe whose every value is right by itself. Pure.

Not for: the form of the values (`recipe.py`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from netboot.masters.recipe import Contents, Recipe
from netboot.masters.users import POWERFUL


class Mistake(NamedTuple):
    """Where, as a msgspec path, and what, for the person who wrote the recipe."""

    place: str
    words: str


def mistakes(recipe: Recipe) -> Iterator[Mistake]:
    """All of them, in no order that matters."""
    yield from _in_users(recipe)
    yield from _in_contents(recipe)
    names = {user.name for user in recipe.users}
    if recipe.desktop is not None and recipe.desktop.autologin and recipe.desktop.autologin not in names:
        yield Mistake("$.desktop.autologin", f"there is no user {recipe.desktop.autologin}; expected one of `users`")
    if recipe.first_steps is not None and recipe.desktop is None:
        yield Mistake("$.first_steps", "a page for the new owner needs a `desktop` to be opened from")


def _in_users(recipe: Recipe) -> Iterator[Mistake]:
    seen: set[str] = set()
    for number, user in enumerate(recipe.users):
        if user.name in seen or user.name == "root":
            yield Mistake(f"$.users[{number}].name", f"there is another {user.name}; give each user a name of its own")
        seen.add(user.name)
        if user.sign_in == "open" and (powerful := sorted(POWERFUL & set(user.groups))):
            yield Mistake(
                f"$.users[{number}].groups",
                f"anybody can sign in as {user.name}, so it cannot be in {', '.join(powerful)}",
            )


def _in_contents(recipe: Recipe) -> Iterator[Mistake]:
    users = {"root", *(user.name for user in recipe.users)}
    contents: tuple[tuple[str, tuple[Contents, ...]], ...] = (("files", recipe.files), ("scripts", recipe.scripts))
    for key, entries in contents:
        for number, entry in enumerate(entries):
            if bool(entry.text) == bool(entry.beside):
                yield Mistake(f"$.{key}[{number}]", "give either `text` or `beside`, the name of a file by the recipe")
    paths: set[str] = set()
    for number, file in enumerate(recipe.files):
        if file.owner not in users:
            yield Mistake(f"$.files[{number}].owner", f"there is no user {file.owner}; expected root or one of `users`")
        if file.path in paths:
            yield Mistake(f"$.files[{number}].path", f"{file.path} is there twice")
        paths.add(file.path)
