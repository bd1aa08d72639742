"""Questions about a PC's disks that only a person can answer; each answer is confirmed, and goes on the record.

The form of an answer names the visit and the disks or controller that were shown; if they have changed since, the
answer is refused.
Not for: what may be asked and what an answer changes (`netboot/jobs/disk_answers.py`).
"""

import asyncio
from typing import cast, get_args

from aiohttp import web

from netboot.jobs.disk_answers import AnswerKind, Question, answers_to, questions
from netboot.records.record import Record
from netboot.records.refusals import AtWork, NotOnRecord
from netboot.records.values import MachineDetail
from netboot.webui.keys import workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.render import page
from netboot.webui.visitor import operators_form


async def answer(request: web.Request) -> web.Response:
    """POST /disk-answer: the word `answer` to the question `key` of this `machine` and `visit`; `sure` in the end."""
    who, form = await operators_form(request)
    record = request.app[workshop_key].record
    machine, question = await asyncio.to_thread(_open_question, record, form)
    kind = cast(AnswerKind, form.get("answer", ""))
    if kind not in get_args(AnswerKind):
        raise Refusal("form")
    inventory = machine.visits[0].inventory
    try:
        answers = answers_to(question, kind, inventory)
    except ValueError:
        raise Refusal("form") from None
    if form.get("sure") != "yes":
        return page(request, "disk_answer_sure.html.j2", machine=machine, question=question, answers=answers, kind=kind)
    try:
        await request.app[workshop_key].commands.answer(who.actor, machine.id, machine.visits[0].id, answers)
    except AtWork:
        raise Refusal("at-work") from None
    return web.Response(status=303, headers={"Location": f"/machine/{machine.id}?answered=1#disk-questions"})


def questions_of(record: Record, machine: MachineDetail) -> tuple[Question, ...]:
    """What is asked of this machine in its newest visit. Blocks."""
    visit = machine.visits[0]
    given = record.answers.of_visit(machine.id, visit.id)
    return questions(visit.inventory, [row.answer for row in given])


def _open_question(record: Record, form: dict[str, str]) -> tuple[MachineDetail, Question]:
    """The question that this form answers. Raises Refusal when it is no longer asked."""
    try:
        machine = record.machines.summary(form.get("machine", ""))
    except NotOnRecord:
        raise Refusal("no-such-machine") from None
    if machine.visits[0].id == form.get("visit", ""):
        for question in questions_of(record, machine):
            if question.key == form.get("key", ""):
                return machine, question
    raise Refusal("old-question")
