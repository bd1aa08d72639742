"""A small installed system: what customising needs of a master, with an ssh-keygen that runs."""

import shutil
import subprocess
from pathlib import Path


def small_system(root: Path) -> None:
    """Lay it out in the folder `root`."""
    for name in ("etc/ssh", "usr/bin", "usr/sbin", "var/lib/dbus", "home/atelier"):
        (root / name).mkdir(parents=True)
    (root / "etc/hostname").write_text("debian\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 debian\n")
    (root / "etc/machine-id").write_text("0" * 32 + "\n")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/ssh/ssh_host_dsa_key").write_text("the master's own\n")
    (root / "home/atelier/letter").write_bytes(bytes(range(256)) * 400)
    (root / "var/lib/dbus/machine-id").symlink_to("/etc/machine-id")
    (root / "usr/sbin/sshd").touch()
    copy_program("/usr/bin/ssh-keygen", root)


def prepared_pc(root: Path, outside: Path) -> None:
    """What a PC leaves in its system, and a link to a file beside it."""
    for name in ("var/lib/NetworkManager/secret_key", "var/lib/dhcp/dhclient.leases", "var/log/syslog"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("of the prepared PC\n")
    (outside / "letter").write_text("not the system's\n")
    (root / "var/log/letter").symlink_to(outside / "letter")
    (root / "etc/hosts").unlink()
    (root / "etc/hosts").symlink_to(outside / "letter")
    subprocess.run(["chattr", "+i", root / "etc/hostname"], check=True)


def copy_program(program: str, root: Path) -> None:
    """The program and the shared libraries it needs, where they stand on this machine."""
    said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for name in [program, *(word for word in said.split() if word.startswith("/"))]:
        target = root / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, target)
