"""The accounts of a recipe: who may sign in on the PC, and how the first time.

Values only. Not for: making them (`in_root.sh`).
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

AccountName = Annotated[
    str,
    Meta(pattern=r"^[a-z][a-z0-9-]{0,30}\Z", description="a name of a-z, 0-9 and -, which begins with a letter"),
]
POWERFUL: Final = frozenset(
    {"adm", "admin", "disk", "docker", "incus-admin", "kmem", "libvirt", "lpadmin", "lxd", "root", "shadow", "staff"}
    | {"sudo", "wheel"}
)
"""Groups by which an account can change the whole system, or read what is not for everybody. An account's own group
has its name."""


class User(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account people sign in with. Nobody ever knows a password beforehand:

    `locked`: no password opens it, until something else sets one; `first-login`: whoever signs in first, at the PC's
    own keyboard, must choose one (ssh refuses the account until then); `open`: anybody at the PC's own keyboard, no
    password is asked, and ssh refuses it.
    """

    name: AccountName
    title: Annotated[
        str, Meta(max_length=60, pattern=r"^[^:,\x00-\x1f]*\Z", description="one line without : and ,")
    ] = ""
    groups: tuple[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,30}\Z", description="a group's name")], ...] = ()
    sign_in: Literal["locked", "first-login", "open"] = "locked"
