"""SSH host keys of an installed system: the master's go, and the PC gets its own (sshd_config(5), HostKey).

They are made at once by the installed system's own ssh-keygen, so that they are there, new and unique, before the PC
leaves the bench; a unit that makes them later would depend on the master and on a first boot that nobody watches.
Keys that sshd's settings name elsewhere are replaced where they are. Needs root.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from netboot.agent.customise.file_attributes import Attributes, for_a_new_file
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

_FOLDER: Final = "etc/ssh"
_KEYS: Final = "ssh_host_*_key*"
_KEY_KINDS: Final = ("rsa", "ecdsa", "ed25519")
"""What sshd looks for when its settings name no keys."""
_KEYGEN: Final = "usr/bin/ssh-keygen"
# By Debian and its kin, Fedora and openSUSE; and where /usr/sbin is /usr/bin, by Arch.
_SERVERS: Final = ("usr/sbin/sshd", "usr/bin/sshd", "usr/lib/ssh/sshd", "usr/libexec/openssh/sshd")
_SETTINGS: Final = ("sshd_config", "sshd_config.d/*.conf")
_INCLUDE: Final = re.compile(r"^\s*Include\s*[\s=](.+)$", re.IGNORECASE | re.MULTILINE)
_FILES_MOST: Final = 256
_SETTING_FOLDERS: Final = (_FOLDER, "usr/etc/ssh")
_HOST_KEY: Final = re.compile(r"""^\s*HostKey\s*[\s=]\s*"?/([^"\s#]+)""", re.IGNORECASE | re.MULTILINE)
_LIMIT: Final = 1024 * 1024


def host_keys(tree: InstalledTree) -> tuple[str, ...]:
    """The paths of all host keys, their public halves and certificates included, from the root. Raises NetbootError."""
    names = {f"{_FOLDER}/{name}" for name in tree.names(_FOLDER) if fnmatchcase(name, _KEYS)}
    for key in _named_elsewhere(tree.root):
        names |= {f"{key}{end}" for end in ("", ".pub", "-cert.pub") if tree.status(f"{key}{end}") is not None}
    return tuple(sorted(name for name in names if not tree.is_folder(name)))


def renew_host_keys(tree: InstalledTree, hostname: str) -> list[str]:
    """Replace them; the paths of the old and the new ones, none where there are none and no server. Raises
    NetbootError."""
    old = {name: tree.attributes(name) for name in host_keys(tree)}
    if not (old or any(tree.is_file(name) for name in _SERVERS)) or not tree.is_folder(_FOLDER):
        return []
    if not tree.is_file(_KEYGEN):
        if not old:
            return []
        raise NetbootError("the master has SSH host keys and no ssh-keygen", hint="remove them from the master")
    elsewhere = [name for name in _named_elsewhere(tree.root) if name in old]
    for name in old:
        tree.remove("ssh-host-keys", name)
    with _null_device(tree):
        for kind in _KEY_KINDS:
            _make(f"{_FOLDER}/ssh_host_{kind}_key", tree.root, kind, hostname)
        for name in elsewhere:
            kind = next((kind for kind in _KEY_KINDS if kind in name.rsplit("/", 1)[1]), "ed25519")
            _make(name, tree.root, kind, hostname)
    new = host_keys(tree)
    for name in new:
        with tree.place(name) as path:
            _attributes(name, old, path.parent).give(path)
    keys = sorted({*old, *new})
    tree.changed.update(dict.fromkeys(keys, "ssh-host-keys"))
    return keys


@contextmanager
def _null_device(tree: InstalledTree) -> Iterator[None]:
    """ssh-keygen opens /dev/null before anything else, and the /dev of a root on disk may be empty: any file serves."""
    if tree.status("dev/null") is not None:
        yield
        return
    if not tree.is_folder("dev"):
        with tree.place("dev") as path:
            path.mkdir()
    with tree.place("dev/null") as path:
        path.touch()
        try:
            yield
        finally:
            path.unlink()


def _named_elsewhere(root: Path) -> tuple[str, ...]:
    """The keys that sshd's settings name outside its usual places, from the root; whether they are there or not."""
    paths: dict[str, None] = {}
    for text in _settings(root):
        paths |= dict.fromkeys(os.path.normpath(match[1]) for match in _HOST_KEY.finditer(text))
    usual = re.compile(rf"{_FOLDER}/ssh_host_[^/]*_key")
    return tuple(name for name in paths if not usual.fullmatch(name) and not name.startswith(".."))


def _settings(root: Path) -> Iterator[str]:
    """The text of each file of sshd's settings, those that they include among them."""
    patterns = [f"{folder}/{pattern}" for folder in _SETTING_FOLDERS for pattern in _SETTINGS]
    seen: set[Path] = set()
    for pattern in patterns:  # which grows
        for path in sorted(root.glob(pattern)):
            if path in seen or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
                continue
            seen.add(path)
            if len(seen) > _FILES_MOST:
                raise NetbootError("the master's sshd_config includes too many files", hint="look at its Include lines")
            with path.open("rb") as file:
                text = file.read(_LIMIT).decode(errors="replace")
            yield text
            for included in (word.strip('"') for line in _INCLUDE.findall(text) for word in line.split()):
                # Without a leading slash it is in the folder of the settings, as sshd_config(5) says.
                name = os.path.normpath(included.lstrip("/") if included.startswith("/") else f"{_FOLDER}/{included}")
                if name != "." and not name.startswith(("..", "#")) and "**" not in name and name not in patterns:
                    patterns.append(name)


def _make(name: str, root: Path, kind: str, hostname: str) -> None:
    run(
        ["chroot", root, f"/{_KEYGEN}", "-q", "-t", kind, "-N", "", "-C", f"root@{hostname}", "-f", f"/{name}"],
        timeout=300,
    )


def _attributes(name: str, old: dict[str, Attributes], folder: Path) -> Attributes:
    """As its predecessor, else as another old key of the same sort: Fedora's belong to a group and have a context."""
    public = name.endswith(".pub")
    alike = (known for known in old if known.endswith(".pub") == public)
    return old.get(name) or old.get(next(alike, "")) or for_a_new_file(folder, 0o644 if public else 0o600)
