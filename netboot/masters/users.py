"""The accounts of a recipe: who may sign in on the PC, and how the first time.

Values only. Not for: making them (`in_root.sh`), what an account is (`shared/accounts.py`).
"""

from typing import Final, Literal

from msgspec import Struct

from netboot.shared.accounts import Groups, SignIn, UserName, UserTitle

POWERFUL: Final = frozenset(
    {"adm", "admin", "disk", "docker", "incus-admin", "kmem", "libvirt", "lpadmin", "lxd", "root", "shadow", "staff"}
    | {"sudo", "wheel"}
)
"""Groups by which an account can change the whole system, or read what is not for everybody. An account's own group
has its name."""


class RecipeUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As a profile's (`shared/accounts.py`), and it may be `open`: for anybody at the PC's own keyboard, where no
    password is asked; ssh refuses it."""

    name: UserName
    title: UserTitle = ""
    groups: Groups = ()
    sign_in: SignIn | Literal["open"] = "locked"
