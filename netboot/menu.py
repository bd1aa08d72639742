"""The boot menu of one PC: one list of entries, rendered to GRUB (UEFI) and to iPXE (BIOS) from `menus/`.

The default, after the timeout, is the PC's own disk, which nothing here writes to. An entry that writes to a disk asks
once more and names what will happen. A request for a menu has no side effect.
Not for: what a profile does (`imaging.py`), HTTP (`pages/boot_face.py`).
"""

import logging
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from netboot.assets import asset_folder
from netboot.config import Settings
from netboot.menu_texts import TEXTS, MenuTexts
from netboot.problems import Language
from netboot.profiles import Profile

log = logging.getLogger(__name__)

ARMED_TIMEOUT: Final = 5
"""Seconds before a choice made on the page starts: enough to stop it at the keyboard."""

EFI_LOADERS: Final = (
    "/EFI/debian/shimx64.efi",
    "/EFI/ubuntu/shimx64.efi",
    "/EFI/fedora/shimx64.efi",
    "/EFI/opensuse/shim.efi",
    "/EFI/primtux/shimx64.efi",
    "/EFI/debian/grubx64.efi",
    "/EFI/ubuntu/grubx64.efi",
    "/EFI/Microsoft/Boot/bootmgfw.efi",
)
"""Where an installed system has its loader, in the order it is looked for."""

REMOVABLE_LOADER: Final = "/EFI/BOOT/BOOTX64.EFI"
"""The path every firmware knows (UEFI 2.10 §3.5.1.1); sticks have it too, so it comes last and from a GPT only."""

Armed = Callable[[str, str], Profile | None]
"""The profile a signed-in person chose on the page for the machine with this MAC and UUID, if any."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu that starts the agent. `confirm` is the question's "yes", "" when nothing is written."""

    id: str
    title: str
    profile: str = ""
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """What both templates render. `default` is the id of the entry that the timeout takes, "local" for the disk."""

    texts: MenuTexts
    language: Language
    server: str
    entries: tuple[Entry, ...]
    default: str
    timeout: int
    kernel: str


class BootMenu:
    """Renders the menus of a running server; `address` is ours on the PCs' LAN."""

    def __init__(self, profiles: Sequence[Profile], settings: Settings, address: IPv4Address, armed: Armed) -> None:
        self._profiles = tuple(profiles)
        self._settings = settings
        self._server = f"{address}:{settings.http.port}"
        self._armed = armed
        self._templates = menu_templates()

    def grub_start(self) -> str:
        """The static /grub/grub.cfg over TFTP: it goes on to `/menu.grub` over HTTP with the PC's MAC and UUID."""
        return self._render("start.grub.j2", server=self._server)

    def ipxe_start(self) -> str:
        """The static iPXE script: it goes on to `/menu.ipxe` with the PC's MAC and UUID."""
        return self._render("start.ipxe.j2", server=self._server)

    def grub(self, mac: str, uuid: str) -> str:
        """The menu for GRUB."""
        return self._render("menu.grub.j2", menu=self._menu(mac, uuid))

    def ipxe(self, mac: str, uuid: str) -> str:
        """The menu for iPXE."""
        return self._render("menu.ipxe.j2", menu=self._menu(mac, uuid))

    def _render(self, name: str, **values: object) -> str:
        return self._templates.get_template(name).render(
            texts=TEXTS[self._settings.language], loaders=EFI_LOADERS, removable=REMOVABLE_LOADER, **values
        )

    def _menu(self, mac: str, uuid: str) -> Menu:
        settings = self._settings
        armed = self._armed_profile(mac, uuid)
        return Menu(
            texts=TEXTS[settings.language],
            language=settings.language,
            server=self._server,
            entries=entries(self._profiles, settings.language, armed),
            default="armed" if armed else "local",
            timeout=ARMED_TIMEOUT if armed else settings.menu.timeout,
            kernel=settings.agent.kernel,
        )

    def _armed_profile(self, mac: str, uuid: str) -> Profile | None:
        """What was chosen on the page. A record that fails costs the choice only: the PC still gets its menu."""
        try:
            return self._armed(mac, uuid)
        except Exception:
            log.exception("the choice for %s cannot be read; its menu offers the disk first", mac or uuid)
            return None


def entries(profiles: Sequence[Profile], language: Language, armed: Profile | None) -> tuple[Entry, ...]:
    """The menu's lines after "boot the local disk", in order.

    A choice made on the page starts the agent without a profile: the server knows it, and gives it to one visit only.
    """
    texts = TEXTS[language]
    chosen = (Entry("armed", texts.armed.format(profile=armed.name[language])),) if armed else ()
    offered = tuple(
        Entry(
            f"profile-{number}",
            profile.name[language],
            profile=profile.id,
            confirm=_confirm(profile, texts),
        )
        for number, profile in enumerate(profiles, 1)
    )
    return (*chosen, *offered, Entry("inventory", texts.inventory))


def _confirm(profile: Profile, texts: MenuTexts) -> str:
    if not profile.writes:
        return ""
    if not profile.master:
        return texts.confirm_erase
    return (texts.confirm_erase_and_install if profile.erases else texts.confirm_install).format(master=profile.master)


def menu_templates() -> Environment:
    """The templates of `menus/`, with the two escapes that keep a value inside its place."""
    # Not HTML: each template escapes for its own syntax with the filters below.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(asset_folder("menus")), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["grub"] = grub_quoted
    environment.filters["ipxe"] = ipxe_plain
    return environment


def grub_quoted(text: str) -> str:
    """`text` as one word of a GRUB script: in double quotes, with the three special characters escaped."""
    return '"' + re.sub(r'(["$\\])', r"\\\1", plain(text)) + '"'


def ipxe_plain(text: str) -> str:
    """`text` as iPXE may print it: iPXE has no quoting, so what begins an expansion or a command is replaced."""
    # A leading hyphen would be read as an option of `item`.
    return " ".join(plain(text).translate(_IPXE_REPLACED).split()).lstrip("-") or "?"


def plain(text: str) -> str:
    """`text` in ASCII. iPXE's BIOS screen shows the firmware's code page byte by byte; GRUB leaves out what one of the
    firmware's consoles cannot show, and OVMF's serial console shows ASCII only: accents would leave holes."""
    folded = unicodedata.normalize("NFKD", text.translate(_SPELT_OUT))
    kept = "".join(character for character in folded if not unicodedata.combining(character))
    return "".join(c if c.isascii() and c.isprintable() else " " if c.isspace() else "?" for c in kept)


_SPELT_OUT: Final = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "’": "'", "‘": "'", "—": "-", "–": "-", "«": '"', "»": '"', "ß": "ss"}
)
_IPXE_REPLACED: Final = str.maketrans(
    {"$": "(S)", "{": "(", "}": ")", "&": "+", "|": "/", "\\": "/", "#": "No", ";": ","}
)
