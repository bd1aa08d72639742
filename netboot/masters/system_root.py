"""Makes the root file system of a master, as a folder: its packages, then what makes it boot on any PC.

Nothing of this machine goes in: the master's apt asks the distribution's public archives, there are no SSH host keys
and no key of ssl-cert, and machine-id is empty (machine-id(5): made at the first boot, which is no "first boot" that
asks questions).
Not for: running mmdebstrap (`bootstrap.py`), partitions and boot sectors (`disk_image.py`), the boot loader
(`boot_loader.py`).
"""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from netboot.masters.archives import Archive
from netboot.masters.bootstrap import install
from netboot.masters.desktop_files import desktop_files
from netboot.masters.distributions import DISTRIBUTIONS, apt_sources
from netboot.masters.intake import Progress
from netboot.masters.package_cache import PackageCache
from netboot.masters.placed_files import packed, recipe_files, script_contents
from netboot.masters.recipe import Recipe

_INSIDE: Final = "netboot-build"
"""The folder of the root that holds what its making needs; it is gone afterwards."""
_NETWORK: Final = """\
# Every wired network adapter, whatever this PC has.
[Match]
Type=ether

[Network]
DHCP=yes

[DHCPv4]
ClientIdentifier=mac
"""
# Debian's unit waits for systemd's "first boot", which an empty machine-id is not.
_HOST_KEYS: Final = """\
[Unit]
ConditionFirstBoot=
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
"""
_SSL_KEY: Final = "etc/ssl/private/ssl-cert-snakeoil.key"
_SSL_CERTIFICATE: Final = "etc/ssl/certs/ssl-cert-snakeoil.pem"
_SSL_UNIT: Final = "ssl-cert-snakeoil.service"
# ssl-cert makes its pair when it is installed, and has no unit for a system that is copied. Before every service.
_SSL_PAIR: Final = f"""\
[Unit]
Description=Make the TLS key and certificate of this PC
ConditionPathExists=|!/{_SSL_KEY}
ConditionPathExists=|!/{_SSL_CERTIFICATE}
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
Environment=DEBIAN_FRONTEND=noninteractive
ExecStart=/usr/sbin/make-ssl-cert generate-default-snakeoil
TimeoutStartSec=90
"""


def make_root(
    recipe: Recipe,
    beside: Mapping[str, bytes],
    archive: Archive,
    folder: Path,
    packages: Sequence[str],
    cache: PackageCache,
    progress: Progress,
) -> int:
    """Install the recipe into `folder`, which must not exist; return the newest time of its packages (Unix seconds).

    `beside` are the files that the recipe names, `packages` what is installed, as name=version.
    Takes minutes. Raises NetbootError. Needs root.
    """
    given = folder.with_name(f"{folder.name}.given")
    given.mkdir()
    for name, content in build_files(recipe, beside).items():
        (given / name).write_bytes(content)
    with as_file(files("netboot.masters") / "in_root.sh") as script:
        hooks = (
            f"--essential-hook=copy-in {shlex.quote(os.fspath(given))} /",
            f'--essential-hook=mv "$1/{given.name}" "$1/{_INSIDE}"',
            f'--essential-hook=chroot "$1" debconf-set-selections /{_INSIDE}/debconf',
            f"--customize-hook=upload {shlex.quote(os.fspath(script))} /{_INSIDE}/in-root",
            f'--customize-hook=chroot "$1" sh /{_INSIDE}/in-root',
        )
        install(recipe, archive, folder, hooks, packages, cache, progress)
    epoch = int((folder / _INSIDE / "epoch").read_text(encoding="ascii"))
    shutil.rmtree(folder / _INSIDE)
    finish_root(recipe, folder)
    return epoch


def finish_root(recipe: Recipe, root: Path) -> None:
    """Write into an installed root what makes it a system of its own, and take out what no two PCs may share."""
    _write_files(recipe, root)
    _clean(root)


def build_files(recipe: Recipe, beside: Mapping[str, bytes]) -> dict[str, bytes]:
    """What in_root.sh works from, by name: debconf's answers, its words, the accounts, files and scripts."""
    placed = (*desktop_files(recipe, beside), *recipe_files(recipe, beside))
    return {
        "debconf": debconf_answers(recipe).encode(),
        "words": script_words(recipe).encode(),
        "users": users_table(recipe).encode(),
        "files-of-root.tar": packed([file for file in placed if file.owner == "root"]),
        "files-of-users.tar": packed([file for file in placed if file.owner != "root"]),
        **{f"script-{number:03}": content for number, content in enumerate(script_contents(recipe, beside))},
    }


def clamp_times(folder: Path, epoch: int) -> None:
    """Give whatever is newer than `epoch` (Unix seconds) that time, so that two builds agree."""
    for parent, _, names in os.walk(folder, topdown=False):
        for path in (*(Path(parent, name) for name in names), Path(parent)):
            if path.lstat().st_mtime > epoch:
                os.utime(path, (epoch, epoch), follow_symlinks=False)


def script_words(recipe: Recipe) -> str:
    """The words of in_root.sh, as assignments quoted for the shell."""
    return f"MASK={shlex.quote(' '.join(recipe.mask))}\n"


def users_table(recipe: Recipe) -> str:
    """The accounts for in_root.sh, one a line: name, how to sign in, groups, title, with colons between."""
    return "".join(f"{user.name}:{user.sign_in}:{','.join(user.groups)}:{user.title}\n" for user in recipe.users)


def debconf_answers(recipe: Recipe) -> str:
    """What the packages' own setup would ask, in the form of debconf-set-selections(1)."""
    area, _, city = recipe.timezone.partition("/")
    answers = (
        (
            "locales",
            "locales/locales_to_be_generated",
            "multiselect",
            ", ".join(f"{x} UTF-8" for x in dict.fromkeys(recipe.locales)),
        ),
        ("locales", "locales/default_environment_locale", "select", recipe.locales[0]),
        ("keyboard-configuration", "keyboard-configuration/xkb-keymap", "select", recipe.keyboard),
        ("keyboard-configuration", "keyboard-configuration/layoutcode", "string", recipe.keyboard),
        ("tzdata", "tzdata/Areas", "select", area),
        ("tzdata", f"tzdata/Zones/{area}", "select", city),
    )
    return "".join(f"{' '.join(answer)}\n" for answer in answers)


def _write_files(recipe: Recipe, root: Path) -> None:
    # mmdebstrap leaves where this machine got the packages, by this name; other files there are the recipe's own.
    for path in (root / "etc/apt/sources.list", *(root / "etc/apt/sources.list.d").glob("0000*")):
        path.unlink(missing_ok=True)
    sources = apt_sources(DISTRIBUTIONS[recipe.distribution], recipe.suite, recipe.components)
    contents = {
        f"etc/apt/sources.list.d/{recipe.distribution}.sources": sources,
        "etc/hostname": f"{recipe.hostname}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {recipe.hostname}\n::1 localhost ip6-localhost ip6-loopback\n",
        "etc/machine-id": "",
        "etc/systemd/system/sshd-keygen.service.d/host-keys.conf": _HOST_KEYS,
    }
    if not (root / "usr/sbin/NetworkManager").exists():
        contents["etc/systemd/network/80-wired.network"] = _NETWORK
    has_ssl_cert = (root / "usr/sbin/make-ssl-cert").exists()
    if has_ssl_cert:
        contents[f"etc/systemd/system/{_SSL_UNIT}"] = _SSL_PAIR
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        path.chmod(0o644)  # one that mmdebstrap copied from this machine, such as hostname, has the mode it has here
    if has_ssl_cert:
        wants = root / "etc/systemd/system/sysinit.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / _SSL_UNIT).symlink_to(f"/etc/systemd/system/{_SSL_UNIT}")
    # It looks for a virtual machine's VSOCK, and its failure is the first thing a person would read.
    generator = root / "etc/systemd/system-generators/systemd-ssh-generator"
    generator.parent.mkdir(parents=True, exist_ok=True)
    generator.symlink_to("/dev/null")


def _clean(root: Path) -> None:
    """Remove what differs from one build to the next, or must not be shared by two PCs."""
    certificate = root / _SSL_CERTIFICATE
    hashed = (path for path in certificate.parent.glob("*") if path.is_symlink())
    for path in (
        *(root / "etc/ssh").glob("ssh_host_*"),
        *(path for path in hashed if path.readlink().name == certificate.name),
        certificate,
        root / _SSL_KEY,
        # Of the network of this machine.
        root / "etc/.resolv.conf.systemd-resolved.bak",
        *(path for path in (root / "etc/resolv.conf",) if not path.is_symlink()),
        root / "var/cache/ldconfig/aux-cache",
        *(root / "var/cache/apt").glob("*.bin"),
    ):
        path.unlink(missing_ok=True)
    for path in (root / "var/log").rglob("*"):
        if path.is_file() and path.name != "README":
            path.write_bytes(b"")
    for folder in (root / "run", root / "tmp", root / "var/lib/apt/lists"):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
