"""What the boot menu tells the agent: the `netboot.*` words of the kernel's command line.

netboot.server=http://192.0.2.2:80   where the boot HTTP server is
netboot.profile=wipe-and-debian      what the operator picked; absent for "inventory only"
netboot.ticket=1795500000-Hq3…       the menu's proof that it offered this, for what writes to a disk
netboot.batch=20261122-1             the armed batch that picked it, if one did
netboot.home=1                       no job: show the firmware the way to this PC's own disk (`agent/boot/way_home.py`)
netboot.lang=fr                      the screen's language
BOOTIF=01-52-54-00-00-00-01          the adapter that booted, as pxelinux, iPXE and GRUB write it
"""

import re
from typing import Final

from msgspec import Struct

from netboot.shared.language import Language

_SERVER: Final = re.compile(r"http://(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?/?")
_PROFILE: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_TICKET: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")
_BOOTIF: Final = re.compile(r"(?:01[-:])?([0-9a-fA-F]{2}(?:[-:][0-9a-fA-F]{2}){5})")


class CommandLine(Struct, frozen=True, kw_only=True):
    """The parsed words; a word that is not well formed counts as absent. `boot_mac` is lower case with colons."""

    server: str = ""
    profile: str = ""
    batch: str = ""
    ticket: str = ""
    home: bool = False
    language: Language = "fr"
    boot_mac: str = ""


def parse_command_line(text: str) -> CommandLine:
    """Read the text of /proc/cmdline; never raises."""
    words = dict(word.split("=", 1) for word in text.split() if "=" in word)
    server = _SERVER.fullmatch(words.get("netboot.server", ""))
    profile = _PROFILE.fullmatch(words.get("netboot.profile", ""))
    batch = _PROFILE.fullmatch(words.get("netboot.batch", ""))
    ticket = _TICKET.fullmatch(words.get("netboot.ticket", ""))
    boot_mac = _BOOTIF.fullmatch(words.get("BOOTIF", ""))
    return CommandLine(
        server=f"http://{server[1]}:{server[2] or 80}" if server else "",
        profile=profile[0] if profile else "",
        batch=batch[0] if batch else "",
        ticket=ticket[0] if ticket else "",
        home=words.get("netboot.home") == "1",
        language="en" if words.get("netboot.lang") == "en" else "fr",
        boot_mac=boot_mac[1].lower().replace("-", ":") if boot_mac else "",
    )
