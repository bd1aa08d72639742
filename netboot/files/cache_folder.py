"""Where everything is kept that can be made again: boot files, masters that were built, what the lab needs."""

import os
from pathlib import Path


def default_cache_folder() -> Path:
    """Where build products are kept; they can be made again at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "netboot-workshop"
