"""Accounts of an installed system, which recipes and profiles make, and what one there is (passwd(5), shadow(5),
group(5)).

Nobody ever knows a password beforehand: none is in a profile, and none is set. Pure. Not for: making them
(`agent/customise/accounts.py`, `masters/in_root.sh`), a recipe's own (`masters/users.py`).
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

USERS = 16
FIRST_UID = 1000
"""People's accounts begin here (UID_MIN of login.defs(5), everywhere); what is below is the system's own."""
LAST_UID = 60_000
"""And end here (UID_MAX): what is above is the system's own again, such as nobody."""
UserName = Annotated[
    str,
    Meta(pattern=r"^[a-z][a-z0-9-]{0,30}\Z", description="a name of a-z, 0-9 and -, which begins with a letter"),
]
GroupName = Annotated[str, Meta(pattern=r"^[a-z_][a-z0-9_-]{0,31}\Z", description="a group's name")]
UserTitle = Annotated[
    str, Meta(max_length=60, pattern=r"^[^:,\x00-\x1f\x7f-\x9f]*\Z", description="one line without : and ,")
]
Groups = Annotated[tuple[GroupName, ...], Meta(max_length=32)]
SignIn = Literal["locked", "first-login"]


class User(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One account, made where it is not there yet; one that is keeps its number and its files.

    `first-login`: whoever signs in first, at the PC's own keyboard, must choose a password (ssh refuses the account
    until then). `locked`: no password opens it.
    """

    name: UserName
    title: UserTitle = ""
    groups: Groups = ()
    sign_in: SignIn = "locked"


class FoundAccount(Struct, frozen=True, kw_only=True):
    """An account as it was read again from the disk. `home`: its folder is there and belongs to it."""

    name: UserName
    uid: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    groups: Annotated[tuple[GroupName, ...], Meta(max_length=256)] = ()
    sign_in: SignIn | Literal["password"] = "password"
    home: bool = False


def users_error(users: Sequence[User]) -> str:
    """What makes no sense in them, for the person who wrote the profile; "" when all does."""
    names = [user.name for user in users]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        return f"the user {twice[0]} is there twice"
    return "the user root is not for a profile to make" if "root" in names else ""


def account_of(name: str, passwd: str, shadow: str, group: str) -> FoundAccount | None:
    """The account of this name in the three files; None when there is none, or more than one."""
    rows = [fields for line in passwd.splitlines() if (fields := line.split(":"))[0] == name]
    if len(rows) != 1 or len(rows[0]) != 7 or not rows[0][2].isdecimal():
        return None
    secrets = [fields for line in shadow.splitlines() if (fields := line.split(":"))[0] == name]
    groups = (line.split(":") for line in group.splitlines())
    of_name = tuple(fields[0] for fields in groups if len(fields) == 4 and name in fields[3].split(","))
    sign_in = _sign_in(rows[0][1], secrets[0]) if len(secrets) == 1 and len(secrets[0]) == 9 else "password"
    return FoundAccount(name=name, uid=int(rows[0][2]), groups=of_name, sign_in=sign_in)


def _sign_in(second: str, shadow: Sequence[str]) -> SignIn | Literal["password"]:
    # An x sends the reader to shadow; all else would count by itself.
    if second != "x":
        return "password"
    if shadow[1] == "" and shadow[2] == "0":
        return "first-login"
    return "locked" if shadow[1].startswith(("!", "*")) else "password"


def unlike(user: User, found: FoundAccount | None) -> str:
    """What of this account is not as it was ordered; "" when all is."""
    if found is None:
        return "is not there"
    if not FIRST_UID <= found.uid <= LAST_UID:
        return f"has the number {found.uid}"
    if not set(user.groups) <= set(found.groups):
        return "is not in its groups"
    if found.sign_in != user.sign_in:
        return f"is {found.sign_in}"
    return "" if found.home else "has no folder of its own"
