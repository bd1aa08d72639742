"""Which of netboot's own profiles nobody is shown: those whose master this workshop never had. Pure.

netboot ships a profile for each of its recipes, and a workshop builds those that it wants. Of the others neither the
boot menu nor the page has a line. A profile that the workshop wrote stays in sight without its master, and says so; so
does a shipped one whose master is gone or damaged: it was here, and somebody will look for it.
Not for: whether a PC can get a master (`target.py`).
"""

from collections.abc import Collection, Iterable

from netboot.jobs.profile import Profile


def left_out(profiles: Iterable[Profile], *, shipped: Collection[Profile], had: Collection[str]) -> frozenset[str]:
    """The ids of those profiles. `had` names every master that is or was here.

    `shipped` are as they came with netboot: one that was changed, under the same id too, is the workshop's own.
    """
    return frozenset(
        profile.id for profile in profiles if profile.master and profile.master not in had and profile in shipped
    )
