"""A record on a disk or in PostgreSQL, PCs made of plain values, and a clock that moves one second a look."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace
from sqlalchemy import make_url

from netboot.jobs.job import Job, MasterNeeds
from netboot.jobs.profile import Profile
from netboot.records.record import Record, open_record
from netboot.records.values import Start, Visit
from netboot.shared.inventory import Board, Disk, DiskId, Firmware, Inventory, Nic, System
from netboot.shared.problems import Problem
from netboot.shared.protocol import VERSION, Hello
from tests.records.places import Cluster, Place, running_postgresql

MAC = "98:fa:9b:00:00:01"

HERE = Path(__file__).parent


class Clock:
    """One second later at every look. Setting `now` puts the clock; with `pass_by` the time really passes."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
        self._seconds = 0.0

    def pass_by(self, time: timedelta) -> None:
        """That much later, by every clock."""
        self.now += time
        self._seconds += time.total_seconds()

    def monotonic(self) -> float:
        """Seconds that nobody puts."""
        return self._seconds

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def pc(number: int = 1, *, disks: tuple[Disk, ...] | None = None, macs: tuple[str, ...] | None = None) -> Inventory:
    """An ordinary PC with everything real; the same number is the same PC."""
    return Inventory(
        system=System(
            manufacturer="LENOVO",
            product="ThinkCentre M720q",
            serial=f"PC0X7Q{number:02d}",
            uuid=f"4c1bb2a8-7e52-11ea-9d7a-0862664a{number:04x}",
        ),
        board=Board(manufacturer="LENOVO", product="3136", serial=f"L1HF9570{number:02d}"),
        firmware=Firmware(mode="uefi", secure_boot="on"),
        disks=(ssd(number),) if disks is None else disks,
        nics=tuple(Nic(name=f"eth{i}", mac=mac) for i, mac in enumerate(macs or (f"98:fa:9b:00:00:{number:02x}",))),
    )


def ssd(number: int = 1) -> Disk:
    """The disk that PC came with."""
    return Disk(
        name="nvme0n1",
        id=DiskId(serial=f"S4EWNX0N{number:04d}", wwn=f"eui.0025385b9150{number:04x}", size=256_060_514_304),
        model="SAMSUNG MZVLB256HBHQ",
        transport="nvme",
    )


def hello(inventory: Inventory, boot: str, *, token: str = "", profile: str = "") -> Hello:
    """A hello as the agent says it."""
    return Hello(version=VERSION, boot=boot, token=token, profile=profile, inventory=inventory)


ERASE_AND_DEPLOY = Profile(
    id="debian",
    name={"fr": "Debian", "en": "Debian"},
    stages=("check", "erase", "deploy", "customise", "finish"),
    master="debian-minimal",
)


def start(
    record: Record,
    visit: Visit,
    *,
    profile: Profile | None = None,
    master: MasterNeeds | None = None,
    target: DiskId | None = None,
    who: str = "Anne",
) -> Job:
    """Somebody chooses on the page, and the job begins."""
    record.choices.choose(visit.machine_id, "debian", who, target=target)
    chosen = profile or ERASE_AND_DEPLOY
    job = record.jobs.begin(visit.id, starts={"debian": Start(profile=chosen, master=master, hostname="pc-1")})
    assert job is not None
    return job


def follow(record: Record, visit_id: str, *, menu: str = "") -> tuple[str, str] | None:
    """What this visit follows now, and who chose it. Its job is over at once, so that another may follow."""
    job = record.jobs.begin(
        visit_id,
        menu=menu,
        starts={
            name: Start(profile=replace(ERASE_AND_DEPLOY, id=name), master=None, hostname="pc-1")
            for name in ("debian", "inventory", "look", "wipe", "erase")
        },
    )
    if job is None:
        return None
    rows = [row for machine in record.machines.overview() for row in machine.visit.jobs if row.id == job.id]
    record.jobs.end(job.id, Problem("agent-error"))
    return job.profile.id, rows[0].chosen_by


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other database: SQLite's file, or what only PostgreSQL can be told."""
    on_server = config.getoption("--postgresql")

    def is_about_other(item: pytest.Item) -> bool:
        if not item.path.is_relative_to(HERE):
            return False
        return "file" in getattr(item, "fixturenames", ()) if on_server else bool(item.get_closest_marker("postgresql"))

    other = [item for item in items if is_about_other(item)]
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in other]


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster | None]:
    """The PostgreSQL of this run, None when it is on SQLite."""
    if not request.config.getoption("--postgresql"):
        yield None
        return
    with running_postgresql() as running:
        yield running


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster | None) -> Place:
    """A record with its tables made: each test begins with a copy."""
    place = tmp_path_factory.mktemp("record") / "empty.db" if cluster is None else cluster.create()
    open_record(place).close()
    return place


@contextmanager
def a_copy(empty: Place, cluster: Cluster | None) -> Iterator[Place]:
    """An empty record for this block."""
    if cluster is None:
        with TemporaryDirectory() as folder:
            yield shutil.copy(empty, Path(folder) / "record.db")
        return
    url = cluster.create(make_url(str(empty)).database or "")
    yield url
    cluster.drop(url)


@pytest.fixture
def place(request: pytest.FixtureRequest, cluster: Cluster | None, empty: Place) -> Iterator[Place]:
    """Where the record is: a file, or a database of PostgreSQL when the tests were started with `--postgresql`."""
    if cluster is None:
        yield request.getfixturevalue("file")
        return
    with a_copy(empty, cluster) as copied:
        yield copied


@pytest.fixture
def file(tmp_path: Path, cluster: Cluster | None, empty: Place) -> Path:
    """A record's file, for what only a file can suffer: PostgreSQL's files, backups and damage are its own care."""
    assert cluster is None
    path = tmp_path / "workshop" / "record.db"
    path.parent.mkdir()
    shutil.copy(empty, path)
    path.chmod(0o600)
    return path


@pytest.fixture
def clock() -> Clock:
    """The clock of `record`."""
    return Clock()


@pytest.fixture
def record(place: Place, clock: Clock) -> Iterator[Record]:
    """An empty record."""
    with open_record(place, clock=clock, monotonic=clock.monotonic) as opened:
        yield opened
