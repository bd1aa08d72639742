"""Making an installed Linux this PC's own: hostname, machine-id, SSH host keys. Touches only the files it returns.

A file that is written keeps its owner, mode and labels; a new one gets its folder's SELinux context.
Paths inside the root are resolved against it: a link that leads out of it is never followed. Blocks; needs root.
"""

import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.agent.customise.file_attributes import for_a_new_file, read_attributes
from netboot.agent.customise.ssh_host_keys import host_keys, renew_host_keys
from netboot.shared.errors import NetbootError
from netboot.shared.stages.customise import Identity

_TEXT_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of a text that is read. A hosts file that blocks advertising has some MB."""


@dataclass(frozen=True, slots=True)
class Personalised:
    """What was made the PC's own, what the system has none of, and the paths that were written or removed, from its
    root, without a leading slash."""

    machine_id: str
    own: tuple[Identity, ...]
    absent: tuple[Identity, ...]
    changed: tuple[str, ...]


def personalise(root: Path, hostname: str) -> Personalised:
    """Give the system under `root` a name and an identity. Raises NetbootError."""
    identity = uuid.uuid4().hex
    changed = [
        _write(root, "etc/hostname", f"{hostname}\n"),
        _write(root, "etc/hosts", hosts_with(_read(root, "etc/hosts"), hostname)),
        *_machine_id(root, identity),
        *_forget_random_seed(root),
    ]
    keys = renew_host_keys(root, hostname)
    here: tuple[Identity, ...] = ("ssh-host-keys",)
    own, absent = (here, ()) if keys else ((), here)
    return Personalised(identity, ("hostname", "machine-id", *own), absent, (*changed, *keys))


def require_own(root: Path, hostname: str, done: Personalised) -> None:
    """Look again at what is on the disk. Raises NetbootError when the system is not what it was made."""
    if (_read(root, "etc/hostname"), _read(root, "etc/machine-id")) != (f"{hostname}\n", f"{done.machine_id}\n"):
        raise NetbootError("the name or the machine-id is not on the disk", hint="deploy the master again")
    keys = set(host_keys(root))
    if "ssh-host-keys" in done.absent and keys:
        raise NetbootError("the master's SSH host keys are still there", hint="deploy the master again")
    if "ssh-host-keys" in done.own and not keys & set(done.changed):
        raise NetbootError("the new SSH host keys are not on the disk", hint="deploy the master again")


def hosts_with(text: str, hostname: str) -> str:
    """The hosts file with Debian's line for the PC's own name (127.0.1.1) saying `hostname`; all else is kept."""
    own = f"127.0.1.1\t{hostname}"
    lines = text.splitlines() or ["127.0.0.1\tlocalhost"]
    places = [index for index, line in enumerate(lines) if line.split()[:1] == ["127.0.1.1"]]
    kept = [line for index, line in enumerate(lines) if index not in places]
    if places:
        kept.insert(places[0], own)
    else:
        after = max((index + 1 for index, line in enumerate(kept) if line.split()[:1] == ["127.0.0.1"]), default=0)
        kept.insert(after, own)
    return "".join(f"{line}\n" for line in kept)


def _machine_id(root: Path, identity: str) -> list[str]:
    changed = [_write(root, "etc/machine-id", f"{identity}\n", mode=0o444)]
    copy = root / "var/lib/dbus/machine-id"
    # Debian links dbus's own copy to the first; an older system has a second file, which must say the same.
    if copy.exists() and not copy.is_symlink():
        changed.append(_write(root, "var/lib/dbus/machine-id", f"{identity}\n"))
    return changed


def _forget_random_seed(root: Path) -> list[str]:
    name = "var/lib/systemd/random-seed"
    seed = root / name
    if seed.is_symlink() or not seed.is_file():
        return []
    return [_write(root, name, secrets.token_bytes(seed.stat().st_size or 512))]


def _read(root: Path, name: str) -> str:
    path = _inside(root, name)
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        content = file.read(_TEXT_LIMIT + 1)
    if len(content) > _TEXT_LIMIT:
        # What is written back must not be a part of it.
        raise NetbootError(f"/{name} of the master is longer than {_TEXT_LIMIT >> 20} MiB", hint="make it shorter")
    return content.decode(errors="surrogateescape")


def _write(root: Path, name: str, content: str | bytes, *, mode: int = 0o644) -> str:
    """Replace the file as a whole, also where a link stood; an existing file's attributes are kept."""
    path = _inside(root, name)
    there = path.is_file() and not path.is_symlink()
    attributes = read_attributes(path) if there else for_a_new_file(path.parent, mode)
    draft = path.with_name(f".{path.name}.netboot")
    draft.unlink(missing_ok=True)
    data = content if isinstance(content, bytes) else content.encode(errors="surrogateescape")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        attributes.give(draft)
        os.fsync(file.fileno())
    draft.rename(path)
    return name


def _inside(root: Path, name: str) -> Path:
    path = root / name
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise NetbootError(f"/{name} leads out of the installed system", hint="look at the links in the master")
    if not path.parent.is_dir():
        raise NetbootError(f"the installed system has no /{path.parent.relative_to(root)}", hint="look at the master")
    return path
