"""What makes no sense in a recipe whose every value is right by itself. Pure.

Not for: the form of the values (`recipe.py`).
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from netboot.masters.recipe import Contents, Recipe
from netboot.masters.users import POWERFUL
from netboot.shared.offers import Offers

_ANSWERED: Final = frozenset(
    f"/etc/{name}"
    for name in (
        "apt/sources.list",
        "default/grub.d/50-netboot.cfg",
        "fstab",
        "grub.d/enable_cloud",
        "hostname",
        "hosts",
        "machine-id",
        "resolv.conf",
        "ssl/certs/ssl-cert-snakeoil.pem",
        "ssl/private/ssl-cert-snakeoil.key",
        "systemd/system-generators/systemd-ssh-generator",
        "systemd/system/ssl-cert-snakeoil.service",
        "systemd/system/sshd-keygen.service.d/host-keys.conf",
    )
)
"""Files that the build writes or deletes after the recipe's own."""
_ANSWERED_BEGINNINGS: Final = ("/etc/apt/sources.list.d/0000", "/etc/ssh/ssh_host_")
"""How the names of others begin."""
_NOT_KEPT: Final = tuple(f"/{name}" for name in ("boot", "dev", "proc", "run", "sys", "tmp", "var/log"))
"""Folders of which the build or the PC makes the contents."""


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


def not_offered(recipe: Recipe, offers: Offers) -> Iterator[Mistake]:
    """What the packages of a recipe were asked to set and have not, once they are installed. Of what they have none at
    all (no tzdata, no locales, no xkb-data), nothing is set and nothing is wrong."""
    if offers.timezones and recipe.timezone not in offers.timezones:
        yield _unknown("$.timezone", "time zone", recipe.timezone, offers.timezones)
    if offers.keyboards:
        layouts = tuple(name for name in offers.keyboards if "-" not in name)
        if recipe.keyboard not in layouts:
            yield _unknown("$.keyboard", "keyboard layout", recipe.keyboard, layouts)
    if offers.locales:
        for number, locale in enumerate(recipe.locales):
            if locale.partition(".")[0] not in offers.locales:
                known = tuple(f"{name}.UTF-8" for name in offers.locales)
                yield _unknown(f"$.locales[{number}]", "locale", locale, known)


def _unknown(place: str, what: str, value: str, known: Sequence[str]) -> Mistake:
    near = get_close_matches(value, known, n=3, cutoff=0.5) or known[:3]
    return Mistake(place, f"the packages have no {what} {value}; expected one of theirs, such as {', '.join(near)}")


def _in_users(recipe: Recipe) -> Iterator[Mistake]:
    seen: set[str] = set()
    for number, user in enumerate(recipe.users):
        if user.name in seen or user.name == "root":
            yield Mistake(f"$.users[{number}].name", f"there is another {user.name}; give each user a name of its own")
        seen.add(user.name)
        if user.sign_in == "open" and (powerful := sorted(POWERFUL & {user.name, *user.groups})):
            yield Mistake(
                f"$.users[{number}].{'name' if user.name in powerful else 'groups'}",
                f"anybody can sign in as {user.name}, so it cannot be in {', '.join(powerful)}",
            )


def _in_contents(recipe: Recipe) -> Iterator[Mistake]:
    users = {"root", *(user.name for user in recipe.users)}
    contents: tuple[tuple[str, tuple[Contents, ...]], ...] = (("files", recipe.files), ("scripts", recipe.scripts))
    for key, entries in contents:
        for number, entry in enumerate(entries):
            if bool(entry.text) == bool(entry.beside):
                yield Mistake(f"$.{key}[{number}]", "give either `text` or `beside`, the name of a file by the recipe")
    yield from _in_files(recipe, users)


def _in_files(recipe: Recipe, users: set[str]) -> Iterator[Mistake]:
    paths: set[str] = set()
    whole = {file.path for file in recipe.files}
    answered = _ANSWERED | {f"/etc/apt/sources.list.d/{recipe.distribution}.sources"}
    for number, file in enumerate(recipe.files):
        if file.owner not in users:
            yield Mistake(f"$.files[{number}].owner", f"there is no user {file.owner}; expected root or one of `users`")
        if file.path in paths:
            yield Mistake(f"$.files[{number}].path", f"{file.path} is there twice")
        paths.add(file.path)
        steps = file.path.split("/")
        parents = ["/".join(steps[:length]) for length in range(2, len(steps))]
        if above := sorted(whole & set(parents)):
            yield Mistake(f"$.files[{number}].path", f"{above[0]} is a file of this recipe, so nothing can be below it")
        if file.path in answered or file.path.startswith(_ANSWERED_BEGINNINGS):
            yield Mistake(
                f"$.files[{number}].path", f"{file.path} is what the build or each PC makes itself; take it out"
            )
        elif gone := [folder for folder in _NOT_KEPT if folder in (file.path, *parents)]:
            yield Mistake(f"$.files[{number}].path", f"what is in {gone[0]} does not stay; choose another folder")
        match steps:
            case ["", "home", name, _, *_] if name not in users - {"root"}:
                yield Mistake(
                    f"$.files[{number}].path", f"there is no user {name}; expected the home of one of `users`"
                )
            case ["", "home", name, _, *_] if file.owner != name:
                yield Mistake(f"$.files[{number}]", f"what is in the home of {name} is theirs: say `owner: {name}`")
