"""What holds for every test: hypothesis gives no example a time limit, for a slow machine is no fault of the code; and
the boot files of this machine, made once when they are not there yet.
"""

import pytest
from hypothesis import settings

from netboot import bootfiles
from netboot.files.cache_folder import default_cache_folder

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """For tests/records."""
    parser.addoption("--postgresql", action="store_true", help="keep the records in a PostgreSQL started for it")


@pytest.fixture(scope="session")
def built() -> bootfiles.BootFiles:
    """Whoever needs them first on a new machine waits for minutes: see `BOOT_FILES`."""
    return bootfiles.build(default_cache_folder() / "bootfiles", progress=print)
