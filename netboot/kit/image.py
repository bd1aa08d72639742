"""Writes the image of the kit's stick: its first sectors, and two FAT file systems filled by mtools, without a mount.

What is written is decided by the boot files, the agent's archive, the menu and the kit alone: the same of these give
the same bytes, on any day (SOURCE_DATE_EPOCH, which mtools obeys). Not for: what the archive holds (`archive.py`).
"""

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from netboot.bootfiles import BootFiles
from netboot.bootfiles.loaders import KIT_BOOT_SECTOR, KIT_CORE, KIT_GRUB_UEFI, UEFI_X64
from netboot.kit.identity import Kit
from netboot.kit.partitions import SECTOR, Layout, Partition, first_sectors, layout_for
from netboot.shared.errors import NetbootError
from netboot.shared.process import run

MENU: Final = "netboot/grub/grub.cfg"
_SIGNED_GRUB_READS: Final = "EFI/debian/grub.cfg"
"""Debian's signed GRUB has this place built in, whatever folder it stands in itself."""
_GO_ON: Final = "configfile /netboot/grub/grub.cfg\n"

DATA_LABEL: Final = "NETBOOT"
BOOT_LABEL: Final = "NETBOOTBOOT"
_DAY: Final = 1767225600
"""2026-01-01: the date of every file on the stick."""

READ_ME: Final = "LISEZMOI-README.txt"
_READ_ME: Final = """\
Clé de l'atelier, nom : {name}

Démarrez un PC sur cette clé (touche F12, F9 ou Échap à l'allumage). Son écran demande quoi faire.
Les inventaires et les preuves d'effacement sont écrits dans le dossier « visits ».
Rapportez la clé à l'atelier, qui les inscrit par « netboot kit collect », puis fait les certificats.
Ne changez rien à ces fichiers : ils sont signés. Qui détient cette clé peut signer comme elle : gardez-la.

The workshop's stick, named {name}

Start a PC from this stick (key F12, F9 or Esc when it is switched on). Its screen asks what to do.
Inventories and the proof of erasures are written into the folder "visits".
Bring the stick back to the workshop, which puts them on its record by "netboot kit collect" and makes the certificates.
Change nothing in these files: they are signed. Whoever holds this stick can sign as it does: keep it safe.
"""


@dataclass(frozen=True, slots=True)
class Stick:
    """What is on a stick: files by their path, as a text, as bytes, or as a file to be copied."""

    kit: Kit
    boot: Mapping[str, Path | bytes]
    data: Mapping[str, Path | bytes]
    boot_sector: bytes
    core: bytes


def stick_of(kit: Kit, files: BootFiles, *, agent: bytes, menu: str) -> Stick:
    """The stick of this kit."""
    boot: dict[str, Path | bytes] = {
        # The removable media path (UEFI Specification 2.10 §3.5.1.1); shim starts the grubx64.efi beside it.
        "EFI/BOOT/BOOTX64.EFI": files.path(UEFI_X64),
        "EFI/BOOT/grubx64.efi": files.path(KIT_GRUB_UEFI),
        _SIGNED_GRUB_READS: _GO_ON.encode(),
        MENU: menu.encode(),
        "netboot/vmlinuz": files.path("vmlinuz"),
        "netboot/agent-base.img": files.path("agent-base.img"),
        "netboot/agent.img": agent,
    }
    # For any PC's notepad: Windows' line ends.
    read_me = _READ_ME.format(name=kit.name).replace("\n", "\r\n").encode("utf-8-sig")
    return Stick(
        kit, boot, {READ_ME: read_me}, files.path(KIT_BOOT_SECTOR).read_bytes(), files.path(KIT_CORE).read_bytes()
    )


def refuse(path: Path) -> None:
    """Raises NetbootError unless an image can be written there: never over a file, never to a device.

    A device that is named by mistake may be the server's own disk. Whoever writes the image onto a stick sees which.
    """
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise NetbootError(f"{path}: {error.strerror}", hint="give the name of a new file, such as kit.img") from error
    if stat.S_ISREG(kind):
        raise NetbootError(f"{path} is there already", hint="delete it, or give another name")
    raise NetbootError(
        f"{path} is no file: an image is made as a file, and written onto a stick from there",
        hint="give the name of a new file, such as kit.img; the guide says how it comes onto a stick",
    )


def layout_of(stick: Stick) -> Layout:
    """How large its image is, and where its file systems are."""
    return layout_for(sum(_size(content) for content in stick.boot.values()))


def write_image(path: Path, stick: Stick) -> Layout:
    """Write the image, whole or not at all; for its owner alone, since it holds the kit's key. Raises NetbootError."""
    refuse(path)
    layout = layout_of(stick)
    start = first_sectors(layout, boot_sector=stick.boot_sector, core=stick.core, disk_id=stick.kit.disk)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with open(draft, "xb", opener=_for_its_owner) as image:
            image.write(start)
            image.truncate(layout.size)
        _fill(draft, layout.data, stick.data, number=stick.kit.data, label=DATA_LABEL)
        _fill(draft, layout.boot, stick.boot, number=stick.kit.boot, label=BOOT_LABEL)
        with draft.open("rb") as image:
            os.fsync(image.fileno())
        draft.rename(path)
    except OSError as error:
        raise NetbootError(f"{path} cannot be written: {error.strerror}", hint="make room, or give another") from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return layout


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _fill(image: Path, partition: Partition, files: Mapping[str, Path | bytes], *, number: int, label: str) -> None:
    place = f"{image}@@{partition.start}"
    environment = {"SOURCE_DATE_EPOCH": str(_DAY), "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1", "MTOOLSRC": "/dev/null"}
    run(
        [
            "mformat",
            *("-i", place),
            "-F",
            *("-T", str(partition.size // SECTOR)),
            *("-h", "255"),
            *("-s", "63"),
            *("-H", str(partition.start // SECTOR)),
            *("-c", "2"),
            *("-N", f"{number:08x}"),
            *("-v", label),
            "::",
        ],
        env=environment,
    )
    folders = sorted({parent for name in files for parent in PurePosixPath(name).parents if parent.name})
    for folder in folders:
        run(["mmd", "-i", place, f"::{folder}"], env=environment)
    with TemporaryDirectory(prefix="netboot-kit-") as beside:
        for name in sorted(files):
            content = files[name]
            source = content if isinstance(content, Path) else Path(beside, "content")
            if isinstance(content, bytes):
                source.write_bytes(content)
            run(["mcopy", "-i", place, source, f"::{name}"], env=environment)


def _size(content: Path | bytes) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size
