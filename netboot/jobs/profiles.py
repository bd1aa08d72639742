"""Reads profiles: YAML files, one a profile, in `images/profiles/` and in the folders of the settings.

Strict: a wrong key or value is an error that names the file, the place and what was expected. Not for: what a profile
is (`profile.py`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml
from msgspec.structs import replace

from netboot.files import core_yaml
from netboot.files.assets import asset_folder
from netboot.files.parcel_folder import read_folder
from netboot.jobs.profile import Profile, profile_error
from netboot.jobs.windows_names import not_in_windows
from netboot.shared.errors import NetbootError
from netboot.shared.parcel import PlacedFolder, paths_of
from netboot.shared.placed_files import BYTES, Contents, collision, may_be_placed
from netboot.shared.system_settings import SystemSettings, settings_error
from netboot.shared.wifi import wifi_file

_Contents = TypeVar("_Contents", bound=Contents)


def parse_profile(text: str, *, source: str, folder: Path | None = None) -> Profile:
    """Read one profile from YAML, and the files beside it in its `folder`; `source` names the file in errors.

    Raises NetbootError.
    """
    try:
        raw = core_yaml.load(text)
    except yaml.YAMLError as error:
        raise NetbootError(f"{source} is not YAML: {error}", hint="compare it with images/profiles/") from error
    try:
        profile = msgspec.convert(raw, Profile)
    except msgspec.ValidationError as error:
        raise NetbootError(f"{source}: {error}", hint="see docs/operator.en.md, “Profiles”") from error
    if isinstance(profile.customise, SystemSettings):
        profile = replace(profile, customise=_with_files(profile.customise, folder, source))
    if mistake := profile_error(profile):
        raise NetbootError(f"{source}: {mistake}", hint="see docs/operator.en.md, “Profiles”")
    return profile


def _with_files(settings: SystemSettings, folder: Path | None, source: str) -> SystemSettings:
    """With what is in the files that it names beside it: a profile is all that it gives a PC."""
    read = [_read_folder(one, folder, source) for one in settings.folders]
    found = replace(
        settings,
        files=tuple(_read_beside(one, folder, source) for one in settings.files),
        scripts=tuple(_read_beside(one, folder, source) for one in settings.scripts),
        folders=tuple(one for one, _ in read),
    )
    if mistake := settings_error(found):
        raise NetbootError(f"{source}: {mistake}", hint="see docs/operator.en.md, “Profiles”")
    # Whatever their models: patterns may both match. What is found here is not found by the agent after the erase.
    wifi = (wifi_file(found.wifi),) if found.wifi else ()
    if mistake := collision(chain((file.inside for file in found.files), wifi, *(places for _, places in read))):
        raise NetbootError(f"{source}: {mistake}", hint="leave one of them out of `files`, `folders` or `wifi`")
    return found


def _read_folder(one: PlacedFolder, folder: Path | None, source: str) -> tuple[PlacedFolder, tuple[str, ...]]:
    """With the digest of all that is in it, and where its files go. Its bytes go into the store when the server
    starts."""
    if one.parcel or one.listed or one.size or one.not_for_windows:
        raise NetbootError(f"{source}: `parcel` and its lengths are netboot's own", hint="give `path` and `beside`")
    if folder is None or not one.beside:
        return one, ()
    path = folder / one.beside
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise NetbootError(f"{source}: {path} lies elsewhere", hint="name a folder in the folder of the profile")
        parcel = read_folder(path, len)
    except OSError as error:
        raise NetbootError(f"{source}: {path} cannot be read: {error}", hint="see who may read it") from error
    places = tuple(paths_of(one, parcel))
    for place in places:
        if not may_be_placed(place):
            raise NetbootError(
                f"{source}: /{place} is not a file's place that a profile may choose", hint="leave it out"
            )
    listing = parcel.listing
    digest = hashlib.sha256(listing).hexdigest()
    known = replace(one, parcel=digest, listed=len(listing), size=parcel.size)
    return replace(known, not_for_windows=not_in_windows(places)), places


def _read_beside(one: _Contents, folder: Path | None, source: str) -> _Contents:
    if not one.beside:
        return one
    if folder is None:
        raise NetbootError(f"{source}: no file is beside it", hint="write the `text` into the profile")
    path = folder / one.beside
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        if not inside or not path.is_file():
            raise NetbootError(f"{source}: {path} is no file", hint="name a file in the folder of the profile")
        with path.open("rb") as file:
            data = file.read(BYTES + 1)
    except OSError as error:
        raise NetbootError(f"{source}: {path} cannot be read: {error}", hint="see who may read it") from error
    if len(data) > BYTES:
        raise NetbootError(f"{source}: {path} has more than {BYTES} bytes", hint="put large files into the master")
    return replace(one, data=data)


def load_shipped() -> tuple[Profile, ...]:
    """Those that come with netboot, in order of their file names. Raises NetbootError."""
    return load_profiles([asset_folder("images") / "profiles"])


@dataclass(frozen=True, slots=True)
class Loaded:
    """A profile, and the folder that its file lies in."""

    profile: Profile
    folder: Path

    @property
    def folders(self) -> dict[Path, PlacedFolder]:
        """The folders that it puts into systems, by where they lie here."""
        return {self.folder / one.beside: one for one in self.profile.settings.folders}


def load_profiles(folders: Sequence[Path]) -> tuple[Profile, ...]:
    """Every profile of these folders, in order of their file names; a later folder's id wins. Raises NetbootError."""
    return tuple(loaded.profile for loaded in load_with_folders(folders))


def load_with_folders(folders: Sequence[Path]) -> tuple[Loaded, ...]:
    """As `load_profiles`, each with where its own folders lie. Raises NetbootError."""
    profiles: dict[str, Loaded] = {}
    for folder in folders:
        if not folder.is_dir():
            raise NetbootError(f"there is no folder of profiles {folder}", hint="make it, or take it out of `profiles`")
        for path in sorted(folder.glob("*.yaml")):
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeError) as error:
                raise NetbootError(f"the profile {path} cannot be read: {error}", hint="save it as UTF-8") from error
            profile = parse_profile(text, source=str(path), folder=folder)
            profiles[profile.id] = Loaded(profile, folder)
    return tuple(profiles.values())
