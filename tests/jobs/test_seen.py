"""What a choice was made for holds for those very disks, in that very PC, and for nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from netboot.jobs.identity import Key
from netboot.jobs.seen import Seen, what_changed
from netboot.shared.inventory import DiskId
from netboot.shared.problems import Problem

SSD = DiskId(serial="S4EWNX0N0001", wwn="eui.0025385b91500001", size=256_060_514_304)
HDD = DiskId(serial="WD-WCC6Y1AB", size=500_107_862_016)
MAC = Key("mac", "10:7b:44:00:00:01")


def code(before: Seen | None, now: Seen) -> str:
    """What is told, "" when the choice holds."""
    problem = what_changed(before, now)
    return "" if problem is None else problem.code


def test_the_same_disks_in_another_order_and_by_less_of_their_names_are_the_same() -> None:
    now = Seen((HDD, DiskId(wwn=SSD.wwn, size=SSD.size)), (MAC,))
    assert code(Seen((SSD, HDD), (MAC,)), now) == ""


def test_a_disk_more_a_disk_less_and_another_one_are_told_by_name() -> None:
    seen = Seen((SSD,))
    assert [code(seen, Seen(disks)) for disks in ((SSD, HDD), (), (HDD,))] == ["disks-changed"] * 3
    problem = what_changed(seen, Seen((HDD,)))
    assert problem is not None
    assert "Vus : S4EWNX0N0001 256,1 Go. Trouvés : WD-WCC6Y1AB 500,1 Go." in problem.sentence("fr")


def test_a_disk_of_another_size_is_another_one() -> None:
    assert code(Seen((SSD,)), Seen((DiskId(serial=SSD.serial, size=SSD.size - 512),))) == "disks-changed"


def test_two_disks_that_say_they_are_one_are_two() -> None:
    assert code(Seen((SSD, SSD)), Seen((SSD, SSD))) == ""
    assert code(Seen((SSD,)), Seen((SSD, SSD))) == "disks-changed"
    assert code(Seen((SSD, SSD)), Seen((SSD,))) == "disks-changed"


def test_the_same_disks_in_another_pc_are_asked_about() -> None:
    seen = Seen((SSD,), (Key("system", "optiplex/1"), MAC))
    assert code(seen, Seen((SSD,), (Key("system", "optiplex/2"), MAC))) == "pc-changed"
    assert code(seen, Seen((SSD,), (Key("system", "optiplex/1"), Key("mac", "10:7b:44:00:00:02")))) == "pc-changed"
    assert code(seen, Seen((SSD,), (MAC,))) == ""


def test_what_was_seen_and_what_is_found_are_both_told() -> None:
    ssd, hdd = "S4EWNX0N0001 256.1 GB", "WD-WCC6Y1AB 500.1 GB"
    told = Problem("disks-changed", {"seen": ssd, "found": f"{ssd}, {hdd}"})
    assert what_changed(Seen((SSD,)), Seen((SSD, HDD))) == told
    assert what_changed(None, Seen((HDD,))) == Problem("disks-changed", {"seen": "–", "found": hdd})
    one = (Key("uuid", "4c4c4544-0042"), Key("system", "optiplex/1"), Key("board", "0nw6h5/1"), MAC)
    other = (Key("uuid", "4c4c4544-0043"),)
    changed = {"seen": "optiplex/1, 0nw6h5/1, 10:7b:44:00:00:01", "found": "–"}
    assert what_changed(Seen((SSD,), one), Seen((SSD,), other)) == Problem("pc-changed", changed)


def test_a_sentence_about_many_disks_or_names_is_cut() -> None:
    disks = tuple(DiskId(serial=f"WD-WCC6Y1AB{number}", size=HDD.size) for number in range(100))
    problem = what_changed(Seen(()), Seen(disks))
    assert problem is not None
    assert len(problem.values["found"]) == 400
    macs = tuple(Key("mac", f"10:7b:44:00:01:{number:02x}") for number in range(64))
    problem = what_changed(Seen((), macs), Seen((), (MAC,)))
    assert problem is not None
    assert len(problem.values["seen"]) == 400


def test_what_nobody_knows_the_disks_of_holds_for_nothing() -> None:
    assert code(None, Seen(())) == "disks-changed"


ids = st.builds(
    DiskId,
    serial=st.sampled_from(["", "A1", "B2", "C3"]),
    wwn=st.sampled_from(["", "w1", "w2"]),
    size=st.sampled_from([10**9, 2 * 10**9]),
    path=st.sampled_from(["", "pci-1", "pci-2"]),
)


@given(st.lists(ids, max_size=4), st.lists(ids, max_size=4))
def test_no_disk_is_ever_written_that_matches_none_of_those_seen(seen: list[DiskId], found: list[DiskId]) -> None:
    if code(Seen(tuple(seen)), Seen(tuple(found))) == "":
        assert len(seen) == len(found)
        assert all(any(known == disk or disk.same_as(known) for known in seen) for disk in found)
        assert all(any(known == disk or disk.same_as(known) for known in found) for disk in seen)


@given(st.lists(ids, max_size=4))
def test_what_did_not_change_is_not_asked_again_not_even_for_a_disk_that_says_nothing(seen: list[DiskId]) -> None:
    assert code(Seen(tuple(seen)), Seen(tuple(seen))) == ""


@given(st.lists(ids, max_size=3), st.lists(ids, max_size=3))
def test_a_digest_stands_for_one_pc_as_it_was_seen(one: list[DiskId], other: list[DiskId]) -> None:
    assert (Seen(tuple(one)).digest == Seen(tuple(other)).digest) == (one == other)
    assert Seen(tuple(one), (MAC,)).digest != Seen(tuple(one)).digest
    assert len(Seen(tuple(one)).digest) == 32
