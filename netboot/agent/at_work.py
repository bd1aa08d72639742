"""The context that every stage on the PC is given; each takes what it needs from it.

Not for: what is ordered, which comes beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from netboot.agent.deploy.earlier import Journal
from netboot.agent.disks import listing
from netboot.agent.disks.claim import ReadDisks, as_answered
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import Begins, HeldUp, StageTold
from netboot.agent.questions import Ask, nobody
from netboot.agent.this_boot import ThisBoot
from netboot.shared.fields import Token
from netboot.shared.inventory import DiskId
from netboot.shared.private_files import PrivateFiles


@dataclass(frozen=True, slots=True)
class AtWork:
    """`server` is where the boot HTTP server is, `public_key` the workshop's, which signs its masters.

    `boot_mac` is the adapter that the PC booted from, `journal` what an earlier try of a deploy wrote, `this_boot` what
    earlier stages left to know. `progress` is
    told how far the stage is, `read_disks` reads this PC's disks afresh, as they say of themselves, `ask` puts a
    question to a person, and `token` gives the visit's. `private` opens what came sealed with the order, and raises
    SealError where that is nothing.
    """

    server: ServerPlace
    public_key: bytes
    boot_mac: str
    progress: StageTold
    journal: Journal = field(default_factory=Journal)
    read_disks: ReadDisks = listing.read_disks
    ask: Ask = nobody
    this_boot: ThisBoot = field(default_factory=ThisBoot)
    token: Callable[[], Token] = str
    private: Callable[[], PrivateFiles] = PrivateFiles

    @property
    def held_up(self) -> HeldUp:
        """Told what holds the stage up."""
        return self.progress.held_up

    @property
    def begins(self) -> Begins:
        """Told what is begun on a disk."""
        return self.progress.begins

    def disks_as_answered(self, answered: Sequence[DiskId]) -> ReadDisks:
        """Reads the disks, those of `answered` being the PC's own by a person's word."""
        return as_answered(self.read_disks, answered, self.this_boot)
