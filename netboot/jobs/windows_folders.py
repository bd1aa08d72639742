"""What a Windows can be given of a profile's folders and files, and the command that installs drivers among them.

What lies at or below C:\\netboot\\drivers is driver packages: at the first start `pnputil /add-driver *.inf /subdirs
/install` puts them into Windows' own driver store and onto the devices that they match (Microsoft's "PnPUtil command
syntax", from Windows 10 version 1607 on), in the pass `specialize`, where commands run as the system. The component
Microsoft-Windows-PnpCustomizationsNonWinPE is processed offline or in audit mode alone, neither of which a generalised
Windows passes through; the registry's DevicePath names each package's folder, in a hive that would be rewritten here.
What Windows needs to read its own disk comes too late so: such a driver belongs into the master. Only folders are taken
for drivers: what would lie there otherwise, and never be installed, is refused. Nobody here ever saw it run. Pure. Not
for: names (`windows_names.py`), putting the files there (`agent/customise/windows_files.py`).
"""

from collections.abc import Iterator, Sequence
from typing import Final

from netboot.jobs.windows_names import not_in_windows
from netboot.shared.parcel import PlacedFolder
from netboot.shared.placed_files import PlacedFile
from netboot.shared.system_settings import SystemSettings

DRIVERS: Final = "netboot/drivers"
_COMMAND: Final = r"pnputil.exe /add-driver %SystemDrive%\netboot\drivers\*.inf /subdirs /install"
_WINDOWS_OWN: Final = frozenset(
    {"windows", "boot", "bootmgr", "bootnxt", "efi", "recovery", "config.msi", "msocache", "pagefile.sys"}
    | {"hiberfil.sys", "swapfile.sys", "dumpstack.log", "dumpstack.log.tmp", "unattend.xml", "autounattend.xml"}
)
"""What Windows starts from and keeps for itself, and where it looks for an answer file, at the root of its file
system."""
_PLAIN_MODES: Final = frozenset({"0644", "0755"})


def have_drivers(folders: Sequence[PlacedFolder]) -> bool:
    """Whether driver packages are among them."""
    return any(_within(folder.inside, DRIVERS) for folder in folders)


def driver_commands(folders: Sequence[PlacedFolder]) -> tuple[str, ...]:
    """The commands that install their drivers."""
    return (_COMMAND,) if have_drivers(folders) else ()


def placing_errors(settings: SystemSettings) -> Iterator[str]:
    """What of the folders and files a Windows cannot be given, for a person, one after the other."""
    for folder in settings.folders:
        if _is_windows_own(folder.inside):
            yield f"folders: {folder.path}"
        elif folder.not_for_windows:
            yield f"folders: /{folder.not_for_windows}"
        elif _within(DRIVERS, folder.inside) and not _within(folder.inside, DRIVERS):
            yield f"folders: {folder.path}, not below /{DRIVERS}"
    for file in settings.files:
        if _is_windows_own(file.inside) or not_in_windows((file.inside,)) or not _is_plain(file):
            yield f"files: {file.path}"
        elif _within(file.inside, DRIVERS):
            yield f"files: {file.path}, not in `folders`"
    if both := not_in_windows(file.inside for file in settings.files):
        yield f"files: /{both}"
    for place in (*(folder.inside for folder in settings.folders), *(file.inside for file in settings.files)):
        if any(_within(place, folder.inside) for folder in settings.folders if folder.inside != place):
            yield f"/{place} in a folder of `folders`"
    for folder in settings.folders:
        if any(_within(folder.inside, file.inside) for file in settings.files):
            yield f"/{folder.inside} in a file of `files`"
    # Windows makes an account's folder at its first sign-in, and another one where there is one already, which is here
    # one that the account could not write to.
    for user in settings.users:
        for place in (*(folder.inside for folder in settings.folders), *(file.inside for file in settings.files)):
            if _within(place, f"users/{user.name}"):
                yield f"/{place} in the folder of the account {user.name}"


def _is_plain(file: PlacedFile) -> bool:
    return file.owner == "root" and file.mode in _PLAIN_MODES


def _is_windows_own(place: str) -> bool:
    return place.split("/")[0].lower() in _WINDOWS_OWN


def _within(place: str, folder: str) -> bool:
    return f"{place.lower()}/".startswith(f"{folder.lower()}/")
