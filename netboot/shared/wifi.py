"""The Wi-Fi network that an installed system gets, as far as agent, server and whoever reads a master know it by name.

NetworkManager's keyfile (nm-settings-keyfile(5)) is the one form: it says all of a network in one file, whatever the
adapter is called. Pure. Not for: what is in that file, which holds a password (`jobs/wifi_network.py`), nor how it
travels (`private_files.py`).
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Final

from msgspec import Meta

WifiName = Annotated[
    str,
    Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,31})?\Z", description="small letters, digits and hyphens, 32 at most"),
]
"""The name that a profile calls a network by."""

_FOLDER, _CONNECTIONS = "etc/NetworkManager", "system-connections"
MODE: Final = 0o600
"""NetworkManager reads no file that others may read."""

_MANAGER: Final = "NetworkManager"
_MANAGERS: Final = ("usr/sbin", "usr/bin")
_JOINING: Final = (
    ("usr/sbin", "wpa_supplicant"), ("usr/bin", "wpa_supplicant"), ("sbin", "wpa_supplicant"),
    ("usr/libexec", "iwd"), ("usr/lib/iwd", "iwd"),
)  # fmt: skip
"""What joins a network for NetworkManager: wpa_supplicant, or iwd where Debian or Arch has it."""


def wifi_file(name: str) -> str:
    """Where the network of this name lies in the installed system, from its root, without a leading slash."""
    return f"{_FOLDER}/{_CONNECTIONS}/{name}.nmconnection"


def joins_wifi(names: Callable[[str], Iterable[str]]) -> bool:
    """Whether a system joins the networks that it is given so; `names` lists what is in a folder of it, where a folder
    may have a slash behind it."""

    def there(folder: str, name: str) -> bool:
        return any(one.rstrip("/") == name for one in names(folder))

    return (
        any(there(folder, _MANAGER) for folder in _MANAGERS)
        and any(there(folder, program) for folder, program in _JOINING)
        and there(_FOLDER, _CONNECTIONS)
    )
