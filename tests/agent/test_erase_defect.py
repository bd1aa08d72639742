"""A defect of the agent that one disk brings out: that disk is not erased, and the others are."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from netboot.agent.erase.firmware.engine import FirmwareErase
from netboot.agent.erase.overwrite import METHOD as OVERWRITE
from netboot.agent.erase.stage import run_erase
from netboot.agent.failures import StageFailed
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult
from tests.agent.played_drive import Played
from tests.agent.test_erase import MARKER, MIB, disk_of, loop, silent

pytestmark = pytest.mark.root


def breaks() -> None:
    raise ValueError("a drive answered what nobody thought of")


async def test_a_defect_that_one_disk_brings_out_stops_no_other(tmp_path: Path) -> None:
    images = [tmp_path / "broken.img", tmp_path / "other.img"]
    for image in images:
        image.write_bytes(MARKER * (4 * MIB // len(MARKER)) + bytes(4 * MIB % len(MARKER)))
    drive = Played(images[0], on_order=breaks)
    with ExitStack() as loops:
        broken, other = (disk_of(loops.enter_context(loop(image))) for image in images)
        order = Erase(
            disks=(
                DiskErase(disk=broken.id, method="nvme-sanitize-block"),
                DiskErase(disk=other.id, method="overwrite"),
            )
        )
        methods = {
            "nvme-sanitize-block": FirmwareErase("nvme-sanitize-block", drive, lambda _: True),
            "overwrite": OVERWRITE,
        }
        with pytest.raises(StageFailed) as failed:
            await run_erase(order, lambda: [broken, other], progress=silent, methods=methods)  # type: ignore[arg-type]
    result = failed.value.result
    assert isinstance(result, EraseResult)
    assert [one.verdict for one in result.erasures] == ["not-erased", "erased"]
    (fault,) = (one.problem for one in result.erasures if one.problem is not None)
    assert fault.code == "agent-error"
    assert "nobody thought of" in fault.values["error"]
    assert MARKER not in images[1].read_bytes()
