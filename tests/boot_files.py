"""For tests that start `netboot serve`, which makes no boot files by itself: they are made first, in minutes."""

from typing import Final

import pytest

BOOT_FILES: Final = (pytest.mark.usefixtures("built"), pytest.mark.timeout(900))
"""Marks for a module's `pytestmark`."""
