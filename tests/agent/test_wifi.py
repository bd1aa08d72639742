"""A Wi-Fi network in an installed system: root's alone, judged by its proof, and no system that would not join it."""

import os
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from netboot.agent.customise.installed_system import personalise, require_own
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.jobs.evidence import judge
from netboot.jobs.stages.rules import Known
from netboot.jobs.wifi_network import WifiNetwork, keyfile
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import DiskId
from netboot.shared.private_files import NONE, PrivateFile, PrivateFiles
from netboot.shared.stages.customise import Customise, CustomiseResult, Found
from netboot.shared.system_settings import SystemSettings
from netboot.shared.wifi import wifi_file
from tests.agent.installed import small_system
from tests.customised import customised

PATH = wifi_file("guests")
SETTINGS = SystemSettings(wifi="guests")
CONTENT = keyfile(WifiNetwork(name="guests", ssid="Atelier", password="hush hush"))
PRIVATE = PrivateFiles(key=b"k" * 32, files=(PrivateFile(path=PATH, content=CONTENT),))
ORDER = Customise(manifest="a" * 64, target=DiskId(size=1), hostname="pc", settings=SETTINGS)
KNOWN = Known(proofs=PRIVATE.proofs)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    small_system(root)
    for program in ("NetworkManager", "wpa_supplicant"):
        (root / "usr/sbin" / program).touch()
    (root / "etc/NetworkManager/system-connections").mkdir(parents=True, mode=0o700)
    return root


def personalised(root: Path, private: PrivateFiles = PRIVATE) -> tuple[Found, ...]:
    """What is on the disk of a system that was set up so."""
    with InstalledTree(root) as tree:
        done = personalise(tree, "pc", SETTINGS, private)
        found, _ = require_own(tree, "pc", done, private)
    return tuple(one for one in found if one.part == "wifi")


def judged(*found: Found, known: Known = KNOWN, order: Customise = ORDER) -> str:
    """What the server says of this evidence, "" when it is enough."""
    record = judge(order, "done", None, customised("pc", *found), known=known)
    return record.problem.technical if record.problem is not None else ""


@pytest.mark.root
def test_it_is_roots_alone_and_its_evidence_is_no_digest_of_it(root: Path) -> None:
    before = root / PATH
    before.write_text("the master's\n")
    os.chown(before, 7, 8)
    (one,) = personalised(root)
    status = (root / PATH).stat()
    assert (root / PATH).read_bytes() == CONTENT
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o600, 0, 0)
    assert (one.path, one.what, one.digest) == (PATH, "file", PRIVATE.proof(CONTENT))
    assert judged(one) == ""


@pytest.mark.root
def test_the_server_believes_no_other_content_owner_or_mode_and_keeps_no_digest_that_it_does_not_know(
    root: Path,
) -> None:
    (one,) = personalised(root)
    unlike = f"error: the evidence: /{PATH} is not as it was ordered"
    other = PRIVATE.proof(CONTENT + b"\n")
    for wrong in (
        replace(one, mode=0o644),
        replace(one, owner=1000),
        replace(one, group=1000),
        replace(one, what="link"),
        replace(one, digest=""),
        replace(one, digest=other),
        replace(one, part="files"),
        replace(one, what="gone", digest=""),
    ):
        assert judged(wrong) == unlike
    assert judged() == f"error: the evidence: no wifi was set: /{PATH}"
    assert judged(one, known=Known()) == unlike
    record = judge(ORDER, "done", None, customised("pc", replace(one, digest=other)), known=KNOWN)
    assert isinstance(record.result, CustomiseResult)
    assert record.result.found[-1].digest == ""
    unordered = replace(ORDER, settings=SystemSettings())
    assert judged(one, order=unordered) == f"error: the evidence: /{PATH} was not ordered"


@pytest.mark.root
@pytest.mark.parametrize("missing", ["usr/sbin/NetworkManager", "usr/sbin/wpa_supplicant", PATH.rpartition("/")[0]])
def test_a_system_that_would_not_join_it_stays_untouched(root: Path, missing: str) -> None:
    gone = root / missing
    gone.rmdir() if gone.is_dir() else gone.unlink()
    with pytest.raises(NetbootError, match="no NetworkManager"):
        personalised(root)
    assert (root / "etc/hostname").read_text() == "debian\n"


def test_an_order_without_its_secret_changes_nothing(root: Path) -> None:
    with pytest.raises(NetbootError, match="did not come with the order"):
        personalised(root, NONE)
    assert (root / "etc/hostname").read_text() == "debian\n"


@pytest.mark.root
def test_iwd_joins_networks_too_and_programs_may_lie_in_bin(root: Path) -> None:
    for program in ("NetworkManager", "wpa_supplicant"):
        (root / "usr/sbin" / program).unlink()
    (root / "usr/sbin").joinpath("sshd").rename(root / "usr/bin/sshd")
    (root / "usr/sbin").rmdir()
    (root / "usr/sbin").symlink_to("bin")
    (root / "usr/bin/NetworkManager").touch()
    (root / "usr/libexec").mkdir()
    (root / "usr/libexec/iwd").touch()
    assert personalised(root)


@pytest.mark.root
def test_a_place_that_the_system_hides_is_refused(root: Path) -> None:
    (root / "etc/fstab").write_text("/dev/sda4 /etc/NetworkManager ext4 defaults 0 2\n")
    with pytest.raises(NetbootError, match="would be hidden"):
        personalised(root)
