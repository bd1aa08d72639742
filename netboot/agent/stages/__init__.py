"""The stages on the PC: one module each, named after the stage, with `async def run(order, at_work)`.

A module's `run` returns the evidence, None where there is nothing to prove, and raises StageFailed. All are loaded
with this package, so that one that is missing keeps the agent from its hello, not a PC in the middle of its work.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, Final, get_args

from nacl.public import PrivateKey

from netboot.agent.at_work import AtWork
from netboot.agent.deploy.earlier import Journal
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import StageTold
from netboot.agent.questions import Ask, nobody
from netboot.agent.this_boot import ThisBoot
from netboot.shared.fields import Token
from netboot.shared.private_files import unseal
from netboot.shared.stages import Result, Stage, StageName, stage_name

DoStage = Callable[[Any, AtWork], Awaitable[Result | None]]


def _does(name: StageName) -> DoStage:
    run: DoStage = import_module(f"{__name__}.{name}").run
    return run


DOES: Final[Mapping[StageName, DoStage]] = {name: _does(name) for name in get_args(StageName)}


@dataclass(frozen=True, slots=True)
class Stages:
    """Does the stages of one stay; what they need is `AtWork`'s. `seal_key` is what secrets are sealed to."""

    server: ServerPlace
    public_key: bytes
    boot_mac: str
    journal: Journal = field(default_factory=Journal)
    this_boot: ThisBoot = field(default_factory=ThisBoot)
    token: Callable[[], Token] = str
    seal_key: PrivateKey = field(default_factory=PrivateKey.generate, repr=False)

    async def run(self, stage: Stage, progress: StageTold, ask: Ask = nobody, sealed: bytes = b"") -> Result | None:
        """Do this stage and return its evidence; `sealed` came with its order. Raises StageFailed."""
        at_work = AtWork(
            self.server, self.public_key, self.boot_mac, progress, self.journal, ask=ask, this_boot=self.this_boot,
            token=self.token, private=partial(unseal, sealed, self.seal_key),
        )  # fmt: skip
        return await DOES[stage_name(stage)](stage, at_work)
