"""Making an installed Linux this PC's own: hostname, machine-id, SSH host keys, nothing of the prepared PC's.

Changes only what it returns, and what the system's own useradd writes beside the account (its mail spool, its logs).
What a master must not share is systemd's list ("Safely Building Images").
A file that is written keeps its owner, mode and labels; a new one gets its folder's SELinux context. Blocks; needs
root. Not for: how a path is reached (`installed_tree.py`).
"""

import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from netboot.agent.customise.accounts import make_accounts
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.leftovers import count_leftovers, forget_leftovers
from netboot.agent.customise.parcels import NO_PARCELS, Parcels, look_at_parcel, place_parcels, require_room
from netboot.agent.customise.placing import place_files
from netboot.agent.customise.region import set_region
from netboot.agent.customise.ssh_host_keys import host_keys, renew_host_keys
from netboot.agent.customise.wifi import place_wifi, require_wifi
from netboot.shared.errors import NetbootError
from netboot.shared.mount_points import require_on_root
from netboot.shared.private_files import NONE, PrivateFiles
from netboot.shared.stages.customise import PATHS, Forgotten, Found, Identity, Leftover, Part
from netboot.shared.system_settings import SystemSettings, written

_SEED: Final = "var/lib/systemd/random-seed"
_SEED_LENGTH: Final = 512


@dataclass(frozen=True, slots=True)
class Personalised:
    """What was made the PC's own, what the system has none of, the paths that were written or removed, each with what
    for, from the system's root without a leading slash, and how many files of the prepared PC's are gone."""

    machine_id: str
    own: tuple[Identity, ...]
    absent: tuple[Identity, ...]
    changed: dict[str, Part]
    forgotten: dict[Leftover, int]


def personalise(
    tree: InstalledTree,
    hostname: str,
    settings: SystemSettings,
    private: PrivateFiles = NONE,
    parcels: Parcels = NO_PARCELS,
) -> Personalised:
    """Give the system of this tree a name, an identity, and what the profile sets. Raises NetbootError, OSError."""
    require_wifi(tree, settings, private)
    require_room(tree, parcels)
    homes = (f"home/{user.name}" for user in settings.users)
    require_on_root(tree.read("etc/fstab"), (*homes, *written(settings), *private.proofs, *parcels.paths))
    identity = uuid.uuid4().hex
    tree.write("hostname", "etc/hostname", f"{hostname}\n")
    tree.write("hostname", "etc/hosts", hosts_with(tree.read("etc/hosts"), hostname))
    _write_machine_id(tree, identity)
    if tree.is_file(_SEED):
        tree.write("random-seed", _SEED, secrets.token_bytes(_SEED_LENGTH), mode=0o600)
    keys = renew_host_keys(tree, hostname)
    here: tuple[Identity, ...] = ("ssh-host-keys",)
    own, absent = (here, ()) if keys else ((), here)
    set_region(tree, settings)
    make_accounts(tree, settings.users)
    place_files(tree, settings)
    place_wifi(tree, settings, private)
    place_parcels(tree, parcels)
    forgotten = forget_leftovers(tree)
    if len(tree.changed) > PATHS:
        raise NetbootError(f"{len(tree.changed)} files of the master were to change", hint="look at its SSH host keys")
    return Personalised(identity, ("hostname", "machine-id", *own), absent, dict(tree.changed), forgotten)


def require_own(
    tree: InstalledTree,
    hostname: str,
    done: Personalised,
    private: PrivateFiles = NONE,
    parcels: Parcels = NO_PARCELS,
) -> tuple[tuple[Found, ...], tuple[Forgotten, ...]]:
    """Look again at what is on the disk: the evidence. Raises NetbootError when the system is not what it was made."""
    if (tree.read("etc/hostname"), tree.read("etc/machine-id")) != (f"{hostname}\n", f"{done.machine_id}\n"):
        raise NetbootError("the name or the machine-id is not on the disk", hint="deploy the master again")
    keys = set(host_keys(tree))
    if "ssh-host-keys" in done.absent and keys:
        raise NetbootError("the master's SSH host keys are still there", hint="deploy the master again")
    if "ssh-host-keys" in done.own and not keys & set(done.changed):
        raise NetbootError("the new SSH host keys are not on the disk", hint="deploy the master again")
    found = tuple(
        look_at_parcel(tree, path, parcels.of[path])
        if path in parcels.of
        else tree.look(part, path, private if part == "wifi" else None)
        for path, part in done.changed.items()
    )
    left = count_leftovers(tree)
    return found, tuple(
        Forgotten(what=what, files=files, left=left.get(what, 0)) for what, files in done.forgotten.items()
    )


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


def _write_machine_id(tree: InstalledTree, identity: str) -> None:
    tree.write("machine-id", "etc/machine-id", f"{identity}\n", mode=0o444)
    copy = "var/lib/dbus/machine-id"
    # Debian links dbus's own copy to the first; an older system has a second file, which must say the same.
    if tree.is_file(copy):
        tree.write("machine-id", copy, f"{identity}\n")
