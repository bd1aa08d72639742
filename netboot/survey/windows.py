"""Which Windows is on a disk, and whether it was prepared for other PCs: read from its registry, nothing mounted.

What cannot be read is said, and is not known: such a Windows is not customised. Values and files are those of
Microsoft's "Windows Setup States" (ImageState) and "Windows Setup Automation Overview" (where an answer file is looked
for). Not for: hives themselves (`registry_hive.py`), whether the file system is sound (`condition.py`). Needs root.
"""

import locale
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from netboot.shared.errors import NetbootError
from netboot.shared.fields import one_line
from netboot.shared.manifest import Partition
from netboot.shared.windows import ANSWER_FILE, UNATTEND_VALUE, Windows
from netboot.survey.disk_file import DiskFile
from netboot.survey.file_reader import copy_file, list_folder
from netboot.survey.loop import loop_device
from netboot.survey.registry_hive import HIVE_LIMIT, NOBODY, HiveError, read_value, require_written_out

Architecture = Literal["amd64", "x86", "arm64", ""]
_NTFS: Final = "ntfs"
_CONFIG: Final = ("Windows", "System32", "config")
_STATE: Final = r"\Microsoft\Windows\CurrentVersion\Setup\State"
_VERSION: Final = r"\Microsoft\Windows NT\CurrentVersion"
_LANGUAGE: Final = r"\ControlSet001\Control\Nls\Language"
_BUILDS: Final[dict[str, Architecture]] = {"amd64fre": "amd64", "x86fre": "x86", "arm64fre": "arm64"}
_ELEVEN: Final = 22000
"""The first build of Windows 11, which calls itself 10 in its registry."""
_ANSWER_FILES: Final = (ANSWER_FILE, "autounattend.xml")


def find_windows(disk: DiskFile, partitions: Iterable[Partition], progress: Callable[[str], None]) -> Windows | None:
    """The Windows on this disk; None when there is none. Of several nothing but that is known. Raises NetbootError."""
    found = []
    for partition in partitions:
        if partition.filesystem is None or partition.filesystem.kind != _NTFS:
            continue
        with loop_device(disk.path, offset=partition.start, length=partition.length) as device:
            windows = _windows_on(device, partition.number, progress)
        if windows is not None:
            found.append(windows)
    if len(found) > 1:
        return Windows(partition=found[0].partition, name=f"{len(found)} of them")
    return found[0] if found else None


def _windows_on(device: Path, number: int, progress: Callable[[str], None]) -> Windows | None:
    software = find_path(device, *_CONFIG, "SOFTWARE")
    if software is None:
        return None
    panther = find_path(device, "Windows", "Panther") or ""
    try:
        with tempfile.TemporaryDirectory(prefix="netboot-hive-") as folder:
            os.chown(folder, NOBODY, NOBODY)
            known = _read_software(_hive(device, software, Path(folder)))
            system = find_path(device, *_CONFIG, "SYSTEM") or ""
            language, named = _read_system(_hive(device, system, Path(folder)))
        answers = _answer_files(device, panther)
    except (NetbootError, OSError) as error:
        why = error.message if isinstance(error, NetbootError) else str(error)
        progress(f"partition {number} has a Windows of which nothing more is known: {why}")
        return Windows(partition=number)
    return Windows(
        partition=number,
        name=known.name,
        state=known.state,
        architecture=known.architecture,
        language=language,
        panther=panther,
        answers=(*([UNATTEND_VALUE] if named else []), *answers),
    )


def find_path(device: Path, *words: str) -> str | None:
    """The path of what is called so in an NTFS, as it is written there, whatever its case; None where it is not."""
    path = ""
    for word in words:
        names = (name.removesuffix("/") for name in list_folder(device, _NTFS, f"/{path}"))
        found = next((name for name in names if name.lower() == word.lower()), None)
        if found is None:
            return None
        path = f"{path}/{found}".lstrip("/")
    return path


@dataclass(frozen=True, slots=True)
class _Software:
    """What the hive SOFTWARE tells."""

    name: str
    state: str
    architecture: Architecture


def _read_software(hive: Path) -> _Software:
    require_written_out(hive)
    state = read_value(hive, _STATE, "ImageState")
    # 19041.1.amd64fre.vb_release.191206-1406
    build = read_value(hive, _VERSION, "BuildLabEx").split(".")
    return _Software(
        name=windows_name(
            read_value(hive, _VERSION, "ProductName"),
            read_value(hive, _VERSION, "DisplayVersion"),
            read_value(hive, _VERSION, "CurrentBuild"),
        ),
        state=state if re.fullmatch(r"[A-Z_]{1,64}", state) else "",
        architecture=_BUILDS.get(build[2], "") if len(build) > 2 else "",
    )


def _read_system(hive: Path) -> tuple[str, bool]:
    """The language that it was installed in, and whether the registry names an answer file."""
    require_written_out(hive)
    named = read_value(hive, r"\Setup", "UnattendFile")
    return locale_of(read_value(hive, _LANGUAGE, "InstallLanguage")), bool(named)


def windows_name(product: str, version: str, build: str) -> str:
    """Edition, version and build for people; "" when nothing of it is known."""
    if build.isdecimal() and len(build) < 9 and int(build) >= _ELEVEN:
        product = product.replace("Windows 10", "Windows 11", 1)
    words = " ".join(word for word in (product, version, f"({build})" if build else "") if word)
    return one_line(words) if words else ""


def locale_of(identifier: str) -> str:
    """The locale of a language's number in four hex digits (040c: fr_FR), by Python's own list; "" for another."""
    if not re.fullmatch(r"[0-9A-Fa-f]{4}", identifier):
        return ""
    name = locale.windows_locale.get(int(identifier, 16), "")
    return name if re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", name) else ""


def _hive(device: Path, path: str, folder: Path) -> Path:
    """A copy of this hive for `NOBODY`. Raises HiveError."""
    copy = folder / path.rpartition("/")[2].upper()
    if not path or not copy_file(device, _NTFS, f"/{path}", copy, limit=HIVE_LIMIT):
        raise HiveError(f"its registry ({path or 'SYSTEM'}) cannot be copied", hint="look at the image")
    os.chown(copy, NOBODY, NOBODY)
    return copy


def _answer_files(device: Path, panther: str) -> tuple[str, ...]:
    """Those that lie where Windows looks for one, removable media left out. Raises HiveError."""
    sysprep = find_path(device, "Windows", "System32", "Sysprep") or ""
    found = [
        *_answer_files_in(device, find_path(device, "Windows", "Panther", "Unattend") or ""),
        *_answer_files_in(device, panther),
        *_answer_files_in(device, sysprep),
        *(name for name in list_folder(device, _NTFS, "/") if name.lower() in _ANSWER_FILES),
    ]
    for folder, path in (("Panther", panther), ("Sysprep", sysprep)):
        # Both hold files wherever Windows was prepared: an empty answer is one that failed.
        if not path or not list_folder(device, _NTFS, f"/{path}"):
            raise HiveError(f"its folder {folder} cannot be read", hint="look at the image")
    return tuple(found)


def _answer_files_in(device: Path, folder: str) -> list[str]:
    names = list_folder(device, _NTFS, f"/{folder}") if folder else []
    return [f"{folder}/{name}" for name in names if name.lower() in _ANSWER_FILES]
