"""What a recipe's `desktop` and `first_steps` put into the system: LightDM's settings, and the page for the new owner.

The page is an entry of the menu and an icon on the desktop of every account. The icon is put there by the first session
of each, because only then is the folder's name known (Desktop, Bureau) and can the file be marked as trusted.
Pure. Not for: what an operator lists in `files` (`placed_files.py`).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from netboot.masters.placed_files import PlacedFile
from netboot.masters.recipe import Desktop, Recipe

_PAGES: Final = "/usr/local/share/first-steps"
_ENTRY: Final = "/usr/local/share/applications/first-steps.desktop"

_OPEN: Final = f"""\
#!/bin/sh
# Opens the page for the new owner, in the language of this session.
case ${{LC_ALL:-${{LC_MESSAGES:-${{LANG:-fr}}}}}} in
fr*) language=fr ;;
*) language=en ;;
esac
exec xdg-open "file://{_PAGES}/$language.html"
"""
_PICTURE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">
<circle cx="32" cy="32" r="29" fill="#ffffff" stroke="#1a4fa0" stroke-width="6"/>
<circle cx="32" cy="18" r="5" fill="#1a4fa0"/>
<path d="M24 28h12v16h5v6H23v-6h5V34h-4z" fill="#1a4fa0"/>
</svg>
"""
"""An own one: icon themes have an "information" that is dark on a dark desktop (Adwaita's)."""
_MENU: Final = f"""\
[Desktop Entry]
Type=Application
Name=First steps
Name[fr]=Premiers pas
Comment=The first half hour with this PC
Comment[fr]=La première demi-heure avec ce PC
Exec=/usr/local/bin/first-steps
Icon={_PAGES}/icon.svg
Categories=System;Documentation;
Terminal=false
"""
_AUTOSTART: Final = """\
[Desktop Entry]
Type=Application
Name=First steps: icon
Exec=/usr/local/lib/first-steps/icon
NoDisplay=true
Terminal=false
"""
_ICON: Final = """\
#!/bin/sh
# Puts the icon of the page for the new owner on the desktop of this account, once: who deletes it is rid of it.
set -eu
mark=${XDG_STATE_HOME:-$HOME/.local/state}/first-steps-icon
[ ! -e "$mark" ] || exit 0
xdg-user-dirs-update
desktop=$(xdg-user-dir DESKTOP)
mkdir --parents "$desktop" "$(dirname "$mark")"
cp ENTRY "$desktop/"
icon=$desktop/first-steps.desktop
chmod 755 "$icon"
# Xfce starts it without a question when it knows its checksum, LXQt when it is trusted.
sum=$(sha256sum "$icon" | cut --delimiter=' ' --fields=1)
gio set "$icon" metadata::xfce-exe-checksum "$sum" || true
gio set -t string "$icon" metadata::trust true || true
touch "$mark"
""".replace("ENTRY", _ENTRY)


def desktop_files(recipe: Recipe, beside: Mapping[str, bytes]) -> tuple[PlacedFile, ...]:
    """The files, none for a recipe without a desktop; `beside` are the contents of the recipe's own files."""
    return tuple(_files(recipe, beside))


def _files(recipe: Recipe, beside: Mapping[str, bytes]) -> Iterator[PlacedFile]:
    if recipe.desktop is not None:
        yield PlacedFile("/etc/lightdm/lightdm.conf.d/50-netboot.conf", _lightdm(recipe.desktop).encode())
    if recipe.first_steps is not None:
        yield PlacedFile(f"{_PAGES}/fr.html", beside[recipe.first_steps.fr])
        yield PlacedFile(f"{_PAGES}/en.html", beside[recipe.first_steps.en])
        yield PlacedFile(f"{_PAGES}/icon.svg", _PICTURE.encode())
        yield PlacedFile(_ENTRY, _MENU.encode())
        yield PlacedFile("/usr/local/bin/first-steps", _OPEN.encode(), mode=0o755)
        yield PlacedFile("/usr/local/lib/first-steps/icon", _ICON.encode(), mode=0o755)
        yield PlacedFile("/etc/xdg/autostart/first-steps.desktop", _AUTOSTART.encode())


def _lightdm(desktop: Desktop) -> str:
    lines = ["# Which desktop is started, and who is signed in when the PC starts.", "[Seat:*]"]
    lines.append(f"user-session={desktop.session}")
    if desktop.autologin:
        lines += [f"autologin-user={desktop.autologin}", f"autologin-session={desktop.session}"]
    else:
        # A list of names to choose from: nobody has to know how an account is spelled.
        lines += ["greeter-hide-users=false"]
    return "\n".join(lines) + "\n"
