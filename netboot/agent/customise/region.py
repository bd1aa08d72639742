"""Locale, keyboard and time zone of an installed system, as the profile sets them.

A locale that the system has not is made by its own localedef; a time zone or keymap that it has not is an error, before
the file that names it is written. Debian's cache of the console's keyboard is removed; the first start makes it anew.
Not for: what is in the files (`shared/system_settings.py`). Blocks; needs root.
"""

from collections.abc import Mapping
from typing import Final

from netboot.agent.customise.installed_tree import InstalledTree
from netboot.shared.errors import NetbootError
from netboot.shared.process import run
from netboot.shared.system_settings import SystemSettings, Written, keymap, written

_DEBIAN: Final = "etc/debian_version"
_ARCHIVE: Final = "usr/lib/locale/locale-archive"
_CACHES: Final = ("cached_setup_keyboard.sh", "cached_setup_terminal.sh", "cached_setup_font.sh")
"""In /etc/console-setup: made by setupcon(1) --save, which Debian's boot scripts call where there are none."""
_KEYMAPS: Final = ("usr/lib/kbd/keymaps", "usr/share/kbd/keymaps")
_DEEPEST: Final = 4


def set_region(tree: InstalledTree, settings: SystemSettings) -> None:
    """Set what is set of these. Raises NetbootError, OSError."""
    files = written(settings)
    if settings.locale:
        _set_locale(tree, settings.locale, files)
    if settings.keyboard:
        _set_keyboard(tree, settings, files)
    if settings.timezone:
        _set_timezone(tree, settings.timezone, files)


def _set_locale(tree: InstalledTree, locale: str, files: Mapping[str, Written]) -> None:
    if not _has_locale(tree, locale):
        _make_locale(tree, locale)
    tree.write("locale", "etc/locale.conf", files["etc/locale.conf"].content)
    # Debian's own place is a link to the other one in newer releases.
    if tree.is_file(_DEBIAN) and tree.is_folder("etc/default") and not tree.is_link("etc/default/locale"):
        tree.write("locale", "etc/default/locale", files["etc/default/locale"].content)


def _has_locale(tree: InstalledTree, locale: str) -> bool:
    # glibc's own spelling in its lists and its folders.
    name = locale.replace(".UTF-8", ".utf8")
    if tree.is_folder(f"usr/lib/locale/{name}"):
        return True
    if not tree.is_file("usr/bin/locale"):
        return False
    known = run(["chroot", tree.root, "/usr/bin/locale", "--all-locales"], timeout=60, expect=None)
    return known.status == 0 and name in known.stdout.split()


def _make_locale(tree: InstalledTree, locale: str) -> None:
    if not tree.is_file("usr/bin/localedef"):
        raise NetbootError(f"the master has no locale {locale}", hint="put it into the master")
    listed = "etc/locale.gen"
    if tree.is_file(listed):
        # Debian's and Arch's own list, from which later updates make the locales again.
        lines = tree.read(listed).splitlines()
        tree.write("locale", listed, "".join(f"{line}\n" for line in [*lines, f"{locale} UTF-8"]))
    old = tree.attributes(_ARCHIVE) if tree.is_file(_ARCHIVE) else tree.attributes_for_new(_ARCHIVE, 0o644)
    source = locale.partition(".")[0]
    # Status 1: it is made, with warnings.
    made = ["/usr/bin/localedef", "--inputfile", source, "--charmap", "UTF-8", "--force", locale]
    run(["chroot", tree.root, *made], timeout=900, expect=(0, 1))
    if not _has_locale(tree, locale):
        raise NetbootError(f"the master cannot make the locale {locale}", hint="put it into the master")
    if tree.is_file(_ARCHIVE):
        tree.give("locale", _ARCHIVE, old)


def _set_keyboard(tree: InstalledTree, settings: SystemSettings, files: Mapping[str, Written]) -> None:
    if tree.is_file(_DEBIAN) and tree.is_folder("etc/default"):
        tree.write("keyboard", "etc/default/keyboard", files["etc/default/keyboard"].content)
        for name in _CACHES:
            if tree.is_file(f"etc/console-setup/{name}"):
                tree.remove("keyboard", f"etc/console-setup/{name}")
        return
    if not any(_has_keymap(tree, folder, keymap(settings), _DEEPEST) for folder in _KEYMAPS):
        raise NetbootError(f"the master has no keymap {keymap(settings)}", hint="see localectl list-keymaps in it")
    tree.write("keyboard", "etc/vconsole.conf", files["etc/vconsole.conf"].content)
    desktop = "etc/X11/xorg.conf.d/00-keyboard.conf"
    if tree.is_folder("etc/X11/xorg.conf.d"):
        tree.write("keyboard", desktop, files[desktop].content)


def _has_keymap(tree: InstalledTree, folder: str, name: str, deepest: int) -> bool:
    for entry in tree.names(folder):
        if entry in (f"{name}.map", f"{name}.map.gz", f"{name}.map.xz"):
            return True
        if deepest and "." not in entry and _has_keymap(tree, f"{folder}/{entry}", name, deepest - 1):
            return True
    return False


def _set_timezone(tree: InstalledTree, zone: str, files: Mapping[str, Written]) -> None:
    if not (tree.is_file(f"usr/share/zoneinfo/{zone}") or tree.is_link(f"usr/share/zoneinfo/{zone}")):
        raise NetbootError(f"the master has no time zone {zone}", hint="see timedatectl list-timezones in it")
    tree.link("timezone", "etc/localtime", files["etc/localtime"].content.decode())
    if tree.is_file("etc/timezone"):
        tree.write("timezone", "etc/timezone", files["etc/timezone"].content)
