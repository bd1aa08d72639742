"""Which places say what a system offers, each alone: what is there, what is surely not, and what cannot be told."""

from collections.abc import Collection, Mapping

import pytest
from msgspec import UNSET

from netboot.shared.offers import Offers
from netboot.survey.offers import read_offers


class Folders:
    """A system of these files, by path; those in `hidden` (folders too) are there, and nobody can tell what is in
    them."""

    def __init__(self, files: Mapping[str, str], hidden: Collection[str] = ()) -> None:
        self._files = files
        self._hidden = hidden

    def names(self, folder: str) -> tuple[str, ...] | None:
        if folder in self._hidden:
            return None
        below = f"{folder}/" if folder else ""
        inside = [path.removeprefix(below).partition("/") for path in self._files if path.startswith(below)]
        return tuple(dict.fromkeys(f"{name}{slash}" for name, slash, _ in inside))

    def text(self, path: str) -> str | None:
        return None if path in self._hidden else self._files.get(path, "")


XKB = "usr/share/X11/xkb/symbols"
DEBIAN = {
    "etc/fstab": "# x /no ext4\nUUID=1 / ext4\nUUID=2 /var/lib ext4\nUUID=3 /var/lib ext4\n/swap none swap\n",
    "etc/passwd": "root:x:0:0:::\nlea:x:1000:1000:::\nold:x:1\nBAD:x:7:7:::\nfar:x:4294967296:7:::\nodd:x:1x:7:::\n",
    "etc/group": "sudo:x:27:\nroot:x:0:\nBAD\\group:x:1:\n",
    "etc/debian_version": "13\n",
    "etc/default/keyboard": "",
    "proc/x": "",
    "etc/NetworkManager/system-connections/home": "",
    "usr/sbin/NetworkManager": "",
    "usr/sbin/wpa_supplicant": "",
    "usr/sbin/useradd": "",
    "usr/sbin/usermod": "",
    "usr/bin/chage": "",
    "usr/bin/localedef": "",
    "usr/lib/systemd/systemd": "",
    "usr/lib/locale/C.utf8/x": "",
    "usr/lib/locale/de_DE.utf8/x": "",
    "usr/lib/locale/nl_NL.utf8": "a file is none",
    "usr/share/i18n/locales/fr_FR": "",
    "usr/share/i18n/locales/fr_FR@euro": "",
    "usr/share/i18n/locales/i18n": "",
    "usr/share/i18n/charmaps/UTF-8.gz": "",
    f"{XKB}/fr": (
        'default partial alphanumeric_keys\nxkb_symbols "basic" {\n};\n'
        'hidden xkb_symbols "bepo" {\n// xkb_symbols "gone" {\nxkb_symbols   "a b" {\nxkb_symbols "x_y" {\n'
    ),
    f"{XKB}/nec_vndr/jp": 'xkb_symbols "pc98"',
    f"{XKB}/us": "",
    "usr/share/zoneinfo/UTC": "",
    "usr/share/zoneinfo/zone1970.tab": "",
    "usr/share/zoneinfo/Europe/Paris": "",
    "usr/share/zoneinfo/America/Argentina/Ushuaia": "",
    "usr/share/zoneinfo/America/Argentina/Too/Deep": "",
    "usr/share/zoneinfo/posix/UTC": "",
    "usr/share/zoneinfo/right/UTC": "",
    "usr/share/zoneinfo/no folder/Paris": "",
}
OFFERS = Offers(
    mounts=("var/lib",),
    locales=("de_DE", "fr_FR"),
    keyboards=("fr", "fr-basic", "fr-bepo", "fr-x_y", "us"),
    timezones=("America/Argentina/Ushuaia", "Europe/Paris", "UTC"),
    groups=("root", "sudo"),
    accounts={"lea": 1000, "root": 0},
    makes_accounts=True,
    runs_scripts=True,
    joins_wifi=True,
)
KEYMAPS = {
    "usr/lib/kbd/keymaps/xkb/fr-oss.map.gz": "",
    "usr/lib/kbd/keymaps/legacy/i386/azerty/fr.map": "",
    "usr/lib/kbd/keymaps/legacy/i386/include/one/deep.map.xz": "",
    "usr/lib/kbd/keymaps/legacy/i386/include/one/too/deeper.map": "",
    "usr/lib/kbd/keymaps/legacy/README.map.txt": "",
    "usr/share/kbd/keymaps/us.map.gz": "",
}


def without(*beginnings: str, **more: str) -> dict[str, str]:
    return {path: text for path, text in DEBIAN.items() if not path.startswith(beginnings)} | more


def test_all_of_it_is_found() -> None:
    assert read_offers(Folders(DEBIAN)) == OFFERS


def test_an_empty_system_offers_nothing_and_mounts_nothing() -> None:
    assert read_offers(Folders({})) == Offers(
        mounts=(),
        locales=(),
        keyboards=(),
        timezones=(),
        groups=(),
        accounts={},
        makes_accounts=False,
        runs_scripts=False,
        joins_wifi=False,
    )


@pytest.mark.parametrize(
    ("hidden", "unknown"),
    [
        ("etc/fstab", {"mounts"}),
        ("etc/passwd", {"accounts"}),
        ("etc/group", {"groups"}),
        ("etc", {"keyboards"}),
        (XKB, {"keyboards"}),
        (f"{XKB}/us", {"keyboards"}),
        ("usr/lib/locale", {"locales"}),
        ("usr/share/i18n/locales", {"locales"}),
        ("usr/share/i18n/charmaps", {"locales"}),
        ("usr/bin", {"locales", "makes_accounts"}),
        ("usr/sbin", {"makes_accounts", "joins_wifi"}),
        ("etc/NetworkManager", {"joins_wifi"}),
        ("", {"makes_accounts"}),
        ("usr/lib/systemd", {"runs_scripts"}),
        ("usr/share/zoneinfo", {"timezones"}),
        ("usr/share/zoneinfo/America/Argentina", {"timezones"}),
        ("usr/share/zoneinfo/posix", set()),
        ("usr/share/zoneinfo/America/Argentina/Too", set()),
    ],
)
def test_what_cannot_be_told_leaves_out_what_it_is_for_and_no_more(hidden: str, unknown: set[str]) -> None:
    found = read_offers(Folders(DEBIAN, {hidden}))
    assert {name for name in found.__struct_fields__ if getattr(found, name) is UNSET} == unknown
    assert all(getattr(found, name) == getattr(OFFERS, name) for name in set(found.__struct_fields__) - unknown)


@pytest.mark.parametrize("gone", ["usr/sbin/useradd", "usr/sbin/usermod", "usr/bin/chage", "proc/"])
def test_accounts_take_all_of_the_tools(gone: str) -> None:
    assert read_offers(Folders(without(gone))).makes_accounts is False


def test_systemd_may_be_in_the_older_place() -> None:
    old = without("usr/lib/systemd", **{"lib/systemd/systemd": ""})
    assert read_offers(Folders(old)).runs_scripts is True
    assert read_offers(Folders(old, {"usr/lib/systemd"})).runs_scripts is UNSET
    assert read_offers(Folders(without("usr/lib/systemd"), {"lib/systemd"})).runs_scripts is UNSET


@pytest.mark.parametrize("gone", ["usr/bin/localedef", "usr/share/i18n/charmaps/", "usr/share/i18n/locales/"])
def test_what_cannot_be_made_counts_only_where_it_is(gone: str) -> None:
    assert read_offers(Folders(without(gone))).locales == ("de_DE",)
    in_one_file = without(gone, **{"usr/lib/locale/locale-archive": ""})
    assert read_offers(Folders(in_one_file)).locales is UNSET
    plain = without(gone, **{"usr/share/i18n/charmaps/UTF-8": "", "usr/bin/localedef": ""})
    assert read_offers(Folders(plain)).locales == (("de_DE", "fr_FR") if "locales" not in gone else ("de_DE",))


def test_a_locale_of_which_nobody_can_tell_whether_it_is_a_folder_makes_all_of_them_unclear() -> None:
    link = "usr/lib/locale/nl_NL.utf8"
    assert read_offers(Folders(DEBIAN, {link})).locales is UNSET


def test_an_archive_beside_all_sources_holds_nothing_else() -> None:
    assert read_offers(Folders({**DEBIAN, "usr/lib/locale/locale-archive": ""})).locales == ("de_DE", "fr_FR")


@pytest.mark.parametrize("gone", ["etc/debian_version", "etc/default/"])
def test_elsewhere_than_in_a_debian_keymaps_count_down_to_where_the_agent_looks(gone: str) -> None:
    system = {**without(gone), **KEYMAPS}
    assert read_offers(Folders(system)).keyboards == ("deep", "fr", "fr-oss", "us")
    for hidden in ("usr/lib/kbd/keymaps", "usr/share/kbd/keymaps", "usr/lib/kbd/keymaps/legacy/i386"):
        assert read_offers(Folders(system, {hidden})).keyboards is UNSET
    # Not known to be a folder: it is a link that leads nowhere.
    link = {**system, "usr/lib/kbd/keymaps/link": ""}
    assert read_offers(Folders(link, {"usr/lib/kbd/keymaps/link"})).keyboards == ("deep", "fr", "fr-oss", "us")


def test_a_debian_without_xkb_has_its_file_written_all_the_same() -> None:
    assert read_offers(Folders({**without(XKB), **KEYMAPS})).keyboards is UNSET


@pytest.mark.parametrize(
    "fstab",
    [
        "".join(f"x /mnt/{number} ext4\n" for number in range(65)),
        "x /a\\001b ext4\n",
        f"x /{'a' * 201} ext4\n",
    ],
)
def test_an_fstab_that_no_manifest_could_hold_is_not_known(fstab: str) -> None:
    assert read_offers(Folders({**DEBIAN, "etc/fstab": fstab})).mounts is UNSET


def test_as_many_mounts_as_a_manifest_holds_are_known() -> None:
    fstab = "".join(f"x /mnt/{number} ext4\n" for number in range(64))
    assert len(read_offers(Folders({**DEBIAN, "etc/fstab": fstab})).mounts or ()) == 64


@pytest.mark.parametrize("names", [1024, 1025])
def test_more_names_than_a_manifest_holds_are_not_known(names: int) -> None:
    group = "".join(f"g{number}:x:{number}:\n" for number in range(names))
    passwd = "".join(f"u{number}:x:{number}:0:::\n" for number in range(names))
    found = read_offers(Folders({**DEBIAN, "etc/group": group, "etc/passwd": passwd}))
    assert (found.groups is UNSET, found.accounts is UNSET) == (names > 1024, names > 1024)


def test_a_zone_of_a_name_too_long_is_left_out() -> None:
    longest, longer = f"Europe/{'a' * 57}", f"Europe/{'b' * 58}"
    found = read_offers(Folders({**DEBIAN, f"usr/share/zoneinfo/{longest}": "", f"usr/share/zoneinfo/{longer}": ""}))
    assert longest in (found.timezones or ())
    assert longer not in (found.timezones or ())
