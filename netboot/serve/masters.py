"""Looks up masters in the store for jobs: by name, with the reason if one may not be used."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from msgspec import UNSET

from netboot.jobs.job import MasterNeeds, NamedGrowth
from netboot.jobs.profile import Profile
from netboot.jobs.target import master_forbids
from netboot.records.record import Record
from netboot.shared.errors import NetbootError
from netboot.shared.manifest import Manifest, Needs, digest_of
from netboot.shared.offers import Offers
from netboot.shared.problems import Problem
from netboot.shared.root_room import room_on_root
from netboot.shared.stages.deploy import Named
from netboot.shared.uefi_start import loader_for
from netboot.store import ForeignError, Store, StoreBusyError, StoreError
from netboot.store.blobs import read_blob
from netboot.store.store import manifest_name
from netboot.store.stored import missing, packed_sizes
from netboot.survey.named_growth import NotGrowingError, with_growing
from netboot.survey.root_growth import growth_of_root
from netboot.survey.sbat import Generations, revoked
from netboot.workshop.held_masters import MastersChangingError

log = logging.getLogger(__name__)


def remember_masters(record: Record, store: Store) -> None:
    """Put masters that came into the store since the last start on the record; a damaged one is logged and left out."""
    for name in store.names():
        try:
            manifest = store.current(name)
        except NetbootError as error:
            log.error("the master %s cannot be used: %s", name, error)
            continue
        if manifest is not None:
            record.masters.remember(
                manifest.digest, name=manifest.name, version=manifest.version, licence=manifest.licence
            )


def unfit(profiles: Sequence[Profile], masters: "Masters") -> Iterator[str]:
    """A sentence for each profile whose master is there and cannot be what it asks for: no PC is offered it."""
    for profile in profiles:
        try:
            master = masters(profile.master) if profile.master else None
        except NetbootError:
            continue  # told when masters are put on the record
        problem = master_forbids(profile, master) if master is not None else None
        if problem is not None:
            yield f"the profile {profile.id} is not offered: {problem.sentence('en')}"


class Masters:
    """Finds the newest master of a name. One that another key signed is found as such: no PC may get it."""

    def __init__(self, store: Store, level: Generations | None = None) -> None:
        self._store = store
        self._level = level

    def __call__(self, name: str) -> MasterNeeds | None:
        try:
            manifest = self._store.current(name)
        except ForeignError as error:
            return MasterNeeds(manifest=error.digest, name=name, disk=0, signed=False)
        if manifest is None:
            return None
        needs = manifest.needs if manifest.needs is not UNSET else Needs()
        growth = growth_of_root(manifest)
        return MasterNeeds(
            manifest=manifest.digest,
            name=manifest.name,
            disk=max(manifest.disk, needs.disk),
            sector=manifest.sector,
            used=manifest.used,
            uefi_bits=manifest.uefi.bits if manifest.uefi else 0,
            uefi_ia32=loader_for(manifest, 32) is not None,
            not_customisable=manifest.not_customisable,
            revoked=self._revoked(manifest),
            shrunk=manifest.shrunk_from is not UNSET,
            memory=needs.memory,
            firmware=needs.firmware,
            bios=manifest.understood is UNSET or manifest.understood.bios,
            offers=_offers(manifest),
            windows=manifest.windows,
            other_sector=manifest.other.sector if manifest.other is not UNSET else 0,
            other_used=_used_on_other(manifest),
            room=room_on_root(manifest),
            # None for a Windows: it gets its folders before it grows.
            grows_from=growth.beyond if growth is not None else 0,
            grows_at=growth.least if growth is not None else 0,
            grows_most=growth.most if growth is not None else None,
            growths=tuple(_growth(manifest, named) for named in _nameable(manifest)),
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """No master is deleted while this is held. Raises MastersChangingError at once while somebody deletes."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._store.reading())
            except StoreBusyError as error:
                raise MastersChangingError from error
            except StoreError as error:
                log.error("whether a master is deleted meanwhile cannot be told: %s", error)
            yield

    def _revoked(self, manifest: Manifest) -> str:
        if self._level is None or manifest.understood is UNSET:
            return ""
        return revoked(manifest.understood.generations, self._level)

    def lacks_master_of(
        self, profile: Profile, incomplete: Callable[[MasterNeeds | None], Problem | None] = lambda _: None
    ) -> bool:
        """Whether no PC can get this profile's master: what the boot menu must not offer. `incomplete` is asked of one
        that is there."""
        try:
            master = self(profile.master) if profile.master else None
        except NetbootError:
            return True
        return (master_forbids(profile, master) or incomplete(master)) is not None

    def given(self, profiles: Iterable[Profile]) -> frozenset[str]:
        """The digests of the manifests that PCs get by these profiles now."""
        found = set()
        for name in {profile.master for profile in profiles if profile.master}:
            with suppress(NetbootError):
                master = self(name)
                if master is not None and master.signed:
                    found.add(master.manifest)
        return frozenset(found)

    def missing(self, digest: str) -> int:
        """How many chunks the store lacks of the manifest of this digest, which must be there itself, as it was signed.

        Raises NetbootError where that cannot be told.
        """
        try:
            if digest_of(read_blob(self._store.blobs, manifest_name(digest))) != digest:
                raise StoreError(f"the manifest {digest} is damaged", hint="build or import this master again")
            manifest = self._store.manifest(digest)
            return len(missing(self._store, manifest, packed_sizes(self._store, manifest)))
        except OSError as error:
            raise StoreError(
                f"{error.filename or digest} cannot be looked at: {error.strerror or error}",
                hint="look at the disk that the store is on; netboot master verify reads all of it",
            ) from error


def _nameable(manifest: Manifest) -> Iterator[Named]:
    for one in manifest.partitions:
        yield one.number
        yield from (volume.name for volume in one.volumes or ())


def _growth(manifest: Manifest, named: Named) -> NamedGrowth:
    try:
        root = growth_of_root(with_growing(manifest, named))
    except NotGrowingError as error:
        return NamedGrowth(named=named, obstacle=error.obstacle)
    if root is None:
        return NamedGrowth(named=named)
    return NamedGrowth(named=named, grows_from=root.beyond, grows_at=root.least, grows_most=root.most)


def _offers(manifest: Manifest) -> Offers:
    if manifest.understood is UNSET or manifest.understood.offers is UNSET:
        return Offers()
    return manifest.understood.offers


def _used_on_other(manifest: Manifest) -> int:
    fitted = None if manifest.other is UNSET else manifest.on_sectors(manifest.other.sector)
    return fitted.used if fitted is not None else 0
