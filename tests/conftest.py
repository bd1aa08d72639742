"""What holds for every test: hypothesis gives no example a time limit, for a slow machine is no fault of the code; and
the boot files of this machine, made once when they are not there yet.
"""

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from netboot import bootfiles
from netboot.files.cache_folder import default_cache_folder

LAB = "tests/lab/"
WORKSHOPS = ("tests/lab/test_chain.py",)
"""Files whose tests share PCs, several of which boot at once."""

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """For tests/records."""
    parser.addoption("--postgresql", action="store_true", help="keep the records in a PostgreSQL started for it")


class Shares(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
    """What two workers share out: whole files, but single tests of those whose every test boots a PC of its own."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file.startswith(LAB) and file not in WORKSHOPS else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shares:
    """In place of pytest-xdist's own ways."""
    return Shares(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A workshop of several PCs comes first, beside tests that boot none; then two PCs boot at a time."""

    def turn(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0]
        return 0 if file in WORKSHOPS else 2 if item.get_closest_marker("lab") else 1

    items.sort(key=turn)


@pytest.fixture(scope="session")
def built() -> bootfiles.BootFiles:
    """Whoever needs them first on a new machine waits for minutes: see `BOOT_FILES`."""
    return bootfiles.build(default_cache_folder() / "bootfiles", progress=print)
