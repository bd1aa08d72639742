"""An agent that lies over the real line to the real server: no report that contradicts itself becomes an erased disk.

Each kind that was once believed, told by a PC that did all else as it was ordered. The judge's own tests make such
reports by machine (`tests/jobs/test_contradictions.py`); here is what is on the record afterwards, and that an
honest PC beside is not kept waiting.
"""

import time
from collections.abc import Callable
from itertools import count
from typing import Literal

import pytest
from msgspec.structs import replace

from netboot.shared.inventory import Nic
from netboot.shared.problems import Problem
from netboot.shared.protocol import Leave, Plan, RunStage, StageFinished, Stay, encode
from netboot.shared.stages.erase import EraseResult, Erasure
from tests.abuse.speaks import until
from tests.abuse.test_contested_lines import ERASE, HONEST_WITHIN, Scene, scene  # noqa: F401 — the fixture
from tests.workshop.conftest import hello, pc
from tests.workshop.player import ENDED, evidence

pytestmark = pytest.mark.root

DOCK = Nic(name="eth1", mac="98:fa:9b:66:66:66", driver="r8152", removable=True)
"""By which the lying PCs hang on the stranger's port."""
NUMBERS = count(20)
WHOLE = 2**63 - 1

LIES: dict[str, Callable[[Erasure], tuple[Erasure, ...]]] = {
    "two reports of one disk, the second not erased": lambda e: (e, replace(e, verdict="not-erased")),
    "erased, with a problem of its own": lambda e: (replace(e, problem=Problem("erase-mismatch")),),
    "erased, with an area that is hidden": lambda e: (
        replace(e, after=replace(e.after, native_sectors=e.disk.size // 512 + 8) if e.after else None),
    ),
    "erased, by another disk's words": lambda e: (replace(e, before=e.before and replace(e.before, serial="OTHER")),),
    "erased, with more bytes than any disk has": lambda e: (
        replace(e, evidence=replace(e.evidence, written=WHOLE, verified=WHOLE)),
    ),
    "finished before it started": lambda e: (replace(e, began=e.ended, ended=e.began),),
    "erased, in a stage that failed": lambda e: (e,),
    "another disk beside": lambda e: (e, replace(e, disk=pc(19).disks[0].id)),
    "a disk that was not read back": lambda e: (replace(e, evidence=replace(e.evidence, verified=0)),),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_report_that_contradicts_itself_is_no_proof(scene: Scene, lie: str) -> None:  # noqa: F811
    number = next(NUMBERS)
    inventory = replace(pc(number), nics=(*pc(number).nics, DOCK))
    picked = await scene.stranger.picks(ERASE, inventory, f"lies-{number}")
    async with scene.stranger.agent(picked) as (agent, welcome):
        await agent.hear(Plan)
        erase = await agent.obey(inventory, until="check")
        assert isinstance(erase, RunStage)
        await agent.start(erase)
        true = evidence(erase.stage, inventory)
        assert isinstance(true, EraseResult)
        outcome: Literal["done", "failed"] = "failed" if "failed" in lie else "done"
        said_at = time.monotonic()
        told = await agent.finish(erase, EraseResult(erasures=LIES[lie](*true.erasures)), outcome=outcome)
        assert isinstance(await agent.order(), Stay)
        (proof,) = [event for event in scene.journal.events("erasure") if event.visit == welcome.visit]
        judged = time.monotonic() - said_at
        async with scene.pcs[14].agent(hello(pc(14), f"honest-{number}")):
            waited = time.monotonic() - said_at - judged
    assert proof.body["verdict"] in ("undetermined", "not-erased")
    ended = await until(scene.journal, "job-ended", welcome.visit)
    assert ended.body["state"] == "failed"
    print(f"{lie}: {len(encode(told))} bytes, judged in {judged:.2f} s, an honest PC waited {waited:.2f} s")
    assert waited < HONEST_WITHIN


async def test_a_report_that_says_a_thing_twice_ends_its_line_and_the_true_one_counts(scene: Scene) -> None:  # noqa: F811
    number = next(NUMBERS)
    inventory = replace(pc(number), nics=(*pc(number).nics, DOCK))
    picked = await scene.stranger.picks(ERASE, inventory, f"lies-{number}")
    async with scene.stranger.agent(picked) as (agent, welcome):
        await agent.hear(Plan)
        erase = await agent.obey(inventory, until="check")
        assert isinstance(erase, RunStage)
        await agent.start(erase)
        assert await agent.receipt()
        report = StageFinished(
            number=agent.number + 1,
            job=erase.job,
            stage="erase",
            at=ENDED,
            outcome="done",
            result=evidence(erase.stage, inventory),
        )
        twice = encode(report).replace('"verdict":"erased"', '"verdict":"not-erased","verdict":"erased"')
        assert twice != encode(report)
        await agent.say_raw(twice)
        assert await agent.closed()
    assert not [event for event in scene.journal.events("erasure") if event.visit == welcome.visit]
    back = hello(inventory, f"lies-{number}", token=welcome.token)
    async with scene.stranger.agent(back) as (agent, again):
        assert again.visit == welcome.visit
        await agent.hear(Plan)
        assert await agent.obey(inventory) == Leave(action="poweroff")
    (proof,) = [event for event in scene.journal.events("erasure") if event.visit == welcome.visit]
    assert proof.body["verdict"] == "erased"
    print(f"a thing said twice: {len(twice)} bytes, no proof")
