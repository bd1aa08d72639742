"""The boot menu as each loader takes it: the ways to the disk, the screen, and every value kept in its place."""

import re
import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netboot.bootmenu.escapes import grub_accented, grub_quoted, ipxe_plain
from netboot.bootmenu.highlight import white_pixel
from netboot.bootmenu.offered import MenuOffer
from netboot.bootmenu.texts import TEXTS
from netboot.shared.language import Language
from netboot.shared.process import run
from tests.bootmenu.menus import GRUB, MEMTEST, SERIAL, WIPE, menu, profile


def test_the_path_that_every_stick_has_comes_last_and_from_a_gpt_only() -> None:
    grub = menu(WIPE).grub()
    load_disk = grub.partition("function load_disk {")[2].partition("\n}\n")[0]
    assert not re.search(r"search .*BOOTX64", load_disk)
    assert load_disk.index("bootmgfw.efi") < load_disk.index("for partition in (hd*,gpt*)")
    assert "0x81" not in menu(WIPE).ipxe() + menu().boot_menu.ipxe_start()


def test_without_a_server_the_disk_boots_and_nobody_is_left_at_a_prompt() -> None:
    grub = menu().boot_menu.grub_start()
    assert grub.count("function load_disk {") == 1
    assert grub.index("configfile") < grub.rindex("load_disk")
    assert grub.rstrip().endswith("done")
    ipxe = menu().boot_menu.ipxe_start().splitlines()
    assert ipxe[-1] == "goto again"
    assert "iseq ${platform} pcbios && sanboot --no-describe --drive 0x80 ||" in ipxe


def test_on_uefi_ipxe_looks_for_the_disks_loader_and_then_fails_so_that_the_firmware_goes_on() -> None:
    disk = menu().boot_menu.ipxe_start().splitlines()
    debian = r"iseq ${platform} efi && sanboot --no-describe --drive 0 --filename \EFI\debian\shimx64.efi ||"
    assert disk.index(debian) < disk.index("iseq ${platform} efi && exit 1 ||")


@pytest.mark.parametrize(("cpu", "width"), [("x86_64", "x64"), ("i386", "ia32")])
def test_grub_starts_loaders_of_the_firmwares_own_width_only(cpu: str, width: str) -> None:
    load_disk = menu().boot_menu.grub_start().partition("function load_disk {")[2].partition("\n}\n")[0]
    of_this_cpu = load_disk.partition(f'if [ "$grub_cpu" = {cpu} ]')[2].partition("$grub_cpu")[0]
    assert f"/EFI/debian/grub{width}.efi" in of_this_cpu
    assert f"/EFI/BOOT/BOOT{width.upper()}.EFI" in of_this_cpu
    other = {"x64": "ia32", "ia32": "x64"}[width]
    assert other not in of_this_cpu.lower()


def test_the_static_files_go_on_to_this_pcs_menu_over_http() -> None:
    assert (
        'configfile "(http,192.0.2.2:80)/menu.grub?mac=$net_default_mac&uuid=$uuid&screen=$screen"'
        in menu().boot_menu.grub_start()
    )
    assert "chain --replace ${base}/menu.ipxe?mac=${netX/mac}&uuid=${uuid}" in menu().boot_menu.ipxe_start()


def test_grubs_large_screen_waits_for_a_reader_only_where_secure_boot_makes_it_slow() -> None:
    chosen = menu(WIPE, armed=WIPE).boot_menu.screen_script(GRUB)
    assert re.search(r'^if \[ "\$lockdown" != y \]; then\n +open_screen\nfi$', chosen, re.MULTILINE)
    for offer in (MenuOffer(), MenuOffer(armed=WIPE, batch="b1"), MenuOffer(denied=True)):
        assert menu(WIPE, offer=offer).boot_menu.screen_script(GRUB).strip() == "open_screen"


def test_who_comes_back_to_grubs_menu_gets_the_large_screen() -> None:
    grub, start = menu(WIPE, armed=WIPE).grub(), menu(WIPE, armed=WIPE).boot_menu.grub_start()
    back = grub[grub.index("function go_back") :].split("}", 1)[0]
    assert back.index("open_screen") < back.index("name_pc") < back.index("configfile")
    left_by_esc = start[start.index("if menu_was_read") :]
    assert left_by_esc.index("open_screen") < left_by_esc.index("elif")
    # Without a server there is somebody to be told.
    assert re.search(r"^else\n +open_screen\nfi$", start, re.MULTILINE)


def test_grubs_small_letters_come_with_a_line_that_makes_them_large() -> None:
    grub = menu(WIPE, armed=WIPE).grub()
    line = grub[grub.index("--id large {") :]
    assert line.split("\n")[1].strip() == "go_back"
    # Where the large screen fails it is not offered again and again.
    assert 'if [ "$screen" = text -a "$asked" != yes ]; then\n    menuentry "Afficher ce menu en grand' in grub
    assert "--id large" not in menu(WIPE, offer=MenuOffer(denied=True)).grub()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_grub_accepts_the_script(language: Language) -> None:
    batch = MenuOffer(armed=WIPE, batch="b1")
    for shown in (
        menu(WIPE, language=language, armed=WIPE),
        menu(WIPE, offer=batch, digits=True, serial=SERIAL, files=MEMTEST),
    ):
        run(["grub-script-check"], stdin=shown.grub())
        run(["grub-script-check"], stdin=shown.grub(graphic=True))
        run(["grub-script-check"], stdin=shown.boot_menu.grub_start())
        run(["grub-script-check"], stdin=shown.boot_menu.screen_script(GRUB))
        run(["grub-script-check"], stdin=shown.boot_menu.start_script(GRUB, "wipe", ""))
        run(["grub-script-check"], stdin=shown.boot_menu.refusal_script(GRUB, "wrong"))
        for again in (False, True):
            run(["grub-script-check"], stdin=shown.boot_menu.no_disk_script(GRUB, again=again))


HOSTILE = st.text(
    st.sampled_from("'\"`$\\{}();&|#<>é ’") | st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")),
    min_size=1,
    max_size=60,
)


@settings(max_examples=25)
@given(name=HOSTILE)
def test_no_profile_name_breaks_out_of_grubs_quotes(name: str) -> None:
    shown, hostile = menu(profile("NAME")), menu(profile(name))
    assert hostile.grub() == shown.grub().replace('"NAME"', grub_quoted(name))
    assert hostile.grub(graphic=True) == shown.grub(graphic=True).replace('"NAME"', grub_accented(name))
    for quoted in (grub_quoted(name), grub_accented(name)):
        assert re.fullmatch(r'"([^"$\\\n]|\\["$\\])*"', quoted)
    run(["grub-script-check"], stdin=hostile.grub(graphic=True))


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
    assert grub_accented("Démarrer\t(rien)") == '"Démarrer (rien)"'


def test_a_serial_port_shows_the_menu_and_the_agent_as_well() -> None:
    shown = menu(WIPE, serial="ttyS1,9600")
    assert "serial --unit=1 --speed=9600\n" in shown.boot_menu.grub_start()
    assert "terminal_output gfxterm serial" in shown.boot_menu.grub_start()
    for text in (shown.grub(), shown.ipxe()):
        assert "console=tty0 console=ttyS1,9600" in text
    assert "serial" not in menu(WIPE).boot_menu.grub_start()


def test_a_processor_of_32_bits_is_told_so_and_not_started() -> None:
    grub = menu(WIPE).grub()
    load_agent = grub.partition("function load_agent {")[2].partition("\n}\n")[0]
    assert load_agent.index("cpuid -l") < load_agent.index("linux ") < load_agent.index("Processeur de 32 bits")
    ipxe = menu(WIPE).ipxe().splitlines()
    failed, fetch = ipxe.index("cpuid --ext 29 || goto failed"), ipxe.index(":fetch")
    assert ipxe[failed - 2].startswith("set failure Processeur de 32 bits")
    assert ipxe[failed - 1] == "cpuid 4 || goto fetch"
    assert failed < fetch < next(number for number, line in enumerate(ipxe) if line.startswith("kernel "))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_grubs_theme_says_what_is_asked_in_the_readers_language(language: Language) -> None:
    pc, texts = replace(GRUB, graphic=True), TEXTS[language]
    boot_menu = menu(WIPE, language=language).boot_menu
    for title, said in (("menu", texts.title), ("sure", texts.confirm_title), ("code", texts.title_code)):
        assert f'text = "{said}"' in boot_menu.theme(pc, title)
    assert boot_menu.theme(pc, '"\n+ image {') == boot_menu.theme(pc, "menu")
    # A theme's strings have no escapes, and GRUB puts the seconds in for itself.
    shown = [texts.title, texts.confirm_title, texts.title_code, texts.theme_help, texts.theme_timeout]
    assert not [text for text in shown if set(text) & set('"\\\n')]
    assert [text.count("%") for text in shown] == [0, 0, 0, 0, 1]
    assert "%d" in texts.theme_timeout


def test_the_highlight_is_a_png_of_one_white_pixel() -> None:
    content = white_pixel()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    parts = content[8:]
    found = {}
    while parts:
        (length,) = struct.unpack(">I", parts[:4])
        found[parts[4:8]] = parts[8 : 8 + length]
        assert struct.unpack(">I", parts[8 + length : 12 + length])[0] == zlib.crc32(parts[4 : 8 + length])
        parts = parts[12 + length :]
    assert found[b"IHDR"] == bytes.fromhex("00000001 00000001 08 02 00 00 00")
    assert zlib.decompress(found[b"IDAT"]) == b"\0\xff\xff\xff"


def test_an_installers_stick_is_left_alone_whichever_way_it_was_made() -> None:
    removable = menu(WIPE).grub().partition("for partition in (hd*,gpt*)")[2].partition("\n        done\n")[0]
    for mark in ("/.disk/info", "/sources/boot.wim", "/ventoy"):
        assert mark in removable
    # On the partition, as copied files are; on the device, as a written image is.
    assert '[ -e "$partition$mark" -o -e "($device)$mark" ]' in removable
    assert removable.index("stick=yes") < removable.index("chainloader")
