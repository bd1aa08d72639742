"""What a lab drive knows for ever, beside its image: a file that is there whole, before or after a change.

Not for: what a drive forgets without power; that is in memory only.
"""

from pathlib import Path
from typing import Generic, TypeVar

import msgspec

State = TypeVar("State", bound=msgspec.Struct)


class StateFile(Generic[State]):
    """The state of the drive whose image is `image`: a frozen struct, in `<image>.state.json`."""

    def __init__(self, image: Path, factory_new: State) -> None:
        """Reads what stands there; a drive without a state is factory-new. Raises msgspec.ValidationError."""
        self._path = state_path(image)
        self._now = factory_new
        if self._path.exists():
            self._now = msgspec.json.decode(self._path.read_bytes(), type=type(factory_new))

    @property
    def now(self) -> State:
        """What is so."""
        return self._now

    def change(self, state: State) -> None:
        """From now on this is so, also after a crash of this process."""
        if state == self._now and self._path.exists():
            return
        new = self._path.with_name(self._path.name + ".new")
        new.write_bytes(msgspec.json.encode(state))
        new.replace(self._path)
        self._now = state


def state_path(image: Path) -> Path:
    """Where the state of a drive with this image is kept."""
    return image.with_name(image.name + ".state.json")
