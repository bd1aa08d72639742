"""The boot menu: the same entries for GRUB and iPXE, the disk as the default, every value kept in its place."""

import re
from ipaddress import IPv4Address

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netboot.config import Settings
from netboot.menu import BootMenu, entries, grub_quoted, ipxe_plain
from netboot.menu_texts import TEXTS
from netboot.problems import Language
from netboot.process import run
from netboot.profiles import Profile

SERVER = IPv4Address("192.0.2.2")
MAC = "52:54:00:00:00:01"
UUID = "4c4c4544-0042-3510-8034-b4c04f4a4e31"


def profile(name: str, identifier: str = "wipe", master: str = "debian-minimal") -> Profile:
    stages = ["check", "erase", "deploy", "finish"] if master else ["check", "erase", "finish"]
    return msgspec.convert(
        {"id": identifier, "name": {"fr": name, "en": name}, "stages": stages, "master": master}, Profile
    )


WIPE = profile("Effacer et installer", "wipe")


def menu(*profiles: Profile, language: Language = "fr", armed: Profile | None = None) -> BootMenu:
    return BootMenu(profiles, Settings(language=language), SERVER, lambda mac, uuid: armed)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_timeout_goes_to_the_disk(language: Language) -> None:
    grub = menu(WIPE, language=language).grub(MAC, UUID)
    assert re.search(r'^set default="local"$', grub, re.MULTILINE)
    assert re.search(r"^set timeout=20$", grub, re.MULTILINE)
    ipxe = menu(WIPE, language=language).ipxe(MAC, UUID)
    assert "choose --timeout ${wait} --default local selected" in ipxe
    assert "set wait 20000" in ipxe


def test_what_writes_to_a_disk_asks_once_more_and_no_is_the_default() -> None:
    grub = menu(WIPE).grub(MAC, UUID)
    inside = grub[grub.index("submenu") :]
    assert "set default=no" in inside
    assert "set timeout=-1" in inside
    assert grub_quoted("OUI : EFFACER tous les disques, installer debian-minimal") in inside
    assert grub.index("netboot.profile=wipe") > grub.index("--id yes")
    ipxe = menu(WIPE).ipxe(MAC, UUID)
    assert "choose --default menu selected" in ipxe
    assert ipxe.index("set profile wipe") > ipxe.index(":profile-1-yes")


def test_inventory_only_names_no_profile_and_asks_nothing() -> None:
    assert [entry.profile for entry in entries([], "en", None)] == [""]
    assert [entry.confirm for entry in entries([], "en", None)] == [""]
    assert "submenu" not in menu().grub(MAC, UUID)


def test_a_choice_of_the_page_becomes_the_default_and_leaves_the_profile_to_the_server() -> None:
    grub = menu(WIPE, armed=WIPE).grub(MAC, UUID)
    assert re.search(r'^set default="armed"$', grub, re.MULTILINE)
    armed = grub[grub.index("--id armed") :].split("}", 1)[0]
    assert "netboot.profile=wipe" not in armed


def test_the_static_files_go_on_to_this_pcs_menu_over_http() -> None:
    assert 'configfile "(http,192.0.2.2:80)/menu.grub?mac=$net_default_mac&uuid=$uuid"' in menu().grub_start()
    assert "chain ${base}/menu.ipxe?mac=${netX/mac}&uuid=${uuid}" in menu().ipxe_start()


def test_every_text_of_the_menu_fits_its_line() -> None:
    for texts in TEXTS.values():
        for name in texts.__dataclass_fields__:
            assert len(getattr(texts, name).replace("{master}", "debian-minimal")) <= 66


@pytest.mark.parametrize("language", ["fr", "en"])
def test_grub_accepts_the_script(language: Language) -> None:
    run(["grub-script-check"], stdin=menu(WIPE, language=language, armed=WIPE).grub(MAC, UUID))
    run(["grub-script-check"], stdin=menu(WIPE).grub_start())


HOSTILE = st.text(
    st.sampled_from("'\"`$\\{}();&|#<>é ’\t") | st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")),
    min_size=1,
    max_size=60,
)


@settings(max_examples=25, deadline=None)
@given(name=HOSTILE)
def test_no_profile_name_breaks_out_of_grubs_quotes(name: str) -> None:
    plain = menu(profile("NAME")).grub(MAC, UUID)
    hostile = menu(profile(name)).grub(MAC, UUID)
    assert hostile == plain.replace('"NAME"', grub_quoted(name))
    assert re.fullmatch(r'"([^"$\\\n]|\\["$\\])*"', grub_quoted(name))
    run(["grub-script-check"], stdin=hostile)


@given(name=HOSTILE)
def test_no_profile_name_is_more_than_words_to_ipxe(name: str) -> None:
    text = ipxe_plain(name)
    assert not set(text) & set("${}&|\\#;\n\r\t")
    assert text.strip()
    # The name stands after `item ID` or `menu`; alone it is neither an option nor nothing.
    assert not text.startswith("-")


def test_french_stays_readable_on_a_screen_without_accents() -> None:
    assert ipxe_plain("Êtes-vous sûr ? L’œuvre d'«été»…") == "Etes-vous sur ? L'oeuvre d'\"ete\"..."
    assert grub_quoted("Démarrer (rien n'est modifié)") == '"Demarrer (rien n\'est modifie)"'
