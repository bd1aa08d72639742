"""Locale, keyboard and time zone of an installed system: this machine's own programs and data in a small root."""

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.region import set_region
from netboot.jobs.customise_evidence import not_as_ordered
from netboot.shared.errors import NetbootError
from netboot.shared.inventory import DiskId
from netboot.shared.stages.customise import Customise
from netboot.shared.system_settings import SystemSettings, written
from tests.agent.installed import copy_program, small_system
from tests.customised import customised

PARIS = "usr/share/zoneinfo/Europe/Paris"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A system of no known kin."""
    root = tmp_path / "root"
    small_system(root)
    (root / PARIS).parent.mkdir(parents=True)
    shutil.copy(f"/{PARIS}", root / PARIS)
    return root


def debian(root: Path) -> Path:
    (root / "etc/default").mkdir()
    (root / "etc/console-setup").mkdir()
    (root / "etc/debian_version").write_text("13.1\n")
    (root / "etc/timezone").write_text("Etc/UTC\n")
    (root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Etc/UTC")
    for name in ("cached_setup_keyboard.sh", "cached_setup_terminal.sh", "cached_UTF-8_del.kmap.gz"):
        (root / "etc/console-setup" / name).write_text("the master's\n")
    return root


def change(root: Path, settings: SystemSettings) -> dict[str, str]:
    """What was changed, with the digest of each; judged as the server does."""
    with InstalledTree(root) as tree:
        set_region(tree, settings)
        found = [tree.look(part, path) for path, part in tree.changed.items()]
    order = Customise(manifest="a" * 64, target=DiskId(size=1), hostname="pc", settings=settings)
    assert not_as_ordered(order, customised("pc", *found)) is None
    return {one.path: one.what for one in found}


def test_debians_keyboard_and_time_zone_are_where_debian_reads_them(root: Path) -> None:
    debian(root)
    settings = SystemSettings(keyboard="fr", keyboard_variant="latin9", timezone="Europe/Paris")
    assert change(root, settings) == {
        "etc/default/keyboard": "file",
        "etc/console-setup/cached_setup_keyboard.sh": "gone",
        "etc/console-setup/cached_setup_terminal.sh": "gone",
        "etc/localtime": "link",
        "etc/timezone": "file",
    }
    shell = f'. {root}/etc/default/keyboard && echo "$XKBMODEL $XKBLAYOUT $XKBVARIANT $XKBOPTIONS $BACKSPACE"'
    said = subprocess.run(["sh", "-c", shell], check=True, capture_output=True, text=True).stdout
    assert said == "pc105 fr latin9  guess\n"
    assert (root / "etc/localtime").readlink() == Path("../usr/share/zoneinfo/Europe/Paris")
    assert (root / "etc/localtime").read_bytes() == Path(f"/{PARIS}").read_bytes()
    assert (root / "etc/timezone").read_text() == "Europe/Paris\n"


def test_fedora_and_its_kin_get_vconsole_conf_and_x11s_own(root: Path) -> None:
    settings = SystemSettings(keyboard="fr", keyboard_variant="oss")
    with InstalledTree(root) as tree, pytest.raises(NetbootError, match="no keymap fr-oss"):
        set_region(tree, settings)
    assert not (root / "etc/vconsole.conf").exists()
    keymaps = root / "usr/lib/kbd/keymaps/xkb"
    keymaps.mkdir(parents=True)
    (keymaps / "fr-oss.map.gz").touch()
    assert change(root, settings) == {"etc/vconsole.conf": "file"}
    lines = (root / "etc/vconsole.conf").read_text().splitlines()
    assert {"KEYMAP=fr-oss", "XKBLAYOUT=fr", "XKBVARIANT=oss"} < set(lines)
    (root / "etc/X11/xorg.conf.d").mkdir(parents=True)
    assert set(change(root, settings)) == {"etc/vconsole.conf", "etc/X11/xorg.conf.d/00-keyboard.conf"}


def test_a_time_zone_that_the_system_has_not_is_not_set(root: Path) -> None:
    for zone in ("Europe/Lutece", "Europe"):
        with InstalledTree(root) as tree, pytest.raises(NetbootError, match=f"no time zone {zone}"):
            set_region(tree, SystemSettings(timezone=zone))
    assert not (root / "etc/localtime").is_symlink()
    # As Fedora has it: no /etc/timezone, and none is made.
    assert change(root, SystemSettings(timezone="Europe/Paris")) == {"etc/localtime": "link"}


@pytest.mark.root
def test_a_locale_that_the_system_has_not_is_made_by_its_own_localedef(root: Path) -> None:
    debian(root)
    french = SystemSettings(locale="fr_FR.UTF-8")
    with InstalledTree(root) as tree, pytest.raises(NetbootError, match="no locale fr_FR"):
        set_region(tree, french)
    for program in ("/usr/bin/localedef", "/usr/bin/locale", "/usr/bin/gzip"):
        copy_program(program, root)
    shutil.copytree("/usr/share/i18n", root / "usr/share/i18n")
    (root / "usr/lib/locale").mkdir(parents=True)
    (root / "etc/locale.gen").write_text("# en_GB.UTF-8 UTF-8\n")
    made = change(root, french)
    assert made == dict.fromkeys(
        ("etc/locale.gen", "usr/lib/locale/locale-archive", "etc/locale.conf", "etc/default/locale"), "file"
    )
    assert (root / "etc/locale.gen").read_text() == "# en_GB.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n"
    month = ["env", "LC_ALL=fr_FR.UTF-8", "chroot", str(root), "/usr/bin/locale", "mon"]
    said = subprocess.run(month, check=True, capture_output=True, text=True).stdout
    assert said.startswith("janvier;février;")
    # It is there now: only the choice of it is written.
    assert set(change(root, french)) == {"etc/locale.conf", "etc/default/locale"}
    (root / "etc/default/locale").unlink()
    (root / "etc/default/locale").symlink_to("../locale.conf")
    assert set(change(root, french)) == {"etc/locale.conf"}
    with InstalledTree(root) as tree, pytest.raises(NetbootError, match=r"localedef|cannot make"):
        set_region(tree, SystemSettings(locale="xx_XX.UTF-8"))


@given(st.text(max_size=40))
def test_no_word_of_a_profile_breaks_out_of_the_file_it_stands_in(text: str) -> None:
    for field in ("locale", "keyboard", "keyboard_variant", "timezone"):
        try:
            settings = msgspec.convert({"keyboard": "fr", field: text}, SystemSettings)
        except msgspec.ValidationError:
            continue
        for path, file in written(settings).items():
            content = file.content.decode()
            assert ".." not in content.removeprefix("../"), path
            assert not set("'`$\\;\0") & set(content), path
