"""Puts a profile's own files and scripts into the installed system (`shared/placed_files.py`).

An owner is looked up in the system's own accounts. Scripts need systemd, which starts them; a system without it is an
error before anything is written. Blocks; needs root.
"""

from netboot.agent.customise.installed_tree import InstalledTree
from netboot.shared.errors import NetbootError
from netboot.shared.system_settings import SystemSettings, Written, written


def place_files(tree: InstalledTree, settings: SystemSettings) -> None:
    """Put them there. Raises NetbootError, OSError."""
    own = {path: file for path, file in written(settings).items() if file.part in ("files", "scripts")}
    if settings.scripts and not (tree.is_file("usr/lib/systemd/systemd") or tree.is_file("lib/systemd/systemd")):
        raise NetbootError("the master has no systemd to run scripts", hint="put what they do into the master")
    ids = {name: _account(tree, name) for name in {file.owner for file in own.values() if file.owner}}
    for path, file in own.items():
        _place(tree, path, file, ids)


def _place(tree: InstalledTree, path: str, file: Written, ids: dict[str, tuple[int, int]]) -> None:
    if file.link:
        tree.make_folders(file.part, path.rpartition("/")[0])
        tree.link(file.part, path, file.content.decode())
        return
    owner, group = ids[file.owner]
    tree.place_file(file.part, path, file.content, mode=int(file.mode, 8), owner=owner, group=group)


def _account(tree: InstalledTree, name: str) -> tuple[int, int]:
    """The number of an account and of its group, by passwd(5)."""
    if name == "root":
        return 0, 0
    for line in tree.read("etc/passwd").splitlines():
        fields = line.split(":")
        if fields[0] == name and len(fields) == 7 and fields[2].isdecimal() and fields[3].isdecimal():
            return int(fields[2]), int(fields[3])
    raise NetbootError(f"the master has no account {name}", hint="give the file to an account that the master has")
