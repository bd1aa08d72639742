"""A clean-up that is cut short at any moment leaves every master whole, and the next one ends what it began."""

from collections.abc import Callable
from pathlib import Path

import pytest

from netboot.store import BlobFolder, Store
from netboot.store.lengths import LENGTHS
from netboot.store.upkeep import Deleted, Keep, collect_garbage, remove_master, verify
from tests.store.test_store import PUBLIC, part, put_master

CleanUp = Callable[[Store, Keep], object]


class PowerCutError(Exception):
    """At this moment."""


def remove(store: Store, keep: Keep) -> object:
    return remove_master(store, "office", keep=keep)


def gc(store: Store, keep: Keep) -> object:
    return collect_garbage(store, keep=keep)


@pytest.mark.parametrize(
    ("clean_up", "removals", "cut_after"),
    [*((remove, 11, moment) for moment in range(12)), *((gc, 4, moment) for moment in range(5))],
)
def test_masters_and_what_is_kept_are_whole_whenever_it_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_up: CleanUp, removals: int, cut_after: int
) -> None:
    real, removed = BlobFolder.remove, 0

    def cut(folder: BlobFolder, name: str) -> int:
        nonlocal removed
        if removed == cut_after:
            raise PowerCutError
        removed += 1
        return real(folder, name)

    store = Store(tmp_path)
    held = put_master(store, "school", part("a"), part("b"))
    before = put_master(store, "school", part("h"), version="1.9")
    new = put_master(store, "school", part("b"), part("c"), version="2")
    put_master(store, "office", part("c"), part("d"), part("e"))
    put_master(store, "office", part("c"), part("g"), version="1.9")
    put_master(store, "office", part("b"), part("f"), version="2")

    def keep() -> list[str]:
        return [held.digest]

    with monkeypatch.context() as patch:
        patch.setattr(BlobFolder, "remove", cut)
        if cut_after < removals:
            with pytest.raises(PowerCutError):
                clean_up(store, keep)
        else:
            clean_up(store, keep)
    after = Store(tmp_path)
    assert verify(after, PUBLIC) == ()
    assert after.current("school") == new
    assert after.manifest(before.digest) == before
    left = [name.removeprefix("manifests/") for name in after.blobs.list("manifests")]
    assert held.digest in left
    assert all(after.has_chunk(chunk.sha256) for digest in left for chunk in after.manifest(digest).chunks)
    collect_garbage(after, keep=keep)
    versions = sum(len(versions.all) for versions in after.all_versions().values())
    assert len(after.blobs.list("manifests")) == len(after.blobs.list(LENGTHS)) == 1 + versions
    assert collect_garbage(after, keep=keep) == Deleted(0, 0, 0, frozenset({held.digest}))
