"""The customise stage, as agent and server speak of it: what makes a master this PC's own."""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from netboot.shared.accounts import USERS, FoundAccount
from netboot.shared.fields import Answered, Digest, Hostname
from netboot.shared.inventory import Count, DiskId, Size, Text
from netboot.shared.problems import Problem
from netboot.shared.stages.deploy import Named
from netboot.shared.stages.kind import Evidence, Kind, Order
from netboot.shared.system_settings import SettingPart, SystemSettings
from netboot.shared.windows import AnswerFile

Identity = Literal["hostname", "machine-id", "ssh-host-keys"]
"""What makes an installed system one PC's own: no two PCs of a master may share it."""

Part = Literal[Identity, "random-seed", "answer-file", SettingPart]
"""What a change in the installed system was made for."""
Leftover = Literal[
    "dhcp-leases", "network-secret", "system-secret", "adapter-names", "lvm-devices", "journal", "logs", "swap"
]
"""What the prepared PC left in its master, which the next PC must not have; made anew by the system itself."""
PATHS: Final = 512


class Found(Struct, frozen=True, kw_only=True):
    """What lies at the path of a change, read again from the disk once that was unmounted and mounted anew.

    `path` is from the installed system's root, without a leading slash. `mode` is the permission bits, `owner` and
    `group` numbers, `digest` the SHA-256 of the file's content, or of where the link points to; "" for what has none.
    """

    part: Part
    path: Text
    what: Literal["file", "folder", "link", "gone"]
    mode: Annotated[int, Meta(ge=0, le=0o7777)] = 0
    owner: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    group: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    digest: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""


class Forgotten(Struct, frozen=True, kw_only=True):
    """How many files of a kind were removed or emptied, and how many were still there when the disk was read again."""

    what: Leftover
    files: Count = 0
    left: Count = 0


class Customise(Order, frozen=True, kw_only=True, tag="customise"):
    """Make the master on this disk this PC's own: grow, hostname, machine-id, SSH host keys, settings, boot entry.

    `as_is`: the profile allows that the system is left as the master has it (`customise: none`); it only grows, and
    gets its boot entry. `answer_file` is for a Windows, which gets that and the settings' folders and files: it says
    the hostname and all other settings. `grow` is what the profile names to grow, missing where it names nothing.
    """

    manifest: Digest
    target: DiskId
    hostname: Hostname
    answered: Answered = ()
    settings: SystemSettings = SystemSettings()
    as_is: bool = False
    answer_file: AnswerFile | None = None
    grow: Named | UnsetType = UNSET


class CustomiseResult(Evidence, frozen=True, kw_only=True, tag="customise"):
    """What the installed system was told, and the firmware's boot entry ("" on BIOS).

    `root` is the partition that was changed, with the volume's name where it is of LVM, `filesystem` its kind and
    `folder` where in it the system lies ("" for its own root). `own` is what the system was given and was read again
    from the disk, `absent` what it has none of. `changed` are the paths that were written or removed, and `found` is
    what lies at each of them; `forgotten` tells of every kind of Leftover, in a Windows of its page files alone, which
    are "swap". `grown` is the last file system's size in bytes, 0 when it grows with nothing. `as_is`: nothing in the
    system was changed, as was ordered. `accounts` are those that were ordered, in that order.
    """

    hostname: Hostname
    root: Text = ""
    filesystem: Text = ""
    folder: Text = ""
    own: Annotated[tuple[Identity, ...], Meta(max_length=8)] = ()
    absent: Annotated[tuple[Identity, ...], Meta(max_length=8)] = ()
    changed: Annotated[tuple[Text, ...], Meta(max_length=PATHS)] = ()
    grown: Size = 0
    boot_entry: Text = ""
    warning: Problem | None = None
    found: Annotated[tuple[Found, ...], Meta(max_length=PATHS)] = ()
    forgotten: Annotated[tuple[Forgotten, ...], Meta(max_length=16)] = ()
    as_is: bool = False
    accounts: Annotated[tuple[FoundAccount, ...], Meta(max_length=USERS)] = ()


KIND: Final = Kind(order=Customise, result=CustomiseResult, writes=True)
