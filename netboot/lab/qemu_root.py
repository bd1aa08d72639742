"""A newer QEMU than the host's, for PCs with a drive of the lab's own: Debian 13's backport, unpacked in the cache.

Such a drive is a program that speaks vfio-user (QEMU's docs/interop/vfio-user.rst), for which QEMU has a client from
10.1 on; Debian 12 and 13 themselves have older ones. QEMU is started by the unpacked dynamic loader with the unpacked
libraries (ld.so(8)), in the host's own file tree: taps, sockets and images keep their paths, nothing is mounted, and
the process is QEMU's own.
Not for: the other PCs, which run with the host's QEMU.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.bootfiles import debian
from netboot.files.cache_folder import default_cache_folder
from netboot.files.code import code_digest
from netboot.shared.errors import NetbootError

SUITE: Final = "trixie"
COMPONENTS: Final = ("main",)
BACKPORTS: Final = f"{SUITE}-backports"
PACKAGES: Final = (
    "ovmf",
    "ovmf-ia32",
    # apt takes nothing from backports by itself, what another package of them needs neither.
    f"qemu-system-common/{BACKPORTS}",
    f"qemu-system-data/{BACKPORTS}",
    f"qemu-system-x86/{BACKPORTS}",
    f"seabios/{BACKPORTS}",
)
OLDEST: Final = (10, 1)
"""The first QEMU that can be the client of a vfio-user device."""

UNUSED_LIMIT: Final = 30 * 24 * 3600.0
"""Seconds after which one that was not used goes: its recipe or the code has changed since."""

_RECORD: Final = "packages"
_LIBRARIES: Final = "usr/lib/x86_64-linux-gnu"
_VERSION: Final = re.compile(r"qemu-system-x86=(?:\d+:)?(\d+)\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class QemuRoot:
    """An unpacked QEMU with its firmware; `packages` are what it was made of, as name=version."""

    folder: Path
    packages: tuple[str, ...]

    @property
    def program(self) -> tuple[str, ...]:
        """The words that start it, before its own options."""
        libraries = self.folder / _LIBRARIES
        return (
            os.fspath(libraries / "ld-linux-x86-64.so.2"),
            "--inhibit-cache",
            *("--library-path", os.fspath(libraries)),
            os.fspath(self.folder / "usr/bin/qemu-system-x86_64"),
            *("-L", os.fspath(self.folder / "usr/share/qemu")),
            *("-L", os.fspath(self.folder / "usr/share/seabios")),
        )

    @property
    def environment(self) -> dict[str, str]:
        """Where it finds its own modules: those of another build it would refuse."""
        return {"QEMU_MODULE_DIR": os.fspath(self.folder / _LIBRARIES / "qemu")}


def make_qemu_root(cache: Path | None = None) -> QemuRoot:
    """The QEMU for drives of the lab's own, from the cache; unpacked first where it is not there (200 MB, a minute).

    It is kept by the names of its packages and the code that unpacks it; the versions in it are recorded. Needs root
    and a Debian mirror the first time. Raises NetbootError.
    """
    base = cache or default_cache_folder() / "qemu"
    base.mkdir(parents=True, exist_ok=True)
    folder = base / _key()
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in base.glob("making-*"):
            shutil.rmtree(left)
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix="making-", dir=base) as work:
                made = Path(work, "root")
                packages = _unpack(made)
                require_vfio_user(packages)
                (made / _RECORD).write_text("".join(f"{line}\n" for line in packages), encoding="utf-8")
                made.chmod(0o755)
                made.rename(folder)
        os.utime(folder)
        for other in base.glob("*/"):
            if time.time() - other.stat().st_mtime > UNUSED_LIMIT:
                shutil.rmtree(other)
    return QemuRoot(folder, tuple((folder / _RECORD).read_text(encoding="utf-8").splitlines()))


def require_vfio_user(packages: tuple[str, ...]) -> None:
    """Raise NetbootError unless the QEMU among these packages (name=version) speaks vfio-user."""
    found = [match for line in packages if (match := _VERSION.match(line))]
    if not found or (int(found[0][1]), int(found[0][2])) < OLDEST:
        raise NetbootError(
            f"the mirror's {BACKPORTS} has no QEMU that speaks vfio-user ({'.'.join(map(str, OLDEST))} or newer)",
            hint=f"choose a mirror that has {BACKPORTS}: set {debian.MIRROR_VARIABLE}=http://…/debian",
        )


def _unpack(into: Path) -> tuple[str, ...]:
    mirror = debian.find_mirror()
    lines = debian.sources(mirror, SUITE, COMPONENTS)
    lines += f"deb {mirror.archive} {BACKPORTS} {' '.join(COMPONENTS)}\n"
    packages = debian.unpack(PACKAGES, suite=SUITE, source_lines=lines, into=into)
    shutil.rmtree(into / "var")  # apt's lists, as large as QEMU itself
    return packages


def _key() -> str:
    """All that decides what is unpacked but the versions on the mirror."""
    return hashlib.sha256("\n".join((*PACKAGES, code_digest(__name__))).encode()).hexdigest()[:16]
