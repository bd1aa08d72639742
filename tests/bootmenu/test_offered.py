"""What one PC is offered: a denial before a choice, a choice before a batch, whatever else is set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.bootmenu.offered import NEUTRAL, BatchOffer, may_be_default, offer_for
from netboot.jobs.policy import Policy, combined
from tests.workshop.conftest import ERASE, LOOK, LOST, WIPE

PROFILES = {profile.id: profile for profile in (WIPE, ERASE, LOOK, LOST)}

ids = st.sampled_from([*PROFILES, *NEUTRAL, "", "armed", "local", "gone", "profile-1"])
policies = st.builds(
    Policy,
    denied=st.booleans(),
    loader=st.sampled_from([None, "grub", "ipxe"]),
    dhcp=st.sampled_from([None, "proxy", "merged"]),
    default=ids,
)
offers = st.none() | st.builds(BatchOffer, batch=st.just("b1"), profile=ids)


@given(policies, ids, offers)
def test_a_denied_pc_is_offered_nothing_and_no_other_is_denied(
    policy: Policy, chosen: str, batch: BatchOffer | None
) -> None:
    offer = offer_for(policy, PROFILES, chosen=chosen, batch=batch)
    assert offer.denied == policy.denied
    if offer.denied:
        assert (offer.armed, offer.batch, offer.default) == (None, "", "")


@given(policies, ids.filter(bool), offers)
def test_a_persons_choice_keeps_a_batch_out_even_when_its_profile_is_gone(
    policy: Policy, chosen: str, batch: BatchOffer | None
) -> None:
    offer = offer_for(policy, PROFILES, chosen=chosen, batch=batch)
    assert offer.batch == ""
    assert offer.armed in (None, PROFILES.get(chosen))


@given(policies, ids, offers)
def test_the_default_never_writes_to_a_disk(policy: Policy, chosen: str, batch: BatchOffer | None) -> None:
    offer = offer_for(policy, PROFILES, chosen=chosen, batch=batch)
    assert offer.default in ("", *NEUTRAL, LOOK.id)


@given(policies, ids, offers)
def test_a_batch_is_named_only_with_the_profile_it_arms(policy: Policy, chosen: str, batch: BatchOffer | None) -> None:
    offer = offer_for(policy, PROFILES, chosen=chosen, batch=batch)
    if offer.batch:
        assert batch is not None
        assert offer.armed is PROFILES[batch.profile]


def test_the_next_pc_of_a_batch_gets_its_profile() -> None:
    offer = offer_for(Policy(), PROFILES, chosen="", batch=BatchOffer("b1", WIPE.id))
    assert (offer.armed, offer.batch) == (WIPE, "b1")


@pytest.mark.parametrize("entry", [WIPE.id, ERASE.id, "armed", "local", "gone"])
def test_what_writes_or_is_unknown_may_not_start_by_itself(entry: str) -> None:
    assert not may_be_default(entry, PROFILES)


@given(st.lists(st.none() | policies, max_size=4))
def test_of_several_policies_any_denies_and_the_first_that_says_something_counts(several: list[Policy | None]) -> None:
    said = [policy for policy in several if policy is not None]
    offer = combined(*several)
    assert offer.denied == any(policy.denied for policy in said)
    assert offer.loader == next((policy.loader for policy in said if policy.loader), None)
    assert offer.dhcp == next((policy.dhcp for policy in said if policy.dhcp), None)
    assert offer.default == next((policy.default for policy in said if policy.default), "")
