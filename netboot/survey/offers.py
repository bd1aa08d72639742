"""Looks for what an installed system offers to a profile, in the places where the agent will look for it when it
customises (`agent/customise/`): by names of folders and small files, nothing run and nothing mounted.

Pure, over a tree that tells what is there, what is not and what cannot be told: the last makes a whole answer UNSET.
Not for: what a profile asks (`shared/offers.py`).
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeVar

from msgspec import UNSET, UnsetType

from netboot.shared.mount_points import mount_points
from netboot.shared.offers import (
    FOLDER,
    KEYBOARD,
    KEYBOARDS,
    LOCALE,
    LOCALES,
    MOUNTS,
    NAME,
    NAMES,
    TIME_ZONES,
    ZONE,
    Offers,
)
from netboot.shared.wifi import joins_wifi

_XKB: Final = "usr/share/X11/xkb/symbols"
_LAYOUT: Final = re.compile(r"[a-z]{1,16}")
_VARIANT: Final = re.compile(r'^[^/\n]*\bxkb_symbols\s+"([A-Za-z0-9_-]{1,32})"', re.MULTILINE)
_KEYMAPS: Final = ("usr/lib/kbd/keymaps", "usr/share/kbd/keymaps")
_KEYMAP: Final = re.compile(r"([A-Za-z0-9_-]+)\.map(\.gz|\.xz)?")
_DEEPEST: Final = 4
_ZONES: Final = "usr/share/zoneinfo"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_+-]+")
_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_LOCALES: Final = "usr/lib/locale"
_LOCALE_FOLDER: Final = re.compile(r"([a-z]{2,3}_[A-Z]{2})\.utf8/?")


_Answer = TypeVar("_Answer")


class Tree(Protocol):
    """An installed system, by paths without a leading slash."""

    def names(self, folder: str) -> tuple[str, ...] | None:
        """What is in a folder, folders with a slash behind them; () for no such one, None where it cannot be told."""

    def text(self, path: str) -> str | None:
        """The text of a file; "" where there is none, None where it cannot be told."""


class _Unclear(Exception):  # noqa: N818 — an expected outcome
    """Something on the way to an answer cannot be told."""


def read_offers(tree: Tree) -> Offers:
    """All of it."""
    return Offers(
        mounts=_known(lambda: _mounts(tree)),
        locales=_known(lambda: locales(tree)),
        keyboards=_known(lambda: keyboards(tree)),
        timezones=_known(lambda: time_zones(tree)),
        groups=_known(lambda: _groups(tree)),
        accounts=_known(lambda: _accounts(tree)),
        makes_accounts=_known(lambda: _makes_accounts(tree)),
        runs_scripts=_known(lambda: _runs_scripts(tree)),
        joins_wifi=_known(lambda: joins_wifi(lambda folder: _names(tree, folder))),
    )


def _known(find: Callable[[], _Answer]) -> _Answer | UnsetType:
    try:
        return find()
    except _Unclear:
        return UNSET


def _names(tree: Tree, folder: str) -> tuple[str, ...]:
    names = tree.names(folder)
    if names is None:
        raise _Unclear
    return names


def _text(tree: Tree, path: str) -> str:
    text = tree.text(path)
    if text is None:
        raise _Unclear
    return text


def _is_there(tree: Tree, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    names = _names(tree, folder)
    return name in names or f"{name}/" in names


def _bounded(names: Iterable[str], pattern: str, most: int) -> tuple[str, ...]:
    """Those of them that can be asked for, in order, each once."""
    found = sorted({name for name in names if re.search(pattern, name)})
    if len(found) > most:
        raise _Unclear
    return tuple(found)


def _mounts(tree: Tree) -> tuple[str, ...]:
    folders = tuple(dict.fromkeys(mount_points(_text(tree, "etc/fstab"))))
    if len(folders) > MOUNTS or not all(re.search(FOLDER, folder) for folder in folders):
        raise _Unclear
    return folders


def locales(tree: Tree) -> tuple[str, ...]:
    """Those of UTF-8, without that: made already, one folder each, or to be made from their sources by localedef."""
    there = _names(tree, _LOCALES)
    # One without a slash is a link, which may lead to a folder, or a file.
    made = [
        match[1]
        for name in there
        if (match := _LOCALE_FOLDER.fullmatch(name)) and (name.endswith("/") or _names(tree, f"{_LOCALES}/{name}"))
    ]
    charmaps = _names(tree, "usr/share/i18n/charmaps")
    can_make = _is_there(tree, "usr/bin/localedef") and not {"UTF-8", "UTF-8.gz"}.isdisjoint(charmaps)
    sources = _names(tree, "usr/share/i18n/locales") if can_make else ()
    if "locale-archive" in there and not sources:
        raise _Unclear  # they are all in one file
    return _bounded((*made, *sources), LOCALE, LOCALES)


def keyboards(tree: Tree) -> tuple[str, ...]:
    """Where the agent writes Debian's file, what XKB has, since the console's keymap is made of it; else keymaps."""
    if _is_there(tree, "etc/debian_version") and _is_there(tree, "etc/default"):
        return _xkb(tree)
    found: set[str] = set()
    for folder in _KEYMAPS:
        found |= _keymaps(tree, folder, _names(tree, folder), _DEEPEST)
    return _bounded(found, KEYBOARD, KEYBOARDS)


def _xkb(tree: Tree) -> tuple[str, ...]:
    layouts = [name for name in _names(tree, _XKB) if _LAYOUT.fullmatch(name)]
    if not layouts:
        raise _Unclear  # without xkb-data the file is written all the same
    found = set(layouts)
    for layout in layouts:
        found |= {f"{layout}-{variant}" for variant in _VARIANT.findall(_text(tree, f"{_XKB}/{layout}"))}
    return _bounded(found, KEYBOARD, KEYBOARDS)


def _keymaps(tree: Tree, folder: str, names: Iterable[str], deepest: int) -> set[str]:
    found: set[str] = set()
    for name in names:
        plain = name.removesuffix("/")
        if match := _KEYMAP.fullmatch(name):
            found.add(match[1])
        elif deepest and _PLAIN.fullmatch(plain):
            # A link may lead to a folder; one that leads nowhere has nothing to tell.
            below = tree.names(f"{folder}/{plain}")
            if below is None and name != plain:
                raise _Unclear
            found |= _keymaps(tree, f"{folder}/{plain}", below or (), deepest - 1)
    return found


def time_zones(tree: Tree) -> tuple[str, ...]:
    """All but the copies in `posix` and `right`."""
    found: list[str] = []
    ahead = [("", _names(tree, _ZONES), 2)]
    while ahead:
        above, names, deepest = ahead.pop()
        for name in names:
            zone, plain = f"{above}{name}", name.removesuffix("/")
            if plain == name:
                found.append(zone)
            elif deepest and _PLAIN.fullmatch(plain) and zone not in ("posix/", "right/"):
                ahead.append((zone, _names(tree, f"{_ZONES}/{above}{plain}"), deepest - 1))
    return _bounded((zone for zone in found if len(zone) <= 64), ZONE, TIME_ZONES)


def _groups(tree: Tree) -> tuple[str, ...]:
    lines = _text(tree, "etc/group").splitlines()
    return _bounded((line.partition(":")[0] for line in lines), NAME, NAMES)


def _accounts(tree: Tree) -> dict[str, int]:
    rows = [line.split(":") for line in _text(tree, "etc/passwd").splitlines()]
    numbers = {row[0]: int(row[2]) for row in rows if len(row) == 7 and _NUMBER.fullmatch(row[2])}
    return {name: numbers[name] for name in _bounded(numbers, NAME, NAMES) if numbers[name] < 2**32}


def _makes_accounts(tree: Tree) -> bool:
    paths = ("usr/sbin/useradd", "usr/sbin/usermod", "usr/bin/chage", "proc")
    return all(_is_there(tree, path) for path in paths)


def _runs_scripts(tree: Tree) -> bool:
    return any(_is_there(tree, path) for path in ("usr/lib/systemd/systemd", "lib/systemd/systemd"))
