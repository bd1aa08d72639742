"""`netboot kit …`: what its words mean, and what it says. Not for: what is taken, and why not (`collect.py`)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from netboot.auth.server_keys import KEY_FILE, load_key
from netboot.certificates.command_line import write_papers_of
from netboot.files.data_folder import require_open
from netboot.kit.collect import Taken, collect
from netboot.kit.make import make_kit
from netboot.records.record import open_record
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError
from netboot.shared.wording import verdict_name

_FROM_THE_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEWS: Final[dict[str, str]] = {
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
    say(f"The kit {made.name} is in {file.absolute()}, {made.size // 10**6} MB. Without a server it offers: {offered}.")
    say(f"Write it onto a stick of {-(-made.size // 10**9)} GB or more, whose content is lost (the guide says how).")
    say("Whoever holds the image or the stick can sign as this kit: delete the image when the sticks are written.")
    return 0


def _collect(place: Path, settings: Settings, folder: Path, say: Callable[[str], None]) -> int:
    require_open(settings.data_folder)
    if not (settings.data_folder / KEY_FILE).exists():
        # A new one would know no stick, and make a workshop where there is none.
        raise NetbootError(
            f"{settings.data_folder} is no workshop's data folder: it has no {KEY_FILE}, by which sticks are known",
            hint="collect on the server that made the kit; give --config the settings that it has",
        )
    workshop = load_key(settings.data_folder)
    with open_record(settings.data_folder / "record.sqlite", heads=settings.heads_folder) as record:
        taken = collect(place, record, workshop)
        for one in taken:
            say(f"{one.name}: {one.why or _told_taken(one)}")
        if not taken:
            say(f"There is nothing of a kit in {place}.")
        if visits := [one.visit for one in taken if one.visit]:
            write_papers_of(record, settings, visits, folder=folder.absolute(), since=_FROM_THE_FIRST, say=say)
    return _told_refused(taken, say)


def _told_taken(one: Taken) -> str:
    """Such as: LENOVO ThinkCentre PC0X7Q07: on the record now; WD-1: erased."""
    disks = ", ".join(f"{disk}: {verdict_name(verdict, 'en')}" for disk, verdict in one.disks)
    parts = [f"{one.machine}: {_NEWS[one.news]}", disks, "" if one.ended else "it was cut short before its end"]
    return "; ".join(part for part in parts if part)


def _told_refused(taken: Sequence[Taken], say: Callable[[str], None]) -> int:
    refused = sum(one.news == "refused" for one in taken)
    if refused:
        say(f"{refused} of {len(taken)} files were not taken; what they say of a PC proves nothing here.")
        say("A stick of another workshop is collected there. A file that was changed or cut short stays without proof:")
        say("look for another copy of it on the stick itself, else erase that PC once more.")
    return 1 if refused else 0
