"""Where the files beside the code are: `images/` and `menus/`, in a checkout or inside an installed wheel.

In the repository they stand at the top, where people look for them; the wheel carries them as `netboot/_assets/`.
"""

from pathlib import Path
from typing import Literal

from netboot.shared.errors import NetbootError

_PACKAGE = Path(__file__).parent.parent


def asset_folder(name: Literal["images", "menus"]) -> Path:
    """The folder of this name. Raises NetbootError when the installation is damaged."""
    for folder in (_PACKAGE / "_assets" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise NetbootError(f"the folder {name}/ of netboot is missing", hint="install netboot-workshop again")
