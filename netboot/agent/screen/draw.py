"""Draws the PC's own screen: a text of plain lines from one view. Pure; `consoles.py` puts it on the displays.

Works on 80 x 25 and says everything in words: marks, bars and colour only repeat them. Where the screen is too
small, decoration goes first, what to do next stays.
"""

import textwrap
from typing import Final

from netboot.agent.screen.banner import banner
from netboot.agent.screen.view import ScreenView, StageLine, duration, verdict_line
from netboot.agent.screen.wording import words
from netboot.shared.disk_progress import DiskProgress, left_of_all, step_name
from netboot.shared.problems import sizes_in
from netboot.shared.wording import StageState, stage_name, state_name, stuck_sentence

WIDTH: Final = 80
HEIGHT: Final = 25
_MARGIN: Final = 2
_MARKS: Final[dict[StageState, str]] = {"waiting": "[ ]", "running": "[>]", "done": "[x]", "failed": "[!]"}
_PLAIN: Final = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "–": "-", "—": "-", "œ": "oe", "Œ": "OE", "\u202f": " "}
)
_DISKS: Final = 8
"""Disks at work that are shown: as many as are under way at once."""
_NAME: Final = 30
"""Columns that a disk's name has at least beside what is done to it: a serial number and a size."""
_BLOCKS: Final = "█░"
"""The only characters outside Latin-1: every console font has them."""


def render(view: ScreenView, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """The screen, exactly `height` lines of at most `width` characters that a console font has."""
    inner = max(1, width - 2 * _MARGIN)
    # From top to bottom, each with its weight: the lightest goes first where there is no room.
    blocks: list[tuple[float, list[str]]] = [
        (6, _head(view, inner)),
        (9, ["", *_wrapped(view.headline.upper(), inner)]),
        (7, _labels(view, inner)),
        (5, _progress(view, inner)),
        (4, ["", *_stages(view.stages, view)] if view.stages and view.question is None else []),
        (
            8,
            ["", *_wrapped(words(view.language, alone=view.alone).left_line.format(view.left), inner)]
            if view.left
            else [],
        ),
        (
            8,
            ["", *_wrapped(words(view.language, alone=view.alone).problem.format(view.problem), inner)]
            if view.problem
            else [],
        ),
        *((7.9 - place / 100, _wrapped(fault, inner)) for place, fault in enumerate(_faults(view))),
        (8.5, ["", *_wrapped("\n".join(_stuck(view)), inner)] if _stuck(view) else []),
        (9.5, ["", *_wrapped(view.line_sentence, inner)] if view.line_sentence else []),
        (9.7, _question(view, inner)),
        (10, ["", "-" * inner, *_wrapped(_advice(view), inner)]),
    ]
    while len(blocks) > 1 and _room(blocks, height) < 0:
        blocks.remove(min(blocks, key=lambda block: block[0]))
    *above, (_, advice) = blocks
    large = banner(_big(view), inner, _room(blocks, height) - 1)
    lines = [line for weight, block in above for line in (*block, *(["", *large] if weight == 9 and large else []))]
    # What to do next stands at the bottom, always in the same place.
    lines += [""] * (height - len(lines) - len(advice))
    return [(" " * _MARGIN + shown(line))[:width].rstrip() for line in [*lines, *advice][-height:]]


def spoken(before: ScreenView | None, after: ScreenView) -> list[str]:
    """What is new, one sentence a line: for a serial console, where nothing can be redrawn."""
    text = words(after.language, alone=after.alone)
    lines: list[str] = []
    if before is None or before.headline != after.headline:
        lines.append(after.headline)
    if after.left and (before is None or before.left != after.left):
        lines.append(text.left_line.format(after.left))
    if after.problem and (before is None or before.problem != after.problem):
        lines.append(text.problem.format(after.problem))
    if after.problem and (before is None or (before.faults, before.problem) != (after.faults, after.problem)):
        lines += after.faults
    if before is None or before.line_sentence != after.line_sentence:
        lines.append(after.line_sentence)
    if _who(after) != (_who(before) if before else []):
        lines += _stuck(after)
    lines += _asked_anew(before, after)
    known = before.stages if before else ()
    lines += [_stage_sentence(line, after) for line in after.stages if line not in known and line.state != "waiting"]
    if after.percent is not None and _tens(before) != after.percent // 10:
        part = after.part if len(after.at_work) < 2 else ""
        lines.append(" ".join(part for part in (part, *_figures(after)) if part))
    lines += _at_other_steps(before, after)
    if after.over:
        lines += [verdict_line(disk, after.language) for disk in after.disks]
        lines += [text.name.format(after.hostname)] if after.hostname else []
    if before is None or before.advice != after.advice:
        lines += after.advice.split("\n")
    return [shown(line) for line in dict.fromkeys(lines) if line]


def shown(text: str) -> str:
    """The text in characters a console font has: Latin-1 and two blocks; what is left becomes a question mark."""
    plain = (c if (c.isprintable() and c <= "ÿ") or c in _BLOCKS else "?" for c in text.translate(_PLAIN))
    return "".join(plain)


def _question(view: ScreenView, width: int) -> list[str]:
    """What is asked, and the answers by their numbers; or what was answered."""
    text = words(view.language, alone=view.alone)
    if view.question is None:
        return ["", *_wrapped(view.answered, width)] if view.answered else []
    lines = _wrapped(text.question.format(view.question.text.of(view.language)), width)
    for number, choice in enumerate(view.question.choices, 1):
        mark = ">" if number == view.typed else " "
        lines.append(f"{mark} {number}  {choice.words.of(view.language)}"[:width])
    if view.code:
        shown = text.code_read if view.code_read else text.code_so_far
        lines += ["", *_wrapped(shown.format(_in_groups(view.code)), width)]
    return ["", *lines]


def _in_groups(code: str) -> str:
    """Four characters at a time, to be compared with a label."""
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def _advice(view: ScreenView) -> str:
    """What to do next; while something is asked, to answer."""
    text = words(view.language, alone=view.alone)
    if view.question is None:
        return view.advice
    answer = _typed(view) or _to_type(view)
    if view.alone:
        return answer
    return f"{answer}\n{text.answer_limit.format(duration(view.answer_within, view.language))}"


def _to_type(view: ScreenView) -> str:
    """How an answer is given."""
    text = words(view.language, alone=view.alone)
    if view.question is None or not view.question.types:
        return text.answer_number
    return text.code_compare if view.code_read else text.code_type


def _typed(view: ScreenView) -> str:
    """What Enter would do; "" while nothing is typed."""
    text = words(view.language, alone=view.alone)
    if view.question is None or not view.typed:
        return ""
    if 0 < view.typed <= len(view.question.choices):
        return text.answer_typed.format(view.typed, view.question.choices[view.typed - 1].words.of(view.language))
    if view.question.types:
        return text.code_wrong
    return text.answer_wrong.format(len(view.question.choices))


def _asked_anew(before: ScreenView | None, after: ScreenView) -> list[str]:
    """What is new of a question. No line of it is a number alone: a line that comes back must not be an answer."""
    text = words(after.language, alone=after.alone)
    question, known = after.question, before.question if before else None
    if question is None:
        return [after.answered] if before is None or before.answered != after.answered else []
    if question == known:
        if after.code_read and (before is None or before.code != after.code or not before.code_read):
            return [text.code_read.format(_in_groups(after.code)), _to_type(after)]
        return [_typed(after)] if before is not None and before.typed != after.typed else []
    choices = [f"{number}: {choice.words.of(after.language)}" for number, choice in enumerate(question.choices, 1)]
    asked = text.question.format(question.text.of(after.language)).split("\n")
    return [*asked, *choices, *_advice(after).split("\n")]


def _faults(view: ScreenView) -> tuple[str, ...]:
    """What single disks have, beside the problem that says that it is several."""
    return view.faults if view.problem else ()


def _stuck(view: ScreenView) -> list[str]:
    """Of a line that is lost its own sentence tells; the server behind it is then silent anyway."""
    told = [stuck for stuck in view.stuck if stuck.what != "server" or view.line == "up"]
    return [stuck_sentence(stuck, view.language) for stuck in told[:2]]


def _who(view: ScreenView) -> list[tuple[str, str]]:
    return [(stuck.what, stuck.disk) for stuck in view.stuck if stuck.what != "server" or view.line == "up"]


def _room(blocks: list[tuple[float, list[str]]], height: int) -> int:
    return height - sum(len(lines) for _, lines in blocks)


def _head(view: ScreenView, width: int) -> list[str]:
    machine = view.machine[: max(0, width - len("netboot") - 2)]
    return [f"netboot{machine:>{max(0, width - len('netboot'))}}", "=" * width]


def _big(view: ScreenView) -> str:
    if view.question is not None:
        return words(view.language, alone=view.alone).question_word
    if view.big:
        return view.big
    return "" if view.percent is None else words(view.language, alone=view.alone).percent.format(view.percent)


def _labels(view: ScreenView, width: int) -> list[str]:
    """What the label on the PC would say."""
    lines = [words(view.language, alone=view.alone).name.format(view.hostname)] if view.hostname else []
    if view.over or view.problem:
        lines += [verdict_line(disk, view.language)[:width] for disk in view.disks]
    return ["", *lines] if lines else []


def _progress(view: ScreenView, width: int) -> list[str]:
    if view.percent is None or view.question is not None:  # the large word is to be seen from afar
        return []
    full = width * view.percent // 100
    told = _disk_lines(view, width) if view.at_work else [view.part[:width]]
    return ["", "█" * full + "░" * (width - full), ", ".join(_figures(view)), *told]


def _disk_lines(view: ScreenView, width: int) -> list[str]:
    """A line for each disk at work, those that have failed first; of a long name the end: its number and size."""
    order = sorted(view.at_work, key=lambda disk: (disk.step != "failed", disk.is_over, disk.step == "waiting"))
    said = [_disk_figures(disk, view) for disk in order[:_DISKS]]
    widest = min(max(len(one) for one in said), max(1, width - _NAME))
    lines = [
        f"{one[:widest]:<{widest}}  {_end_of(_name(disk, view), width - widest - 2)}"
        for one, disk in zip(said, order, strict=False)
    ]
    more = len(order) - _DISKS
    return lines + ([words(view.language, alone=view.alone).more_disks.format(more)] if more > 0 else [])


def _name(disk: DiskProgress, view: ScreenView) -> str:
    return sizes_in(view.language, disk.disk)


def _end_of(name: str, width: int) -> str:
    return name if len(name) <= width else name[len(name) - max(0, width) :]


def _disk_figures(disk: DiskProgress, view: ScreenView) -> str:
    """How much of it is done, how long it still takes, what is done to it."""
    text = words(view.language, alone=view.alone)
    said = [step_name(disk, view.language)]
    if not disk.is_over and disk.step != "waiting":
        left = [] if disk.left is None else _time_left(disk.left, view, at_least=disk.more)
        said = [text.percent.format(disk.permille // 10), *left, *said]
    return ", ".join(said)


def _time_left(seconds: float, view: ScreenView, *, at_least: bool) -> list[str]:
    """In words; nothing of “at least less than a minute”."""
    text = words(view.language, alone=view.alone)
    if at_least and seconds < 60:
        return []
    return [(text.time_left_least if at_least else text.time_left).format(duration(seconds, view.language))]


def _at_other_steps(before: ScreenView | None, after: ScreenView) -> list[str]:
    """Where several disks are that were elsewhere before."""
    known = {disk.disk: disk.step for disk in before.at_work} if before else {}
    several = len(after.at_work) > 1
    moved = [disk for disk in after.at_work if several and disk.step not in ("waiting", known.get(disk.disk))]
    return [f"{_name(disk, after)}: {_disk_figures(disk, after)}" for disk in moved]


def _figures(view: ScreenView) -> list[str]:
    """Percent, speed and time left, in words."""
    text = words(view.language, alone=view.alone)
    figures = [text.percent.format(view.percent)]
    if round(view.rate / 1e6):  # what is counted in steps, not in bytes, has no speed to show
        figures.append(text.rate.format(round(view.rate / 1e6)))
    if view.at_work:
        left = left_of_all(view.at_work)
        figures += _time_left(left.seconds, view, at_least=left.at_least) if left is not None else []
    elif view.rate > 0:
        figures += _time_left((view.total - view.done) / view.rate, view, at_least=False)
    return figures


def _stages(lines: tuple[StageLine, ...], view: ScreenView) -> list[str]:
    names = [stage_name(line.stage, view.language) for line in lines]
    longest = max(len(name) for name in names)
    return [
        f"{_MARKS[line.state]} {name:<{longest}}  {state_name(line.state, view.language)}"
        for line, name in zip(lines, names, strict=True)
    ]


def _stage_sentence(line: StageLine, view: ScreenView) -> str:
    name, state = stage_name(line.stage, view.language), state_name(line.state, view.language)
    return words(view.language, alone=view.alone).stage.format(name, state)


def _tens(view: ScreenView | None) -> int | None:
    return None if view is None or view.percent is None else view.percent // 10


def _wrapped(text: str, width: int) -> list[str]:
    return [line for paragraph in text.split("\n") for line in textwrap.wrap(paragraph, width)]
