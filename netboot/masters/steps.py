"""How far a long piece of work is, as a line for people at every tenth of the way. Pure: it is given `say`."""

from collections.abc import Callable

from netboot.shared.inventory import amount


class Steps:
    """Told how many bytes more are done, or how many are; `total` is above 0."""

    def __init__(self, what: str, total: int, say: Callable[[str], None]) -> None:
        self._what, self._total, self._say = what, total, say
        self._done = self._tenths = 0

    def add(self, size: int) -> None:
        """So many bytes more are done."""
        self.reach(self._done + size)

    def reach(self, done: int) -> None:
        """So many bytes are done."""
        self._done = done
        tenths = done * 10 // self._total
        if tenths > self._tenths:
            self._tenths = tenths
            self._say(f"{self._what}: {tenths * 10} % of {amount(self._total)}")
