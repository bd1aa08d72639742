"""The deploy, as agent and server speak of it: which master to which disk, and what was read back."""

from typing import Final

from netboot.shared.fields import Answered, Digest
from netboot.shared.inventory import Count, DiskId, Size, Text
from netboot.shared.stages.kind import Evidence, Kind, Order


class Deploy(Order, frozen=True, kw_only=True, tag="deploy"):
    """Write this master to this disk, then read every chunk back. `name` is for people.

    `used` is how many bytes the master's chunks cover: less written or read back is no deploy.
    """

    manifest: Digest
    name: Text
    target: DiskId
    used: Size = 0
    answered: Answered = ()


class DeployResult(Evidence, frozen=True, kw_only=True, tag="deploy"):
    """What was written and what was read back. `fetched` counts bytes on the wire."""

    manifest: Digest
    target: DiskId
    chunks: Count
    written: Size
    verified: Size
    fetched: Size
    refetched: Count = 0


KIND: Final = Kind(order=Deploy, result=DeployResult, writes=True)
