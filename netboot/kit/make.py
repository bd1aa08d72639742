"""`netboot kit FILE.img`: makes a kit's stick from the settings, the boot files in use and the workshop's key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from netboot import bootfiles
from netboot.auth.server_keys import load_key
from netboot.jobs.profile import Profile
from netboot.jobs.profiles import load_profiles
from netboot.kit.archive import kit_archive, offered_alone
from netboot.kit.identity import kit_of, new_name
from netboot.kit.image import layout_of, refuse, stick_of, write_image
from netboot.kit.menu import kit_menu
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError


@dataclass(frozen=True, slots=True)
class Made:
    """A kit that was made: its name, its image's bytes, and what it offers without a server."""

    name: str
    size: int
    profiles: tuple[Profile, ...]


def make_kit(
    path: Path,
    settings: Settings,
    *,
    name: str = "",
    profiles: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Made:
    """Write the image. `name` "" takes a new one; `profiles` are ids, none for all that need no server.

    `say` is told what is done. Raises NetbootError.
    """
    refuse(path)
    files = bootfiles.load(settings.bootfiles_folder)
    workshop = load_key(settings.data_folder)
    kit = kit_of(name or new_name(), workshop)
    wanted = _wanted(load_profiles(settings.profile_folders), profiles)
    say("Packing the agent …")
    agent = kit_archive(kit, workshop, settings, wanted)
    stick = stick_of(kit, files, agent=agent, menu=kit_menu(kit, settings))
    say(f"Writing {path}, {layout_of(stick).size // 10**6} MB …")
    layout = write_image(path, stick)
    return Made(kit.name, layout.size, wanted)


def _wanted(known: Sequence[Profile], ids: Sequence[str]) -> tuple[Profile, ...]:
    able = {profile.id: profile for profile in offered_alone(known)}
    if unable := [one for one in ids if one not in able]:
        raise NetbootError(
            f"the profile {unable[0]!r} cannot be done without a server", hint=f"these can: {', '.join(able)}"
        )
    return tuple(able[one] for one in ids) or tuple(able.values())
