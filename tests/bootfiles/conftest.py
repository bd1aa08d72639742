"""The boot files of this machine, made once when they are not there yet."""

import pytest

from netboot import bootfiles
from netboot.config import default_cache_folder


@pytest.fixture(scope="session")
def built() -> bootfiles.BootFiles:
    return bootfiles.build(default_cache_folder() / "bootfiles", progress=print)
