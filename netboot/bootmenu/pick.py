"""Whether the server follows what was picked in the boot menu, as the agent's hello says (pure).

A pick that writes to a disk, or takes a batch's place, needs a valid ticket (`ticket.py`). Not for: what follows from
the pick (`workshop/greeting.py`).
"""

from collections.abc import Mapping

from netboot.bootmenu import ticket
from netboot.jobs.profile import Profile
from netboot.shared.problems import Problem
from netboot.shared.protocol import Hello


def pick_problem(hello: Hello, profiles: Mapping[str, Profile], key: bytes, *, now: float) -> Problem | None:
    """Why the pick does not count, or None. `now`: seconds since the epoch.

    The ticket was made for the MAC address that the loader saw. Docks and USB adapters may have another one under
    Linux; where no adapter has the ticket's, the PC's UUID must be the ticket's.
    """
    profile = profiles.get(hello.profile)
    if not hello.batch and (not hello.profile or (profile is not None and not profile.proven)):
        return None
    here = any(nic.mac == hello.menu_mac for nic in hello.inventory.nics)
    digest = profile.digest if profile else ""
    picked = ticket.Picked(hello.profile, hello.menu_mac, hello.inventory.system.uuid, hello.batch, digest)
    verdict = ticket.check(key, hello.ticket, picked, now=now, uuid_needed=not here)
    if verdict == "good":
        return None
    what = profile.name[hello.language] if profile else hello.profile or hello.batch
    return Problem("ticket-expired" if verdict == "expired" else "ticket-wrong", {"profile": what})
