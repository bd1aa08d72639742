"""`netboot kit …`: what its words mean, and what it says."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from netboot.auth.server_keys import load_key
from netboot.certificates.command_line import write_papers_of
from netboot.kit.collect import collect
from netboot.kit.make import make_kit
from netboot.records.kits import News
from netboot.records.record import open_record
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError

_FROM_THE_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEWS: Final[dict[News, str]] = {
    "new": "on the record now",
    "more": "more of it is on the record now",
    "known": "known already",
}


def kit(
    words: Sequence[str],
    settings: Settings,
    *,
    name: str,
    profiles: Sequence[str],
    folder: Path,
    say: Callable[[str], None],
) -> int:
    """Make an image, or collect, with the papers in `folder`; returns the exit status, 1 where a file was refused.

    Raises NetbootError.
    """
    match list(words):
        case ["collect", place]:
            return _collect(Path(place), settings, folder, say)
        case [file] if file != "collect":
            return _make(Path(file), settings, name, profiles, say)
    raise NetbootError(
        "`netboot kit` takes the name of an image, or `collect` and a place",
        hint="such as: netboot kit kit.img, or: netboot kit collect /dev/sdb",
    )


def _make(file: Path, settings: Settings, name: str, profiles: Sequence[str], say: Callable[[str], None]) -> int:
    made = make_kit(file, settings, name=name, profiles=profiles, say=say)
    offered = ", ".join(profile.id for profile in made.profiles) or "nothing"
    say(f"The kit {made.name} is in {file}, {made.size // 10**6} MB. Without a server it offers: {offered}.")
    say(f"Write it onto a stick of {-(-made.size // 10**9)} GB or more, whose content is lost (the guide says how).")
    say("Whoever holds the image or the stick can sign as this kit: delete the image when the sticks are written.")
    return 0


def _collect(place: Path, settings: Settings, folder: Path, say: Callable[[str], None]) -> int:
    workshop = load_key(settings.data_folder)
    with open_record(settings.data_folder / "record.sqlite", heads=settings.heads_folder) as record:
        taken = collect(place, record, workshop)
        for one in taken:
            say(f"{one.name}: {one.why if one.news == 'refused' else f'{one.machine}: {_NEWS[one.news]}'}")
        if not taken:
            say(f"There is nothing of a kit in {place}.")
        if visits := [one.visit for one in taken if one.visit]:
            write_papers_of(record, settings, visits, folder=folder, since=_FROM_THE_FIRST, say=say)
    return 1 if any(one.news == "refused" for one in taken) else 0
