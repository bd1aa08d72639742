"""Personalising an installed system in a folder: what changes, what stays, and links that lead out."""

import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.customise import installed_system
from netboot.agent.customise.installed_system import Personalised, hosts_with
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.shared.accounts import User
from netboot.shared.errors import NetbootError
from netboot.shared.mount_points import mount_points, require_on_root
from netboot.shared.placed_files import FIRST_START, PlacedFile, Script
from netboot.shared.stages.customise import Forgotten, Found
from netboot.shared.system_settings import SystemSettings
from tests.agent.installed import copy_program

HOSTS = "127.0.0.1\tlocalhost\n127.0.1.1\tdebian.example debian\n\n# IPv6\n::1 localhost ip6-localhost\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for folder in ("etc/ssh", "var/lib/dbus", "var/lib/systemd"):
        (root / folder).mkdir(parents=True)
    (root / "etc/hostname").write_text("debian\n")
    (root / "etc/hosts").write_text(HOSTS)
    (root / "etc/machine-id").write_text("0" * 32 + "\n")
    (root / "etc/machine-id").chmod(0o444)
    (root / "etc/fstab").write_text("# untouched\n")
    return root


def personalise(root: Path, hostname: str) -> Personalised:
    with InstalledTree(root) as tree:
        return installed_system.personalise(tree, hostname, SystemSettings())


def require_own(root: Path, hostname: str, done: Personalised) -> tuple[tuple[Found, ...], tuple[Forgotten, ...]]:
    with InstalledTree(root) as tree:
        return installed_system.require_own(tree, hostname, done)


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }


def test_only_the_files_that_are_returned_change(root: Path) -> None:
    before = snapshot(root)
    changed = personalise(root, "pc-042").changed
    after = snapshot(root)
    assert {name for name in before | after if before.get(name) != after.get(name)} == set(changed)
    assert set(changed) == {"etc/hostname", "etc/hosts", "etc/machine-id"}
    assert (root / "etc/hostname").read_text() == "pc-042\n"
    assert {name: mode for name, (mode, _) in after.items()} == {name: mode for name, (mode, _) in before.items()}


def test_a_long_hosts_file_is_kept_whole_and_one_that_is_too_long_is_left_alone(root: Path) -> None:
    hosts = root / "etc/hosts"
    lines = HOSTS + "".join(f"0.0.0.0 advertising{number}.example\n" for number in range(100_000))
    hosts.write_text(lines)
    personalise(root, "pc-1")
    assert hosts.read_text() == hosts_with(lines, "pc-1")
    os.truncate(hosts, 17 << 20)
    before = hosts.read_bytes()
    with pytest.raises(NetbootError, match="longer than"):
        personalise(root, "pc-2")
    assert hosts.read_bytes() == before


def test_every_pc_gets_another_machine_id_and_it_is_a_valid_one(root: Path) -> None:
    seen = set()
    for _ in range(5):
        personalise(root, "pc")
        seen.add((root / "etc/machine-id").read_text())
    assert len(seen) == 5
    assert all(re.fullmatch(r"[0-9a-f]{32}\n", text) for text in seen)


def test_dbus_own_copy_says_the_same_and_a_link_stays_a_link(root: Path) -> None:
    copy = root / "var/lib/dbus/machine-id"
    copy.write_text("1" * 32 + "\n")
    assert "var/lib/dbus/machine-id" in personalise(root, "pc").changed
    assert copy.read_text() == (root / "etc/machine-id").read_text()
    copy.unlink()
    copy.symlink_to("/etc/machine-id")
    assert "var/lib/dbus/machine-id" not in personalise(root, "pc").changed
    assert copy.readlink() == Path("/etc/machine-id")


def test_a_random_seed_of_the_master_is_not_shared(root: Path) -> None:
    seed = root / "var/lib/systemd/random-seed"
    seed.write_bytes(bytes(512))
    assert "var/lib/systemd/random-seed" in personalise(root, "pc").changed
    assert len(seed.read_bytes()) == 512
    assert seed.read_bytes() != bytes(512)


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("the agent's own\n")
    (root / "etc/hostname").unlink()
    (root / "etc/hostname").symlink_to(outside)
    personalise(root, "pc")
    assert outside.read_text() == "the agent's own\n"
    assert not (root / "etc/hostname").is_symlink()


def test_a_folder_that_leads_out_of_the_system_is_looked_for_inside_it(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "etc"
    (root / "etc").rename(outside)
    (root / "etc").symlink_to(outside)
    before = snapshot(outside)
    with pytest.raises(NetbootError, match="no /etc"):
        personalise(root, "pc")
    # To the installed system the link means this folder.
    inside = root / outside.relative_to("/")
    inside.mkdir(parents=True)
    personalise(root, "pc")
    assert (inside / "hostname").read_text() == "pc\n"
    assert snapshot(outside) == before


@pytest.mark.parametrize(
    ("folder", "setting", "path"),
    [
        ("/home", SystemSettings(users=(User(name="eleve"),)), "/home/eleve"),
        ("/home/eleve", SystemSettings(users=(User(name="eleve"),)), "/home/eleve"),
        ("/srv/school/", SystemSettings(files=(PlacedFile(path="/srv/school/menu"),)), "/srv/school/menu"),
        ("/usr/local", SystemSettings(scripts=(Script(text="#!/bin/sh\n"),)), f"/{FIRST_START}"),
    ],
)
def test_what_another_file_system_would_hide_is_told_before_anything_is_written(
    root: Path, folder: str, setting: SystemSettings, path: str
) -> None:
    (root / "etc/fstab").write_text(f"UUID=1 / ext4 defaults 0 1\nUUID=2 {folder} ext4 defaults 0 2\n")
    before = snapshot(root)
    with InstalledTree(root) as tree:
        with pytest.raises(NetbootError, match=f"{path}.* mounts at {folder.rstrip('/')}:"):
            installed_system.personalise(tree, "pc", setting)
        assert tree.changed == {}
    assert snapshot(root) == before
    personalise(root, "pc")


def test_mount_points_are_those_of_fstab() -> None:
    fstab = (
        "# /dev/sda9 /opt ext4\n\n  #/dev/sda8 /opt ext4\nUUID=1 / ext4\nUUID=2\t/my\\040files\text4 defaults 0 2\n"
        "UUID=3 none swap sw 0 0\nUUID=4 swap swap\nLABEL=x //var/./lib/ xfs\nUUID=5\n"
    )
    assert mount_points(fstab) == ("my files", "var/lib")
    require_on_root(fstab, ("var/library", "opt/x", "my", "var"))
    with pytest.raises(NetbootError, match="/var/lib/x would be hidden"):
        require_on_root(fstab, ("opt/x", "var/lib/x"))


def test_a_root_without_etc_says_so(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="no /etc"):
        personalise(tmp_path, "pc")


def test_the_own_name_is_replaced_where_it_stood() -> None:
    assert hosts_with(HOSTS, "pc-1") == HOSTS.replace("127.0.1.1\tdebian.example debian", "127.0.1.1\tpc-1")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "127.0.0.1\tlocalhost\n127.0.1.1\tpc\n"),
        ("127.0.0.1 localhost\n::1 localhost\n", "127.0.0.1 localhost\n127.0.1.1\tpc\n::1 localhost\n"),
        ("# nothing\n", "127.0.1.1\tpc\n# nothing\n"),
        ("127.0.1.1 a\n127.0.1.1 b\n", "127.0.1.1\tpc\n"),
    ],
)
def test_the_own_name_is_added_where_it_was_missing(text: str, wanted: str) -> None:
    assert hosts_with(text, "pc") == wanted


@given(st.text(alphabet="127.01 \tab#\n", max_size=80))
def test_naming_twice_is_naming_once(text: str) -> None:
    once = hosts_with(text, "pc")
    assert hosts_with(once, "pc") == once
    assert once.count("127.0.1.1\tpc\n") == 1


LABEL = b"system_u:object_r:%s:s0\0"


def labelled(path: Path, kind: bytes, *, group: int, mode: int) -> None:
    path.touch()
    os.setxattr(path, "security.selinux", LABEL % kind)
    os.setxattr(path, "user.note", b"kept")
    os.chown(path, 7, group)
    path.chmod(mode)


def seen(path: Path) -> tuple[int, int, int, bytes]:
    status = path.stat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), os.getxattr(path, "security.selinux")


@pytest.mark.root
def test_owner_group_mode_and_selinux_context_of_what_is_written_stay(root: Path) -> None:
    wanted = {}
    for number, name in enumerate(("hostname", "hosts", "machine-id")):
        path = root / "etc" / name
        labelled(path, name.encode(), group=40 + number, mode=0o460)
        wanted[path] = seen(path)
    personalise(root, "pc-042")
    assert {path: seen(path) for path in wanted} == wanted
    assert all(os.getxattr(path, "user.note") == b"kept" for path in wanted)


@pytest.mark.root
def test_new_ssh_keys_belong_to_whom_the_old_ones_did(root: Path) -> None:
    copy_program("/usr/bin/ssh-keygen", root)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    labelled(root / "etc/ssh/ssh_host_rsa_key", b"sshd_key_t", group=991, mode=0o640)
    labelled(root / "etc/ssh/ssh_host_rsa_key.pub", b"etc_t", group=0, mode=0o644)
    private, public = seen(root / "etc/ssh/ssh_host_rsa_key"), seen(root / "etc/ssh/ssh_host_rsa_key.pub")
    done = personalise(root, "pc")
    assert done.own == ("hostname", "machine-id", "ssh-host-keys")
    for kind in ("rsa", "ecdsa", "ed25519"):
        assert seen(root / f"etc/ssh/ssh_host_{kind}_key") == private
        assert seen(root / f"etc/ssh/ssh_host_{kind}_key.pub") == public


@pytest.mark.root
def test_keys_that_sshds_settings_name_elsewhere_are_new_as_well(root: Path) -> None:
    copy_program("/usr/bin/ssh-keygen", root)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/ssh/sshd_config.d").mkdir()
    (root / "etc/ssh/sshd_config").write_text(
        "Port 22\nHostKey /etc/ssh/ssh_host_rsa_key\nhostkey /srv/keys/host_rsa\n"
    )
    (root / "etc/ssh/sshd_config.d/a.conf").write_text(
        'HostKey "/srv/keys/own" # ours\n#HostKey /srv/keys/letter\nInclude ours/*.conf "/srv/more"\n'
    )
    (root / "srv/keys").mkdir(parents=True)
    (root / "etc/ssh/ours").mkdir()
    (root / "etc/ssh/ours/b.conf").write_text("HostKey /srv/keys/included\n")
    (root / "srv/more").write_text("HostKey /srv/keys/further\ninclude /srv/more /../../x . #\n")
    for name in ("host_rsa", "host_rsa.pub", "own", "letter", "included", "further"):
        (root / "srv/keys" / name).write_text("the master's\n")
    done = personalise(root, "pc")
    assert {"srv/keys/host_rsa", "srv/keys/host_rsa.pub", "srv/keys/own"} <= set(done.changed)
    assert (root / "srv/keys/host_rsa.pub").read_text().startswith("ssh-rsa ")
    for name in ("own", "included", "further"):
        assert "PRIVATE KEY" in (root / "srv/keys" / name).read_text()
    assert (root / "srv/keys/letter").read_text() == "the master's\n"
    require_own(root, "pc", done)


@pytest.mark.root
def test_a_new_file_gets_the_context_of_its_folder(root: Path) -> None:
    (root / "etc/hostname").unlink()
    os.setxattr(root / "etc", "security.selinux", LABEL % b"etc_t")
    personalise(root, "pc")
    assert os.getxattr(root / "etc/hostname", "security.selinux") == LABEL % b"etc_t"


def test_a_system_without_ssh_says_so_and_keys_that_cannot_be_replaced_are_no_done(root: Path) -> None:
    assert personalise(root, "pc").absent == ("ssh-host-keys",)
    (root / "etc/ssh/ssh_host_rsa_key").write_text("every PC's")
    with pytest.raises(NetbootError, match="no ssh-keygen"):
        personalise(root, "pc")


def test_what_is_not_on_the_disk_afterwards_is_no_done(root: Path) -> None:
    done = personalise(root, "pc")
    require_own(root, "pc", done)
    (root / "etc/machine-id").write_text("0" * 32 + "\n")
    with pytest.raises(NetbootError, match="not on the disk"):
        require_own(root, "pc", done)
