"""Reads profiles: YAML files, one a profile, in `images/profiles/` and in the folders of the settings.

Strict: a wrong key or value is an error that names the file, the place and what was expected. Not for: what a profile
is (`profile.py`).
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import yaml

from netboot.files import core_yaml
from netboot.jobs.profile import Profile, profile_error
from netboot.shared.errors import NetbootError


def parse_profile(text: str, *, source: str) -> Profile:
    """Read one profile from YAML; `source` names the file in errors. Raises NetbootError."""
    try:
        raw = core_yaml.load(text)
    except yaml.YAMLError as error:
        raise NetbootError(f"{source} is not YAML: {error}", hint="compare it with images/profiles/") from error
    try:
        profile = msgspec.convert(raw, Profile)
    except msgspec.ValidationError as error:
        raise NetbootError(f"{source}: {error}", hint="see docs/operator.en.md, “Profiles”") from error
    if mistake := profile_error(profile):
        raise NetbootError(f"{source}: {mistake}", hint="see docs/operator.en.md, “Profiles”")
    return profile


def load_profiles(folders: Sequence[Path]) -> tuple[Profile, ...]:
    """Every profile of these folders, in order of their file names; a later folder's id wins. Raises NetbootError."""
    profiles: dict[str, Profile] = {}
    for folder in folders:
        if not folder.is_dir():
            raise NetbootError(f"there is no folder of profiles {folder}", hint="make it, or take it out of `profiles`")
        for path in sorted(folder.glob("*.yaml")):
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeError) as error:
                raise NetbootError(f"the profile {path} cannot be read: {error}", hint="save it as UTF-8") from error
            profile = parse_profile(text, source=str(path))
            profiles[profile.id] = profile
    return tuple(profiles.values())
