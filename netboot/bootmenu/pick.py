"""Whether a hello's pick from the boot menu counts (pure): one that writes to a disk, or takes a batch's place, needs a
good ticket (`ticket.py`). Not for: what follows from the pick (`workshop/greeting.py`).
"""

from collections.abc import Mapping

from netboot.bootmenu import ticket
from netboot.jobs.profile import Profile
from netboot.shared.problems import Problem
from netboot.shared.protocol import Hello


def doubt(hello: Hello, profiles: Mapping[str, Profile], key: bytes, *, now: float) -> Problem | None:
    """Why the pick does not count, or None. `now`: seconds since the epoch.

    The ticket is for the address that the loader told. Where no adapter has it under Linux (docks and USB adapters may
    take another), the UUID must be the ticket's.
    """
    profile = profiles.get(hello.profile)
    if not hello.batch and (not hello.profile or (profile is not None and not profile.writes)):
        return None
    here = any(nic.mac == hello.menu_mac for nic in hello.inventory.nics)
    digest = profile.digest if profile else ""
    picked = ticket.Picked(hello.profile, hello.menu_mac, hello.inventory.system.uuid, hello.batch, digest)
    found = ticket.check(key, hello.ticket, picked, now=now, uuid_needed=not here)
    if found == "good":
        return None
    what = profile.name[hello.language] if profile else hello.profile or hello.batch
    return Problem("ticket-expired" if found == "expired" else "ticket-wrong", {"profile": what})
