"""Judges what was read back of a customised system against what was ordered: all of it, and nothing beside it. Pure.

The agent's word for a change is the path, its mode and owner, and the digest of what is on the disk; what the content
must be is known here where the order says it; of a file that holds a secret a digest stands only once it was compared
(`stages/customise.py`). Not for: what a PC would share with others (`stages/customise.py`).
"""

import hashlib
from collections.abc import Mapping
from typing import Final, get_args

from netboot.shared.accounts import unlike
from netboot.shared.placed_files import WINDOWS_MODE, PlacedFile, in_a_home
from netboot.shared.problems import Problem
from netboot.shared.stages.customise import Customise, CustomiseResult, Found, Part
from netboot.shared.system_settings import ACCOUNT_FILES, SettingPart, SystemSettings, Written, asked, needed, written
from netboot.shared.wifi import MODE, wifi_file
from netboot.shared.windows import ANSWER_MODE, AnswerFile

PATHS: Final[Mapping[Part, frozenset[str]]] = {
    "hostname": frozenset({"etc/hostname", "etc/hosts"}),
    "machine-id": frozenset({"etc/machine-id", "var/lib/dbus/machine-id"}),
    "random-seed": frozenset({"var/lib/systemd/random-seed"}),
    # Made by the system's own programs, from what was ordered.
    "locale": frozenset({"etc/locale.gen", "usr/lib/locale/locale-archive"}),
    "keyboard": frozenset({f"etc/console-setup/cached_setup_{name}.sh" for name in ("keyboard", "terminal", "font")}),
    "timezone": frozenset(),
    "users": frozenset(ACCOUNT_FILES),
    "files": frozenset(),
    "scripts": frozenset(),
    "answer-file": frozenset(),
    "wifi": frozenset(),
    "folders": frozenset(),
}
"""Where a change for this part may lie, beside the files whose content is ordered. SSH host keys lie where the master's
sshd has them, which it alone knows."""
_MAY_GO: Final[frozenset[Part]] = frozenset({"ssh-host-keys", "keyboard"})


def not_as_is(result: CustomiseResult) -> Problem | None:
    """What was changed in a system that was to stay as it is; None when nothing was."""
    if result.changed or result.found or result.forgotten or result.own or result.accounts:
        return _problem("the system was to stay as it is")
    return None


def not_as_ordered(order: Customise, result: CustomiseResult) -> Problem | None:
    """What is not on the disk as it was ordered, or was not ordered at all; None when all is."""
    fault = _fault(order, result)
    return _problem(fault) if fault else None


def not_as_answered(wanted: AnswerFile, settings: SystemSettings, result: CustomiseResult) -> Problem | None:
    """What is otherwise than this answer file and the folders and files of these settings, in a Windows where nothing
    else was to change; None when nothing is.

    That Windows does as it says is not known: no agent sees its first start.
    """
    file = Found(part="answer-file", path=wanted.path, what="file", mode=ANSWER_MODE, digest=wanted.digest)
    if not result.root or result.own != ("hostname",):
        return _problem("no Windows was told its name")
    folders = {folder.inside: folder.parcel for folder in settings.folders}
    files = {one.inside: one for one in settings.files}
    if sorted(result.changed) != sorted((wanted.path, *folders, *files)):
        return _problem("in a Windows what was changed is not what was ordered")
    if sorted(one.path for one in result.found) != sorted(result.changed):
        return _problem("what was changed is not what was read again")
    for one in result.found:
        if one.path in folders:
            right = (one.part, one.what, one.digest) == ("folders", "folder", folders[one.path]) and bool(one.digest)
        elif one.path in files:
            right = one == _in_windows(files[one.path])
        else:
            right = one == file
        if not right:
            return _problem(f"/{one.path} is not as it was ordered")
    if result.absent or result.accounts or [one.what for one in result.forgotten] != ["swap"]:
        return _problem("of a Windows nothing but its answer file, folders, files and page files was ordered")
    if result.forgotten[0].left:
        return Problem("identity-shared", {"parts": "swap"})
    return None


def _in_windows(file: PlacedFile) -> Found:
    digest = hashlib.sha256(file.content).hexdigest()
    return Found(part="files", path=file.inside, what="file", mode=WINDOWS_MODE, digest=digest)


def _problem(fault: str) -> Problem:
    return Problem("customise", {"error": f"the evidence: {fault}"[:400]})


def _fault(order: Customise, result: CustomiseResult) -> str:
    paths = [one.path for one in result.found]
    if len(set(paths)) != len(paths) or sorted(paths) != sorted(result.changed):
        return "what was changed is not what was read again"
    ordered, parts = written(order.settings), asked(order.settings)
    wifi = wifi_file(order.settings.wifi) if order.settings.wifi else ""
    folders = {folder.inside: folder.parcel for folder in order.settings.folders}
    if len(folders) < len(order.settings.folders):
        return "two folders were ordered for one place, and one of them is not there"
    homes = {f"home/{user.name}" for user in order.settings.users}
    for one in result.found:
        if one.path in ordered:
            if not _is(one, ordered[one.path]):
                return f"/{one.path} is not as it was ordered"
            continue
        if wifi and one.path == wifi:
            if not _is_private(one):
                return f"/{one.path} is not as it was ordered"
            continue
        if one.path in folders:
            if not _is_folder(one, folders[one.path]):
                return f"/{one.path} is not as it was ordered"
            continue
        if one.part in get_args(SettingPart) and one.part not in parts:
            return f"/{one.path} was not ordered"
        if one.what == "folder":
            if one.part == "users" and one.path in homes:
                continue
            if one.part == "folders":
                if one.owner == 0 and any(path.startswith(f"{one.path}/") for path in folders):
                    continue
                return f"/{one.path} was not ordered"
            if fault := _unlike_folder(one, ordered):
                return fault
            continue
        if one.part in PATHS and one.path not in PATHS[one.part]:
            return f"/{one.path} was not ordered"
        if one.what == "gone" and one.part not in _MAY_GO:
            return f"/{one.path} is gone"
        if one.what != "gone" and not one.digest:
            return f"/{one.path} was not read again"
    for part, either in needed(order.settings):
        if not either & set(paths):
            return f"no {part} was set: /{min(either)}"
    return _unlike_accounts(order, result) or _unlike_order(order, {one.path: one for one in result.found})


def _unlike_accounts(order: Customise, result: CustomiseResult) -> str:
    users = order.settings.users
    if [one.name for one in result.accounts] != [user.name for user in users]:
        return "the accounts are not those that were ordered"
    for user, account in zip(users, result.accounts, strict=True):
        if fault := unlike(user, account):
            return f"the account {user.name} {fault}"
    return ""


def _is(found: Found, wanted: Written) -> bool:
    what = "link" if wanted.link else "file"
    if (found.part, found.what, found.digest) != (wanted.part, what, wanted.digest):
        return False
    if wanted.mode and found.mode != int(wanted.mode, 8):
        return False
    return not wanted.owner or (found.owner == 0) == (wanted.owner == "root")


def _is_private(found: Found) -> bool:
    owned = (found.mode, found.owner, found.group) == (MODE, 0, 0)
    return (found.part, found.what) == ("wifi", "file") and owned and bool(found.digest)


def _is_folder(found: Found, parcel: str) -> bool:
    """Its digest is that of the listing that was made of it on the disk (`shared/parcel.py`)."""
    return (found.part, found.what, found.owner, found.digest) == ("folders", "folder", 0, parcel) and bool(parcel)


def _unlike_folder(one: Found, ordered: Mapping[str, Written]) -> str:
    """A folder that was made stands above an ordered file: in a home it belongs to that one's owner."""
    below = [file for path, file in ordered.items() if file.part == one.part and path.startswith(f"{one.path}/")]
    if not below:
        return f"/{one.path} was not ordered"
    roots = {file.owner == "root" for file in below} if in_a_home(one.path) else {True}
    return "" if (one.owner == 0) in roots else f"/{one.path} is not as it was ordered"


def _unlike_order(order: Customise, found: Mapping[str, Found]) -> str:
    if not _holds(found.get("etc/hostname"), f"{order.hostname}\n"):
        return "/etc/hostname holds another name"
    identity, copy = found.get("etc/machine-id"), found.get("var/lib/dbus/machine-id")
    if identity is None or identity.what != "file":
        return "/etc/machine-id is no file"
    if copy is not None and (copy.what, copy.digest) != ("file", identity.digest):
        return "the two machine-ids differ"
    return ""


def _holds(found: Found | None, text: str) -> bool:
    return found is not None and (found.what, found.digest) == ("file", _digest(text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
