"""The folders and files of a system that was just built into a folder, as that system itself would reach them: a link
there means what it means to it, its root being that folder.

For the same questions as an unmounted disk is asked (`survey/offers.py`). Not for: what anybody else made, nor writing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LINKS: Final = 40
"""Links on one way, as many as Linux follows."""
_TEXT_MOST: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BuiltTree:
    """The system under `root`. Paths have no leading slash."""

    root: Path

    def names(self, folder: str) -> tuple[str, ...] | None:
        """What is in this folder, a folder's name with a slash behind it; () where there is no such folder."""
        place = self._place(folder)
        if place is None or not place.is_dir():
            return ()
        return tuple(f"{one.name}/" if one.is_dir() and not one.is_symlink() else one.name for one in place.iterdir())

    def text(self, path: str) -> str | None:
        """The text of a file; "" where there is none, None for one that is very long."""
        place = self._place(path)
        if place is None or not place.is_file():
            return ""
        with place.open("rb") as file:
            content = file.read(_TEXT_MOST + 1)
        return content.decode(errors="replace") if len(content) <= _TEXT_MOST else None

    def _place(self, path: str) -> Path | None:
        """Where it lies, no link any more; None for links in a circle."""
        at, ahead, links = self.root, path.split("/"), 0
        while ahead:
            name = ahead.pop(0)
            if name == "..":
                at = at.parent if at != self.root else at
            elif name not in ("", "."):
                at = at / name
            if at.is_symlink():
                links += 1
                if links > _LINKS:
                    return None
                target = at.readlink().as_posix()
                at = self.root if target.startswith("/") else at.parent
                ahead = [*target.split("/"), *ahead]
        return at
