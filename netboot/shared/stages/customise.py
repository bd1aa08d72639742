"""The customise stage, as agent and server speak of it: what makes a master this PC's own."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from netboot.shared.fields import Answered, Digest, Hostname
from netboot.shared.inventory import DiskId, Size, Text
from netboot.shared.problems import Problem
from netboot.shared.stages.kind import Evidence, Kind, Order

Identity = Literal["hostname", "machine-id", "ssh-host-keys"]
"""What makes an installed system one PC's own: no two PCs of a master may share it."""


class Customise(Order, frozen=True, kw_only=True, tag="customise"):
    """Make the master on this disk this PC's own: grow, hostname, machine-id, SSH host keys, boot entry."""

    manifest: Digest
    target: DiskId
    hostname: Hostname
    answered: Answered = ()


class CustomiseResult(Evidence, frozen=True, kw_only=True, tag="customise"):
    """What the installed system was told, and the firmware's boot entry ("" on BIOS).

    `root` is the partition that was changed, `filesystem` its kind and `folder` where in it the system lies ("" for its
    own root). `own` is what the system was given and was read again from the disk, `absent` what it has none of, and
    `changed` the paths that were written or removed. `grown` is the last file system's size in bytes, 0 when it grows
    with nothing.
    """

    hostname: Hostname
    root: Text = ""
    filesystem: Text = ""
    folder: Text = ""
    own: Annotated[tuple[Identity, ...], Meta(max_length=8)] = ()
    absent: Annotated[tuple[Identity, ...], Meta(max_length=8)] = ()
    changed: Annotated[tuple[Text, ...], Meta(max_length=256)] = ()
    grown: Size = 0
    boot_entry: Text = ""
    warning: Problem | None = None


KIND: Final = Kind(order=Customise, result=CustomiseResult, writes=True)
