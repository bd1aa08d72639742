"""What `netboot certificates` and `netboot verify` do: values of the command line in, lines for people out.

Not for: parsing arguments (`cli.py`).
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from netboot.auth.certificate_keys import existing_public_keys, load_certificate_keys, read_public_text
from netboot.certificates.findings import Finding
from netboot.certificates.folder import Wanted, wanted_of_days, write_folder
from netboot.certificates.picture import text_in
from netboot.certificates.values import Workshop
from netboot.certificates.verify import LONGEST, Checked, Known, check_given, compare
from netboot.files.data_folder import require_open
from netboot.records.record import Record, open_record
from netboot.settings.config import Settings
from netboot.shared.errors import NetbootError
from netboot.shared.language import Language

WHOLE: Final = 0
CHANGED: Final = 1
UNKNOWN_KEY: Final = 3
"""Exit statuses of `verify`; 2 is for wrong arguments, as everywhere."""

Say = Callable[[str], None]


def workshop_of(settings: Settings) -> Workshop:
    """Who issues papers, as the settings have it."""
    told = settings.certificates
    return Workshop(name=told.name, place=told.place, contact=told.contact)


def write_papers(
    settings: Settings, *, folder: Path, since: str, until: str, language: str, donor: str, say: Say
) -> None:
    """Write the papers of the erasures from one day to another, both with them. Raises NetbootError.

    `language` is fr, en or both; "" is the settings'.
    """
    require_open(settings.data_folder)
    place = _record_of(settings)
    if not place.exists():
        raise NetbootError(f"there is no record at {place}", hint="give --config the settings that the server has")
    wanted = wanted_of_days(since, until, language or settings.language, donor=donor)
    keys = load_certificate_keys(settings.data_folder)
    with open_record(place) as record:
        written = write_folder(folder, record, workshop_of(settings), keys, wanted)
    say(written.sentence(folder))


def write_papers_of(
    record: Record, settings: Settings, visits: Sequence[str], *, folder: Path, since: datetime, say: Say
) -> None:
    """Write the papers of these visits, in the settings' language, beside those in the folder. Raises NetbootError."""
    now = datetime.now(UTC)
    wanted = Wanted(
        since=since,
        until=datetime.max.replace(tzinfo=UTC),
        languages=(settings.language,),
        at=now,
        visits=tuple(visits),
        # Those of the stick before are in the folder still, and so is their table.
        table=f"erasures-{now:%Y%m%d-%H%M%S-%f}.csv",
    )
    written = write_folder(folder, record, workshop_of(settings), load_certificate_keys(settings.data_folder), wanted)
    say(written.sentence(folder))


def verify(settings: Settings, things: Sequence[str], *, keys: Path | None, language: Language, say: Say) -> int:
    """Check each file or text, and tell what was found; gives the exit status. Raises NetbootError."""
    with ExitStack() as stack:
        known = _known(settings, keys, stack, say)
        checked = [(thing, check_given(_content(thing), known, text_in)) for thing in things]
    for thing, one in checked:
        for finding in one.findings:
            say(f"{_name(thing)}{finding.sentence(language)}")
    together = compare([one for _, one in checked])
    for finding in together:
        say(finding.sentence(language))
    return status_of([one for _, one in checked], together)


def status_of(checked: Sequence[Checked], together: Sequence[Finding] = ()) -> int:
    """Whether all is whole, something is not, or all is whole by keys that were not compared."""
    results = {finding.result for one in checked for finding in one.findings} | {one.result for one in together}
    if results & {"changed", "foreign"}:
        return CHANGED
    return UNKNOWN_KEY if "unknown-key" in results else WHOLE


def _known(settings: Settings, keys: Path | None, stack: ExitStack, say: Say) -> Known:
    """The keys of the file that was named, else this server's; and this server's journal."""
    place = _record_of(settings)
    public = None
    try:
        if keys is not None:
            public = read_public_text(keys.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise NetbootError(
            f"the keys {keys} cannot be read: {_why(error)}", hint="give --keys a file with them"
        ) from error
    try:
        require_open(settings.data_folder)
        public = public or existing_public_keys(settings.data_folder)
        if not place.exists():
            return Known(public)
        record = stack.enter_context(open_record(place))
        return Known(public, record.papers.server(), record.papers.event)
    except (OSError, NetbootError) as error:
        say(f"Nothing is compared with this server's keys and journal: {_why(error)}")
        return Known(public)


def _why(error: OSError | ValueError | NetbootError) -> str:
    """What is wrong, without the number and the name that Python puts around it."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _record_of(settings: Settings) -> Path:
    return settings.data_folder / "record.sqlite"


def _content(thing: str) -> bytes:
    """A file's bytes, those of standard input for "-", or a seal's text. Raises NetbootError."""
    if thing == "-":
        return sys.stdin.buffer.read(LONGEST + 1)
    if thing.lstrip().startswith("NETBOOT"):
        return thing.encode(errors="replace")
    try:
        with Path(thing).open("rb") as file:
            return file.read(LONGEST + 1)
    except (OSError, ValueError) as error:  # a path with a NUL
        raise NetbootError(
            f"{thing[:200]!r} cannot be read: {_why(error)}",
            hint="give a PDF, a JSON file, or the text of a QR code in quotes",
        ) from error


def _name(thing: str) -> str:
    return "" if thing == "-" or thing.lstrip().startswith("NETBOOT") else f"{Path(thing).name}: "
