"""Files and scripts that a profile puts into the installed system, as the profile, the order and the judge know them.

A script runs as root at the system's own first start, by a one-shot unit (systemd.service(5)), and not in the agent: it
then has its own kernel, devices, network and services, and what it starts does not die with the agent. The PC is at the
bench no more by then: a script that fails says so on the console, in the journal and at each sign-in (motd(5)), and is
tried again at the next start. Bounded, because they travel in the order and are kept with each job: pictures and
packages belong into the master. Pure. Not for: putting them there (`agent/customise/placing.py`).
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Final

from msgspec import Meta, Struct

FILES: Final = 32
BYTES: Final = 32 * 1024
"""Of all files and scripts of a profile together."""

InstalledPath = Annotated[
    str, Meta(max_length=200, pattern=r"^(/[A-Za-z0-9_@.+-]*[A-Za-z0-9_@+-][A-Za-z0-9_@.+-]*)+\Z")
]
BesideName = Annotated[str, Meta(max_length=200, pattern=r"^([A-Za-z0-9_][A-Za-z0-9._-]*(/(?!\Z)|\Z))*\Z")]
Mode = Annotated[str, Meta(pattern=r"^0[0-7]{3}\Z")]
Model = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\[\]]+\Z")]
Account = Annotated[str, Meta(max_length=31, pattern=r"^[a-z_][a-z0-9_-]*\Z")]

WINDOWS_MODE: Final = 0o755
"""What any file that is put into a Windows may, as ntfs-3g reads Windows' own lists: the system and its administrators
change it, everybody reads and runs it."""
FIRST_START: Final = "usr/local/lib/netboot-first-start"
UNIT: Final = "etc/systemd/system/netboot-first-start.service"
WANTED: Final = "etc/systemd/system/multi-user.target.wants/netboot-first-start.service"
_KEPT_FOR_NETBOOT: Final = re.compile(
    r"etc/(hostname|hosts|machine-id|passwd|shadow|group|gshadow|subuid|subgid|localtime|timezone|locale\.conf"
    r"|locale\.gen|vconsole\.conf|default/(locale|keyboard)|console-setup/cached_.*|ssh/ssh_host_.*|fstab"
    r"|X11/xorg\.conf\.d/00-keyboard\.conf|udev/rules\.d/70-persistent-(net|cd)\.rules|dhcpcd\.(duid|secret)|lvm/devices/.*)"
    r"|var/log/.*|var/lib/(dbus/machine-id|systemd/.*|NetworkManager/.*|dhc.*|wicked/.*)"
    rf"|(dev|proc|sys|run|tmp)/.*|{FIRST_START}/.*|{re.escape(UNIT)}|{re.escape(WANTED)}"
)

_USR: Final = re.compile(r"\A(bin|sbin|lib|lib64)/")


def is_for(models: Sequence[str], names: Sequence[str]) -> bool:
    """Whether what is for these `models` is for a PC of which these are the names."""
    spaced = [" ".join(name.lower().split()) for name in names]
    return not models or any(fnmatchcase(name, pattern.lower()) for name in spaced for pattern in models)


class Contents(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The `text` itself, or that of a file `beside` the profile; `data` is the latter's bytes, once it was read.

    `models`: only for PCs of which one name (`System.models`) matches one of these patterns (*, ?).
    """

    text: Annotated[str, Meta(max_length=BYTES)] = ""
    beside: BesideName = ""
    data: Annotated[bytes, Meta(max_length=BYTES)] = b""
    models: Annotated[tuple[Model, ...], Meta(max_length=64)] = ()

    def is_for(self, *names: str) -> bool:
        """Whether a PC of which these are the names gets it."""
        return is_for(self.models, names)

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.data if self.beside else self.text.encode()


class PlacedFile(Contents, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file to put at `path`, also in the place of another. `mode` is octal."""

    path: InstalledPath
    owner: Account = "root"
    mode: Mode = "0644"

    @property
    def inside(self) -> str:
        """The path from the root, without a leading slash."""
        return self.path.lstrip("/")


class Script(Contents, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A program, by its first line (#!), that runs once as root at the first start, in the order of the profile."""


_UNIT_TEXT: Final = f"""[Unit]
Description=First start: what the workshop's profile runs once
After=local-fs.target network.target
Before=display-manager.service getty.target
ConditionDirectoryNotEmpty=/{FIRST_START}

[Service]
Type=oneshot
ExecStart=/bin/sh /{FIRST_START}/run
StandardOutput=journal+console
StandardError=journal+console
TimeoutStartSec=30min

[Install]
WantedBy=multi-user.target
"""
_RUN_TEXT: Final = f"""#!/bin/sh
# Runs each script of the workshop's profile once. One that fails stays, is told, and is tried again at the next start.
cd /{FIRST_START} || exit 1
told=/etc/motd.d/netboot-first-start
for script in [0-9][0-9]-*; do
    [ -f "$script" ] || continue
    if "./$script"; then
        rm -f "$script"
    else
        status=$?
        echo "netboot: the script $script of the first start failed (status $status)" >&2
        mkdir -p /etc/motd.d
        echo "The script $script of the workshop failed at the first start: journalctl -u netboot-first-start" > "$told"
        exit 1
    fi
done
rm -f "$told" /{WANTED} /{UNIT} /{FIRST_START}/run
"""


def may_be_placed(path: str) -> bool:
    """Whether a profile may put a file there; the path is without a leading slash."""
    return _KEPT_FOR_NETBOOT.fullmatch(path) is None


def in_a_home(folder: str) -> bool:
    """Whether it is below somebody's home: where it is missing above a file, it is made the file's owner's."""
    return folder.startswith("home/") and folder.count("/") > 1


def collision(places: Iterable[str]) -> str:
    """What cannot lie in one system of these files, each by its path from the root; "" when all can.

    Where /lib and its like are links into /usr, as in the systems of today, both names are one place.
    """
    taken: dict[str, str] = {}
    for place in places:
        if (key := _USR.sub(r"usr/\1/", place)) in taken:
            return f"/{place} is there twice"
        taken[key] = place
    for key, place in taken.items():
        above = key
        while above := above.rpartition("/")[0]:
            if above in taken:
                return f"/{place} is below the file /{taken[above]}"
    return ""


def first_start(scripts: Sequence[Script]) -> dict[str, tuple[bytes, str]]:
    """The files that run these scripts, each with its mode, by its path from the root; the link that enables the unit
    is WANTED, and points to UNIT."""
    if not scripts:
        return {}
    files = {f"{FIRST_START}/{number:02d}-script": (script.content, "0700") for number, script in enumerate(scripts)}
    return {**files, f"{FIRST_START}/run": (_RUN_TEXT.encode(), "0700"), UNIT: (_UNIT_TEXT.encode(), "0644")}


def files_error(files: Sequence[PlacedFile], scripts: Sequence[Script]) -> str:
    """What is wrong with them, for the person who wrote the profile; "" when nothing is."""
    for one in (*files, *scripts):
        name = f"the file {one.path}" if isinstance(one, PlacedFile) else "a script"
        if one.text and one.beside:
            return f"{name} has `text` and `beside`: one of them"
        if isinstance(one, Script) and not one.content.startswith(b"#!/"):
            return "a script begins with the program that runs it, such as #!/bin/sh"
    paths = [one.inside for one in files]
    for path in paths:
        if not may_be_placed(path):
            return f"/{path} is not a file's place that a profile may choose"
        if paths.count(path) > 1:
            return f"/{path} is there twice"
        if any(path.startswith(f"{other}/") for other in paths):
            return f"/{path} is below another file of the profile"
    total = sum(len(one.content) for one in (*files, *scripts))
    if total > BYTES:
        return f"files and scripts have {total} bytes together; at most {BYTES} fit: large ones go into `folders`"
    return ""
