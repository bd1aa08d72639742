"""Small installed systems with this machine's own time zones, keyboards and sources of locales."""

import shutil
from pathlib import Path

SHARE = Path("/usr/share")
PASSWD = "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\nlea:x:1000:1000::/home/lea:/bin/sh\n"
FSTAB = "UUID=1 / ext4 errors=remount-ro 0 1\nUUID=2 /usr/local ext4 defaults 0 2\nUUID=3 none swap sw 0 0\n"


def lay_out(root: Path, *, debian: bool) -> None:
    """An installed system with this machine's time zones, keyboards and sources of locales, as far as they count."""
    for name in ("etc", "proc", "usr/bin", "usr/sbin", "usr/lib/locale/C.utf8", "usr/lib/systemd", "usr/share/i18n"):
        (root / name).mkdir(parents=True)
    (root / "usr/lib/os-release").write_text('PRETTY_NAME="Test"\n')
    (root / "etc/fstab").write_text(FSTAB)
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text("root:x:0:\nsudo:x:27:\naudio:x:29:lea\n")
    for name in (
        "usr/sbin/useradd",
        "usr/sbin/usermod",
        "usr/bin/chage",
        "usr/bin/localedef",
        "usr/lib/systemd/systemd",
    ):
        (root / name).touch()
    shutil.copytree(SHARE / "zoneinfo/Europe", root / "usr/share/zoneinfo/Europe", symlinks=True)
    shutil.copytree(SHARE / "zoneinfo/America", root / "usr/share/zoneinfo/America", symlinks=True)
    (root / "usr/share/zoneinfo/UTC").touch()
    for name in ("locales/fr_FR", "locales/en_GB", "charmaps/UTF-8.gz"):
        (root / "usr/share/i18n" / name).parent.mkdir(exist_ok=True)
        shutil.copy(SHARE / "i18n" / name, root / "usr/share/i18n" / name)
    if debian:
        (root / "etc/NetworkManager/system-connections").mkdir(parents=True)
        (root / "usr/sbin/NetworkManager").touch()
        (root / "usr/sbin/wpa_supplicant").touch()
        (root / "etc/debian_version").write_text("13.1\n")
        (root / "etc/default").mkdir()
        symbols = root / "usr/share/X11/xkb/symbols"
        symbols.mkdir(parents=True)
        for name in ("fr", "us", "pc"):
            shutil.copy(SHARE / "X11/xkb/symbols" / name, symbols)
        return
    for name in ("xkb/fr-oss.map.gz", "legacy/i386/azerty/fr.map.gz"):
        (root / "usr/lib/kbd/keymaps" / name).parent.mkdir(parents=True)
        (root / "usr/lib/kbd/keymaps" / name).touch()
    # As Fedora has it from 42 on, and other kbd where it was before.
    (root / "usr/sbin/useradd").rename(root / "usr/bin/useradd")
    (root / "usr/sbin/usermod").rename(root / "usr/bin/usermod")
    (root / "usr/sbin").rmdir()
    (root / "usr/sbin").symlink_to("bin")
    (root / "usr/share/kbd").symlink_to("../lib/kbd")
