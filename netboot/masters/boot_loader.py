"""Makes a master's disk bootable on BIOS, UEFI and Secure Boot, without mounting it and without a loop device.

BIOS: what `grub-bios-setup` writes on a GPT disk (GRUB 2.12, util/setup.c): boot.img in the first sector, core.img in
the BIOS boot partition, each told where the next one lies. UEFI: the distribution's signed shim and GRUB, in its own
folder and on the removable path, as its grub-install lays them out (without fbx64.efi on the removable path: it resets
the PC to make a boot entry, again and again on firmware that forgets entries). UEFI of 32 bits, on the 64-bit
processors of some small PCs of 2010 to 2016: nobody signs a loader for it, so it is a GRUB that the root's own makes,
for Secure Boot off.
The first grub.cfg is written here; the system's own update-grub replaces it at the first kernel update.
"""

import posixpath
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netboot.masters.distributions import Distribution
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

SECTOR: Final = 512
# Offsets inside boot.img (GRUB's include/grub/i386/pc/boot.h): the boot drive's check, and where core.img begins.
_DRIVE_CHECK: Final = 0x66
_KERNEL_SECTOR: Final = 0x5C
_MBR_CODE: Final = 0x1B8
# The block list at the end of core.img's first sector: start (8), length in sectors (2), load segment (2).
_BLOCK_LIST: Final = SECTOR - 12
_LOAD_SEGMENT: Final = 0x0820
_IA32_MODULES: Final = (
    "all_video", "bli", "boot", "cat", "chain", "configfile", "echo", "efifwsetup", "ext2", "fat", "font", "gfxterm",
    "gzio", "halt", "linux", "loadenv", "ls", "minicmd", "normal", "part_gpt", "part_msdos", "probe", "read", "reboot",
    "regexp", "search", "search_fs_file", "search_fs_uuid", "search_label", "serial", "sleep", "terminal", "test",
    "true",
)  # fmt: skip
"""What grub.cfg asks for, ours and the one that update-grub writes: in the image, since grub-install knows of no other
GRUB on such a disk than that for 64 bits, and lays out the modules of that one alone."""
_LINKS: Final = 8
"""So many symbolic links in a row are followed."""

_SIGNED: Final = {
    "shimx64.efi": "usr/lib/shim/shimx64.efi.signed",
    "grubx64.efi": "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
}
# Debian has these two signed by that name, Ubuntu signed them in place.
_HELPERS: Final = ("mmx64.efi", "fbx64.efi")


@dataclass(frozen=True, slots=True)
class BootIds:
    """The file systems' UUIDs as blkid writes them, and the number of the root partition."""

    root_uuid: str
    esp_uuid: str
    root_partition: int


def write_configuration(
    root: Path, distribution: Distribution, ids: BootIds, kernel_parameters: tuple[str, ...]
) -> None:
    """Write fstab, the first grub.cfg, and the settings that later runs of update-grub read."""
    kernel = _only_kernel(root, distribution)
    words = " ".join(kernel_parameters)
    contents = {
        "etc/fstab": f"UUID={ids.root_uuid} / ext4 errors=remount-ro 0 1\n"
        # A PC whose ESP is slow or damaged must still come up: only updates of the boot loader need it.
        f"UUID={ids.esp_uuid} /boot/efi vfat umask=0077,nofail 0 2\n",
        "boot/grub/grub.cfg": grub_menu(distribution.title, ids, kernel, words),
        "etc/default/grub.d/50-netboot.cfg": "# What this PC's first grub.cfg says; update-grub reads it.\n"
        f'GRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX="{words}"\n'
        'GRUB_CMDLINE_LINUX_DEFAULT=""\nGRUB_TERMINAL="console"\n',
        # grub-cloud-amd64 installs GRUB anew at its updates only where this file is.
        "etc/grub.d/enable_cloud": "",
    }
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (root / "boot/efi").mkdir(exist_ok=True)


def grub_menu(title: str, ids: BootIds, kernel: str, words: str) -> str:
    """The first grub.cfg: one entry, one second, the screen and, where there is one, the serial port."""
    return f"""\
if serial --unit=0 --speed=115200; then
  terminal_input console serial
  terminal_output console serial
fi
set timeout=1
menuentry "{title}" {{
  search --no-floppy --fs-uuid --set=root {ids.root_uuid}
  linux /boot/vmlinuz-{kernel} root=UUID={ids.root_uuid} ro {words}
  initrd /boot/initrd.img-{kernel}
}}
"""


def make_bios_core(root: Path, root_partition: int) -> bytes:
    """Copy GRUB's BIOS modules to /boot/grub and return core.img, made by the root's own GRUB. Needs root."""
    target = root / "boot/grub/i386-pc"
    target.mkdir(parents=True, exist_ok=True)
    for path in (root / "usr/lib/grub/i386-pc").iterdir():
        if path.suffix in (".mod", ".lst", ".o"):
            shutil.copy2(path, target)
    run(
        [
            "chroot",
            root,
            "grub-mkimage",
            "--format=i386-pc",
            f"--prefix=(,gpt{root_partition})/boot/grub",
            "--output=/boot/grub/i386-pc/core.img",
            "biosdisk",
            "part_gpt",
            "ext2",
        ],
        timeout=120,
    )
    return (target / "core.img").read_bytes()


def make_ia32_loader(root: Path, distribution: Distribution) -> bytes | None:
    """GRUB for UEFI of 32 bits, made by the root's own GRUB; None when its recipe does without. Needs root."""
    folder, made = root / "usr/lib/grub/i386-efi", root / "boot/grub/netboot-ia32.efi"
    if not folder.exists():
        return None
    modules = [name for name in _IA32_MODULES if (folder / f"{name}.mod").exists()]
    settings = [f"--prefix=/EFI/{distribution.esp_folder}", f"--output=/boot/grub/{made.name}"]
    run(["chroot", root, "grub-mkimage", "--format=i386-efi", *settings, *modules], timeout=120)
    content = made.read_bytes()
    made.unlink()
    return content


def embed_bios(boot: bytes, core: bytes, *, start: int, length: int) -> tuple[bytes, bytes]:
    """boot.img and core.img as they stand on the disk, core.img in a partition at `start` of `length` bytes.

    The first value is the boot code of the first sector, which keeps its partition table. Raises NetbootError.
    """
    if len(boot) != SECTOR or len(core) <= SECTOR or len(core) > length:
        raise NetbootError("GRUB's BIOS images have sizes that do not fit", hint="make the BIOS boot partition larger")
    code = bytearray(boot[:_MBR_CODE])
    struct.pack_into("<Q", code, _KERNEL_SECTOR, start // SECTOR)
    # Two no-ops: trust the drive number that the BIOS gives, as grub-bios-setup does for hard disks.
    code[_DRIVE_CHECK : _DRIVE_CHECK + 2] = b"\x90\x90"
    placed = bytearray(core + bytes(-len(core) % SECTOR))
    rest = len(placed) // SECTOR - 1
    struct.pack_into("<QHH", placed, _BLOCK_LIST, start // SECTOR + 1, rest, _LOAD_SEGMENT)
    return bytes(code), bytes(placed)


def esp_files(root: Path, distribution: Distribution, ids: BootIds, ia32: bytes | None) -> dict[str, bytes]:
    """The files of the EFI system partition, by their path; `ia32` is GRUB for UEFI of 32 bits, if it has one.
    Raises NetbootError when a package is missing."""
    own = f"EFI/{distribution.esp_folder}"
    try:
        signed = {name: _in_root(root, source).read_bytes() for name, source in _SIGNED.items()}
        helpers = {name: _helper(root, name).read_bytes() for name in _HELPERS}
        entry = _in_root(root, "usr/lib/shim/BOOTX64.CSV").read_bytes()
    except FileNotFoundError as error:
        raise NetbootError(
            f"the master has no {error.filename}", hint=f"its recipe needs {distribution.loaders}"
        ) from error
    return {
        **{f"{own}/{name}": content for name, content in (signed | helpers).items()},
        f"{own}/BOOTX64.CSV": entry,
        "EFI/BOOT/BOOTX64.EFI": signed["shimx64.efi"],
        "EFI/BOOT/mmx64.efi": helpers["mmx64.efi"],
        "EFI/BOOT/grubx64.efi": signed["grubx64.efi"],
        **({} if ia32 is None else {f"{own}/grubia32.efi": ia32, "EFI/BOOT/BOOTIA32.EFI": ia32}),
        # Each GRUB looks for this file in this folder of the partition it came from.
        f"{own}/grub.cfg": (
            f"search.fs_uuid {ids.root_uuid} root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"
        ).encode(),
    }


def _helper(root: Path, name: str) -> Path:
    signed = _in_root(root, f"usr/lib/shim/{name}.signed")
    return signed if signed.exists() else _in_root(root, f"usr/lib/shim/{name}")


def _in_root(root: Path, name: str) -> Path:
    """The file of this name, its links followed inside the root: Ubuntu's shim is one of Debian's alternatives."""
    for _ in range(_LINKS):
        path = root / name
        if not path.is_symlink():
            return path
        name = posixpath.normpath(posixpath.join("/", posixpath.dirname(name), path.readlink())).lstrip("/")
    raise NetbootError(f"{name} in the master is a link that leads nowhere", hint="install its package again")


def _only_kernel(root: Path, distribution: Distribution) -> str:
    kernels = sorted(path.name.removeprefix("vmlinuz-") for path in (root / "boot").glob("vmlinuz-*"))
    if not kernels or not (root / f"boot/initrd.img-{kernels[-1]}").is_file():
        raise NetbootError(
            "the master has no kernel with its initramfs", hint=f"its recipe needs {distribution.kernel}"
        )
    return kernels[-1]
