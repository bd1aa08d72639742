"""The state machine of a transfer, with no socket, file or clock."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netboot.tftpd.packet import ClientError
from netboot.tftpd.transfer import Limits, OptionError, Outcome, Terms, Transfer, block_size_for, negotiate

LIMITS = Limits(block_size=1468, window=64, timeout=1.0, retries=3, longest=600.0)
WINDOW_4 = Terms(block_size=10, window=4, accepted=(("windowsize", "4"),))


def lockstep(size: int, terms: Terms | None = None) -> Transfer:
    return Transfer(terms or Terms(block_size=10), size, LIMITS, 0.0)


def test_without_options_the_first_block_is_sent_at_once() -> None:
    assert list(lockstep(25).start(0.0)) == [1]


def test_each_ack_sends_the_next_block_until_the_last_short_one() -> None:
    transfer = lockstep(25)
    transfer.start(0.0)
    assert [list(transfer.acknowledge(number, 0.0)) for number in (1, 2, 3)] == [[2], [3], []]
    assert transfer.outcome is Outcome.FINISHED
    assert transfer.acknowledged == 25


@pytest.mark.parametrize(("size", "blocks"), [(0, 1), (1, 1), (9, 1), (10, 2), (11, 2), (20, 3)])
def test_a_file_of_whole_blocks_ends_with_an_empty_one(size: int, blocks: int) -> None:
    assert lockstep(size).last == blocks


def test_with_options_the_oack_goes_first_and_waits_for_ack_0() -> None:
    transfer = lockstep(100, WINDOW_4)
    assert list(transfer.start(0.0)) == [0]
    assert list(transfer.acknowledge(65535, 0.0)) == []
    assert list(transfer.acknowledge(1, 0.0)) == []
    assert list(transfer.acknowledge(0, 0.0)) == [1, 2, 3, 4]
    assert list(transfer.acknowledge(4, 0.0)) == [5, 6, 7, 8]


def test_a_repeated_ack_in_lockstep_sends_nothing() -> None:
    transfer = lockstep(100)
    transfer.start(0.0)
    assert list(transfer.acknowledge(1, 0.0)) == [2]
    assert list(transfer.acknowledge(1, 0.0)) == []
    assert list(transfer.acknowledge(0, 0.0)) == []


def test_an_ack_of_a_block_never_sent_is_ignored() -> None:
    transfer = lockstep(100, WINDOW_4)
    transfer.start(0.0)
    transfer.acknowledge(0, 0.0)
    assert list(transfer.acknowledge(5, 0.0)) == []
    assert list(transfer.acknowledge(4, 0.0)) == [5, 6, 7, 8]


def test_an_early_ack_sends_the_window_again_from_the_lost_block() -> None:
    transfer = lockstep(1000, WINDOW_4)
    transfer.start(0.0)
    transfer.acknowledge(0, 0.0)
    assert list(transfer.acknowledge(2, 0.0)) == [3, 4, 5, 6]
    assert transfer.resent == 2


def test_the_loss_of_a_windows_first_block_is_seen_in_a_repeated_ack() -> None:
    transfer = lockstep(1000, WINDOW_4)
    transfer.start(0.0)
    transfer.acknowledge(0, 0.0)
    transfer.acknowledge(4, 0.0)
    # OVMF repeats its ACK for every block it did not expect: only the first counts.
    assert [list(transfer.acknowledge(4, 0.0)) for _ in range(3)] == [[5, 6, 7, 8], [], []]


def test_a_window_sent_twice_is_not_followed_by_another_sent_twice() -> None:
    """The client answers each block of the needless copy with an ACK: the Sorcerer's Apprentice."""
    transfer = lockstep(10_000, WINDOW_4)
    transfer.start(0.0)
    transfer.acknowledge(0, 0.0)
    assert list(transfer.acknowledge(0, 0.0)) == [1, 2, 3, 4]
    assert list(transfer.acknowledge(4, 0.0)) == [5, 6, 7, 8]
    assert [list(transfer.acknowledge(4, 0.0)) for _ in range(4)] == [[], [], [], []]
    assert list(transfer.acknowledge(8, 0.0)) == [9, 10, 11, 12]


def test_during_a_repair_an_early_ack_only_keeps_the_window_full() -> None:
    transfer = lockstep(10_000, WINDOW_4)
    transfer.start(0.0)
    transfer.acknowledge(0, 0.0)
    assert list(transfer.acknowledge(1, 0.0)) == [2, 3, 4, 5]
    assert list(transfer.acknowledge(4, 0.0)) == [6, 7, 8]


def test_silence_is_answered_by_the_same_blocks_at_growing_intervals_and_then_given_up() -> None:
    transfer = lockstep(100)
    assert list(transfer.start(0.0)) == [1]
    waits, now = [], 0.0
    while transfer.outcome is None:
        waits.append(transfer.deadline - now)
        now = transfer.deadline
        assert list(transfer.expire(now - 0.01)) == []
        assert list(transfer.expire(now)) == ([1] if transfer.outcome is None else [])
    assert waits == [1.0, 2.0, 4.0, 8.0]
    assert transfer.outcome is Outcome.FAILED
    assert "block 1 of 11" in transfer.reason


def test_once_the_pace_is_known_the_first_retransmission_comes_soon() -> None:
    transfer = lockstep(100)
    transfer.start(0.0)
    transfer.acknowledge(1, 0.03)
    assert transfer.deadline == pytest.approx(0.03 + 0.12)
    assert list(transfer.expire(0.15)) == [2]
    assert transfer.deadline == pytest.approx(0.15 + 1.0)


def test_the_clients_own_timeout_is_kept() -> None:
    terms = negotiate((("timeout", "3"),), 100, LIMITS)
    transfer = Transfer(terms, 100, LIMITS, 0.0)
    transfer.start(0.0)
    assert transfer.deadline == 3.0
    transfer.acknowledge(0, 0.01)
    assert transfer.deadline == pytest.approx(3.01)


def test_a_transfer_ends_after_its_longest_time_however_alive_the_client_is() -> None:
    transfer = lockstep(1_000_000)
    transfer.start(0.0)
    transfer.acknowledge(1, 599.99)
    assert list(transfer.expire(600.0)) == []
    assert transfer.outcome is Outcome.FAILED


def test_block_numbers_roll_over_from_65535_to_0_and_again() -> None:
    transfer = Transfer(Terms(block_size=8), 8 * 140_000, LIMITS, 0.0)
    block = transfer.start(0.0)
    sent = 0
    while transfer.outcome is None:
        sent += len(block)
        assert block.stop == sent + 1
        block = transfer.acknowledge((block.stop - 1) & 0xFFFF, 0.0)
    assert (transfer.outcome, sent) == (Outcome.FINISHED, 140_001)


def test_a_client_that_counts_on_from_1_ends_with_an_error_and_never_with_a_hole_in_its_file() -> None:
    transfer = Transfer(Terms(block_size=8), 8 * 70_000, LIMITS, 0.0)
    transfer.start(0.0)
    for number in range(1, 65536):
        transfer.acknowledge(number, 0.0)
    while transfer.outcome is None:
        # It takes block 0 for one it has, and says so.
        assert list(transfer.acknowledge(65535, transfer.deadline)) == []
        assert list(transfer.expire(transfer.deadline)) in ([65536], [])
    assert transfer.outcome is Outcome.FAILED
    assert transfer.acknowledged == 8 * 65535


def test_an_error_after_the_size_was_told_is_a_probe_and_no_failure() -> None:
    terms = negotiate((("tsize", "0"), ("blksize", "1468"), ("windowsize", "4")), 5000, LIMITS)
    transfer = Transfer(terms, 5000, LIMITS, 0.0)
    transfer.start(0.0)
    transfer.stop(ClientError(8, "User aborted"))
    assert transfer.outcome is Outcome.PROBED


def test_an_error_in_the_middle_is_the_clients_wish() -> None:
    transfer = lockstep(100)
    transfer.start(0.0)
    transfer.acknowledge(1, 0.0)
    transfer.stop(ClientError(3, "disk full"))
    assert transfer.outcome is Outcome.ABORTED
    assert "disk full" in transfer.reason
    assert list(transfer.acknowledge(2, 0.0)) == []


def test_options_are_granted_within_the_limits_and_confirmed_as_spelt() -> None:
    asked = (("BLKSIZE", "9000"), ("tsize", "0"), ("WindowSize", "200"), ("timeout", "2"), ("multicast", ""))
    terms = negotiate(asked, 777, LIMITS)
    assert (terms.block_size, terms.window, terms.timeout) == (1468, 64, 2.0)
    assert terms.accepted == (("BLKSIZE", "1468"), ("tsize", "777"), ("WindowSize", "64"), ("timeout", "2"))


@pytest.mark.parametrize(
    ("mtu", "bytes_a_block"), [(1500, 1468), (9000, 8968), (65536, 65464), (1280, 1248), (68, 512)]
)
def test_blocks_are_as_long_as_the_links_packets_and_512_at_least(mtu: int, bytes_a_block: int) -> None:
    limits = Limits(block_size=block_size_for(mtu))
    assert negotiate((("blksize", "65464"),), 1, limits).block_size == bytes_a_block


def test_a_timeout_that_cannot_be_kept_and_a_repeated_option_are_ignored() -> None:
    terms = negotiate((("timeout", "0"), ("blksize", "600"), ("Blksize", "700")), 1, LIMITS)
    assert terms.accepted == (("blksize", "600"),)


@pytest.mark.parametrize(
    "option",
    [
        ("blksize", "abc"),
        ("blksize", "7"),
        ("blksize", "-1"),
        ("windowsize", "0"),
        ("tsize", "²"),
        ("timeout", "9" * 40),
    ],
)
def test_a_value_that_is_no_number_in_range_is_refused(option: tuple[str, str]) -> None:
    with pytest.raises(OptionError, match=option[0]):
        negotiate((option,), 1, LIMITS)


@given(st.integers(0, 3000), st.integers(1, 8), st.integers(0, 2**32), st.booleans())
def test_any_loss_repetition_and_reordering_still_delivers_every_block_once(
    size: int, window: int, seed: int, acks_each_surprise: bool
) -> None:
    """A model client (in order only, as RFC 7440 §4) behind a wire that drops, repeats and reorders by a seed."""
    chance = random.Random(seed)
    terms = Terms(block_size=10, window=window, accepted=(("windowsize", str(window)),))
    transfer = Transfer(terms, size, Limits(retries=50, longest=1e9), 0.0)
    now = 0.0
    to_client = list(transfer.start(now))
    to_server: list[int] = []
    received, since_ack, packets = -1, 0, 0
    while transfer.outcome is None:
        now += 0.001
        assert (packets := packets + 1) < 20_000
        if to_client and chance.random() < 0.9:
            block = to_client.pop(0 if chance.random() < 0.8 else chance.randrange(len(to_client)))
            if chance.random() < 0.1:
                continue
            if chance.random() < 0.1:
                to_client.append(block)
            if block == received + 1:
                received, since_ack = block, since_ack + 1
                if block == 0 or since_ack == window or block == transfer.last:
                    to_server.append(received)
                    since_ack = 0
            elif acks_each_surprise and received >= 0:
                to_server.append(received)
                since_ack = 0
        elif to_server:
            number = to_server.pop(0 if chance.random() < 0.8 else chance.randrange(len(to_server)))
            for _ in range(chance.choice((0, 1, 1, 1, 1, 2))):
                to_client.extend(transfer.acknowledge(number & 0xFFFF, now))
        else:
            now = max(now, transfer.deadline)
            to_client.extend(transfer.expire(now))
            if received >= 0:
                to_server.append(received)
    assert transfer.outcome is Outcome.FINISHED
    assert received == transfer.last
