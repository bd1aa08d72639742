"""Makes a profile's accounts in the installed system, by its own useradd(8), usermod(8) and chage(1).

They know that system's numbers, its /etc/skel, its subordinate ids and its locks. What they write anew loses its
SELinux label, since no policy is loaded in the agent: it gets back what its predecessor had. An account that is there
already keeps its number and files; its password goes. Not for: which accounts make sense (`shared/accounts.py`).
Blocks; needs root.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from netboot.agent.customise.file_attributes import CONTEXT, Attributes
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.shared.accounts import FIRST_UID, LAST_UID, FoundAccount, User, account_of
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.shared.system_settings import ACCOUNT_FILES

_TOOLS: Final = {"useradd": "usr/sbin/useradd", "usermod": "usr/sbin/usermod", "chage": "usr/bin/chage"}
_HOME_TYPES: Final = {True: b"system_u:object_r:user_home_dir_t:s0\0", False: b"system_u:object_r:user_home_t:s0\0"}
"""Of a home folder, and of what is in it, by the policy of Fedora and its kin."""
_DEEPEST: Final = 12


def make_accounts(tree: InstalledTree, users: Sequence[User]) -> None:
    """Make them, or set up those that are there. Raises NetbootError, OSError."""
    if not users:
        return
    _require_possible(tree, users)
    before = {path: tree.attributes(path) for path in ACCOUNT_FILES if tree.is_file(path)}
    contents = {path: tree.look("users", path) for path in before}
    for user in users:
        _make(tree, user)
    for path in ACCOUNT_FILES:
        if not tree.is_file(path):
            continue
        if path in ("etc/passwd", "etc/shadow") or contents.get(path) != tree.look("users", path):
            tree.give("users", path, _kept(tree, path, before))
    for user in users:
        _label_home(tree, user.name)


def found_accounts(tree: InstalledTree, users: Sequence[User]) -> tuple[FoundAccount, ...]:
    """The accounts as they are on the disk; one that is not there is left out."""
    passwd, shadow, group = (tree.read(f"etc/{name}") for name in ("passwd", "shadow", "group"))
    found = (account_of(user.name, passwd, shadow, group) for user in users)
    return tuple(replace(one, home=_has_home(tree, one)) for one in found if one is not None)


def _has_home(tree: InstalledTree, account: FoundAccount) -> bool:
    status = tree.status(f"home/{account.name}")
    return status is not None and stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid


def _require_possible(tree: InstalledTree, users: Sequence[User]) -> None:
    """Before anything is written. Raises NetbootError."""
    for name, path in _TOOLS.items():
        if not tree.is_file(path):
            raise NetbootError(f"the master has no {name} to make accounts", hint="make them in the master")
    if not tree.is_folder("proc"):
        raise NetbootError("the master has no folder /proc", hint="make it in the master")
    groups = {line.partition(":")[0] for line in tree.read("etc/group").splitlines()}
    rows = [line.split(":") for line in tree.read("etc/passwd").splitlines()]
    numbers = {row[0]: row[2] for row in rows if len(row) == 7}
    for user in users:
        missing = [group for group in user.groups if group not in groups]
        if missing:
            raise NetbootError(f"the master has no group {missing[0]}", hint="name groups that the master has")
        if user.name in groups and user.name not in numbers:
            raise NetbootError(f"{user.name} is a group of the master, and no account", hint="choose another name")
        number = numbers.get(user.name, str(FIRST_UID))
        if not number.isdecimal() or not FIRST_UID <= int(number) <= LAST_UID:
            raise NetbootError(f"{user.name} is the system's own account", hint="choose another name")


def _make(tree: InstalledTree, user: User) -> None:
    known = any(line.split(":")[0] == user.name for line in tree.read("etc/passwd").splitlines())
    groups = ["--groups", ",".join(user.groups)] if user.groups else []
    if known:
        _run(tree, "usermod", "--comment", user.title, *(["--append", *groups] if groups else []), user.name)
    else:
        shell = "/bin/bash" if tree.is_file("bin/bash") else "/bin/sh"
        home = ["--create-home", "--home-dir", f"/home/{user.name}", "--shell", shell]
        _run(tree, "useradd", *home, "--comment", user.title, *groups, user.name)
    if user.sign_in == "first-login":
        _run(tree, "usermod", "--password", "", user.name)
        _run(tree, "chage", "--lastday", "0", user.name)
    else:
        _run(tree, "usermod", "--password", "!", user.name)


def _run(tree: InstalledTree, tool: str, *words: str) -> None:
    # Without a /proc useradd copies no file of /etc/skel, and says nothing. Mounted where nobody else sees it, after
    # the change of root: a link in its place leads nowhere else.
    inside = ("unshare", "--mount", "--root", tree.root, "--mount-proc=/proc", "--")
    run([*inside, f"/{_TOOLS[tool]}", *words], timeout=120)


def _kept(tree: InstalledTree, path: str, before: dict[str, Attributes]) -> Attributes:
    """As it was before, or, of a new one, as the tool made it with its folder's label."""
    if path in before:
        return before[path]
    made = tree.attributes(path)
    return Attributes(made.owner, made.group, made.mode, tree.attributes_for_new(path, 0).extended)


def _label_home(tree: InstalledTree, name: str) -> None:
    """SELinux labels for the home and what is in it, where the system has any."""
    home = f"home/{name}"
    if tree.is_folder(home):
        tree.changed[home] = "users"
    with tree.place(home) as path:
        if CONTEXT not in os.listxattr(path.parent):
            return
    _label(tree, home, top=True, deepest=_DEEPEST)


def _label(tree: InstalledTree, name: str, *, top: bool, deepest: int) -> None:
    with tree.place(name) as path:
        _set_label(path, _HOME_TYPES[top])
    status = tree.status(name)
    if status is not None and stat.S_ISDIR(status.st_mode) and deepest:
        for entry in tree.names(name):
            _label(tree, f"{name}/{entry}", top=False, deepest=deepest - 1)


def _set_label(path: Path, label: bytes) -> None:
    if CONTEXT not in os.listxattr(path, follow_symlinks=False):
        os.setxattr(path, CONTEXT, label, follow_symlinks=False)
