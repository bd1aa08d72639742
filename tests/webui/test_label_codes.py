"""The field for the code on a disk's label, in a PC's row and on its page."""

import re
from html import unescape

from aiohttp.test_utils import TestServer

from netboot.shared.protocol import QuestionAnswered
from netboot.shared.stage_question import GIVE
from netboot.webui.texts import texts
from netboot.workshop.greeting import Workshop
from tests.webui.conftest import Person
from tests.webui.test_stage_questions import buttons_in, form_in
from tests.workshop.asked import FOR_A_CODE, LABEL, QUESTION
from tests.workshop.conftest import row_of
from tests.workshop.test_stage_questions import at_work, is_shown

T = texts("fr")


async def test_a_code_is_typed_with_its_blanks_and_passed_on_in_capitals(
    operator: Person, workshop: Workshop, server: TestServer
) -> None:
    async with at_work(server) as (agent, _, run):
        await agent.ask(run, QUESTION)
        await is_shown(workshop)
        assert 'name="code"' not in await operator.get("/")
        await agent.ask(run, FOR_A_CODE)
        await is_shown(workshop, FOR_A_CODE)
        for place in ("/", f"/machine/{row_of(workshop).machine}"):
            html = await operator.get(place)
            field = re.search(r'<input id="([^"]+)" name="code"', html)
            assert field is not None
            assert f'<label for="{field[1]}">' in html
            assert T["asks_code"] in unescape(html)
            assert buttons_in(html) == [GIVE, "none"]
        form = form_in(html)
        refused = unescape(await operator.post("/stage-answer", {**form, "code": "short"}, 400))
        assert "8 à 32" in refused
        await operator.post("/stage-answer", {**form, "code": f" {LABEL[:4].lower()} {LABEL[4:8]}-{LABEL[8:]}\r\n"})
        assert await agent.hear(QuestionAnswered) == QuestionAnswered(question=FOR_A_CODE.id, choice=GIVE, code=LABEL)
        for place in ("/", f"/machine/{row_of(workshop).machine}", "/record"):
            assert LABEL not in await operator.get(place)
