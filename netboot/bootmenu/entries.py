"""The lines of a boot menu: which there are, in which order, and which is selected at first. Pure.

Not for: rendering them (`boot_menu.py`), what a PC is offered (`offered.py`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from netboot.bootmenu.offered import MenuOffer
from netboot.bootmenu.texts import TEXTS, MenuTexts
from netboot.jobs.profile import Profile
from netboot.shared.language import Language
from netboot.shared.sentences import TITLES


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu that starts the agent. `confirm` is the question's "yes", "" when nothing is written.

    `proven`: what is picked counts only with a ticket, which the entry fetches at its start. `unavailable`: its master
    is none that a PC could get; the line says so, and starts nothing.
    """

    id: str
    title: str
    profile: str = ""
    confirm: str = ""
    batch: str = ""
    proven: bool = False
    digits: bool = False
    unavailable: bool = False


def notices(offer: MenuOffer, language: Language) -> tuple[str, ...]:
    """Warnings about this PC at the top of its menu, one line each."""
    texts = TEXTS[language]
    if offer.denied:
        return (texts.denied,)
    said = []
    if (left := offer.left) is not None:
        cut = left.code in ("power-cut", "interrupted")
        stage = TITLES.get(left.values.get("stage", ""), {}).get(language, "")
        said.append(texts.left_cut.format(stage=stage) if cut and stage else texts.left_stopped)
    if (stalled := offer.stalled) is not None:
        said.append(texts.stalled_32_bit if stalled.code == "processor-32-bit" else texts.stalled)
    return tuple(said)


def entries(
    profiles: Sequence[Profile],
    language: Language,
    offer: MenuOffer,
    *,
    digits: bool = False,
    unavailable: Collection[str] = (),
    left_out: Collection[str] = (),
) -> tuple[Entry, ...]:
    """The menu's lines after "boot the local disk", in order; none for a PC that is kept away.

    `unavailable` and `left_out` are ids of profiles: those whose line only says so, and those without one. The others
    keep their order and their entry's id.

    A choice made on the page starts the agent without a profile: the server knows it, and gives it to one visit only.
    While one waits there is no "inventory only": its agent would follow that choice, an erase included.
    """
    if offer.denied:
        return ()
    texts = TEXTS[language]
    offered = tuple(
        Entry(f"profile-{number}", texts.unavailable.format(profile=profile.name[language]), unavailable=True)
        if profile.id in unavailable
        else Entry(
            f"profile-{number}",
            profile.name[language],
            profile=profile.id,
            confirm=_confirmation(profile, texts),
            proven=profile.proven,
            digits=digits and profile.proven,
        )
        for number, profile in enumerate(profiles, 1)
        if profile.id not in left_out
    )
    chosen = offer.armed is not None and not offer.batch
    alone = () if chosen else (Entry("inventory", texts.inventory),)
    return (*_armed(offer, language), *offered, *alone)


def _armed(offer: MenuOffer, language: Language) -> tuple[Entry, ...]:
    profile, texts = offer.armed, TEXTS[language]
    if profile is None:
        return ()
    if not offer.batch:
        return (Entry("armed", texts.armed.format(profile=profile.name[language])),)
    title = texts.armed_batch.format(profile=profile.name[language])
    return (Entry("armed", title, profile=profile.id, batch=offer.batch, proven=True),)


def default_entry(wanted: str, offered: Collection[Entry]) -> str:
    """The id of the entry that is selected at first: the wanted one if it writes nothing, else the disk's."""
    for entry in offered:
        if wanted and wanted in (entry.id, entry.profile) and not entry.proven and not entry.unavailable:
            return entry.id
    return "local"


def _confirmation(profile: Profile, texts: MenuTexts) -> str:
    if not profile.writes:
        return ""
    if not profile.master:
        return texts.confirm_erase
    return (texts.confirm_erase_and_install if profile.erases else texts.confirm_install).format(master=profile.master)
