"""Each stage's module is found by its name and given what it needs; one that needs a master gets the server for it."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from netboot.agent import stages
from netboot.agent.at_work import AtWork
from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.progress import NO_BEGINS, DiskAt
from netboot.agent.stages import DOES, Stages
from netboot.shared.inventory import DiskId
from netboot.shared.protocol import Stuck
from netboot.shared.stages import Result, Stage, stage_name
from netboot.shared.stages.customise import Customise
from netboot.shared.stages.deploy import Deploy
from netboot.shared.stages.finish import Finish
from tests.agent.boot_http import PUBLIC, BootHttp, manifest_of, root_partition

MIB = 1024 * 1024
NO_DISK = DiskId(serial="of no disk at all", size=MIB)


class Silent:
    def __call__(self, done: int, total: int, part: str = "") -> None: ...

    begins = NO_BEGINS

    def held_up(self, stuck: Sequence[Stuck]) -> None: ...

    def disks(self, at: Sequence[DiskAt]) -> None: ...


@pytest.mark.parametrize("stage", ["deploy", "customise"])
@pytest.mark.parametrize(("key", "code"), [(PUBLIC, "disk-gone"), (bytes(32), "master-unsigned")])
async def test_a_master_is_asked_of_the_server_and_its_signature_checked_before_any_disk_is_looked_for(
    stage: str, key: bytes, code: str
) -> None:
    async with BootHttp(
        manifest_of(bytes(4 * MIB), (root_partition(MIB, MIB),), used=[(0, MIB)]), bytes(4 * MIB)
    ) as http:
        ordered: Stage = Deploy(manifest=http.digest, name="Test master", target=NO_DISK)
        if stage == "customise":
            ordered = Customise(manifest=http.digest, target=NO_DISK, hostname="pc")
        with pytest.raises(StageFailed) as caught:
            await Stages(ServerPlace(http.url), key, "").run(ordered, Silent())
    assert caught.value.problem.code == code


def test_each_stage_has_a_module_of_its_name_which_takes_its_order_and_gives_its_evidence() -> None:
    orders = {order.__struct_config__.tag: order for order in get_args(Stage)}
    results = {result.__struct_config__.tag: result for result in get_args(Result)}
    assert set(DOES) == set(orders)
    for name, run in DOES.items():
        hints = list(get_type_hints(run).values())
        assert hints == [orders[name], AtWork, results.get(name, type(None))]
        assert inspect.iscoroutinefunction(run)
    assert {path.stem for path in Path(stages.__path__[0]).glob("[!_]*.py")} == set(orders)


async def test_the_end_proves_nothing_and_asks_nobody() -> None:
    finish = Finish(action="poweroff")
    assert stage_name(finish) == "finish"
    assert await Stages(ServerPlace("http://192.0.2.1"), PUBLIC, "").run(finish, Silent()) is None
