"""What the prepared PC left in its master: removed or emptied, counted, and nothing else touched."""

import os
import stat
from pathlib import Path

import pytest

from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.leftovers import PLACES, count_leftovers, forget_leftovers
from netboot.shared.placed_files import PlacedFile, files_error
from tests.agent.installed import swap_file

MACHINE = "0123456789abcdef0123456789abcdef"
GONE = {
    "dhcp-leases": (
        "var/lib/NetworkManager/internal-2f0c-enp1s0.lease", "var/lib/NetworkManager/timestamps",
        "var/lib/NetworkManager/seen-bssids", "var/lib/dhcp/dhclient.enp1s0.leases",
        "var/lib/dhclient/dhclient--enp1s0.lease", "var/lib/dhcpcd/enp1s0.lease", "var/lib/dhcpcd/duid",
        "var/lib/dhcpcd/secret", "etc/dhcpcd.duid", "var/lib/wicked/lease-enp1s0-dhcp-ipv4.xml",
    ),
    "network-secret": ("var/lib/NetworkManager/secret_key",),
    "system-secret": ("var/lib/systemd/credential.secret",),
    "adapter-names": ("etc/udev/rules.d/70-persistent-net.rules",),
    "lvm-devices": ("etc/lvm/devices/system.devices",),
    "journal": (f"var/log/journal/{MACHINE}/system.journal", f"var/log/journal/{MACHINE}/user-1000@5f.journal~"),
}  # fmt: skip
ROTATED = ("var/log/syslog.1", "var/log/dpkg.log.2.gz", "var/log/messages-20260901", "var/log/cups/old.log.old")
EMPTIED = ("var/log/syslog", "var/log/wtmp", "var/log/apt/history.log", "var/log/installer/hardware-summary")
KEPT = (
    "var/lib/NetworkManager/NetworkManager.state", "etc/udev/rules.d/70-printer.rules", "var/lib/dhcp/notes",
    "etc/dhcpcd.conf", "etc/lvm/lvm.conf", "var/lib/systemd/random-seed", "home/atelier/var/log/letter",
)  # fmt: skip


SWAP = 1024 * 1024


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in (*(name for names in GONE.values() for name in names), *ROTATED, *EMPTIED, *KEPT):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} of the prepared PC\n")
    (root / "var/log/wtmp").chmod(0o664)
    swap_file(root / "swapfile", preallocated=True, size=SWAP)
    return root


def test_leases_secrets_and_logs_go_and_are_counted_and_nothing_else_is_touched(root: Path) -> None:
    with InstalledTree(root) as tree:
        counts = {what: len(names) for what, names in GONE.items()}
        counts |= {"logs": len(ROTATED) + len(EMPTIED), "swap": 1}
        assert count_leftovers(tree) == counts
        assert forget_leftovers(tree) == counts
        assert count_leftovers(tree) == dict.fromkeys(counts, 0)
        assert forget_leftovers(tree) == dict.fromkeys(counts, 0)
        assert tree.changed == {}
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert files == {*EMPTIED, *KEPT, "swapfile"}
    assert (root / "swapfile").read_bytes()[4096:] == bytes(SWAP - 4096)
    assert all((root / name).read_bytes() == b"" for name in EMPTIED)
    assert all((root / name).read_text() == f"{name} of the prepared PC\n" for name in KEPT)
    assert stat.S_IMODE((root / "var/log/wtmp").stat().st_mode) == 0o664
    assert (root / "var/log/journal").is_dir(), "without it the journal is not kept from one start to the next"


def test_a_system_without_any_of_them_is_left_as_it_is(tmp_path: Path) -> None:
    with InstalledTree(tmp_path) as tree:
        assert set(forget_leftovers(tree).values()) == {0}
    assert list(tmp_path.iterdir()) == []


def test_links_that_lead_out_of_the_system_or_of_its_logs_are_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("host.log", "a.lease", "secret_key"):
        (outside / name).write_text("the agent's own\n")
    (root / "var/log/host.log").symlink_to(outside / "host.log")
    (root / "var/log/home").symlink_to("/home")
    (root / "var/log/outside").symlink_to(outside)
    (root / "var/lib/dhcp").rename(root / "var/lib/was")
    (root / "var/lib/dhcp").symlink_to(outside)
    (root / "var/lib/NetworkManager/secret_key").unlink()
    (root / "var/lib/NetworkManager/secret_key").symlink_to(outside / "secret_key")
    os.mkfifo(root / "var/log/pipe")
    with InstalledTree(root) as tree:
        forget_leftovers(tree)
    assert {path.read_text() for path in outside.iterdir()} == {"the agent's own\n"}
    assert (root / "home/atelier/var/log/letter").read_text()
    assert not os.path.lexists(root / "var/lib/NetworkManager/secret_key")
    assert (root / "var/log/pipe").is_fifo()


def test_no_leftovers_place_is_one_that_a_profile_may_choose() -> None:
    for pattern in (pattern for patterns in PLACES.values() for pattern in patterns):
        placed = PlacedFile(path=f"/{pattern.replace('*', 'x')}")
        assert "is not a file's place" in files_error((placed,), ()), "it would be put there, and then be taken out"


@pytest.mark.parametrize("link", ["var", "var/log"])
def test_logs_that_a_link_leads_to_elsewhere_are_left_alone(root: Path, link: str) -> None:
    (root / "srv").mkdir()
    (root / link).rename(root / "srv/was")
    (root / link).symlink_to("/srv/was")
    log = root / "srv/was" / ("log/syslog" if link == "var" else "syslog")
    with InstalledTree(root) as tree:
        forgotten = forget_leftovers(tree)
    assert (forgotten["logs"], forgotten["journal"]) == (0, 0)
    assert log.read_text() == "var/log/syslog of the prepared PC\n"


def test_logs_in_folders_without_end_are_not_looked_for_for_ever(tmp_path: Path) -> None:
    deep = tmp_path / "var/log" / "/".join("d" * 200 for _ in range(12))
    deep.mkdir(parents=True)
    (deep / "a.log").write_text("deep")
    (tmp_path / "var/log/a.log").write_text("here")
    with InstalledTree(tmp_path) as tree:
        assert forget_leftovers(tree)["logs"] == 2
