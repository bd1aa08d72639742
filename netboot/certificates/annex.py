"""The pages behind a paper's first: figures, what disks say, speeds, sources, what is not recorded, events. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from netboot.certificates.drawings import curve
from netboot.certificates.figure_texts import figure_name, figure_value, grouped, level_words, technique_name
from netboot.certificates.texts import LEVELS, MISSING
from netboot.certificates.values import ErasedDisk, Figure, Paper
from netboot.shared.language import Language

Shown = dict[str, Any]
"""What the page's template reads: JSON's kinds of values only."""

_BAD_SHOWN: Final = 24
_EVENTS_SHOWN: Final = 40


def annex(paper: Paper, language: Language, t: dict[str, str]) -> Shown:
    tables: list[Shown] = []
    pictures: list[Shown] = []
    for number, disk in enumerate(paper.disks, 1):
        tables += _tables(disk, number, language, t)
        if disk.speeds:
            in_mb = [speed / 1e6 for speed in disk.speeds]
            figures = {"low": min(in_mb), "high": max(in_mb), "mean": sum(in_mb) / len(in_mb)}
            alt = t["speeds_alt"].format(**{name: round(value) for name, value in figures.items()})
            pictures.append({"heading": t["speeds"].format(number=number), "picture": curve(disk.speeds), "alt": alt})
    return {
        "heading": t["annex"],
        "sources_heading": t["sources"],
        "sources": [*_sources(paper, language, t), t["basis"]],
        "tables": tables,
        "pictures": pictures,
        "missing_heading": t["missing"],
        "missing": _missing(paper, language, t),
        "events": _events(paper, t),
    }


def _sources(paper: Paper, language: Language, t: dict[str, str]) -> list[str]:
    """Where each level on this paper is from."""
    told = {
        (disk.level, technique_name(disk.technique, language)): _source(disk, language, t)
        for disk in paper.disks
        if disk.level_source
    }
    return [
        t["level_source"].format(level=LEVELS[level][language], technique=technique, source=source)
        for (level, technique), source in told.items()
    ]


def _source(disk: ErasedDisk, language: Language, t: dict[str, str]) -> str:
    source, condition = (level_words(text, language) for text in (disk.level_source, disk.level_condition))
    return f"{source}. {t['level_condition'].format(condition=condition)}" if condition else f"{source}."


def _tables(disk: ErasedDisk, number: int, language: Language, t: dict[str, str]) -> Iterator[Shown]:
    if disk.figures:
        rows = [[figure_name(one.name, language), figure_value(one.value, language)] for one in disk.figures]
        heading = t["figures"].format(number=number)
        yield {"heading": heading, "columns": [t["figure"], t["value"]], "rows": rows, "more": ""}
    if disk.before or disk.after:
        heading, columns = t["statuses"].format(number=number), [t["figure"], t["before"], t["after"]]
        yield {"heading": heading, "columns": columns, "rows": _statuses(disk, language), "more": ""}
    if disk.bad:
        more = len(disk.bad) - _BAD_SHOWN
        yield {
            "heading": t["bad"].format(number=number),
            "columns": [t["bad_column"], t["bad_what"]],
            "rows": [
                [
                    f"{grouped(part.start, language)} – {grouped(part.start + part.length - 1, language)}",
                    t.get(part.what, part.what),
                ]
                for part in disk.bad[:_BAD_SHOWN]
            ],
            "more": t["bad_more"].format(count=more) if more > 0 else "",
        }


def _statuses(disk: ErasedDisk, language: Language) -> list[list[str]]:
    def shown(figures: Sequence[Figure], name: str) -> str:
        found = (figure_value(figure.value, language) for figure in figures if figure.name == name)
        return next(found, "–")

    names = dict.fromkeys(figure.name for figure in (*disk.before, *disk.after))
    return [[figure_name(name, language), shown(disk.before, name), shown(disk.after, name)] for name in names]


def _missing(paper: Paper, language: Language, t: dict[str, str]) -> list[str]:
    found = [MISSING[one][language] for one in paper.missing]
    for number, disk in enumerate(paper.disks, 1):
        name = t["disk"].format(number=number, count=len(paper.disks))
        found += [f"{name} – {MISSING[one][language]}" for one in disk.missing]
    return found


def _events(paper: Paper, t: dict[str, str]) -> Shown:
    # The proofs first: where there are too many, the others go.
    proofs = {disk.event.sequence for disk in paper.disks if disk.event is not None}
    ordered = sorted(paper.events, key=lambda event: (event.sequence not in proofs, event.sequence))
    shown = sorted(ordered[:_EVENTS_SHOWN], key=lambda event: event.sequence)
    more = len(paper.events) - len(shown)
    return {
        "heading": t["events"],
        "help": t["events_help"].format(server=paper.server),
        "columns": [t["event"], t["event_kind"], t["event_hash"]],
        "rows": [[str(event.sequence), event.kind, event.hash] for event in shown],
        "more": t["events_more"].format(count=more) if more > 0 else "",
    }
