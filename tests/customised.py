"""The evidence of a system that was made a PC's own, as an agent gives it."""

import hashlib
from typing import get_args

from netboot.shared.accounts import FoundAccount
from netboot.shared.stages.customise import CustomiseResult, Forgotten, Found, Leftover, Part


def found(part: Part, path: str, content: str = "new", mode: int = 0o644) -> Found:
    """A file of root's with this content."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Found(part=part, path=path, what="file", mode=mode, digest=digest)


def customised(hostname: str, *more: Found, accounts: tuple[FoundAccount, ...] = ()) -> CustomiseResult:
    """All that every system gets, and `more`."""
    seen = (
        found("hostname", "etc/hostname", f"{hostname}\n"),
        found("hostname", "etc/hosts"),
        found("machine-id", "etc/machine-id", "5f" * 16 + "\n", 0o444),
        found("random-seed", "var/lib/systemd/random-seed", mode=0o600),
        found("ssh-host-keys", "etc/ssh/ssh_host_ed25519_key", mode=0o600),
        Found(part="ssh-host-keys", path="etc/ssh/ssh_host_dsa_key", what="gone"),
        *more,
    )
    return CustomiseResult(
        hostname=hostname,
        root="sda3",
        filesystem="ext4",
        own=("hostname", "machine-id", "ssh-host-keys"),
        changed=tuple(one.path for one in seen),
        found=seen,
        accounts=accounts,
        forgotten=tuple(Forgotten(what=what, files=1) for what in get_args(Leftover)),
    )
