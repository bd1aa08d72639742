"""The boot menu of one PC: one list of entries, rendered to GRUB (UEFI) and to iPXE (BIOS) from `menus/`.

The default, after the timeout, is to boot the PC's own disk. An entry that writes to a disk asks once more, says what
will happen, asks for the workshop's digits if any are set, and only then fetches its start script: that carries the
ticket without which the server does not follow the choice. A request for a menu has no side effect.
Not for: what a profile does (`jobs/profile.py`), the digits (`password.py`), HTTP (`boothttp/menus.py`).
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from netboot.bootfiles import loaders
from netboot.bootmenu.entries import Entry, default_entry, entries, notices
from netboot.bootmenu.escapes import grub_accented, grub_quoted, ipxe_plain
from netboot.bootmenu.offered import MenuOffer
from netboot.bootmenu.texts import TEXTS, MenuTexts
from netboot.bootmenu.ticket import Picked
from netboot.files.assets import asset_folder
from netboot.jobs.profile import Profile
from netboot.settings.config import Settings
from netboot.shared.disk_loaders import BY_GRUB_CPU, STICK_MARKS
from netboot.shared.language import Language
from netboot.shared.problems import Problem

log = logging.getLogger(__name__)

ARMED_TIMEOUT: Final = 5
"""Seconds before a choice made on the page starts: enough to stop it at the keyboard."""

BATCH_TIMEOUT: Final = 15
"""Seconds before an armed batch starts: nobody chose for this very PC, so there is time to read and to stop it."""

PANIC: Final = "panic=30"
"""A kernel that gives up (a memory too small for the archives) leaves its words on the screen for half a minute, then
restarts the PC: its menu says that the start brought nothing, and goes to its disk."""

Loader = Literal["grub", "ipxe"]
Refused = Literal["wrong", "too-many", "gone"]
"""Why a start is not given: wrong digits, too many tries, or the entry is not offered to this PC (any more)."""


@dataclass(frozen=True, slots=True)
class BootingPc:
    """The PC that asks for a menu, as its loader told. `mac` and `uuid` are lower case, or "" when it did not say.

    `language` is what its person chose, None for the workshop's. `graphic`: GRUB draws its own letters, with accents.
    `attended`: somebody is at the keyboard, so nothing starts by itself (iPXE; GRUB knows by its own variable).
    """

    loader: Loader
    mac: str = ""
    uuid: str = ""
    language: Language | None = None
    graphic: bool = False
    attended: bool = False


@dataclass(frozen=True, slots=True)
class MemoryTests:
    """The memtest86+ files there are; `uefi` by processor, as GRUB's `grub_cpu` and iPXE's `buildarch` name it."""

    bios_x64: tuple[str, ...] = ()
    bios_ia32: tuple[str, ...] = ()
    uefi: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.bios_x64 or self.bios_ia32 or self.uefi)


def memory_tests(files: Collection[str]) -> MemoryTests:
    """Those among the boot files; boot files built before memtest86+ was one of them have none."""
    uefi = (("x86_64", loaders.MEMTEST_UEFI_X64), ("i386", loaders.MEMTEST_UEFI_IA32))
    return MemoryTests(
        tuple(name for name in [loaders.MEMTEST_BIOS_X64] if name in files),
        tuple(name for name in [loaders.MEMTEST_BIOS_IA32] if name in files),
        tuple((cpu, name) for cpu, name in uefi if name in files),
    )


@dataclass(frozen=True, slots=True)
class Menu:
    """What both templates render. `default` is the id of the entry that the timeout takes, "local" for the disk."""

    texts: MenuTexts
    language: Language
    other_language: Language
    server: str
    entries: tuple[Entry, ...]
    default: str
    timeout: int
    kernel: str
    memtest: MemoryTests
    denied: bool = False
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedMenu:
    """A menu's text; whether its timeout starts the agent; the unfinished job that it warns of, if any."""

    text: str
    starts_itself: bool
    left: Problem | None


class BootMenu:
    """Renders the menus of a running server; `address` is ours on the PCs' LAN.

    `offer_of` says what a PC is offered; `digits_asked` whether what writes to a disk asks for digits; `prove` makes
    a choice's ticket; `files` are the names of the boot files; `lacks_master` tells whether no PC can get the master
    of a profile, `left_out` the ids of those that have no line at all. These read the record and the store: menus are
    rendered in a thread.
    """

    def __init__(
        self,
        profiles: Sequence[Profile],
        settings: Settings,
        address: IPv4Address,
        *,
        offer_of: Callable[[str, str], MenuOffer],
        digits_asked: Callable[[], bool],
        prove: Callable[[Picked], str],
        files: Collection[str] = (),
        lacks_master: Callable[[Profile], bool] = lambda _: False,
        left_out: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._lacks_master = lacks_master
        self._left_out = left_out
        self._profiles = tuple(profiles)
        self._settings = settings
        self._server = f"{address}:{settings.http.port}"
        self._offer_of = offer_of
        self._digits_asked = digits_asked
        self._prove = prove
        self._memtest = memory_tests(files)
        self._templates = {graphic: menu_templates(graphic=graphic) for graphic in (False, True)}

    def use_address(self, address: IPv4Address) -> None:
        """Name this address of ours from now on."""
        self._server = f"{address}:{self._settings.http.port}"

    def grub_start(self) -> str:
        """The static /grub/grub.cfg over TFTP: it goes on to `/menu.grub` over HTTP with the PC's MAC and UUID."""
        return self._render(
            "start.grub.j2", BootingPc("grub"), server=self._server, serial=self._settings.menu.serial_port
        )

    def ipxe_start(self) -> str:
        """The static iPXE script: it goes on to `/menu.ipxe` with the PC's MAC and UUID."""
        return self._render("start.ipxe.j2", BootingPc("ipxe"), server=self._server)

    def screen_script(self, pc: BootingPc) -> str:
        """The script that opens GRUB's graphic screen; not where a person chose what starts, since it takes seconds."""
        offer = self._offer_for(pc)
        return self._render("open.grub.j2", pc, read=offer.armed is None or bool(offer.batch))

    def menu(self, pc: BootingPc) -> str:
        """The menu of this PC, for its loader."""
        return self.render(pc).text

    def render(self, pc: BootingPc) -> RenderedMenu:
        """The same text, with what the server has to know of it."""
        offer = self._offer_for(pc)
        menu = self._menu(pc, offer)
        text = self._render(f"menu.{pc.loader}.j2", pc, menu=menu)
        return RenderedMenu(text, starts_itself=menu.default != "local", left=offer.left)

    def needs_digits(self, pc: BootingPc, profile: str, batch: str) -> bool:
        """Whether this start asks for the digits: not when it is of a batch, which a signed-in person armed."""
        return not (batch and self._armed_batch(pc, profile, batch)) and self._digits_asked()

    def start_script(self, pc: BootingPc, profile: str, batch: str) -> str:
        """The script that starts the agent with this profile and its ticket. The caller has checked the digits."""
        offer = self._offer_for(pc)
        digest = next((known.digest for known in self._profiles if known.id == profile), "")
        if not batch and profile in self._unavailable():
            return self.refusal_script(pc, "gone")
        if offer.denied or not digest or (batch and not self._armed_batch(pc, profile, batch)):
            return self.refusal_script(pc, "gone")
        # Only the batch's id: the server looks up what it does, counts its PCs, and puts a person's choice first.
        picked = Picked("" if batch else profile, pc.mac, pc.uuid, batch, "" if batch else digest)
        pick = f"netboot.batch={batch}" if batch else f"netboot.profile={profile}"
        words = f"{pick} netboot.ticket={self._prove(picked)}"
        return self._render(f"go.{pc.loader}.j2", pc, menu=self._menu(pc, offer), words=words)

    def refusal_script(self, pc: BootingPc, reason: Refused) -> str:
        """The script that says why not, and goes back to the menu."""
        texts = self._texts(pc)
        said = {"wrong": texts.wrong_digits, "too-many": texts.too_many_tries, "gone": texts.not_offered}[reason]
        return self._render(f"refused.{pc.loader}.j2", pc, said=said, reason=reason)

    def no_disk_script(self, pc: BootingPc, *, again: bool) -> str:
        """The script for a GRUB that sees no disk: start the agent, which makes the firmware boot the disk next time.

        `again`: that was tried just now and did not help; the agent is not started a second time.
        """
        return self._render("home.grub.j2", pc, again=again)

    def theme(self, pc: BootingPc, title: str) -> str:
        """GRUB's theme, which holds the words around the entries: GRUB's own are in English only."""
        texts = self._texts(pc)
        titles = {"menu": texts.title, "sure": texts.confirm_title, "code": texts.title_code}
        return self._render("theme.grub.j2", pc, title=titles.get(title, texts.title))

    def _texts(self, pc: BootingPc) -> MenuTexts:
        return TEXTS[pc.language or self._settings.language]

    def _render(self, name: str, pc: BootingPc, **values: object) -> str:
        return (
            self._templates[pc.graphic]
            .get_template(name)
            .render(texts=self._texts(pc), disk_loaders=BY_GRUB_CPU, stick_marks=STICK_MARKS, **values)
        )

    def _menu(self, pc: BootingPc, offer: MenuOffer) -> Menu:
        settings = self._settings
        language = pc.language or settings.language
        offered = entries(
            self._profiles,
            language,
            offer,
            digits=self._is_locked(),
            unavailable=self._unavailable(),
            left_out=self._without_line(),
        )
        timeout = settings.menu.timeout
        ready = default_entry(self._wanted_default(offer), offered)
        if offer.stalled is not None:
            ready = "local"  # or a PC that cannot run the agent would start it again and again
        elif offer.armed:
            timeout = BATCH_TIMEOUT if offer.batch else ARMED_TIMEOUT
            ready = "armed"
        return Menu(
            texts=TEXTS[language],
            language=language,
            other_language="en" if language == "fr" else "fr",
            server=self._server,
            entries=offered,
            default="local" if pc.attended else ready,
            timeout=0 if pc.attended else timeout,
            kernel=kernel_parameters(settings),
            memtest=MemoryTests() if offer.denied else self._memtest,
            denied=offer.denied,
            notices=notices(offer, language),
        )

    def _wanted_default(self, offer: MenuOffer) -> str:
        """The default entry that is set; for "memory", the first profile that tests the memory and writes nothing."""
        if offer.default != "memory":
            return offer.default
        return next((known.id for known in self._profiles if "memory" in known.stages and not known.proven), "")

    def _offer_for(self, pc: BootingPc) -> MenuOffer:
        """What this PC is offered. When the record cannot be read, it still gets a menu, without what was chosen."""
        try:
            return self._offer_of(pc.mac, pc.uuid)
        except Exception:
            log.exception("the choice for %s cannot be read; its menu offers the disk first", pc.mac or pc.uuid)
            return MenuOffer()

    def _unavailable(self) -> frozenset[str]:
        """The ids of the profiles whose master no PC can get; none when the store cannot be read (agents will tell)."""
        try:
            return frozenset(profile.id for profile in self._profiles if self._lacks_master(profile))
        except Exception:
            log.exception("which masters there are cannot be read; the menu offers them all")
            return frozenset()

    def _without_line(self) -> Collection[str]:
        try:
            return self._left_out()
        except Exception:
            log.exception("which masters were ever here cannot be read; the menu has a line for each profile")
            return ()

    def _armed_batch(self, pc: BootingPc, profile: str, batch: str) -> bool:
        offer = self._offer_for(pc)
        return offer.batch == batch and offer.armed is not None and offer.armed.id == profile

    def _is_locked(self) -> bool:
        """Whether digits are asked for. When the record cannot be read they are, and none will be right."""
        try:
            return self._digits_asked()
        except Exception:
            log.exception("whether the menu has a password cannot be read")
            return True


def kernel_parameters(settings: Settings) -> str:
    """What is added to the agent's kernel command line. With a serial console, the screen stays a console too.

    A `panic=` in the settings comes later, so it wins.
    """
    serial = f"console=tty0 console={settings.menu.serial}" if settings.menu.serial else ""
    return f"{PANIC} {settings.agent.kernel} {serial}".strip()


def menu_templates(*, graphic: bool = False) -> Environment:
    """The templates of `menus/`, with the escapes that keep a value inside its place."""
    # Not HTML: each template escapes for its own syntax with the filters below.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(asset_folder("menus")), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["grub"] = grub_accented if graphic else grub_quoted
    environment.filters["ipxe"] = ipxe_plain
    return environment
