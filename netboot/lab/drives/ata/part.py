"""The front part of a medium, as far as an erase may reach."""

from netboot.lab.drives.medium import Medium


class Part:
    """The first `size` bytes of a medium; what lies behind them is not there."""

    def __init__(self, medium: Medium, size: int) -> None:
        self.size = size
        self._medium = medium

    def fill(self, start: int, end: int, pattern: bytes) -> None:
        """Erase these bytes, and leave the pattern."""
        self._medium.fill(start, end, pattern)

    def scramble(self, start: int, end: int) -> None:
        """Erase these bytes, and leave noise."""
        self._medium.scramble(start, end)
