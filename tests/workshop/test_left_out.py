"""netboot's own profiles whose master was never here: neither the menu nor the page shows them."""

from pathlib import Path

import pytest

from netboot.files.assets import asset_folder
from netboot.jobs.profiles import load_profiles, load_shipped
from netboot.records.record import Record
from netboot.serve.masters import Masters
from netboot.store import Store
from netboot.store.store import master_name
from netboot.workshop.left_out import LeftOut
from tests.store.test_store import PUBLIC, part, put_master

SHIPPED = asset_folder("images") / "profiles"
DESKTOPS = {"wipe-and-ecole", "wipe-and-association", "wipe-and-leger"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store", accepts=PUBLIC)
    put_master(store, "debian-minimal", part("a"))
    return store


def left_out(folders: list[Path], store: Store, record: Record) -> LeftOut:
    return LeftOut(load_profiles(folders), shipped=load_shipped(), find_master=Masters(store), record=record)


def test_a_shipped_profile_is_in_sight_once_its_master_was_here_and_stays_when_it_is_gone(
    store: Store, record: Record
) -> None:
    looked = left_out([SHIPPED], store, record)
    assert looked.look() == DESKTOPS
    manifest = put_master(store, "ecole", part("b"))
    assert looked.look() == DESKTOPS - {"wipe-and-ecole"} == looked.seen
    record.masters.remember(manifest.digest, name="ecole", version="1", licence="MIT")
    store.blobs.remove(master_name("ecole"))
    assert looked.look() == DESKTOPS - {"wipe-and-ecole"}
    assert left_out([SHIPPED], Store(store.folder / "lost"), record).look() == {
        *DESKTOPS - {"wipe-and-ecole"}, "wipe-and-debian", "debian-new-disk",
    }  # fmt: skip


def test_a_shipped_profile_whose_master_is_damaged_or_of_another_key_is_in_sight(store: Store, record: Record) -> None:
    looked = left_out([SHIPPED], store, record)
    put_master(store, "ecole", part("b"))
    assert looked.look() == DESKTOPS - {"wipe-and-ecole"}
    foreign = Store(store.folder, accepts=bytes(32))
    assert left_out([SHIPPED], foreign, record).look() == DESKTOPS - {"wipe-and-ecole"}
    path = store.blobs.path_of(f"manifests/{store.names()['ecole']}")
    assert path is not None
    path.unlink()
    again = Store(store.folder, accepts=PUBLIC)
    assert left_out([SHIPPED], again, record).look() == DESKTOPS - {"wipe-and-ecole"}


def test_a_profile_that_the_workshop_wrote_or_changed_is_in_sight(tmp_path: Path, store: Store, record: Record) -> None:
    own = tmp_path / "own"
    own.mkdir()
    text = (SHIPPED / "12-wipe-and-ecole.yaml").read_text(encoding="utf-8")
    (own / "a.yaml").write_text(text.replace("hostname: ecole-{number}", "hostname: salle-{number}"), encoding="utf-8")
    (own / "b.yaml").write_text(text.replace("id: wipe-and-ecole", "id: ours"), encoding="utf-8")
    assert left_out([SHIPPED, own], store, record).look() == DESKTOPS - {"wipe-and-ecole"}
