"""What a master's root must not hold: what differs between two builds, or is of the machine that builds."""

from pathlib import Path

import pytest

from netboot.files.assets import asset_folder
from netboot.masters.recipe_reading import load_recipe
from netboot.masters.system_root import finish_root
from netboot.shared.process import run

RECIPE = load_recipe(asset_folder("images") / "debian-minimal.yaml")
UNIT = "etc/systemd/system/ssl-cert-snakeoil.service"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("run", "tmp", "var/lib/apt/lists", "etc/systemd/system"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x", encoding="ascii")


def test_apt_asks_the_public_archives_and_those_of_the_recipe_alone(root: Path) -> None:
    sources = "etc/apt/sources.list.d"
    put(root, "etc/apt/sources.list", f"{sources}/0000root.list", f"{sources}/debian.sources", f"{sources}/school.list")
    finish_root(RECIPE, root)
    assert not (root / "etc/apt/sources.list").exists()
    assert {path.name for path in (root / sources).iterdir()} == {"debian.sources", "school.list"}
    assert "deb.debian.org" in (root / sources / "debian.sources").read_text(encoding="ascii")


def test_no_key_is_shared_and_nothing_of_this_machine_stays(root: Path) -> None:
    certificates = "etc/ssl/certs"
    gone = (
        "etc/ssl/private/ssl-cert-snakeoil.key",
        f"{certificates}/ssl-cert-snakeoil.pem",
        "etc/ssh/ssh_host_ed25519_key",
        "etc/.resolv.conf.systemd-resolved.bak",
        "etc/resolv.conf",
        "var/cache/apt/pkgcache.bin",
        "var/cache/apt/srcpkgcache.bin",
        "var/lib/apt/lists/partial/x",
        "run/x",
        "tmp/x",
    )
    kept = ("etc/ssl/private/other.key", f"{certificates}/ISRG.pem", "etc/ssh/sshd_config")
    put(root, *gone, *kept)
    (root / certificates / "0a1b2c3d.0").symlink_to("ssl-cert-snakeoil.pem")
    (root / certificates / "4042bcee.0").symlink_to("ISRG.pem")
    finish_root(RECIPE, root)
    assert [name for name in gone if (root / name).exists()] == []
    assert not (root / certificates / "0a1b2c3d.0").is_symlink()
    assert (root / certificates / "4042bcee.0").is_symlink()
    assert [name for name in kept if not (root / name).exists()] == []


def test_a_file_that_this_machine_had_otherwise_is_for_everybody_to_read_and_to_run_for_nobody(root: Path) -> None:
    put(root, "etc/hostname")
    (root / "etc/hostname").chmod(0o755)
    finish_root(RECIPE, root)
    assert (root / "etc/hostname").read_text(encoding="ascii") == f"{RECIPE.hostname}\n"
    assert (root / "etc/hostname").stat().st_mode & 0o7777 == 0o644


def test_a_link_to_what_resolved_writes_stays(root: Path) -> None:
    (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    finish_root(RECIPE, root)
    assert (root / "etc/resolv.conf").is_symlink()


def test_a_pc_with_ssl_cert_makes_its_own_pair(root: Path) -> None:
    put(root, "usr/sbin/make-ssl-cert")
    finish_root(RECIPE, root)
    wanted = root / "etc/systemd/system/sysinit.target.wants/ssl-cert-snakeoil.service"
    assert str(wanted.readlink()) == f"/{UNIT}"
    text = (root / UNIT).read_text(encoding="ascii")
    assert "ConditionPathExists=|!/etc/ssl/private/ssl-cert-snakeoil.key\n" in text
    assert "ConditionPathExists=|!/etc/ssl/certs/ssl-cert-snakeoil.pem\n" in text
    # The program is looked for on this machine, which may have none.
    (root / "verified.service").write_text(text.replace("/usr/sbin/make-ssl-cert", "/bin/true"), encoding="ascii")
    said = run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", root / "verified.service"])
    assert "verified.service" not in said.stdout + said.stderr


def test_a_pc_without_ssl_cert_has_no_unit_for_it(root: Path) -> None:
    finish_root(RECIPE, root)
    assert not (root / UNIT).exists()
