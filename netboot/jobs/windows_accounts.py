"""Which of a profile's accounts a Windows can be given, and the commands that make them at its first start.

They run as the system in the pass `specialize`, before anybody can sign in. `LocalAccounts` of the pass `oobeSystem`
would make them too, but has no word for "must choose a password", FirstLogonCommands come after a first sign-in without
one, and with an account from there Windows asks its owner for none: a PC might have no administrator. Microsoft's "net
user" (also of names: 20 characters), "Add-LocalGroupMember" and "Well-known SIDs": a group's name is another in each
language, its SID is not. Nobody here ever saw them run. Pure. Not for: what an account is (`shared/accounts.py`), the
file that they stand in (`answer_file.py`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from netboot.shared.accounts import User

NAME_LONGEST: Final = 20
_GROUPS: Final[Mapping[str, str]] = {"administrators": "S-1-5-32-544", "users": "S-1-5-32-545"}
"""By the names that a profile has for them. `net user` puts every account among the users."""
_TAKEN: Final = re.compile(
    r"administrators?|administrateurs?|administrador(es)?|administratoren|administratorzy|rendszergazda"
    r"|guests?|gast(en)?|gjest(er)?|host|invitados?|convidados?|ospit[ei]|vieras|konuk"
    r"|users|utilisateurs|benutzer|usuarios|utilizadores|utenti|gebruikers|brukere|brugere"
    r"|default|defaultaccount|defaultuser[0-9]*|public|all|none|system|wdagutilityaccount|krbtgt|everyone"
    r"|local|network|service|batch|dialup|interactive|builtin|self|restricted|proxy"
    r"|(local|network)-?service|con|prn|aux|nul|(com|lpt)[0-9]"
)
"""Accounts and groups that Windows has or makes itself, in languages that are at hand here, its words for who somebody
is (Microsoft's KB 266633, "Restricted User Names"), and what names no folder: an account gets one of its name."""
_NOT_IN_A_TITLE: Final = frozenset('"%\\')
"""What would end the title on the command line, or be replaced there."""


def account_error(user: User) -> str:
    """What of this account a Windows cannot be given, for a person; "" for nothing."""
    if len(user.name) > NAME_LONGEST or user.name.endswith("-") or _TAKEN.fullmatch(user.name):
        return f"users: {user.name}"
    if not user.title.isprintable() or _NOT_IN_A_TITLE & set(user.title):
        return f"users: {user.name}, title"
    other = [group for group in user.groups if group not in _GROUPS]
    return f"users: {user.name}, group {other[0]}" if other else ""


def needs_powershell(users: Sequence[User]) -> bool:
    """Whether they need what came with Windows 10 version 1607 only."""
    return any(_joined(user) for user in users)


def account_commands(users: Sequence[User]) -> tuple[str, ...]:
    """The commands that make them, each of at most 259 characters, in their order. One that the master has already
    cannot be made: the second command gives it the same, or it would keep a password that others know."""
    commands = []
    for user in users:
        title = f' /fullname:"{user.title}"' if user.title else ""
        # An empty password signs in at the PC's own keyboard alone, as Windows is set, and must be changed there.
        how = "/logonpasswordchg:yes" if user.sign_in == "first-login" else "/active:no"
        commands.append(f'net.exe user {user.name} "" /add{title} {how}')
        again = f"/active:yes {how}" if user.sign_in == "first-login" else how
        commands.append(f'net.exe user {user.name} ""{title} {again}')
        commands += [
            f'powershell.exe -NoProfile -Command "Add-LocalGroupMember -SID {_GROUPS[group]} -Member {user.name}"'
            for group in _joined(user)
        ]
    return tuple(commands)


def _joined(user: User) -> tuple[str, ...]:
    return ("administrators",) if "administrators" in user.groups else ()
