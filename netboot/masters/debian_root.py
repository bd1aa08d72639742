"""Makes the root file system of a Debian master, as a folder: mmdebstrap, then what makes it boot on any PC.

Nothing of this machine goes in: the master's apt sources are the example that Debian's own apt package brings, there
are no SSH host keys, and machine-id is empty (machine-id(5): made at the first boot, which is no "first boot" that asks
questions). Not for: partitions and boot sectors (`disk_image.py`), the boot loader (`boot_loader.py`).
"""

import os
import re
import shlex
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from netboot.bootfiles.debian import KEYRINGS
from netboot.masters.recipe import Recipe
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

_INSTALLED: Final = re.compile(r"^Inst (?P<name>\S+) (?:\[\S+\] )?\((?P<version>\S+) ", re.MULTILINE)

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


def resolve(recipe: Recipe, source_lines: str) -> tuple[str, ...]:
    """What would be installed today, as sorted name=version. Raises NetbootError."""
    simulated = run(
        [*_mmdebstrap(recipe), "--simulate", "--verbose", recipe.suite, "/dev/null", "-"], stdin=source_lines
    )
    packages = parse_simulation(simulated.stdout + simulated.stderr)
    if not packages:
        raise NetbootError("mmdebstrap does not say what it would install", hint="is it older than Debian 12's 1.3?")
    return packages


def parse_simulation(text: str) -> tuple[str, ...]:
    """The sorted name=version of apt's simulated installation ("Inst name (version …")."""
    return tuple(sorted({f"{match['name']}={match['version']}" for match in _INSTALLED.finditer(text)}))


def make_root(recipe: Recipe, source_lines: str, folder: Path) -> int:
    """Install the recipe into `folder`, which must not exist; return the newest time of its packages (Unix seconds).

    Takes minutes. Raises NetbootError. Needs root.
    """
    words = folder.with_name(f"{folder.name}.words")
    answers = folder.with_name(f"{folder.name}.debconf")
    words.write_text(script_words(recipe), encoding="utf-8")
    answers.write_text(debconf_answers(recipe), encoding="utf-8")
    with as_file(files("netboot.masters") / "in_root.sh") as script:
        run(
            [
                *_mmdebstrap(recipe),
                "--format=directory",
                *(f"--dpkgopt=path-exclude=/usr/share/{kind}/*" for kind in ("locale", "man")),
                *(f"--dpkgopt=path-include=/usr/share/{path}" for path in _translations(recipe)),
                f"--essential-hook=upload {shlex.quote(os.fspath(answers))} /netboot-debconf",
                '--essential-hook=chroot "$1" debconf-set-selections /netboot-debconf',
                f"--customize-hook=upload {shlex.quote(os.fspath(words))} /netboot-recipe",
                f"--customize-hook=upload {shlex.quote(os.fspath(script))} /netboot-in-root",
                '--customize-hook=chroot "$1" sh /netboot-in-root',
                recipe.suite,
                folder,
                "-",
            ],
            stdin=source_lines,
            env={"INITRD": "No", "DEBIAN_FRONTEND": "noninteractive"},
            timeout=3600,
        )
    epoch = int((folder / "netboot-epoch").read_text(encoding="ascii"))
    for name in ("netboot-epoch", "netboot-recipe", "netboot-in-root", "netboot-debconf"):
        (folder / name).unlink()
    _write_files(recipe, folder)
    _clean(folder)
    return epoch


def clamp_times(folder: Path, epoch: int) -> None:
    """Give whatever is newer than `epoch` (Unix seconds) that time, so that two builds agree."""
    for parent, _, names in os.walk(folder, topdown=False):
        for path in (*(Path(parent, name) for name in names), Path(parent)):
            if path.lstat().st_mtime > epoch:
                os.utime(path, (epoch, epoch), follow_symlinks=False)


def script_words(recipe: Recipe) -> str:
    """The words of in_root.sh, as assignments quoted for the shell."""
    words = {
        "USER_NAME": recipe.user.name,
        "USER_TITLE": recipe.user.title,
        "USER_GROUPS": ",".join(recipe.user.groups),
        "USER_SIGN_IN": recipe.user.sign_in,
        "MASK": " ".join(recipe.mask),
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in words.items())


def debconf_answers(recipe: Recipe) -> str:
    """What the packages' own setup would ask, in the form of debconf-set-selections(1)."""
    area, _, city = recipe.timezone.partition("/")
    answers = (
        ("locales", "locales/locales_to_be_generated", "multiselect", ", ".join(f"{x} UTF-8" for x in recipe.locales)),
        ("locales", "locales/default_environment_locale", "select", recipe.locales[0]),
        ("keyboard-configuration", "keyboard-configuration/xkb-keymap", "select", recipe.keyboard),
        ("keyboard-configuration", "keyboard-configuration/layoutcode", "string", recipe.keyboard),
        ("tzdata", "tzdata/Areas", "select", area),
        ("tzdata", f"tzdata/Zones/{area}", "select", city),
    )
    return "".join(f"{' '.join(answer)}\n" for answer in answers)


def apt_sources(example: str, recipe: Recipe) -> str:
    """Debian's own example of a deb822 sources file, without its comments, for this recipe's components."""
    text = "\n".join(line for line in example.splitlines() if not line.startswith("#"))
    text = re.sub(r"(?m)^Components:.*$", f"Components: {' '.join(recipe.components)}", text).strip() + "\n"
    if f"Suites: {recipe.suite}" not in text or "URIs:" not in text:
        raise NetbootError(
            f"apt's example of its sources is not about {recipe.suite}", hint="is the recipe's suite the right one?"
        )
    return text


def _write_files(recipe: Recipe, root: Path) -> None:
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    example = (root / "usr/share/doc/apt/examples/debian.sources").read_text(encoding="utf-8")
    contents = {
        "etc/apt/sources.list.d/debian.sources": apt_sources(example, recipe),
        "etc/hostname": f"{recipe.hostname}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {recipe.hostname}\n::1 localhost ip6-localhost ip6-loopback\n",
        "etc/machine-id": "",
        "etc/systemd/network/80-wired.network": _NETWORK,
        "etc/systemd/system/sshd-keygen.service.d/host-keys.conf": _HOST_KEYS,
    }
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    # It looks for a virtual machine's VSOCK, and its failure is the first thing a person would read.
    generator = root / "etc/systemd/system-generators/systemd-ssh-generator"
    generator.parent.mkdir(parents=True, exist_ok=True)
    generator.symlink_to("/dev/null")


def _clean(root: Path) -> None:
    """Remove what differs from one build to the next, or must not be shared by two PCs."""
    for path in (*(root / "etc/ssh").glob("ssh_host_*"), root / "var/cache/ldconfig/aux-cache"):
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


def _translations(recipe: Recipe) -> list[str]:
    languages = recipe.languages
    return [
        "man/man[1-9]*/*",
        "locale/locale.alias",
        *(f"locale/{language}*/*" for language in languages),
        *(f"man/{language}*/*" for language in languages),
    ]


def _mmdebstrap(recipe: Recipe) -> list[str | Path]:
    return [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--architectures=amd64",
        f"--components={','.join(recipe.components)}",
        f"--include={','.join(sorted(recipe.packages))}",
        f"--keyring={KEYRINGS}",
    ]
