"""The boot sectors and files of a master: what GRUB's own installer would write, by its source."""

import struct
from pathlib import Path

import pytest

from netboot.files.assets import asset_folder
from netboot.masters.boot_loader import BootIds, embed_bios, esp_files, grub_menu
from netboot.masters.bootstrap import parse_simulation
from netboot.masters.disk_image import MIB, Geometry, Identifiers, sfdisk_script
from netboot.masters.distributions import DISTRIBUTIONS, apt_sources
from netboot.masters.recipe_reading import load_recipe
from netboot.masters.system_root import debconf_answers, script_words, users_table
from netboot.shared.errors import NetbootError

IDS = BootIds("6f1f4d4e-0000-4000-8000-000000000001", "5D2F-6AC8", 3)

# mmdebstrap 1.3.5 with apt 3.0.3 of Debian 13, `--simulate --verbose`, its first lines about packages.
SIMULATION = """\
Inst gcc-14-base (14.2.0-19 Debian:13.7/stable [amd64])
Conf gcc-14-base (14.2.0-19 Debian:13.7/stable [amd64])
Inst libc6 (2.41-12+deb13u4 Debian:13.7/stable [amd64]) []
Inst libgcc-s1 (14.2.0-19 Debian:13.7/stable [amd64])
Conf libgcc-s1 (14.2.0-19 Debian:13.7/stable [amd64])
"""


def test_boot_img_and_core_img_are_told_where_the_next_one_lies() -> None:
    boot, core = bytes(range(256)) * 2, b"\xcc" * (512 * 5 + 100)
    code, placed = embed_bios(boot, core, start=MIB, length=MIB)
    # The table and the signature of the first sector stay the disk's own.
    assert len(code) == 0x1B8
    assert struct.unpack_from("<Q", code, 0x5C) == (2048,)
    assert code[0x66:0x68] == b"\x90\x90"
    assert code[:0x5C] == boot[:0x5C]
    assert len(placed) == 512 * 6
    assert struct.unpack_from("<QHH", placed, 500) == (2049, 5, 0x820)
    assert placed[512 : len(core)] == core[512:]


@pytest.mark.parametrize(
    ("boot", "core"), [(b"x" * 511, b"x" * 1024), (b"x" * 512, b"x" * 512), (b"x" * 512, b"x" * MIB * 2)]
)
def test_images_of_other_sizes_are_refused(boot: bytes, core: bytes) -> None:
    with pytest.raises(NetbootError):
        embed_bios(boot, core, start=MIB, length=MIB)


def test_the_first_menu_boots_by_uuid_and_asks_for_a_serial_port_first() -> None:
    menu = grub_menu("Debian", IDS, "6.12-amd64", "quiet")
    assert f"--set=root {IDS.root_uuid}" in menu
    assert f"linux /boot/vmlinuz-6.12-amd64 root=UUID={IDS.root_uuid} ro quiet" in menu
    assert menu.index("if serial") < menu.index("terminal_output console serial")


def test_a_recipe_without_shim_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetbootError, match="shimx64") as caught:
        esp_files(tmp_path, DISTRIBUTIONS["debian"], IDS, None)
    assert "shim-signed" in caught.value.hint


def test_a_recorded_simulation_is_read() -> None:
    assert parse_simulation(SIMULATION) == ("gcc-14-base=14.2.0-19", "libc6=2.41-12+deb13u4", "libgcc-s1=14.2.0-19")


def test_the_shell_gets_every_word_quoted() -> None:
    recipe = load_recipe(asset_folder("images") / "debian-minimal.yaml")
    assert users_table(recipe) == "atelier:first-login:sudo:Atelier\n"
    assert "MASK=systemd-networkd-wait-online.service\n" in script_words(recipe)
    assert "locales locales/default_environment_locale select fr_FR.UTF-8\n" in debconf_answers(recipe)


def test_apt_asks_the_public_archives_of_the_distribution_for_the_recipe_s_components() -> None:
    assert apt_sources(DISTRIBUTIONS["debian"], "trixie", ["main", "contrib", "main"]).startswith(
        "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie trixie-updates\nComponents: main contrib\n"
    )
    ubuntu = apt_sources(DISTRIBUTIONS["ubuntu"], "noble", ["main"])
    assert "\n\nTypes: deb\nURIs: http://security.ubuntu.com/ubuntu\nSuites: noble-security\n" in ubuntu
    assert ubuntu.count("Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n") == 2


def test_ubuntu_s_loaders_are_found_by_its_links_and_put_into_its_own_folder(tmp_path: Path) -> None:
    shim, grub = tmp_path / "usr/lib/shim", tmp_path / "usr/lib/grub/x86_64-efi-signed"
    alternatives = tmp_path / "etc/alternatives"
    for folder in (shim, grub, alternatives):
        folder.mkdir(parents=True)
    for name in ("mmx64.efi", "fbx64.efi", "BOOTX64.CSV"):
        (shim / name).write_bytes(name.encode())
    # Ubuntu 24.04: a link of update-alternatives, whole from the root's own /.
    (shim / "shimx64.efi.signed.latest").write_bytes(b"shim")
    (alternatives / "shimx64.efi.signed").symlink_to("/usr/lib/shim/shimx64.efi.signed.latest")
    (shim / "shimx64.efi.signed").symlink_to("/etc/alternatives/shimx64.efi.signed")
    (grub / "grubx64.efi.signed").write_bytes(b"grub")
    found = esp_files(tmp_path, DISTRIBUTIONS["ubuntu"], IDS, None)
    assert found["EFI/ubuntu/shimx64.efi"] == found["EFI/BOOT/BOOTX64.EFI"] == b"shim"
    assert found["EFI/ubuntu/mmx64.efi"] == b"mmx64.efi"
    assert IDS.root_uuid.encode() in found["EFI/ubuntu/grub.cfg"]
    assert not [path for path in found if "debian" in path or path.startswith("EFI/BOOT/fb")]
    (alternatives / "shimx64.efi.signed").unlink()
    (alternatives / "shimx64.efi.signed").symlink_to("/usr/lib/shim/shimx64.efi.signed")
    with pytest.raises(NetbootError, match="leads nowhere"):
        esp_files(tmp_path, DISTRIBUTIONS["ubuntu"], IDS, None)


def test_partitions_lie_one_after_the_other_on_whole_mebibytes() -> None:
    geometry = Geometry(size=1536 * MIB, esp_length=128 * MIB)
    assert geometry.root_start == 130 * MIB
    assert geometry.root_start + geometry.root_length == 1535 * MIB
    script = sfdisk_script(geometry, Identifiers("ab" * 32))
    assert script == sfdisk_script(geometry, Identifiers("ab" * 32))
    assert script != sfdisk_script(geometry, Identifiers("cd" * 32))
    assert "start=4096, size=262144" in script
