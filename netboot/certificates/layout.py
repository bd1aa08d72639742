"""A paper as its pages show it in one language: texts, tables and pictures, in order. Pure.

Whoever made a text (a disk's serial number is anybody's bytes), it is data to the page, never its code, and holds only
characters that the page's fonts have. Not for: how the pages look (`paper.typ`), making them a PDF (`pdf.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from netboot.certificates.annex import Shown, annex
from netboot.certificates.drawings import qr_code
from netboot.certificates.figure_texts import (
    clock_text,
    grouped,
    joined,
    size_text,
    technique_name,
    time_text,
)
from netboot.certificates.texts import BECAME, LEVELS, MEDIA, SAID, STATES, TEXTS, VERDICTS, WHYS
from netboot.certificates.values import ErasedDisk, Paper, Signed, TakenOut
from netboot.shared.language import Language
from netboot.shared.problems import sizes_in
from netboot.shared.stages.erase import LEVELS as LEVEL_ORDER

_FOREIGN: Final = re.compile(
    "[^\n\x20-\x7e\xa0-\u017f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u2010-\u2015"
    "\u2018-\u201d\u2022\u2026\u2030\u20ac\u2192\u27e8\u27e9]"
)
"""What the two fonts do not have for sure: Latin, Greek and Cyrillic letters and these signs they have."""
_ISOLATES: Final = re.compile("[\u2068\u2069]")
"""What keeps letters to the left in their place (`shared/visible.py`); named by their codes they need no keeping."""
_INK: Final = ("name", "function", "date_place", "contact", "signature")


@dataclass(frozen=True, slots=True)
class Issued:
    """A paper as it is handed over: with its seal, the SHA-256 of its JSON that the seal names, and the fingerprints of
    the keys that the reader compares."""

    paper: Paper
    seal: str
    digest: str
    seal_fingerprint: str
    pdf_fingerprint: str


def laid_out(issued: Issued, language: Language) -> Shown:
    """The pages of one paper."""
    paper = issued.paper
    t = {name: words[language] for name, words in TEXTS.items()}
    kind = t[paper.kind]
    return printable({
        **_document(kind, f"{kind} {paper.number}", [issued], language, t),
        "papers": [_paper(issued, language, t, whole=True)],
        "front": None,
    })  # fmt: skip


def laid_out_batch(batch: Sequence[Issued], donor: str, language: Language) -> Shown:
    """The pages of a batch: a front page with a table of its PCs, and each of them from a page of its own on."""
    t = {name: words[language] for name, words in TEXTS.items()}
    title = f"{t['batch']} – {donor}" if donor else t["batch"]
    papers = [one.paper for one in batch]
    certificates = sum(paper.kind == "certificate" for paper in papers)
    dates = sorted(paper.date[:10] for paper in papers)
    workshop = papers[0].workshop
    front = {
        "heading": t["batch"],
        "facts": _pairs([
            (t["donor"], donor),
            (t["issued_by"], joined(workshop.name, workshop.place, workshop.contact)),
        ]),
        "lines": [
            t["batch_count"].format(certificates=certificates, reports=len(papers) - certificates),
            t["batch_dates"].format(first=dates[0], last=dates[-1]),
            t["batch_details"],
            t["basis"],
        ],
        "table_heading": t["batch_table"],
        "columns": [t["batch_pc"], t["batch_disks"], t["batch_result"], t["number"]],
        "rows": [
            [
                joined(paper.machine.maker, paper.machine.model, paper.machine.serial),
                [joined(disk.model, disk.serial or disk.by_place) for disk in paper.disks],
                t[f"result_{paper.kind}"],
                paper.number,
            ]
            for paper in papers
        ],
    }  # fmt: skip
    return printable({
        **_document(title, title, batch, language, t),
        "papers": [_paper(one, language, t, whole=False) for one in batch],
        "front": front,
    })  # fmt: skip


def printable(shown: Shown) -> Shown:
    """The same, with each character that the fonts do not have named, as ⟨U+4E2D⟩."""
    return {name: inner if name == "picture" else _printable(inner) for name, inner in shown.items()}


def _printable(value: Any) -> Any:
    match value:
        case str():
            return _FOREIGN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", _ISOLATES.sub("", value))
        case dict():
            return printable(value)
        case list():
            return [_printable(inner) for inner in value]
        case _:
            return value


def mark_of(issued: Issued) -> str:
    """What a PDF's keywords hold of each paper in it: of which JSON it is."""
    return f"{issued.paper.number}={issued.digest}"


def _document(short: str, title: str, of: Sequence[Issued], language: Language, t: dict[str, str]) -> Shown:
    newest = max(one.paper.date for one in of)
    return {
        "language": language,
        "title": title,
        "short": short,
        "author": of[0].paper.workshop.name or "netboot",
        "keywords": [mark_of(one) for one in of],
        "moment": [int(part) for part in re.findall(r"\d+", newest)],
        "page": t["page"],
        "no_certificate": t["no_certificate"],
    }


def _paper(issued: Issued, language: Language, t: dict[str, str], *, whole: bool) -> Shown:
    paper = issued.paper
    count = len(paper.disks)
    good = paper.kind == "certificate"
    prints = {"seal": issued.seal_fingerprint, "pdf": issued.pdf_fingerprint}
    return {
        "report": not good,
        "heading": t[paper.kind],
        "band": "" if good else t["no_certificate"],
        "result": t["all_erased"].format(count=count) if good else t["not_proven"],
        "why": [WHYS[why][language] for why in paper.why],
        "facts": _pairs([
            (t["number"], paper.number),
            (t["donor"], paper.donor),
            (t["issued_by"], joined(paper.workshop.name, paper.workshop.place, paper.workshop.contact)),
            (t["kit"], t["kit_alone"].format(kit=paper.kit, date=clock_text(paper.arrived)) if paper.kit else ""),
        ]),
        "exceptions": [_exception(one, language, t) for one in paper.exceptions],
        "pc": {"columns": [t["pc"], t["pc_source"]], "rows": _pc(paper, language, t)},
        "disks": [_disk(disk, place, paper, language, t) for place, disk in enumerate(paper.disks, 1)],
        "others": _others(paper, language, t),
        "people": _people(paper, t) if good else None,
        "seal": {
            "heading": t["seal"],
            "help": t["seal_help"],
            "picture": qr_code(issued.seal),
            "alt": t["qr"],
            "text": issued.seal,
            "prints": t["fingerprints"].format(**prints),
        },
        "annex": annex(paper, language, t) if whole else None,
    }  # fmt: skip


def _pc(paper: Paper, language: Language, t: dict[str, str]) -> list[list[str]]:
    machine = paper.machine
    return [
        [t["maker"], machine.maker or t["unknown"]],
        [t["model"], machine.model or t["unknown"]],
        [t["serial"], machine.serial or t["unknown"]],
        [t["workshop_number"], str(machine.number)],
        [t["inventory_number"], machine.inventory_number or t["ink"]],
        [t["collected" if paper.kit else "arrived"], clock_text(paper.arrived)],
    ]


def _disk(disk: ErasedDisk, place: int, paper: Paper, language: Language, t: dict[str, str]) -> Shown:
    size = t["bytes"].format(size=size_text(disk.size, language), count=grouped(disk.size, language))
    level = LEVELS[disk.level][language]
    if disk.verdict == "erased" and LEVEL_ORDER.index(disk.level) < LEVEL_ORDER.index(disk.wanted):
        level = t["lowered"].format(level=level, wanted=LEVELS[disk.wanted][language])
    took = time_text(disk.seconds, language)
    began, ended = (clock_text(moment)[:-4] for moment in (disk.started, disk.finished))
    times = t["by_pc_clock" if paper.kit else "from_to"].format(began=began, ended=ended, took=took)
    by_place = t["by_place"].format(place=disk.by_place) if disk.by_place else ""
    rows = [
        (t["model"], disk.model or t["unknown"]),
        (t["serial"], disk.serial or by_place or t["unknown"]),
        ("", by_place if disk.serial else ""),
        (t["size"], size),
        (t["medium"], joined(MEDIA[disk.medium][language], disk.transport.upper())),
        (t["source"], t["source_pc"]),
        (t["problem"], disk.problem.get(language, "")),
        (t["problem"], disk.cut.get(language, "")),
        (t["problem"], "" if disk.event is not None else t["no_proof"]),
        (t["method"], level),
        (t["technique"], technique_name(disk.technique, language)),
        (t["tool"], disk.tool or t["own_tool"]),
        (t["verification"], _verification(disk, language, t)),
        (t["times"], times),
        (t["earlier"], ", ".join(VERDICTS[verdict][language].lower() for verdict in disk.earlier)),
    ]
    return {
        "columns": [t["disk"].format(number=place, count=len(paper.disks)), VERDICTS[disk.verdict][language]],
        "erased": disk.verdict == "erased",
        "rows": _pairs(rows),
    }


def _verification(disk: ErasedDisk, language: Language, t: dict[str, str]) -> str:
    told = {figure.name: figure.value for figure in disk.figures}
    read, marked, left = (told.get(name) for name in ("read", "marked", "marks_left"))
    if isinstance(read, int) and isinstance(marked, int):
        share = told.get("sample", 100)
        words = t["read_marks" if share == 100 else "read_sample"]
        return words.format(amount=size_text(read, language), marked=marked, left=left, share=share)
    read = told.get("verified")
    if not isinstance(read, int) or disk.size <= 0:
        return t["unknown"]
    if read >= disk.size and disk.verdict == "erased":
        return t["read_all"]
    return t["read_part"].format(amount=size_text(read, language))


def _others(paper: Paper, language: Language, t: dict[str, str]) -> list[Shown]:
    found = []
    if paper.others:
        names = (joined(disk.model, disk.serial, size_text(disk.size, language)) for disk in paper.others)
        lines = [t["other"].format(disk=name, why=t[disk.why]) for name, disk in zip(names, paper.others, strict=True)]
        found.append({"heading": t["others"], "lines": lines})
    if paper.hidden:
        found.append({"heading": t["hidden"], "lines": list(paper.hidden)})
    if paper.taken_out:
        found.append({"heading": t["taken_out"], "lines": [_taken_out(one, language, t) for one in paper.taken_out]})
    if paper.said:
        found.append(
            {"heading": t["said"], "lines": [SAID[said.kind][language].format(what=said.about) for said in paper.said]}
        )
    return found


def _exception(signed: Signed, language: Language, t: dict[str, str]) -> Shown:
    unproven = [disk for disk in signed.disks if disk.state != "erased"]
    lines = [f"{sizes_in(language, disk.label)}{t['colon']}{STATES[disk.state][language]}" for disk in unproven]
    return {
        "heading": t["exception"],
        "lines": [
            t["exception_by"].format(by=signed.by, at=clock_text(signed.at)),
            t["exception_reason"].format(reason=signed.reason),
            *lines,
            *([] if signed.followed else [t["exception_unused"]]),
            *([] if signed.event is not None else [t["no_proof"]]),
        ],
    }


def _taken_out(one: TakenOut, language: Language, t: dict[str, str]) -> str:
    line = t["taken_out_line"].format(
        disk=sizes_in(language, one.label), taken_by=one.taken_by, became=BECAME[one.became][language],
        by=one.by, at=clock_text(one.at),
    )  # fmt: skip
    return " ".join([line, *([t["taken_out_back"]] if one.back else []), *([] if one.event else [t["no_proof"]])])


def _people(paper: Paper, t: dict[str, str]) -> Shown:
    workshop = paper.workshop
    known = {
        "name": paper.ordered_by or t["in_menu"],
        "date_place": joined("" if paper.kit else paper.date[:10], workshop.place),  # of a stick only the collecting
        "contact": workshop.contact,
    }
    return {
        "heading": t["people"],
        "columns": [t["people_column"], t["done_by"], t["validated_by"]],
        "rows": [[t[name], known.get(name, ""), ""] for name in _INK],
        "destination": [t["destination"], ""],
    }


def _pairs(rows: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [[name, value] for name, value in rows if value]
