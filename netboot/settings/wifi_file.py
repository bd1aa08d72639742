"""Reads the file of Wi-Fi networks that the settings name: kept apart from them, since it holds passwords.

Only its owner may read it. A mistake is told with file and line, never with what a password is. Not for: what a
network is (`jobs/wifi_network.py`).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import yaml
from msgspec import Meta, Struct

from netboot.files import checked_yaml, core_yaml
from netboot.files.data_folder import require_private
from netboot.jobs.profile import Profile
from netboot.jobs.wifi_network import WifiNetwork, network_error
from netboot.shared.errors import NetbootError

MOST: Final = 64
_LIMIT: Final = 64 * 1024
_PLACE: Final = re.compile(rf"\$\.networks(\[\d+\](\.({'|'.join(WifiNetwork.__struct_fields__)}))?)?\Z")
_EXPECTED: Final = (
    "a network has `name` (small letters, digits and hyphens), `ssid`, and `password`, `security` (wpa-psk, sae or "
    "open) and `hidden` (true or false) where they are needed"
)
_HINT: Final = "see docs/operator.en.md, “Wi-Fi”; a password stands in quotes"


class WifiFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file holds."""

    networks: Annotated[tuple[WifiNetwork, ...], Meta(max_length=MOST)] = ()


def load_networks(path: Path | None) -> dict[str, WifiNetwork]:
    """The networks of this file by name; none without a file. Raises NetbootError."""
    if path is None:
        return {}
    try:
        require_private(path, "the file of Wi-Fi networks")
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
        text = data.decode()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise NetbootError(
            f"the file of Wi-Fi networks {path} cannot be read: {why}", hint="see `wifi` in the settings"
        ) from None
    if len(data) > _LIMIT:
        raise NetbootError(f"{path} has more than {_LIMIT} bytes", hint=_HINT)
    node, found = _read(text, str(path))
    names = [network.name for network in found]
    for index, network in enumerate(found):
        mistake = network_error(network) or (f"{network.name} is there twice" if network.name in names[:index] else "")
        if mistake:
            raise checked_yaml.mistake(node, f"$.networks[{index}]", mistake, source=str(path), hint=_HINT)
    return dict(zip(names, found, strict=True))


def _read(text: str, source: str) -> tuple[yaml.Node | None, tuple[WifiNetwork, ...]]:
    """Its nodes and what they say. Raises NetbootError, never with a word of the file: each may be a password in the
    wrong place, and what YAML and msgspec say of a mistake has some."""
    node, line, where = None, 1, "this is not YAML"
    try:
        node = core_yaml.compose(text, source)
        value = core_yaml.load(text)
        return node, msgspec.convert({} if value is None else value, WifiFile).networks
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
    except msgspec.ValidationError as error:
        place = str(error).rpartition(" - at ")[2].strip("` ") if " - at " in str(error) else ""
        known = _PLACE.match(place)
        _, line = core_yaml.position(node, place if known else "", "")
        where = f"{place.removeprefix('$').removeprefix('.') if known else ''}".strip() or "top level"
        where += f": not as it is to be written: {_EXPECTED}"
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        pass  # a value that is no value of the type it is called by (`!!int hunter2`), or too deep
    raise NetbootError(f"{source}, line {line}: {where}", hint=_HINT) from None


def require_named(profiles: Sequence[Profile], networks: Mapping[str, WifiNetwork]) -> None:
    """That every network that a profile names is there. Raises NetbootError."""
    for profile in profiles:
        if (name := profile.settings.wifi) and name not in networks:
            raise NetbootError(
                f"the profile {profile.id} names the Wi-Fi network {name}, which is not in the file of networks",
                hint="write it into the file that the setting `wifi` names, or take it out of the profile",
            )
