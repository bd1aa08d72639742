"""The folder of downloaded packages beside the cache of builds: a build that broke off goes on from what is there.

apt looks at each package's checksum before it takes it from here, so that nothing needs to trust this folder.
Not for: builds that are done (`build.py`).
"""

import contextlib
import os
import time
from pathlib import Path
from typing import Final
from urllib.parse import unquote

_KEPT: Final = 30 * 86_400
"""Seconds for which a package is kept that no build asks for."""


class PackageCache:
    """The packages of one release. A build at a time: apt locks the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def forget_unused(self, used: tuple[str, ...]) -> None:
        """Keep the packages of this build (name=version), and those that one of the last thirty days used."""
        now = time.time()
        wanted = set(used)
        for path in self.folder.glob("*.deb"):
            name, version, _ = (*unquote(path.name).split("_"), "", "")[:3]
            with contextlib.suppress(FileNotFoundError):
                if f"{name}={version}" in wanted:
                    os.utime(path, (now, now))
                elif path.stat().st_mtime < now - _KEPT:
                    path.unlink()
