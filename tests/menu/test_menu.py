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
    assert re.search(r'^ +set default="local"$', grub, re.MULTILINE)
    assert re.search(r"^ +set timeout=20$", grub, re.MULTILINE)
    ipxe = menu(WIPE, language=language).ipxe(MAC, UUID)
    assert "set first local" in ipxe
    assert "set wait 20000" in ipxe


def test_esc_in_ipxe_stops_the_timer_of_a_choice_made_on_the_page() -> None:
    lines = menu(WIPE, armed=WIPE).ipxe(MAC, UUID).splitlines()
    choose = next(number for number, line in enumerate(lines) if line.startswith("choose --timeout"))
    # Esc fails `choose` and goes back to the menu: what the second round uses was set before it.
    assert lines[choose] == "choose --timeout ${now} --default ${preset} selected || goto menu"
    assert lines[choose - 4 : choose] == [
        "set now ${wait}",
        "set preset ${first}",
        "set wait 0",
        "set first local",
    ]
    assert lines[2:5] == ["set base http://192.0.2.2:80", "set wait 5000", "set first armed"]


def test_no_and_esc_in_grub_stop_the_timer_of_a_choice_made_on_the_page() -> None:
    grub = menu(WIPE, armed=WIPE).grub(MAC, UUID)
    asked, _, unasked = grub.partition('if [ "$asked" = yes ]; then\n')[2].partition("else\n")
    assert asked.split("\n")[:2] == ["    set timeout=-1", "    set default=local"]
    assert unasked.split("\n")[:2] == ["    set timeout=5", '    set default="armed"']
    no = grub[grub.index("--id no {") :].split("}", 1)[0]
    assert no.index("export asked") < no.index('configfile "$base/menu.grub?mac=$net_default_mac&uuid=$uuid"')
    # GRUB gives submenus and files that `configfile` reads the exported variables only.
    assert re.search(r"^export base uuid$", grub, re.MULTILINE)
    start = menu(WIPE, armed=WIPE).grub_start()
    assert start.index("export uuid") < start.index("configfile")
    assert "export asked" in start


def test_a_load_that_failed_waits_for_a_person_in_grub_too() -> None:
    load_agent = menu(WIPE, armed=WIPE).grub(MAC, UUID).partition("function load_agent {")[2].partition("\n}\n")[0]
    assert load_agent.splitlines()[-1] == "    set timeout=-1"


def test_the_path_that_every_stick_has_comes_last_and_from_a_gpt_only() -> None:
    grub = menu(WIPE).grub(MAC, UUID)
    load_disk = grub.partition("function load_disk {")[2].partition("\n}\n")[0]
    assert not re.search(r"search .*BOOTX64", load_disk)
    assert load_disk.index("bootmgfw.efi") < load_disk.index("for partition in (hd*,gpt*)")
    assert "0x81" not in menu(WIPE).ipxe(MAC, UUID) + menu().ipxe_start()


def test_without_a_server_the_disk_boots_and_nobody_is_left_at_a_prompt() -> None:
    grub = menu().grub_start()
    assert grub.count("function load_disk {") == 1
    assert grub.index("configfile") < grub.rindex("load_disk")
    assert grub.rstrip().endswith("done")
    ipxe = menu().ipxe_start().splitlines()
    assert ipxe[-1] == "goto again"
    assert "sanboot --no-describe --drive 0x80 ||" in ipxe


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
    assert re.search(r'^ +set default="armed"$', grub, re.MULTILINE)
    armed = grub[grub.index("--id armed") :].split("}", 1)[0]
    assert "netboot.profile=wipe" not in armed


def test_a_record_that_fails_costs_the_choice_but_not_the_menu(caplog: pytest.LogCaptureFixture) -> None:
    def broken(mac: str, uuid: str) -> Profile | None:
        raise OSError("disk I/O error")

    failing = BootMenu((WIPE,), Settings(language="fr"), SERVER, broken)
    assert failing.grub(MAC, UUID) == menu(WIPE).grub(MAC, UUID)
    assert failing.ipxe(MAC, UUID) == menu(WIPE).ipxe(MAC, UUID)
    assert "disk I/O error" in caplog.text
    assert MAC in caplog.text


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
    st.sampled_from("'\"`$\\{}();&|#<>é ’") | st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")),
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


@given(name=HOSTILE | st.just("\t"))
def test_no_profile_name_is_more_than_words_to_ipxe(name: str) -> None:
    text = ipxe_plain(name)
    assert not set(text) & set("${}&|\\#;\n\r\t")
    assert text.strip()
    # The name stands after `item ID` or `menu`; alone it is neither an option nor nothing.
    assert not text.startswith("-")


def test_french_stays_readable_on_a_screen_without_accents() -> None:
    assert ipxe_plain("Êtes-vous sûr ? L’œuvre d'«été»…") == "Etes-vous sur ? L'oeuvre d'\"ete\"..."
    assert grub_quoted("Démarrer (rien n'est modifié)") == '"Demarrer (rien n\'est modifie)"'
