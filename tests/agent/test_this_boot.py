"""What one start of the PC remembers of its disks."""

from netboot.agent.this_boot import ThisBoot
from netboot.shared.inventory import DiskId

FIRST, THEN = DiskId(serial="S1", size=100), DiskId(serial="S1", size=90)


def test_a_disk_that_has_its_first_size_again_is_known_by_that() -> None:
    this_boot = ThisBoot()
    this_boot.grew(FIRST, THEN)
    assert this_boot.now(FIRST) == THEN
    this_boot.grew(THEN, FIRST)
    assert (this_boot.now(FIRST), this_boot.now(THEN)) == (FIRST, FIRST)


def test_other_disks_keep_the_size_that_they_have_now() -> None:
    this_boot = ThisBoot()
    other, larger = DiskId(serial="S2", size=100), DiskId(serial="S2", size=110)
    this_boot.grew(other, larger)
    this_boot.grew(FIRST, THEN)
    this_boot.grew(THEN, FIRST)
    assert this_boot.now(other) == larger
