"""Accounts in an installed system: its own useradd, usermod and chage, in a small root."""

import os
import stat
from pathlib import Path

import pytest

from netboot.agent.customise.accounts import found_accounts, make_accounts
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.jobs.customise_evidence import not_as_ordered
from netboot.shared.accounts import FoundAccount, User
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import DiskId
from netboot.shared.stages.customise import Customise, Found
from netboot.shared.system_settings import SystemSettings
from tests.agent.installed import copy_program, small_system
from tests.customised import customised

pytestmark = pytest.mark.root

SHADOW_LABEL = b"system_u:object_r:shadow_t:s0\0"
PUPIL = User(name="eleve", title="Élève", groups=("audio",), sign_in="first-login")
TEACHER = User(name="maitre", sign_in="locked")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    small_system(root)
    for program in ("/usr/sbin/useradd", "/usr/sbin/usermod", "/usr/bin/chage"):
        copy_program(program, root)
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
    )
    (root / "etc/shadow").write_text("root:*:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\n")
    (root / "etc/group").write_text("root:x:0:\ndaemon:x:1:\naudio:x:29:\n")
    (root / "etc/gshadow").write_text("root:*::\ndaemon:*::\naudio:*::\n")
    (root / "etc/shadow").chmod(0o640)
    os.setxattr(root / "etc/shadow", "security.selinux", SHADOW_LABEL)
    (root / "etc/login.defs").write_text("UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nUSERGROUPS_ENAB yes\n")
    (root / "etc/xattr.conf").touch()
    (root / "proc").mkdir()
    (root / "etc/skel/.config").mkdir(parents=True)
    (root / "etc/skel/.config/first").write_text("for everybody\n")
    return root


def make(root: Path, *users: User) -> tuple[tuple[Found, ...], tuple[FoundAccount, ...]]:
    """What was changed and is there now, judged as the server does."""
    with InstalledTree(root) as tree:
        make_accounts(tree, users)
        found = tuple(tree.look(part, path) for path, part in tree.changed.items())
        accounts = found_accounts(tree, users)
    order = Customise(manifest="a" * 64, target=DiskId(size=1), hostname="pc", settings=SystemSettings(users=users))
    evidence = customised("pc", *found, accounts=accounts)
    assert not_as_ordered(order, evidence) is None
    return found, accounts


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and not p.is_symlink()}


def test_a_pupil_chooses_a_password_at_the_first_sign_in_and_a_locked_account_has_none(root: Path) -> None:
    before = files(root)
    found, accounts = make(root, PUPIL, TEACHER)
    after = files(root)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    told = {one.path for one in found}
    assert {name for name in changed if not name.startswith(("home/eleve/", "home/maitre/"))} <= told
    assert [(one.name, one.uid, one.groups, one.sign_in, one.home) for one in accounts] == [
        ("eleve", 1000, ("audio",), "first-login", True),
        ("maitre", 1001, (), "locked", True),
    ]
    assert "eleve::0:" in (root / "etc/shadow").read_text()
    assert "eleve:x:1000:1000:Élève:/home/eleve:/bin/sh\n" in (root / "etc/passwd").read_text()
    skel = root / "home/eleve/.config/first"
    assert (skel.read_text(), skel.stat().st_uid) == ("for everybody\n", 1000)
    shadow = root / "etc/shadow"
    assert stat.S_IMODE(shadow.stat().st_mode) == 0o640
    assert os.getxattr(shadow, "security.selinux") == SHADOW_LABEL


def test_an_account_that_is_there_keeps_its_files_and_loses_its_password(root: Path) -> None:
    make(root, TEACHER)
    (root / "home/maitre/lesson").write_text("one\n")
    shadow = root / "etc/shadow"
    shadow.write_text(shadow.read_text().replace("maitre:!:", "maitre:$y$j9T$abc:"))
    _, (account,) = make(root, User(name="maitre", title="Maître", groups=("audio",), sign_in="first-login"))
    assert (account.uid, account.groups, account.sign_in) == (1000, ("audio",), "first-login")
    assert (root / "home/maitre/lesson").read_text() == "one\n"
    assert "maitre:x:1000:1000:Maître:" in (root / "etc/passwd").read_text()
    assert "$y$" not in shadow.read_text()


def test_a_home_has_the_labels_of_homes_where_the_system_has_labels(root: Path) -> None:
    os.setxattr(root / "home", "security.selinux", b"system_u:object_r:home_root_t:s0\0")
    make(root, PUPIL)
    assert os.getxattr(root / "home/eleve", "security.selinux") == b"system_u:object_r:user_home_dir_t:s0\0"
    assert os.getxattr(root / "home/eleve/.config/first", "security.selinux") == b"system_u:object_r:user_home_t:s0\0"


@pytest.mark.parametrize(
    ("user", "why"),
    [
        (User(name="daemon"), "system's own account"),
        (User(name="nobody"), "system's own account"),
        (User(name="eleve", groups=("audio", "printers")), "no group printers"),
        (User(name="audio"), "audio is a group of the master"),
    ],
)
def test_what_cannot_be_made_is_told_and_no_account_is_touched(root: Path, user: User, why: str) -> None:
    before = files(root)
    with InstalledTree(root) as tree, pytest.raises(NetbootError, match=why):
        make_accounts(tree, (PUPIL, user))
    assert files(root) == before


def test_a_system_without_useradd_says_so(root: Path) -> None:
    (root / "usr/sbin/useradd").unlink()
    with InstalledTree(root) as tree, pytest.raises(NetbootError, match="no useradd"):
        make_accounts(tree, (PUPIL,))


def test_a_home_that_leads_out_of_the_system_is_never_reached(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "home/atelier/letter").unlink()
    (root / "home/atelier").rmdir()
    (root / "home").rmdir()
    (root / "home").symlink_to(outside)
    with InstalledTree(root) as tree, pytest.raises((NetbootError, OSError)):
        make_accounts(tree, (PUPIL,))
    assert list(outside.iterdir()) == []
