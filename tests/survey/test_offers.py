"""What an installed system offers, found in real file systems that are not mounted, is what the agent then finds."""

import os
import shutil
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from netboot.agent.customise.accounts import make_accounts
from netboot.agent.customise.installed_tree import InstalledTree
from netboot.agent.customise.placing import place_files
from netboot.agent.customise.region import set_region
from netboot.agent.customise.wifi import require_wifi
from netboot.shared.accounts import User
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Understood
from netboot.shared.mount_points import require_on_root
from netboot.shared.offers import Offers, lacking
from netboot.shared.placed_files import PlacedFile, Script
from netboot.shared.private_files import PrivateFile, PrivateFiles
from netboot.shared.process import run
from netboot.shared.system_settings import SystemSettings, written
from netboot.shared.wifi import wifi_file
from netboot.survey.disk_file import open_disk
from netboot.survey.installed_system import find_system
from netboot.survey.offers import read_offers
from netboot.survey.unmounted_tree import UnmountedTree
from netboot.survey.whole_disk import survey
from tests.masters.images import LINUX, MIB, gpt_disk, sized
from tests.survey.systems import SHARE, lay_out


@contextmanager
def mounted(part: Path) -> Iterator[Path]:
    folder = part.with_name("mounted")
    folder.mkdir()
    run(["mount", "-o", "loop", part, folder])
    try:
        yield folder
    finally:
        run(["umount", folder])
        folder.rmdir()


def made(folder: Path, kind: str, *, debian: bool, inside: str = "") -> Path:
    """A file system with such a system in this folder of it."""
    part = sized(folder / f"part.{kind}", 320 * MIB)
    run([f"mkfs.{kind}", "-q", part])
    with mounted(part) as top:
        if inside:
            run(["btrfs", "subvolume", "create", top / inside])
        lay_out(top / inside, debian=debian)
    return part


def of_a_disk(folder: Path, part: Path) -> Offers:
    """What an import finds in it."""
    with open_disk(gpt_disk(folder, [(LINUX, part)], size=part.stat().st_size + 4 * MIB)) as disk:
        found = survey(disk, lambda _: None).understood
    assert isinstance(found.offers, Offers)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Understood) == found
    return found.offers


# A file system, the system's folder in it, whether it is a Debian, and the keyboards that it has.
SYSTEMS = [
    ("ext4", "", True, {"fr", "us", "pc", "fr-bepo", "us-intl"}),
    ("xfs", "", False, {"fr", "fr-oss"}),
    ("btrfs", "@", False, {"fr", "fr-oss"}),
]


@pytest.mark.root
@pytest.mark.parametrize(("kind", "inside", "debian", "keyboards"), SYSTEMS)
def test_a_system_says_what_it_has(tmp_path: Path, kind: str, inside: str, debian: bool, keyboards: set[str]) -> None:
    offers = of_a_disk(tmp_path, made(tmp_path, kind, debian=debian, inside=inside))
    assert offers.mounts == ("usr/local",)
    assert offers.locales == ("en_GB", "fr_FR")
    assert isinstance(offers.keyboards, tuple)
    assert keyboards <= set(offers.keyboards)
    assert len(offers.keyboards) == 2 or debian
    zones = {f"{at}/{p.relative_to(SHARE / 'zoneinfo' / at)}" for at in ("Europe", "America") for p in _files(at)}
    assert set(offers.timezones or ()) == {*zones, "UTC"}
    assert "America/Argentina/Ushuaia" in zones
    assert offers.groups == ("audio", "root", "sudo")
    assert offers.accounts == {"lea": 1000, "root": 0, "www-data": 33}
    assert (offers.makes_accounts, offers.runs_scripts, offers.joins_wifi) == (True, True, debian)


def _files(at: str) -> Iterator[Path]:
    return (path for path in (SHARE / "zoneinfo" / at).rglob("*") if not path.is_dir())


WISHES = [
    SystemSettings(timezone="Europe/Paris"),
    SystemSettings(timezone="Europe/Pariss"),
    SystemSettings(timezone="Asia/Tokyo"),
    SystemSettings(keyboard="fr", keyboard_variant="oss"),
    SystemSettings(keyboard="fr", keyboard_variant="osss"),
    SystemSettings(keyboard="xx"),
    SystemSettings(users=(User(name="mia", groups=("pupils",)),)),
    SystemSettings(users=(User(name="www-data"),)),
    SystemSettings(files=(PlacedFile(path="/srv/page", text="x", owner="www-data"),)),
    SystemSettings(files=(PlacedFile(path="/srv/page", text="x", owner="nginx"),)),
    SystemSettings(files=(PlacedFile(path="/usr/local/bin/x", text="x"),)),
    SystemSettings(scripts=(Script(text="#!/bin/sh\n"),)),
    SystemSettings(wifi="guests"),
]
PRIVATE = PrivateFiles(files=(PrivateFile(path=wifi_file("guests"), content=b"secret"),))


@pytest.mark.root
@pytest.mark.parametrize(("kind", "inside", "debian"), [one[:3] for one in SYSTEMS])
def test_what_it_lacks_is_what_the_agent_would_refuse(tmp_path: Path, kind: str, inside: str, debian: bool) -> None:
    part = made(tmp_path, kind, debian=debian, inside=inside)
    offers = of_a_disk(tmp_path, part)
    with mounted(part) as top, InstalledTree(top / inside) as tree:
        refused = {number for number, wish in enumerate(WISHES) if _is_refused(tree, wish)}
    lacked = {number for number, wish in enumerate(WISHES) if lacking(wish, offers)}
    # Of Debian's keyboard the agent does not ask: what names no keyboard is written all the same.
    assert lacked == refused | ({4, 5} if debian else set())
    assert {1, 2, 6, 7, 9} <= refused
    assert 0 not in refused
    assert (12 in refused) is not debian


def _is_refused(tree: InstalledTree, wish: SystemSettings) -> bool:
    try:
        homes = (f"home/{user.name}" for user in wish.users)
        require_on_root(tree.read("etc/fstab"), (*homes, *written(wish)))
        set_region(tree, wish)
        make_accounts(tree, wish.users)
        place_files(tree, wish)
        require_wifi(tree, wish, PRIVATE)
    except NetbootError:
        return True
    return False


@pytest.mark.root
def test_what_cannot_be_told_is_not_called_missing(tmp_path: Path) -> None:
    part = made(tmp_path, "btrfs", debian=True, inside="@")
    with mounted(part) as top:
        root = top / "@"
        (root / "etc/passwd").rename(root / "etc/passwd.real")
        (root / "etc/passwd").symlink_to("/etc/passwd.real")  # leads elsewhere for a reader of the whole btrfs
        shutil.rmtree(root / "usr/share/i18n/locales")
        (root / "usr/lib/locale/locale-archive").touch()
        (root / "usr/share/X11/xkb").rename(root / "usr/share/xkb")
        (root / "usr/share/X11/xkb").symlink_to("/usr/share/xkb")
        (root / "etc/fstab").write_text("x /a\\001b ext4\n")
    offers = of_a_disk(tmp_path, part)
    assert (offers.accounts, offers.locales, offers.keyboards, offers.mounts) == (UNSET, UNSET, UNSET, UNSET)
    assert offers.groups == ("audio", "root", "sudo")


@pytest.mark.root
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_locale_whose_folder_is_a_link_is_there(tmp_path: Path, kind: str) -> None:
    part = made(tmp_path, kind, debian=True)
    with mounted(part) as top:
        locale = top / "usr/lib/locale"
        (locale / "de_DE.utf8").mkdir()
        (locale / "de_DE.utf8/LC_TIME").write_text("x")
        (locale / "de_AT.utf8").symlink_to("de_DE.utf8")
    assert {"de_AT", "de_DE"} <= set(of_a_disk(tmp_path, part).locales or ())


@pytest.mark.root
def test_two_systems_in_one_btrfs_are_not_guessed_between(tmp_path: Path) -> None:
    part = made(tmp_path, "btrfs", debian=True, inside="@")
    with mounted(part) as top:
        lay_out(top, debian=True)
    with open_disk(gpt_disk(tmp_path, [(LINUX, part)], size=part.stat().st_size + 4 * MIB)) as disk:
        assert survey(disk, lambda _: None).understood.offers is UNSET


@pytest.mark.root
def test_nothing_is_known_of_a_system_that_its_journal_would_change_first(tmp_path: Path) -> None:
    part = made(tmp_path, "ext4", debian=True)
    run(["debugfs", "-w", "-R", "feature needs_recovery", part])
    with open_disk(gpt_disk(tmp_path, [(LINUX, part)], size=part.stat().st_size + 4 * MIB)) as disk:
        assert survey(disk, lambda _: None).understood.offers is UNSET


@pytest.mark.root
def test_no_more_is_asked_than_so_often_and_so_long(tmp_path: Path) -> None:
    part = made(tmp_path, "ext4", debian=True)
    assert read_offers(UnmountedTree(part, "ext4", questions=0)) == Offers()
    assert read_offers(UnmountedTree(part, "ext4", seconds=-1)) == Offers()
    some = read_offers(UnmountedTree(part, "ext4", questions=6))
    assert some.mounts == ("usr/local",)
    assert some.timezones is UNSET
    os.truncate(part, 4096)
    assert read_offers(UnmountedTree(part, "ext4")) == Offers()


@pytest.mark.root
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_file_is_not_read_into_memory_for_being_there(tmp_path: Path, kind: str) -> None:
    part = made(tmp_path, kind, debian=True)
    with mounted(part) as top:
        for name in ("etc/passwd", "usr/lib/os-release"):
            os.truncate(top / name, 1 << 40 if kind == "ext4" else 1 << 50)
        os.truncate(top / "etc/group", 1024 * 1024)
    tracemalloc.start()
    try:
        assert find_system(part, kind) == "Linux"
        tree = UnmountedTree(part, kind)
        assert (tree.text("etc/passwd"), len(tree.text("etc/group") or "")) == (None, 1024 * 1024)
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


class Anything:
    """A tree of which a hostile image decides every name and every text."""

    def __init__(self, names: dict[str, tuple[str, ...] | None], texts: dict[str, str | None]) -> None:
        self._names = names
        self._texts = texts

    def names(self, folder: str) -> tuple[str, ...] | None:
        return self._names.get(folder.rpartition("/")[2], ("x/", "y"))

    def text(self, path: str) -> str | None:
        return self._texts.get(path.rpartition("/")[2], "xkb_symbols")


_lines = st.text("abz09_:/\\#+-. \t\n\x00\x7f\u2028é", max_size=60)
_rows = st.lists(st.one_of(_lines, st.from_regex(r"[a-z_]{0,3}:x:-?[0-9]{0,12}:0:a:b:c", fullmatch=True)), max_size=8)
_texts = st.one_of(st.none(), _lines, _rows.map("\n".join))
_listed = st.one_of(
    st.none(),
    st.lists(st.one_of(_lines, st.sampled_from(["fr_FR.utf8/", "fr_FR", "UTF-8", "fr", "x/"])), max_size=8).map(tuple),
)


@given(
    st.dictionaries(
        st.sampled_from(["etc", "", "locale", "locales", "charmaps", "bin", "symbols", "zoneinfo", "keymaps", "x"]),
        _listed,
    ),
    st.dictionaries(st.sampled_from(["fstab", "passwd", "group", "fr"]), _texts),
)
def test_whatever_is_found_is_a_manifests(
    names: dict[str, tuple[str, ...] | None], texts: dict[str, str | None]
) -> None:
    understood = Understood(offers=read_offers(Anything(names, texts)))
    assert msgspec.json.decode(msgspec.json.encode(understood), type=Understood) == understood
