"""Whoever comes to a batch, in whatever order."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netboot.records.record import open_record
from tests.records.batch_steps import joins
from tests.records.conftest import Clock, a_copy, pc
from tests.records.places import Cluster, Place


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.integers(1, 4), comers=st.lists(st.integers(1, 5), max_size=8))
def test_whoever_comes_in_whatever_order_no_pc_gets_two_places_and_no_place_two_pcs(
    empty: Place, cluster: Cluster | None, places: int, comers: list[int]
) -> None:
    with a_copy(empty, cluster) as copied, open_record(copied, clock=Clock()) as record:
        batch = record.batches.arm("debian", places, "Anne")
        found = [joins(record, batch.id, pc(number)) for number in comers]
        newest = record.batches.newest()
    assert found.count("debian") == min(places, len(set(comers)))
    assert newest is not None
    machines = [place.machine_id for place in newest.taken]
    assert len(machines) == len(set(machines)) == found.count("debian")
