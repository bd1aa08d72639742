"""Puts the Wi-Fi network that the profile names into the installed system: NetworkManager's keyfile, root's, 0600.

What is in it came sealed with the order (`shared/private_files.py`). A system that would not join it is an error,
before anything is written. Blocks; needs root.
"""

from netboot.agent.customise.installed_tree import InstalledTree
from netboot.shared.errors import NetbootError
from netboot.shared.private_files import PrivateFiles
from netboot.shared.system_settings import SystemSettings
from netboot.shared.wifi import MODE, joins_wifi, wifi_file


def require_wifi(tree: InstalledTree, settings: SystemSettings, private: PrivateFiles) -> None:
    """That the network can be put there, where one is named. Raises NetbootError."""
    if not settings.wifi:
        return
    if private.content(wifi_file(settings.wifi)) is None:
        raise NetbootError(f"the Wi-Fi network {settings.wifi} did not come with the order", hint="start again")
    if not joins_wifi(tree.names):
        raise NetbootError(
            "the master has no NetworkManager, or nothing that joins a Wi-Fi network for it",
            hint="put network-manager and wpasupplicant into the master, or leave `wifi` out of the profile",
        )


def place_wifi(tree: InstalledTree, settings: SystemSettings, private: PrivateFiles) -> None:
    """Put it there, where one is named. Raises NetbootError, OSError."""
    path = wifi_file(settings.wifi)
    if settings.wifi and (content := private.content(path)) is not None:
        tree.place_file("wifi", path, content, mode=MODE, owner=0, group=0)
