"""The text in which LVM keeps a volume group, on the disk and in its backups (vgcfgbackup(8)): read, and written. Pure.

Its grammar is that of lvm.conf(5): sections in braces, and values, which are numbers, strings or lists of these.
Not for: what the values mean (`lvm.py`, `lvm_room.py`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from netboot.shared.errors import NetbootError

Section = dict[str, Any]
"""Names, and their values: a number, a string without its quotes, a list of these, or another section."""

_DEPTH: Final = 8
_WORD: Final = re.compile(r'\s+|#[^\n]*|(?P<word>[A-Za-z0-9_.+-]+)|(?P<sign>[{}=\[\],])|(?P<text>"(?:[^"\\]|\\.)*")')
_NAME: Final = re.compile(r"[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,126}")


class LvmError(NetbootError):
    """Metadata that is damaged, or of a group that is not understood."""


def parse(text: str) -> Section:
    """The whole text. Raises LvmError."""
    return _section(_words(text), 0)


def the_group(whole: Section) -> tuple[str, Section]:
    """The one volume group in a text, and its name. Raises LvmError."""
    groups = [(name, value) for name, value in whole.items() if isinstance(value, dict)]
    if len(groups) != 1 or not _NAME.fullmatch(groups[0][0]):
        raise LvmError(f"its LVM metadata tells of {len(groups)} groups that have a name")
    return groups[0]


def written(whole: Mapping[str, Any]) -> str:
    """The text that says this, as `parse` reads it again."""
    return "".join(f"{line}\n" for line in _lines(whole))


def _lines(section: Mapping[str, Any]) -> Iterator[str]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield f"{name} {{"
            yield from _lines(value)
            yield "}"
        else:
            yield f"{name} = {_as_text(value)}"


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_as_text, value))}]"
    return str(value) if isinstance(value, int) else f'"{value}"'


def _words(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise LvmError(f"its LVM metadata has {text[at : at + 20]!r}")
        at = found.end()
        if found.lastgroup:
            yield found[found.lastgroup]


def _section(words: Iterator[str], depth: int) -> Section:
    section: Section = {}
    for name in words:
        if name == "}" and depth:
            return section
        sign = next(words, "")
        if sign == "{" and depth < _DEPTH:
            section[name] = _section(words, depth + 1)
        elif sign == "=":
            word = next(words, "")
            section[name] = _list(words) if word == "[" else _value(word)
        else:
            raise LvmError(f"its LVM metadata has {name[:20]!r}")
    if depth:
        raise LvmError("its LVM metadata is cut short")
    return section


def _list(words: Iterator[str]) -> list[str | int]:
    found: list[str | int] = []
    for word in words:
        if word == "]":
            return found
        if word != ",":
            found.append(_value(word))
    raise LvmError("its LVM metadata is cut short")


def _value(word: str) -> str | int:
    if word.startswith('"'):
        return word[1:-1]
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else word
