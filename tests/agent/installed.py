"""A small installed system: what customising needs of a master, with an ssh-keygen that runs."""

import shutil
import subprocess
from pathlib import Path

SWAP_UUID = "b6a7e0c1-3d0b-4c2a-9f57-2f7c3c1d9e11"


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
    (root / "etc/fstab").write_text("/swap.img none swap sw 0 0\n")
    swap_file(root / "swap.img", preallocated=False, size=1024 * 1024)
    with (root / "swap.img").open("r+b") as swap:
        swap.seek(8192)
        swap.write(b"the prepared PC's memory")


def swap_file(path: Path, *, preallocated: bool, size: int) -> None:
    """As installers make it: by fallocate, or by zeros; without copy on write where the file system has that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    subprocess.run(["chattr", "+C", path], check=False, capture_output=True)
    if preallocated:
        subprocess.run(["fallocate", "--length", str(size), path], check=True)
    else:
        path.write_bytes(bytes(size))
    subprocess.run(["mkswap", "--uuid", SWAP_UUID, "--label", "prepared", path], check=True, capture_output=True)


def copy_program(program: str, root: Path) -> None:
    """The program and the shared libraries it needs, where they stand on this machine."""
    said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for name in [program, *(word for word in said.split() if word.startswith("/"))]:
        target = root / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, target)
