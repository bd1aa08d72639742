"""The boot menu: the same entries for GRUB and iPXE, the disk as the default, what is said and asked before a start."""

import re
from typing import NoReturn

import msgspec
import pytest

from netboot.bootmenu.boot_menu import BootMenu, Refused
from netboot.bootmenu.entries import default_entry, entries, notices
from netboot.bootmenu.escapes import grub_quoted, ipxe_plain
from netboot.bootmenu.offered import MenuOffer, may_be_default
from netboot.bootmenu.texts import TEXTS
from netboot.jobs.profile import Profile
from netboot.settings.config import Settings
from netboot.shared.language import Language
from netboot.shared.problems import Code, Problem
from netboot.shared.process import run
from netboot.shared.sentences import TITLES
from tests.bootmenu.menus import GRUB, IPXE, MAC, MEMTEST, SERVER, WIPE, Menus, menu, profile
from tests.workshop.capturing import CAPTURE


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_timeout_goes_to_the_disk(language: Language) -> None:
    grub = menu(WIPE, language=language).grub()
    assert re.search(r'^ +set default="local"$', grub, re.MULTILINE)
    assert re.search(r"^ +set timeout=20$", grub, re.MULTILINE)
    ipxe = menu(WIPE, language=language).ipxe()
    assert "set first local" in ipxe
    assert "set wait 20000" in ipxe


def test_esc_in_ipxe_stops_the_timer_of_a_choice_made_on_the_page() -> None:
    lines = menu(WIPE, armed=WIPE).ipxe().splitlines()
    choose = next(number for number, line in enumerate(lines) if line.startswith("choose --timeout"))
    # Esc fails `choose` and goes back to the menu: what the second round uses was set before it.
    assert lines[choose] == "choose --timeout ${now} --default ${preset} selected || goto menu"
    assert lines[choose - 4 : choose] == [
        "set now ${wait}",
        "set preset ${first}",
        "set wait 0",
        "set first local",
    ]
    assert lines.index("set wait 5000") + 1 == lines.index("set first armed") < choose


def test_no_and_esc_in_grub_stop_the_timer_of_a_choice_made_on_the_page() -> None:
    grub = menu(WIPE, armed=WIPE).grub()
    asked, _, unasked = grub.partition('if [ "$asked" = yes ]; then\n')[2].partition("else\n")
    assert asked.split("\n")[:2] == ["    set timeout=-1", "    set default=local"]
    assert unasked.split("\n")[:2] == ["    set timeout=5", '    set default="armed"']
    assert grub.partition("submenu ")[2].partition("--id no {\n")[2].split("\n")[0].strip() == "go_back"
    back = grub[grub.index("function go_back") :].split("}", 1)[0]
    assert back.index("export asked") < back.index('configfile "$base/menu.grub?$pc"')
    # GRUB gives submenus and files that `configfile` reads the exported variables only.
    assert re.search(r"^export base uuid pc ", grub, re.MULTILINE)
    start = menu(WIPE, armed=WIPE).boot_menu.grub_start()
    assert start.index("export uuid") < start.index("configfile")
    assert "export asked" in start


def test_a_load_that_failed_reads_the_menu_anew_which_says_why_and_goes_to_the_disk() -> None:
    grub = menu(WIPE, armed=WIPE).grub()
    for loads in ("function load_agent {", "function load_proven {"):
        assert "come_back load-failed" in grub.partition(loads)[2].partition("\n}\n")[0]
    # `if source …` is true also when nobody answers (GRUB 2.12).
    assert "if source" not in grub
    assert "set answered=yes\n    clear\n" in grub
    back = grub.partition("function come_back {")[2].partition("\n}\n")[0]
    assert back.index("set asked=\n") < back.index("$pc&failed=$why") < back.index("load_disk")
    ipxe = menu(WIPE, armed=WIPE).ipxe()
    failed = ipxe.partition("\n:failed\n")[2]
    assert failed.index("menu.ipxe?${pc}&failed=${why} ||") < failed.index(":gave_up") < failed.index("set first local")
    assert "isset ${refused} || goto gave_up\n" in menu(WIPE).ipxe()


def test_a_pc_whose_place_went_to_another_one_meanwhile_does_not_stand_in_its_menu_for_ever() -> None:
    boot_menu = menu(WIPE).boot_menu
    assert "\ncome_back\n" in boot_menu.refusal_script(GRUB, "gone")
    assert "chain --replace ${base}/menu.ipxe?${pc} ||" in boot_menu.refusal_script(IPXE, "gone")
    typed: tuple[Refused, ...] = ("wrong", "too-many")
    for reason in typed:
        assert "\ngo_back\n" in boot_menu.refusal_script(GRUB, reason)
        assert "set refused yes" in boot_menu.refusal_script(IPXE, reason)


@pytest.mark.parametrize("batch", ["", "b" * 32])
def test_a_start_that_brought_nothing_is_told_and_not_repeated_by_itself(batch: str) -> None:
    offer = MenuOffer(armed=WIPE, batch=batch, stalled=Problem("start-returned", {"seen": "agent"}))
    shown = menu(WIPE, offer=offer)
    grub, ipxe = shown.grub(), shown.ipxe()
    assert re.search(r'^ +set default="local"$', grub, re.MULTILINE)
    assert re.search(r"^ +set timeout=20$", grub, re.MULTILINE)
    assert "set wait 20000\nset first local\n" in ipxe
    for text in (grub, ipxe):
        assert "sans suite" in text
    assert "--id armed" in grub, "a person may still pick it"
    assert not shown.boot_menu.render(GRUB).starts_itself


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_left_undone_is_said_first(language: Language) -> None:
    for left, word in (
        (Problem("power-cut", {"stage": "erase"}), "Effacement" if language == "fr" else "Erasure"),
        (Problem("disk-error"), "page"),
    ):
        shown = menu(WIPE, language=language, offer=MenuOffer(left=left))
        first = shown.grub().partition("# the entries")[2].partition("menuentry ")[2].splitlines()[0]
        assert word in first
        assert 'set default="local"' in shown.grub()
        gap = next(line for line in shown.ipxe().splitlines() if line.startswith("item"))
        assert word in gap


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_a_menu_says_of_its_pc_fits_its_screen(language: Language) -> None:
    for stage in TITLES:
        left = Problem("power-cut", {"stage": stage})
        codes: tuple[Code, ...] = ("processor-32-bit", "start-returned")
        for stalled in map(Problem, codes):
            assert max(map(len, notices(MenuOffer(left=left, stalled=stalled), language))) <= 66


def test_what_writes_to_a_disk_asks_once_more_and_no_is_the_default() -> None:
    grub = menu(WIPE).grub()
    inside = grub[grub.index("submenu") :]
    assert "set default=no" in inside
    assert "set timeout=-1" in inside
    assert grub_quoted("OUI : EFFACER tous les disques, installer debian-minimal") in inside
    assert grub.index("load_proven wipe") > grub.index("--id yes")
    assert "netboot.profile=wipe" not in grub
    ipxe = menu(WIPE).ipxe()
    assert "choose --default menu selected" in ipxe
    assert ipxe.index("set picked profile=wipe&") > ipxe.index(":profile-1-yes")


def test_a_capture_needs_the_ticket_and_the_code_in_either_menu_and_never_starts_by_itself() -> None:
    (entry,) = (one for one in entries([CAPTURE], "en", MenuOffer(), digits=True) if one.profile)
    assert (entry.proven, entry.digits, entry.confirm) == (True, True, "")
    grub = menu(CAPTURE).grub()
    assert "load_proven capture" in grub
    assert "netboot.profile=capture" not in grub
    assert "set picked profile=capture&" in menu(CAPTURE).ipxe()
    assert default_entry(CAPTURE.id, [entry]) == "local"
    assert not may_be_default(CAPTURE.id, {CAPTURE.id: CAPTURE})


def test_inventory_only_names_no_profile_and_asks_nothing() -> None:
    assert [entry.profile for entry in entries([], "en", MenuOffer())] == [""]
    assert [entry.confirm for entry in entries([], "en", MenuOffer())] == [""]
    assert "--id yes" not in menu().grub()


def test_a_choice_of_the_page_becomes_the_default_and_leaves_the_profile_to_the_server() -> None:
    grub = menu(WIPE, armed=WIPE).grub()
    assert re.search(r'^ +set default="armed"$', grub, re.MULTILINE)
    armed = grub[grub.index("--id armed") :].split("}", 1)[0]
    assert "netboot.profile=wipe" not in armed


def test_a_record_that_fails_costs_the_choice_but_not_the_menu(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: str) -> NoReturn:
        raise OSError("disk I/O error")

    failing = Menus(
        BootMenu((WIPE,), Settings(), SERVER, offer_of=broken, digits_asked=broken, prove=lambda picked: "never")
    )
    # Whether there are digits cannot be read either: they are asked for.
    assert failing.grub() == menu(WIPE, digits=True).grub()
    assert failing.ipxe() == menu(WIPE, digits=True).ipxe()
    assert "disk I/O error" in caplog.text
    assert MAC in caplog.text


def test_every_text_of_the_menu_fits_its_line() -> None:
    for texts in TEXTS.values():
        for name in texts.__dataclass_fields__:
            assert len(getattr(texts, name).replace("{master}", "debian-minimal")) <= 66


def test_a_start_carries_its_ticket_and_only_what_is_offered_has_one() -> None:
    boot_menu = menu(WIPE).boot_menu
    assert boot_menu.start_script(GRUB, "wipe", "").split() == [
        "load_agent",
        "netboot.profile=wipe",
        "netboot.ticket=proof-wipe-",
    ]
    assert "set words netboot.profile=wipe netboot.ticket=proof-wipe-\n" in boot_menu.start_script(IPXE, "wipe", "")
    for pc in (GRUB, IPXE):
        assert "proof" not in boot_menu.start_script(pc, "other", "")
        assert "proof" not in boot_menu.start_script(pc, "wipe", "no-such-batch")


def test_an_armed_batch_starts_by_itself_says_what_it_does_and_asks_for_no_digits() -> None:
    shown = menu(WIPE, offer=MenuOffer(armed=WIPE, batch="b1"), digits=True)
    assert re.search(r'^ +set default="armed"$', shown.grub(), re.MULTILINE)
    assert re.search(r"^ +set timeout=15$", shown.grub(), re.MULTILINE)
    assert "load_proven wipe b1" in shown.grub()
    assert 'menuentry "Serie en cours : Effacer et installer" --id armed' in shown.grub()
    assert "set picked profile=wipe&batch=b1\ngoto proven" in shown.ipxe()
    assert not shown.boot_menu.needs_digits(GRUB, "wipe", "b1")
    assert shown.boot_menu.start_script(GRUB, "wipe", "b1").split() == [
        "load_agent",
        "netboot.batch=b1",
        "netboot.ticket=proof--b1",
    ]
    # The same profile without the batch, another batch, another profile: as ever.
    assert shown.boot_menu.needs_digits(GRUB, "wipe", "")
    assert shown.boot_menu.needs_digits(GRUB, "wipe", "b2")
    assert shown.boot_menu.needs_digits(GRUB, "other", "b1")


def test_a_pc_that_is_kept_away_is_offered_its_disk_and_a_sentence() -> None:
    shown = menu(WIPE, offer=MenuOffer(denied=True))
    for text in (shown.grub(), shown.ipxe()):
        assert "interdit" in text
        assert "wipe" not in text
    assert re.findall(r"--id (\w+)", shown.grub().partition("# the entries")[2]) == ["denied", "local"]
    assert re.findall(r"^item (\w+)", shown.ipxe(), re.MULTILINE) == ["local"]
    assert "proof" not in shown.boot_menu.start_script(GRUB, "wipe", "")


@pytest.mark.parametrize(("wanted", "ready"), [("inventory", "inventory"), ("look", "profile-2"), ("wipe", "local")])
def test_what_is_set_for_a_pc_is_ready_under_enter_but_never_what_writes(wanted: str, ready: str) -> None:
    look = msgspec.convert({"id": "look", "name": {"fr": "Voir", "en": "Look"}, "stages": ["check", "finish"]}, Profile)
    shown = menu(WIPE, look, offer=MenuOffer(default=wanted))
    assert f'set default="{ready}"' in shown.grub()
    assert f"set first {ready}" in shown.ipxe()


def test_the_digits_stand_between_yes_and_the_start() -> None:
    shown = menu(WIPE, digits=True)
    yes = shown.grub().partition("--id yes {\n")[2]
    assert yes.split("\n")[0].strip() == "ask_digits wipe"
    # The first argument of an entry is its title.
    assert 'load_proven "$2"' in shown.grub()
    lines = shown.ipxe().splitlines()
    assert lines[lines.index("set picked profile=wipe&batch=") + 1] == "goto digits"
    assert any(line.startswith("item --secret digits ") for line in lines)
    without = menu(WIPE).ipxe().splitlines()
    assert without[without.index("set picked profile=wipe&batch=") + 1] == "goto proven"


def test_the_other_language_is_one_line_away() -> None:
    assert 'configfile "$base/menu.grub?$pc&lang=en"' in menu(WIPE).grub()
    english = menu(WIPE).grub(language="en")
    assert "Boot this PC" in english
    assert "netboot.lang=en" in english
    # iPXE keeps no variable that says somebody is there.
    asked = menu(WIPE, armed=WIPE).ipxe(language="en", attended=True)
    assert "set wait 0\nset first local\n" in asked


def test_memtest_is_offered_where_it_is_there_and_where_grub_is_not_locked_down() -> None:
    grub = menu(WIPE, files=MEMTEST).grub()
    assert grub.index('if [ "$lockdown" != y ]; then') < grub.index("--id memtest")
    assert 'chainloader "$base/boot/memtestx64.efi"' in grub
    assert 'chainloader "$base/boot/memtestia32.efi"' in grub
    lines = menu(WIPE, files=MEMTEST).ipxe().splitlines()
    # The 64-bit one first, and only for a processor that can run it.
    assert [line for line in lines if "memtest" in line and "pcbios" in line] == [
        "iseq ${platform} pcbios && cpuid --ext 29 && kernel ${base}/boot/memtestx64.bin && boot ||",
        "iseq ${platform} pcbios && kernel ${base}/boot/memtestia32.bin && boot ||",
    ]
    for shown in (menu(WIPE), menu(WIPE, files=MEMTEST, offer=MenuOffer(denied=True))):
        assert "memtest" not in shown.grub() + shown.ipxe()


def test_the_memory_test_may_be_ready_under_enter() -> None:
    test = msgspec.convert(
        {"id": "test", "name": {"fr": "M", "en": "M"}, "stages": ["check", "memory", "finish"]}, Profile
    )
    assert 'set default="profile-2"' in menu(WIPE, test, offer=MenuOffer(default="memory")).grub()
    assert 'set default="local"' in menu(WIPE, offer=MenuOffer(default="memory")).grub()


@pytest.mark.parametrize("batch", ["", "b1"])
def test_inventory_only_is_not_offered_while_its_agent_would_follow_a_choice(batch: str) -> None:
    shown = menu(WIPE, offer=MenuOffer(armed=WIPE, batch=batch))
    for text in (shown.grub(), shown.ipxe()):
        assert ("Inventaire seul" in text) == bool(batch)


def test_the_memory_test_that_is_ready_is_one_that_writes_nothing() -> None:
    tested = msgspec.structs.replace(WIPE, stages=("check", "memory", "erase", "finish"), master="")
    only = msgspec.structs.replace(WIPE, id="only", stages=("check", "memory", "finish"), master="")
    assert "set first profile-2" in menu(tested, only, offer=MenuOffer(default="memory")).ipxe()
    assert "set first local" in menu(tested, offer=MenuOffer(default="memory")).ipxe()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_profile_whose_master_no_pc_can_get_is_not_offered_and_says_why(language: Language) -> None:
    other = profile("Autre", "other", master="")
    shown = menu(WIPE, other, language=language, lacking=["debian-minimal"], digits=True)
    texts = TEXTS[language]
    grub, ipxe = shown.grub(), shown.ipxe()
    title = texts.unavailable.format(profile="Effacer et installer")
    assert f"menuentry {grub_quoted(title)} --id profile-1 {{" in grub
    assert "load_proven wipe" not in grub
    assert "ask_digits wipe" not in grub
    assert grub_quoted(texts.unavailable_why) in grub
    assert "ask_digits other" in grub
    run(["grub-script-check"], stdin=grub)
    assert f"item profile-1 {ipxe_plain(title)}" in ipxe
    assert f":profile-1\necho {ipxe_plain(texts.unavailable_why)}\nsleep 10 ||\ngoto menu\n" in ipxe
    assert "profile=wipe" not in ipxe
    for pc in (GRUB, IPXE):
        assert "proof" not in shown.boot_menu.start_script(pc, "wipe", "")
        assert "proof" in shown.boot_menu.start_script(pc, "other", "")


def test_a_profile_that_is_left_out_has_no_line_and_the_others_keep_their_order_and_names() -> None:
    other, last = profile("Autre", "other", master=""), profile("Dernier", "last", master="")
    every = menu(WIPE, other, last, lacking=["debian-minimal"])
    shown = menu(WIPE, other, last, lacking=["debian-minimal"], left_out=["wipe"])
    for text, whole in ((shown.grub(), every.grub()), (shown.ipxe(), every.ipxe())):
        assert "profile-1" in whole
        assert "profile-1" not in text
        names = re.findall(r"profile-\d", text)
        assert names == [name for name in re.findall(r"profile-\d", whole) if name != "profile-1"]
        assert text.index("Autre") < text.index("Dernier")
    run(["grub-script-check"], stdin=shown.grub())
    for pc in (GRUB, IPXE):
        assert "proof" not in shown.boot_menu.start_script(pc, "wipe", "")
        assert "proof" in shown.boot_menu.start_script(pc, "other", "")


def test_a_store_that_cannot_be_read_costs_no_pc_its_menu(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Profile) -> NoReturn:
        raise OSError("the disk")

    boot_menu = BootMenu(
        (WIPE,), Settings(), SERVER, offer_of=lambda mac, uuid: MenuOffer(), digits_asked=lambda: False,
        prove=lambda picked: "p", lacks_master=broken, left_out=broken,
    )  # fmt: skip
    assert "load_proven wipe" in boot_menu.menu(GRUB)
    assert "which masters there are" in caplog.text
    assert "which masters were ever here" in caplog.text
