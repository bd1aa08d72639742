"""Who does a stage is given what it needs: those that take a master are given the server as its source."""

from collections.abc import Sequence

import pytest

from netboot.agent.failures import StageFailed
from netboot.agent.net.server_place import ServerPlace
from netboot.agent.stages import Stages
from netboot.shared.inventory import DiskId
from netboot.shared.protocol import Stuck
from netboot.shared.stages import Stage
from netboot.shared.stages.customise import Customise
from netboot.shared.stages.deploy import Deploy
from tests.agent.boot_http import PUBLIC, BootHttp, manifest_of, root_partition

MIB = 1024 * 1024
NO_DISK = DiskId(serial="of no disk at all", size=MIB)


class Silent:
    def __call__(self, done: int, total: int, part: str = "") -> None: ...
    def held_up(self, stuck: Sequence[Stuck]) -> None: ...


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
