"""Fetches Debian packages into a folder, by mmdebstrap, from the mirror that the host's own apt uses.

Packages are unpacked, not installed: no maintainer script runs, so the tree holds what the packages hold. Nothing of it
works on once netboot was killed, in a folder that the next build removes.
Not for: choosing what enters an archive (netboot/bootfiles/base.py).
"""

import logging
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from netboot.shared.errors import NetbootError
from netboot.shared.long_programs import follow
from netboot.shared.process import run, with_all_it_starts

log = logging.getLogger(__name__)

MIRROR_VARIABLE = "NETBOOT_DEBIAN_MIRROR"
KEYRINGS = Path("/usr/share/keyrings")
_LONGEST = 1800.0
"""Seconds."""

_PACKAGE = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9+.-]+)_(?P<version>[0-9A-Za-z.+~:-]+)_(?P<architecture>[a-z0-9]+)\.deb$"
)


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where packages come from: the archive, and the security archive when the host knows one."""

    archive: str
    security: str | None


def find_mirror() -> Mirror:
    """The mirror named by NETBOOT_DEBIAN_MIRROR, else the one in the host's apt configuration.

    Raises NetbootError when the host names none.
    """
    named = os.environ.get(MIRROR_VARIABLE)
    if named is not None:
        return Mirror(_checked(named), None)
    listed = run(["apt-get", "indextargets", "--format", "$(RELEASE) $(SITE)", "Created-By: Packages"])
    return choose_mirror(listed.stdout)


def choose_mirror(targets: str) -> Mirror:
    """Choose from lines of "release address", as `apt-get indextargets` prints them. Raises NetbootError."""
    archive = security = None
    for line in targets.splitlines():
        release, _, address = line.strip().partition(" ")
        if re.fullmatch(r"(bookworm|trixie|stable|oldstable)", release):
            archive = archive or _checked(address)
        elif re.fullmatch(r"(bookworm|trixie|stable|oldstable)-security", release):
            security = security or _checked(address)
    if archive is None:
        raise NetbootError(
            "apt on this machine names no Debian mirror",
            hint=f"add one to /etc/apt/sources.list.d, or set {MIRROR_VARIABLE}=http://…/debian",
        )
    return Mirror(archive, security)


def _checked(address: str) -> str:
    if urlsplit(address).scheme not in {"http", "https", "file", "copy"} or re.search(r"[\s\[\]]", address):
        raise NetbootError(f"{address!r} is no mirror address", hint=f"set {MIRROR_VARIABLE}=http://…/debian")
    return address.rstrip("/")


def sources(mirror: Mirror, suite: str, components: Sequence[str]) -> str:
    """The lines of a sources.list: the release, its updates and its security updates."""
    parts = " ".join(components)
    lines = [f"deb {mirror.archive} {suite} {parts}", f"deb {mirror.archive} {suite}-updates {parts}"]
    if mirror.security is not None:
        lines.append(f"deb {mirror.security} {suite}-security {parts}")
    return "".join(f"{line}\n" for line in lines)


def unpack(packages: Iterable[str], *, suite: str, source_lines: str, into: Path) -> tuple[str, ...]:
    """Unpack packages ("name" or "name=version") and all they depend on; return what was taken, as name=version.

    `into` must not exist. Raises NetbootError.
    """
    if os.geteuid() != 0:
        raise NetbootError("unpacking Debian packages needs root", hint="start the command again with sudo")
    listing = into.with_name(f"{into.name}.list")
    listing.write_text(source_lines, encoding="utf-8")
    follow(
        with_all_it_starts(
            [
                "mmdebstrap",
                "--mode=root",
                "--variant=extract",
                "--format=directory",
                "--architectures=amd64",
                f"--include={','.join(sorted(packages))}",
                f"--keyring={KEYRINGS}",
                "--skip=cleanup/apt",
                suite,
                into,
                listing,
            ]
        ),
        log.debug,
        timeout=_LONGEST,
    )
    cache = into / "var/cache/apt"
    versions = package_versions(path.name for path in (cache / "archives").glob("*.deb"))
    shutil.rmtree(cache)
    return versions


def package_versions(files: Iterable[str]) -> tuple[str, ...]:
    """The sorted name=version of package files as apt names them ("name_1%3a2.0_amd64.deb"). Raises NetbootError."""
    versions = set()
    for name in files:
        match = _PACKAGE.match(unquote(name))
        if match is None:
            raise NetbootError(f"{name!r} is no package's file name", hint="empty the cache folder and build again")
        versions.add(f"{match['name']}={match['version']}")
    return tuple(sorted(versions))
