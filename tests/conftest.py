"""What holds for every test: hypothesis gives no example a time limit, for a slow machine is no fault of the code; and
the boot files of this machine, made once when they are not there yet.
"""

from pathlib import Path

import pytest
from hypothesis import settings

from netboot import bootfiles
from netboot.files.cache_folder import default_cache_folder

HERE = Path(__file__).parent

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """For tests/records."""
    parser.addoption("--postgresql", action="store_true", help="keep the records in a PostgreSQL started for it")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What two workers share out: whole files, and where PCs are booted single tests, unless they are of one group.

    Tests that boot PCs come first: begun last, one of them would keep the other worker waiting.
    """
    booting = {item.path for item in items if item.get_closest_marker("lab")}
    items.sort(key=lambda item: item.path not in booting)
    for item in items:
        if item.path not in booting:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(HERE).with_suffix(""))))


@pytest.fixture(scope="session")
def built() -> bootfiles.BootFiles:
    """Whoever needs them first on a new machine waits for minutes: see `BOOT_FILES`."""
    return bootfiles.build(default_cache_folder() / "bootfiles", progress=print)
