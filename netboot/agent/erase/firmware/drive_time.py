"""For how long a drive will still erase itself, by what it announced and by how far it has come since. Pure.

Both are its own word. The longer of the two is told as long as the announced time is not over: a drive that runs ahead
at first may stand longer at its end. After that only its progress counts, and that it is late is said.
"""

from typing import Final

from netboot.agent.progress import Doing

_TELLS: Final = 50
"""Permille from which on its progress says something of its speed."""
_LATE: Final = 10.0
"""Seconds beyond what was announced that are not worth a word."""


def doing(at: float, announced: int | None, permille: int | None) -> Doing:
    """What a drive does `at` seconds after its order. `announced` are seconds; 0 and None: it announced nothing."""
    by_progress = at * (1000 - permille) / permille if permille is not None and permille >= _TELLS else None
    if not announced:
        return Doing("drive", by_progress)
    if at > announced + _LATE:
        return Doing("drive", by_progress, late=True)
    return Doing("drive", max(announced - at, by_progress or 0.0, 0.0))
