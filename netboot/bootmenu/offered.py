"""What one PC is offered when it boots from the network: what was set for it, chosen for it, or armed for the next PCs.

Pure. A denied PC is offered nothing; a person's own choice for the PC comes before a batch; the default never writes.
Not for: rendering the menu (`bootmenu/boot_menu.py`), keeping policies (`records/policies.py`), giving out a batch's
places (`records/batches.py`): reading a menu takes no place, the agent's hello does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netboot.jobs.policy import Policy
from netboot.jobs.profile import Profile
from netboot.shared.problems import Problem

NEUTRAL: Final = ("inventory", "memory")
"""Defaults that are no profile: the agent without a profile, and the memory test. Neither writes to a disk."""


@dataclass(frozen=True, slots=True)
class BatchOffer:
    """A batch that has a place left for this PC: its id and its profile's."""

    batch: str
    profile: str


@dataclass(frozen=True, slots=True)
class MenuOffer:
    """What a PC's boot menu offers it.

    `denied`: nothing but the PC's own disk; all else is empty then. `armed`: the profile that the timeout starts.
    `batch`: the batch that `armed` comes from, "" when a person chose it for this very PC. `default`: the entry that is
    selected when nothing is armed: "" for the disk, one of NEUTRAL, or the id of a profile that writes to no disk.
    `left`: the job that was left unfinished in this PC. `stalled`: why the agent's last start did not end in a hello;
    then nothing starts by itself.
    """

    denied: bool = False
    armed: Profile | None = None
    batch: str = ""
    default: str = ""
    left: Problem | None = None
    stalled: Problem | None = None


def offer_for(policy: Policy, profiles: Mapping[str, Profile], *, chosen: str, batch: BatchOffer | None) -> MenuOffer:
    """What one PC is offered. `chosen` is the id of the profile a person chose for it, "" for none.

    A choice whose profile is gone arms nothing, and does not let a batch in: a person decided about this PC already.
    """
    if policy.denied:
        return MenuOffer(denied=True)
    default = policy.default if may_be_default(policy.default, profiles) else ""
    if chosen:
        return MenuOffer(armed=profiles.get(chosen), default=default)
    armed = profiles.get(batch.profile) if batch is not None else None
    return MenuOffer(armed=armed, batch=batch.batch if batch is not None and armed else "", default=default)


def may_be_default(entry: str, profiles: Mapping[str, Profile]) -> bool:
    """Whether this entry of the menu may start by itself: it is known, writes to no disk and sends none away."""
    if entry in NEUTRAL or not entry:
        return True
    profile = profiles.get(entry)
    return profile is not None and not profile.proven
