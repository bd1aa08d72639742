"""The fields of a form in which a person says what a new master is to be called: read, judged, and shown again.

The same for every way to make one. Not for: what makes a name right (`workshop/called.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from aiohttp import web

from netboot.jobs.profile import Profile
from netboot.shared.language import Language
from netboot.webui.keys import workshop_key
from netboot.webui.masters_page import ShownVersion, shelf_of
from netboot.workshop.called import Called, Field, Mistake


@dataclass(frozen=True, slots=True)
class Naming:
    """What was typed, what is wrong in it, and the current version of the master whose name it is.

    `profiles` are the names of those that give PCs this master: they get what is made. `free`: bytes in the store, None
    where nobody tells. `again`: for which taken name the person knows already that a new version of it is made.
    """

    called: Called
    names: tuple[str, ...] = ()
    mistakes: Mapping[Field, Mistake] = field(default_factory=dict)
    current: ShownVersion | None = None
    profiles: tuple[Mapping[Language, str], ...] = ()
    free: int | None = None
    again: str = ""

    @property
    def settled(self) -> bool:
        """Whether a master of this name may be made now."""
        return not self.mistakes and (self.current is None or self.again == self.called.name)


async def naming_of(request: web.Request, called: Called, *, judged: bool, again: str = "") -> Naming:
    """The form with these values; `judged` when a person has sent it, so that it is said what is wrong.

    Until then a version that there is already is left out.
    """
    shelf = await shelf_of(request)
    versions = shelf.versions if shelf is not None else ()
    known: dict[str, set[str]] = {}
    for one in versions:
        known.setdefault(one.name, set()).add(one.version)
    if not judged and called.version in known.get(called.name, ()):
        called = replace(called, version="")
    current = next((one for one in versions if one.name == called.name and one.current), None)
    return Naming(
        called,
        names=tuple(known),
        mistakes=called.mistakes(known) if judged else {},
        current=current if judged else None,
        profiles=_given(request.app[workshop_key].profiles.values(), called.name) if judged and current else (),
        free=shelf.free if shelf is not None else None,
        again=again,
    )


def called_in(form: Mapping[str, str]) -> Called:
    """What stands in the fields of a form."""
    typed = {word: form.get(f"master-{word}", "").strip() for word in ("name", "version", "title", "licence")}
    return Called(**typed)


def _given(profiles: Iterable[Profile], name: str) -> tuple[Mapping[Language, str], ...]:
    return tuple(profile.name for profile in profiles if profile.master == name)
