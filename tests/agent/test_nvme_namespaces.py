"""What an NVMe drive may hold beside its disks: a tool's failed or empty answer is never "nothing there"."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.disks.nvme_namespaces import (
    Namespaces,
    parse_controller,
    parse_namespaces,
    read_namespaces,
)
from netboot.agent.host import Host
from netboot.agent.inventory import read_inventory
from netboot.shared.inventory import HiddenStorage

Recorded = Callable[[str], Host]
MANAGES = "bios-desktop"
"""Its drive is QEMU's, which manages namespaces."""
SIMPLE = "nvme-no-management"
UNCLEAR = HiddenStorage(
    kind="namespaces-unclear", controller="nvme0 Red Hat, Inc. QEMU NVM Express Controller [1b36:0010]"
)


def desktop(tmp_path: Path, recorded: Recorded, answers: str, *failing: str) -> tuple[HiddenStorage, ...]:
    """What the recorded desktop hides when its drive answers as that of another recording, these requests failing."""
    pc, other = recorded(MANAGES), recorded(answers)

    def programs(command: Sequence[str]) -> str:
        if command[0] != "nvme":
            return pc.output(command)
        asked = "all" if "--all" in command else command[1]
        return "" if asked in failing else other.output(command)

    return read_inventory("", Host(tmp_path / MANAGES, programs)).hidden


@pytest.mark.parametrize(
    ("answers", "failing"),
    [
        (MANAGES, ("all",)),
        (MANAGES, ("all", "list-ns")),
        (MANAGES, ("all", "id-ctrl")),
        (SIMPLE, ("id-ctrl",)),
        (SIMPLE, ("list-ns",)),
        (SIMPLE, ("list-ns", "id-ctrl")),
    ],
)
def test_a_drive_that_fails_to_tell_its_namespaces_is_told(
    tmp_path: Path, recorded: Recorded, answers: str, failing: tuple[str, ...]
) -> None:
    assert desktop(tmp_path, recorded, answers, *failing) == (UNCLEAR,)


@pytest.mark.parametrize(
    ("answers", "failing"), [(MANAGES, ()), (MANAGES, ("id-ctrl",)), (MANAGES, ("list-ns",)), (SIMPLE, ())]
)
def test_a_drive_that_tells_all_or_can_have_no_more_hides_nothing(
    tmp_path: Path, recorded: Recorded, answers: str, failing: tuple[str, ...]
) -> None:
    """The second recorded drive refuses to list what is allocated, and rightly: it does not manage namespaces."""
    assert desktop(tmp_path, recorded, answers, *failing) == ()


def test_a_list_of_all_that_lacks_what_is_there_is_no_answer() -> None:
    for allocated in (frozenset[int](), frozenset({2})):
        drive = Namespaces("nvme0", attached=frozenset({1}), allocated=allocated, manages=True, highest=32)
        assert drive.missing(frozenset({1})) is None


@pytest.mark.parametrize("attached", [None, frozenset({1})])
def test_a_drive_with_room_for_one_namespace_has_no_other(attached: frozenset[int] | None) -> None:
    """Of NVMe 1.0, which knows no list at all; or one that says that it manages namespaces, and does not."""
    for manages in (True, False, None):
        drive = Namespaces("nvme0", attached=attached, allocated=None, manages=manages, highest=1)
        assert drive.missing(frozenset({1})) == ()
    assert Namespaces("nvme0", attached=attached, allocated=None, manages=False, highest=2).missing(frozenset({1})) == (
        None if attached is None else ()
    )


def test_what_is_attached_and_no_disk_is_missing_though_no_list_of_all_is_given() -> None:
    drive = Namespaces("nvme0", attached=frozenset({1, 2}), allocated=None, manages=False, highest=8)
    assert drive.missing(frozenset({1})) == (2,)


SETS = st.frozensets(st.integers(1, 4), max_size=4)


@given(st.none() | SETS, st.none() | SETS, st.none() | st.booleans(), st.integers(0, 4), SETS)
def test_nothing_is_called_complete_that_something_speaks_against(
    attached: frozenset[int] | None,
    allocated: frozenset[int] | None,
    manages: bool | None,
    highest: int,
    listed: frozenset[int],
) -> None:
    if Namespaces("nvme0", attached, allocated, manages, highest).missing(listed) != ():
        return
    assert (attached or frozenset()) <= listed
    full = 0 < highest == len(listed) == max(listed, default=0)
    answered = manages is not False and allocated == listed
    assert full or answered or (manages is False and attached is not None)


@given(st.one_of(st.text(max_size=300), st.sampled_from(['{"nsid_list":[{"nsid":"1"}]}', "[]", "{}", "[" * 5000])))
def test_what_is_no_list_of_namespaces_is_none(text: str) -> None:
    assert parse_namespaces(text) is None
    assert parse_controller(text) is None


@given(st.lists(st.integers(1, 2**32 - 1), max_size=40))
def test_a_list_of_namespaces_is_read(numbers: list[int]) -> None:
    text = '{"nsid_list":[' + ",".join(f'{{"nsid":{number}}}' for number in numbers) + "]}"
    assert parse_namespaces(text) == frozenset(numbers)


def test_namespace_management_is_read_as_recorded(recorded: Recorded) -> None:
    request = ("nvme", "id-ctrl", "/dev/nvme0", "--output-format=json")
    assert parse_controller(recorded(MANAGES).output(request)) == (True, 256)
    assert parse_controller(recorded(SIMPLE).output(request)) == (False, 1024)
    (desktop,) = read_namespaces(recorded(MANAGES)).values()
    assert (desktop.controller, desktop.manages, desktop.highest) == ("nvme0", True, 256)


def test_a_drive_behind_a_network_is_known_by_its_own_place(tmp_path: Path) -> None:
    """As the kernel shows those of nvme-fabrics: below no PCI function, so that none is taken for a drive of the PC."""
    (tmp_path / "sys/class/nvme").mkdir(parents=True)
    for name in ("nvme0", "nvme1"):
        place = tmp_path / "sys/devices/virtual/nvme-fabrics/ctl" / name
        place.mkdir(parents=True)
        (tmp_path / "sys/class/nvme" / name).symlink_to(place)
    found = read_namespaces(Host(tmp_path, lambda _: ""))
    assert found == {
        f"sys/devices/virtual/nvme-fabrics/ctl/{name}": Namespaces(name, attached=None, allocated=None)
        for name in ("nvme0", "nvme1")
    }


def test_whether_numbers_are_all_that_there_can_be_needs_a_highest() -> None:
    silent = Namespaces("nvme0", attached=None, allocated=None)
    assert silent.missing(frozenset()) is None
    assert silent.missing(frozenset({1})) is None
