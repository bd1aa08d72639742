"""A person's answer to what a stage asks: the form in the PC's row names the visit and the very question that was read.

Not for: what a person tells of a PC's disks before a job (`disk_questions.py`).
"""

from typing import Final

from aiohttp import web

from netboot.records.refusals import CodeUnreadable, Contested, Denied, NotThatVisit, QuestionOver
from netboot.shared.stage_question import as_code
from netboot.webui.keys import workshop_key
from netboot.webui.refusal import Refusal
from netboot.webui.visitor import operators_form

_LONGEST: Final = 256


async def answer(request: web.Request) -> web.Response:
    """POST /stage-answer: `answer`, a choice's id, to the `question` of this key in this `visit`, with the `code` that
    it may ask for."""
    who, form = await operators_form(request)
    commands = request.app[workshop_key].commands
    try:
        await commands.answer_stage(
            who.actor,
            form.get("visit", ""),
            form.get("question", ""),
            form.get("answer", ""),
            as_code(form.get("code", "")[:_LONGEST]),
        )
    except NotThatVisit:
        raise Refusal("another-visit") from None
    except Contested:
        raise Refusal("contested") from None
    except Denied:
        raise Refusal("denied") from None
    except CodeUnreadable:
        raise Refusal("code-unreadable") from None
    except QuestionOver:
        raise Refusal("question-over") from None
    return web.Response(status=303, headers={"Location": "/?stage_answered=1"})
