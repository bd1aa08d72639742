from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from netboot.dhcp.ipxe_rom import LOADER_TO_ROM, ROM_TO_LOADER, RomDialogues
from netboot.dhcp.loop_guard import MAX_ENTRIES, LoopGuard, Pass

MAC = "52:54:00:88:00:01"


def ask(guard: LoopGuard, xid: int, now: float, *, file: str = "undionly.kpxe", secs: int = 0, mac: str = MAC) -> Pass:
    return guard.ask(mac, file, xid=xid, secs=secs, now=now)


def test_the_same_file_too_often_in_a_short_time_is_refused_and_told_once() -> None:
    guard = LoopGuard(limit=3, seconds=60)
    passes = [ask(guard, xid, now=xid * 5) for xid in range(6)]
    assert passes == [Pass.GRANTED] * 3 + [Pass.REFUSED_FIRST, Pass.REFUSED, Pass.REFUSED]


def test_the_guard_forgives_when_the_time_is_over() -> None:
    guard = LoopGuard(limit=3, seconds=60)
    for xid in range(4):
        ask(guard, xid, now=xid)
    assert ask(guard, 9, now=60) is Pass.GRANTED
    assert [ask(guard, xid, now=61) for xid in (10, 11, 12)] == [Pass.GRANTED, Pass.REFUSED_FIRST, Pass.REFUSED]


def test_a_discover_sent_again_in_one_dialogue_does_not_count() -> None:
    guard = LoopGuard(limit=1, seconds=60)
    assert [ask(guard, 7, now=secs, secs=secs) for secs in (0, 4, 12, 28)] == [Pass.GRANTED] * 4


def test_a_rom_whose_xid_never_changes_is_counted_by_its_seconds() -> None:
    guard = LoopGuard(limit=2, seconds=60)
    assert [ask(guard, 7, now=start, secs=4) for start in (0, 10, 20)] == [
        Pass.GRANTED,
        Pass.GRANTED,
        Pass.REFUSED_FIRST,
    ]


def test_a_chain_of_different_files_is_no_loop() -> None:
    guard = LoopGuard(limit=1, seconds=60)
    assert ask(guard, 1, now=0) is Pass.GRANTED
    assert ask(guard, 2, now=1, file="http://10.77.0.2/boot/ipxe") is Pass.GRANTED


def test_one_looping_pc_does_not_stop_another() -> None:
    guard = LoopGuard(limit=1, seconds=60)
    ask(guard, 1, now=0)
    assert ask(guard, 2, now=5) is Pass.REFUSED_FIRST
    assert ask(guard, 3, now=6, mac="52:54:00:88:00:02") is Pass.GRANTED


def test_forged_addresses_fill_no_memory() -> None:
    guard = LoopGuard(limit=1, seconds=60)
    for number in range(MAX_ENTRIES + 500):
        ask(guard, 1, now=0, mac=f"{number:012x}")
    assert len(guard) == MAX_ENTRIES


@given(st.lists(st.floats(0, 20), max_size=80))
def test_new_dialogues_never_get_more_than_the_limit(waits: list[float]) -> None:
    guard = LoopGuard(limit=4, seconds=30)
    times = accumulate(waits)
    granted = [now for xid, now in enumerate(times) if ask(guard, xid, now) is Pass.GRANTED]
    assert all(later - earlier >= 30 for earlier, later in zip(granted, granted[4:], strict=False))


def test_of_each_power_on_the_first_dialogue_is_the_roms() -> None:
    turns = RomDialogues()
    assert [turns.is_rom(MAC, 1, now) for now in (0, 4, 10)] == [True] * 3
    assert [turns.is_rom(MAC, 2, now) for now in (20, 24, 30)] == [False] * 3
    assert turns.is_rom(MAC, 3, 32) is False  # a script that asks for its address once more
    assert turns.is_rom(MAC, 4, 32 + LOADER_TO_ROM + 1) is True
    assert turns.is_rom(MAC, 5, 60) is False


def test_a_rom_that_never_got_its_loader_is_the_rom_again() -> None:
    turns = RomDialogues()
    assert turns.is_rom(MAC, 1, 0)
    assert turns.is_rom(MAC, 2, ROM_TO_LOADER + 1)
