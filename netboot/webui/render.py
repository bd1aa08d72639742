"""Renders templates to HTML in the visitor's language. Values are escaped, and invisible characters in them shown
(`visible_text.py`)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final, get_args

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from netboot.certificates.texts import SAID
from netboot.jobs.disk_answers import Answer, counts
from netboot.jobs.disk_take_out import LONGEST_NAME
from netboot.jobs.erase_exception import LONGEST, SHORTEST
from netboot.jobs.erase_policy import erase_forbids
from netboot.jobs.stages import STAGES
from netboot.jobs.stages.rules import Line
from netboot.records.values import StageRow
from netboot.shared.cut_words import UNLOCKED, cut_sentence
from netboot.shared.disk_progress import step_name
from netboot.shared.erase_methods import method_name
from netboot.shared.inventory import Disk, gigabytes, label
from netboot.shared.language import Language
from netboot.shared.problems import sizes_in
from netboot.shared.sentences.erase import Code as ErasureCode
from netboot.shared.wording import end_name, stage_name, state_name, stuck_sentence, verdict_name
from netboot.webui.ability_texts import ability_lines
from netboot.webui.disk_texts import ANSWERS
from netboot.webui.exception_texts import BECAME
from netboot.webui.exception_texts import STATES as DISK_STATES
from netboot.webui.keys import settings_key, workshop_key
from netboot.webui.lock_texts import given_back_rows, thawing_text
from netboot.webui.proof_texts import count_rows, status_rows
from netboot.webui.rule_texts import BATCH_ENDS, DEFAULTS, DHCP_MODES, LOADERS
from netboot.webui.state_texts import BOOT_NOTES, EVENTS, JOB_STATES, LEVELS, SECURE_BOOT, STATES, TROUBLES
from netboot.webui.texts import TEXTS, texts
from netboot.webui.visible_text import AsItIs, visible_text
from netboot.webui.visitor import FORM_TOKEN, Visitor, visitor
from netboot.workshop.called import LONGEST as LONGEST_CALLED

LONGEST_TIME: Final = 99 * 3600
"""Seconds: more is not told apart."""

renderer_key: Final = web.AppKey("renderer", Environment)


@cache
def renderer() -> Environment:
    """The page's templates, compiled once."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        finalize=visible_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        form_token_name=FORM_TOKEN,
        states=STATES,
        boot_note=boot_note,
        event_kinds=EVENTS,
        job_states=JOB_STATES,
        levels=LEVELS,
        secure_boots=SECURE_BOOT,
        stage_name=stage_name,
        stage_lines=stage_lines,
        stage_state=state_name,
        stuck_sentence=stuck_sentence,
        step_name=step_name,
        sizes_in=sizes_in,
        verdict_name=verdict_name,
        end_name=end_name,
        disk_name=disk_name,
        disk_abilities=lambda disk, who: ability_lines(disk, who.language, short_time, may_act=bool(who.operator)),
        answer_names=ANSWERS,
        answer_text=answer_text,
        answer_counts=counts,
        batch_ends=BATCH_ENDS,
        loaders=LOADERS,
        method_name=method_name,
        cut_text=lambda cut, language: cut_sentence(cut, language, clock),
        unlocked_text=UNLOCKED,
        erase_forbids=erase_forbids,
        count_rows=count_rows,
        status_rows=status_rows,
        thawing_text=thawing_text,
        given_back_rows=given_back_rows,
        dhcp_ways=DHCP_MODES,
        default_names=DEFAULTS,
        disk_states=DISK_STATES,
        unproven_codes=frozenset({*get_args(ErasureCode), "exception-void"}),
        became_names=BECAME,
        shortest_reason=SHORTEST,
        longest_reason=LONGEST,
        longest_name=LONGEST_NAME,
        longest_called=LONGEST_CALLED,
    )
    filters: dict[str, Callable[..., str]] = {
        "time": short_time, "bytes": size, "memory": memory, "moment": moment, "clock": clock,
        "as_it_is": AsItIs, "sizes": lambda text, language: sizes_in(language, text),
    }  # fmt: skip
    environment.filters.update(filters)
    return environment


def part(request: web.Request, template: str, who: Visitor, **values: object) -> str:
    """A piece of a page, for this visitor."""
    jinja_template = request.app[renderer_key].get_template(template)
    workshop = request.app[workshop_key]
    return jinja_template.render(
        t=texts(who.language),
        language=who.language,
        visitor=who,
        profiles=workshop.profiles,
        left_out=workshop.left_out.seen,
        policy_of=workshop.policies,
        batch=workshop.live_board.batch,
        batch_problem=workshop.live_board.batch_problem,
        gives_addresses=request.app[settings_key].dhcp.mode == "full",
        **values,
    )


def page(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A whole page for the visitor who asks."""
    html = part(request, template, visitor(request), path=request.path, **values)
    return web.Response(text=html, status=status, content_type="text/html", charset="utf-8")


def trouble(word: str, language: Language) -> str:
    """Why no PC can be served, in words; "" for none."""
    return TROUBLES[word][language] if word in TROUBLES else word


def boot_note(note: str, language: Language) -> str:
    """What a row's note says in words; a note without words is shown as it is."""
    return BOOT_NOTES[note][language] if note in BOOT_NOTES else note


def stage_lines(stage: StageRow, language: Language) -> Sequence[Line]:
    """What is said of what a stage found."""
    shown = STAGES[stage.stage].shown
    return () if shown is None or stage.result is None else shown(stage.result, language)


def short_time(seconds: float, language: Language) -> str:
    """A time for people: seconds, then minutes, then hours."""
    seconds = max(0.0, min(LONGEST_TIME, seconds))  # in this order NaN is the longest, and raises nothing
    if seconds < 90:
        return TEXTS["seconds"][language].format(n=round(seconds))
    if seconds < 90 * 60:
        return TEXTS["minutes"][language].format(n=round(seconds / 60))
    return TEXTS["hours"][language].format(n=_number(seconds / 3600, language))


def size(bytes_: int, language: Language) -> str:
    """A size for people, in powers of ten as on a disk's label."""
    text = gigabytes(bytes_)
    return text.replace(".", ",").replace("TB", "To").replace("GB", "Go") if language == "fr" else text


def disk_name(disk: Disk, language: Language) -> str:
    """A disk's name for people."""
    return sizes_in(language, label(disk))


def answer_text(answer: Answer, language: Language) -> str:
    """What was said of a disk or a controller, as a PC's papers have it."""
    return SAID[answer.kind][language].format(what=sizes_in(language, answer.label))


def memory(bytes_: int, language: Language) -> str:
    """A memory's size for people, in powers of two as on a module's label."""
    return f"{bytes_ / 2**30:.0f} {'Go' if language == 'fr' else 'GB'}"


def moment(at: datetime | None) -> str:
    """A date and time in UTC, to the minute."""
    return at.strftime("%Y-%m-%d %H:%M") if at is not None else ""


def clock(seconds: float) -> str:
    """What a clock showed, from seconds since the epoch; one that shows no date that there is shows as its number."""
    try:
        return moment(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f}"


def _number(value: float, language: Language) -> str:
    text = f"{value:.1f}"
    return text.replace(".", ",") if language == "fr" else text
