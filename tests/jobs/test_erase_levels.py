"""What an erase counts as, and that each method has all its parts."""

from dataclasses import replace as with_rules
from typing import Any, cast, get_args

import msgspec
import pytest
from msgspec.structs import replace

from netboot.agent.erase.stage import METHODS as DOES
from netboot.imaging import Run, next_stage
from netboot.jobs.erase_levels import is_less, level_of, medium_of
from netboot.jobs.erase_methods import METHODS
from netboot.jobs.erase_methods.levels import TABLE
from netboot.jobs.erase_methods.rules import MethodRules
from netboot.jobs.evidence import judge
from netboot.jobs.stages.rules import Known
from netboot.shared.erase_methods import KINDS, Method
from netboot.shared.inventory import Disk
from netboot.shared.stages.erase import DiskErase, Erase, EraseResult, Level, Medium
from tests.jobs.conftest import HDD, SSD, done, erasure, job
from tests.orders import overwriting


@pytest.mark.parametrize("method", get_args(Method))
def test_every_method_has_all_its_parts(method: Method) -> None:
    assert set(METHODS[method].levels) == set(get_args(Medium))
    assert DOES[method].name == method
    nothing = KINDS[method].evidence()
    order = DiskErase(disk=SSD.id, method=method)
    assert METHODS[method].left(nothing, order), "nothing was done: all of it is left"
    assert METHODS[method].reason_to_doubt(nothing, order, 1e9) is not None


@pytest.mark.parametrize(
    ("changes", "medium"),
    [
        ({"rotational": True, "rotation": 7200, "transport": "sata"}, "magnetic"),
        ({"rotational": True, "rotation": 0x0401, "transport": "sas"}, "magnetic"),
        ({"rotational": True, "rotation": 0xFFFE, "transport": "usb", "ata": True}, "magnetic"),
        ({"rotational": True, "rotation": 7200, "transport": "usb"}, "not-told"),
        ({"rotational": True, "rotation": 7200, "transport": "virtio"}, "not-told"),
        # Old flash tells no rate, and Linux takes for granted that it turns; what old agents say is the same.
        ({"rotational": True, "transport": "sata", "ata": True}, "not-told"),
        ({"rotational": True, "transport": "sas"}, "not-told"),
        # What stands for no rate, and what contradicts Linux.
        ({"rotational": True, "rotation": 1, "transport": "sata"}, "not-told"),
        ({"rotational": True, "rotation": 0x0400, "transport": "sata"}, "not-told"),
        ({"rotational": True, "rotation": 0xFFFF, "transport": "sata"}, "not-told"),
        ({"rotational": False, "rotation": 7200, "transport": "sata"}, "not-told"),
        ({"rotational": False, "rotation": 1, "transport": "sata"}, "flash"),
        ({"rotational": False, "transport": "sata"}, "flash"),
        ({"rotational": False, "transport": "nvme"}, "flash"),
    ],
)
def test_a_medium_is_as_much_as_the_disk_tells(changes: dict[str, object], medium: Medium) -> None:
    assert medium_of(replace(SSD, **changes)) == medium
    assert medium_of(None) == "not-told"


def test_an_enhanced_erase_of_flash_that_tells_no_rate_is_not_called_a_purge() -> None:
    """Flash gets Clear by it, a magnetic disk Purge: of what may be either, neither is said."""
    untold = replace(SSD, rotational=True, ata=True)
    for method in ("ata-erase-enhanced", "ata-sanitize-overwrite", "scsi-sanitize-overwrite"):
        assert level_of(method, HDD) == "purge"
        assert level_of(method, untold) == "none"
    assert level_of("overwrite", untold) == "clear"
    assert "if it is flash" in TABLE["overwrite"][medium_of(untold)].condition


def test_an_inventory_of_before_tells_no_rate() -> None:
    """One that an older agent sends, or that stands on the record."""
    old = msgspec.to_builtins(HDD)
    del old["rotation"]
    assert medium_of(msgspec.convert(old, Disk)) == "not-told"


@pytest.mark.parametrize("disk", [SSD, HDD, None])
def test_an_overwrite_is_clear_on_any_medium_and_never_more(disk: Disk | None) -> None:
    assert level_of("overwrite", disk) == "clear"


def test_a_level_goes_by_the_medium_that_the_server_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a method whose levels differ from medium to medium, as ATA's enhanced erase in revision 1."""
    levels: dict[Medium, Level] = {"magnetic": "purge", "flash": "clear", "not-told": "none"}
    rules = with_rules(METHODS["overwrite"], levels=levels)
    monkeypatch.setitem(cast(dict[Method, MethodRules[Any]], METHODS), "overwrite", rules)
    assert [level_of("overwrite", disk) for disk in (HDD, SSD, None)] == ["purge", "clear", "none"]
    said = EraseResult(erasures=(erasure(SSD), erasure(HDD)))
    result = judge(overwriting(SSD.id, HDD.id), "done", None, said, known=Known(disks=(SSD, HDD))).result
    assert isinstance(result, EraseResult)
    assert [one.level for one in result.erasures] == ["clear", "purge"]


def test_an_ssd_that_is_overwritten_is_never_purge_whoever_writes() -> None:
    writing = {method: counts["flash"].level for method, counts in TABLE.items() if "overwrite" in method}
    assert len(writing) == 4
    assert set(writing.values()) == {"clear"}


def test_levels_have_an_order() -> None:
    assert is_less("none", "clear")
    assert is_less("clear", "purge")
    assert not is_less("clear", "clear")
    assert not is_less("purge", "none")


def test_the_order_names_a_method_for_each_disk_and_what_it_comes_to() -> None:
    following = next_stage(done(job(SSD, HDD), "check"))
    assert isinstance(following, Run)
    assert isinstance(following.stage, Erase)
    assert [(one.disk, one.method, one.level) for one in following.stage.disks] == [
        (SSD.id, "overwrite", "clear"),
        (HDD.id, "overwrite", "clear"),
    ]


def test_level_and_medium_on_the_record_are_the_servers() -> None:
    said = tuple(replace(erasure(disk), level="purge", wanted="none", medium="magnetic") for disk in (SSD, HDD))
    order = overwriting(SSD.id, HDD.id)
    result = judge(order, "done", None, EraseResult(erasures=said), known=Known(disks=(SSD, HDD))).result
    assert isinstance(result, EraseResult)
    assert [(one.level, one.wanted, one.medium) for one in result.erasures] == [
        ("clear", "clear", "flash"),
        ("clear", "clear", "magnetic"),
    ]
