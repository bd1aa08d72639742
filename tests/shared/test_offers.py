"""What of a profile a system lacks, by what it was found to offer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from netboot.shared.accounts import User
from netboot.shared.offers import Lack, Offers, lacking, listed, what_matters
from netboot.shared.parcel import PlacedFolder
from netboot.shared.placed_files import PlacedFile, Script
from netboot.shared.problems import Problem
from netboot.shared.sentences.customise import LACKS
from netboot.shared.system_settings import SystemSettings

DEBIAN = Offers(
    mounts=("boot/efi",),
    locales=("de_DE", "fr_FR"),
    keyboards=("fr", "fr-bepo"),
    timezones=("Europe/Paris", "UTC"),
    groups=("audio", "sudo"),
    accounts={"root": 0, "www-data": 33, "lea": 1000, "nobody": 65534, "last": 60000},
    makes_accounts=True,
    runs_scripts=True,
    joins_wifi=True,
)
ALL = SystemSettings(
    locale="fr_FR.UTF-8",
    keyboard="fr",
    keyboard_variant="bepo",
    timezone="Europe/Paris",
    users=(User(name="lea", groups=("audio", "sudo")), User(name="mia"), User(name="last")),
    files=(
        PlacedFile(path="/etc/motd", text="x"),
        PlacedFile(path="/home/mia/letter", text="x", owner="mia"),
        PlacedFile(path="/srv/page", text="x", owner="www-data"),
    ),
    scripts=(Script(text="#!/bin/sh\n"),),
    wifi="guests",
)
NOTHING = Offers(
    locales=(),
    keyboards=(),
    timezones=(),
    groups=(),
    accounts={},
    makes_accounts=False,
    runs_scripts=False,
    joins_wifi=False,
)


def test_a_system_that_has_it_all_lacks_nothing() -> None:
    assert lacking(ALL, DEBIAN) == ()


def test_what_is_not_known_forbids_nothing() -> None:
    assert lacking(ALL, Offers()) == ()


def test_what_is_not_asked_for_is_not_missed() -> None:
    assert lacking(SystemSettings(), NOTHING) == ()
    assert lacking(SystemSettings(files=ALL.files[:1]), NOTHING) == ()


def test_a_system_that_has_nothing_lacks_each_thing_once() -> None:
    assert lacking(ALL, NOTHING) == (
        Lack("locale", "fr_FR.UTF-8"),
        Lack("keyboard", "fr-bepo"),
        Lack("timezone", "Europe/Paris"),
        Lack("makes-accounts"),
        Lack("group", "audio"),
        Lack("group", "sudo"),
        Lack("runs-scripts"),
        Lack("joins-wifi"),
        Lack("owner", "www-data"),
    )


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [("root", True), ("nobody", True), ("audio", True), ("last", False), ("lea", False), ("mia", False)],
)
def test_a_systems_own_account_or_group_is_nobodys(name: str, is_refused: bool) -> None:
    users = SystemSettings(users=(User(name=name),))
    assert lacking(users, DEBIAN) == ((Lack("person", name),) if is_refused else ())


@pytest.mark.parametrize(
    ("mounts", "places"),
    [
        (("home",), ("home/lea", "home/mia", "home/last", "home/mia/letter")),
        (("home/mia",), ("home/mia", "home/mia/letter")),
        (("etc/motd",), ("etc/motd",)),
        (("srv", "var"), ("srv/page",)),
        (("sr", "srv/pages", "hom"), ()),
    ],
)
def test_what_another_file_system_would_hide_has_no_place(mounts: tuple[str, ...], places: tuple[str, ...]) -> None:
    only_users_and_files = SystemSettings(users=ALL.users, files=ALL.files)
    lacks = lacking(only_users_and_files, Offers(mounts=mounts))
    assert lacks == tuple(Lack("place", place) for place in places)


def test_all_that_is_wrong_with_files_is_told_together() -> None:
    asking = SystemSettings(files=ALL.files, scripts=ALL.scripts)
    lacks = lacking(asking, Offers(accounts={}, runs_scripts=False, mounts=("srv",)))
    owners = (Lack("owner", "mia"), Lack("owner", "www-data"))
    assert lacks == (Lack("runs-scripts"), *owners, Lack("place", "srv/page"))


@pytest.mark.parametrize("zone", ["posix/Europe/Paris", "right/UTC"])
def test_copies_of_the_zones_were_not_looked_into(zone: str) -> None:
    assert lacking(SystemSettings(timezone=zone), DEBIAN) == ()


@pytest.mark.parametrize(
    ("path", "brings"),
    [("/usr/share/X11/xkb/symbols/xx", True), ("/usr/share/X11/xkb", False), ("/usr/share/X11/xkbs/symbols/xx", False)],
)
def test_a_profile_may_bring_its_own_keyboard_of_x(path: str, brings: bool) -> None:
    asking = SystemSettings(keyboard="xx", files=(PlacedFile(path=path, text="x"),))
    assert lacking(asking, DEBIAN) == (() if brings else (Lack("keyboard", "xx"),))


@pytest.mark.parametrize(
    ("path", "brings"),
    [
        ("/usr/share/X11/xkb", True),
        ("/usr/share", True),
        ("/usr/share/X11/xkb/symbols", True),
        ("/usr/share/X1", False),
    ],
)
def test_so_may_a_folder_of_the_profile(path: str, brings: bool) -> None:
    asking = SystemSettings(keyboard="xx", folders=(PlacedFolder(path=path, beside="x"),))
    assert lacking(asking, DEBIAN) == (() if brings else (Lack("keyboard", "xx"),))


def test_what_matters_of_it_is_little_and_enough() -> None:
    kept = what_matters(DEBIAN, SystemSettings(timezone="Europe/Paris", keyboard="us", users=(User(name="lea"),)))
    assert (kept.timezones, kept.keyboards, kept.locales, kept.groups) == (("Europe/Paris",), (), (), ())
    assert (kept.accounts, kept.mounts) == ({"lea": 1000}, ("boot/efi",))
    assert what_matters(Offers(), ALL) == Offers()
    assert what_matters(DEBIAN, ALL).accounts == {"root": 0, "www-data": 33, "lea": 1000, "last": 60000}


_few = st.sampled_from(["fr", "us", "lea", "audio", "home", "x"])
_names = st.one_of(st.just(UNSET), st.lists(_few, max_size=4).map(tuple))
_offers = st.builds(
    Offers,
    mounts=_names,
    keyboards=_names,
    groups=_names,
    accounts=st.one_of(st.just(UNSET), st.dictionaries(_few, st.sampled_from([0, 1000]), max_size=3)),
    locales=st.one_of(st.just(UNSET), st.just(("fr_FR",)), st.just(())),
    timezones=st.one_of(st.just(UNSET), st.just(("UTC",)), st.just(())),
    makes_accounts=st.sampled_from([UNSET, True, False]),
    runs_scripts=st.sampled_from([UNSET, True, False]),
    joins_wifi=st.sampled_from([UNSET, True, False]),
)
_settings = st.builds(
    SystemSettings,
    keyboard=st.sampled_from(["", "fr", "us"]),
    locale=st.sampled_from(["", "fr_FR.UTF-8"]),
    timezone=st.sampled_from(["", "UTC"]),
    users=st.lists(st.builds(User, name=_few, groups=st.lists(_few, max_size=2).map(tuple)), max_size=2).map(tuple),
    files=st.lists(
        st.builds(PlacedFile, path=st.just("/home/x"), owner=_few, models=st.sampled_from([(), ("Acme*",)])), max_size=2
    ).map(tuple),
    scripts=st.sampled_from([(), ALL.scripts]),
    wifi=st.sampled_from(["", "guests"]),
)


@given(_settings, _offers)
def test_the_part_that_matters_to_a_profile_judges_as_the_whole_for_each_pc(
    settings: SystemSettings, offers: Offers
) -> None:
    kept = what_matters(offers, settings)
    for model in ("", "Acme X1"):
        assert lacking(settings.for_model(model), kept) == lacking(settings.for_model(model), offers)


def test_a_long_list_is_cut_and_told_in_the_readers_words() -> None:
    lacks = lacking(ALL, NOTHING)
    assert listed(lacks[:3]) == "locale fr_FR.UTF-8, keyboard fr-bepo, timezone Europe/Paris"
    assert listed(lacks[3:4]) == "makes-accounts"
    assert listed(lacks[:4]) == "locale fr_FR.UTF-8, keyboard fr-bepo, timezone Europe/Paris, …"
    problem = Problem("master-lacks", {"master": "school", "lacks": listed((*lacks[2:4], *lacks[6:]))})
    assert "fuseau horaire Europe/Paris, de quoi créer des comptes, systemd (pour les scripts), …." in problem.sentence(
        "fr"
    )
    assert "time zone Europe/Paris, tools to make accounts, systemd (for scripts), …." in problem.sentence("en")
    assert "?, x" in Problem("master-lacks", {"lacks": "?, x"}).sentence("en")


def test_every_kind_of_lack_has_its_words() -> None:
    kinds = Lack.__annotations__["what"].__args__
    assert set(kinds) == set(LACKS)
    for words in LACKS.values():
        assert set(words) == {"fr", "en"}


def test_a_wifi_network_and_a_folder_lie_on_the_root() -> None:
    offers = Offers(mounts=("etc/NetworkManager", "usr"))
    folder = PlacedFolder(path="/usr/lib/firmware", beside="firmware")
    lacks = lacking(SystemSettings(wifi="guests", folders=(folder,)), offers)
    network = Lack("place", "etc/NetworkManager/system-connections/guests.nmconnection")
    assert lacks == (network, Lack("place", "usr/lib/firmware"))


@pytest.mark.parametrize(("mount", "lies_there"), [("usr/local", True), ("usr/share", True), ("usrlocal", False)])
def test_a_folder_below_which_the_master_mounts_something_is_refused_before_the_erase(
    mount: str, lies_there: bool
) -> None:
    settings = SystemSettings(folders=(PlacedFolder(path="/usr", beside="usr"),))
    assert lacking(settings, Offers(mounts=(mount,))) == ((Lack("place", "usr"),) if lies_there else ())
