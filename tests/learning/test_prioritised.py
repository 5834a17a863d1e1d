import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archwalk.data.states import read_state, write_state
from archwalk.learning.prioritised import PrioritisedReplay, priorities
from archwalk.learning.replay import Replay

ALPHA, BETA = 0.6, 0.4


def batch(first, n):
    """Transitions numbered `first`, `first + 1`, ...; every field tells which one it is."""
    number = np.arange(first, first + n)
    return {"number": number, "codes": np.stack([number, -number], 1).astype(np.int32)}


def filled(capacity, *priorities_of_batches):
    replay = PrioritisedReplay(capacity, ALPHA)
    for priorities_B in priorities_of_batches:
        replay.add(batch(replay.added, len(priorities_B)), np.array(priorities_B, float))
    return replay


class Naive:
    """A dictionary of the priorities of the last `capacity` transitions."""

    def __init__(self, capacity):
        self.capacity, self.added, self.priorities = capacity, 0, {}

    def add(self, priorities_B):
        for priority in priorities_B:
            self.priorities[self.added] = priority
            self.priorities.pop(self.added - self.capacity, None)
            self.added += 1

    def update(self, rows_B, priorities_B):
        for row, priority in zip(rows_B, priorities_B, strict=True):
            if row in self.priorities:
                self.priorities[row] = priority

    def weights(self, rows_B):
        """RLlib's words: over all that is held, N and the sums written out."""
        powers = {row: priority**ALPHA for row, priority in self.priorities.items()}
        total, n = sum(powers.values()), len(powers)
        largest = (min(powers.values()) / total * n) ** -BETA
        return [(powers[row] / total * n) ** -BETA / largest for row in rows_B]


POSITIVE = st.floats(1e-6, 1e6)


@settings(deadline=None, max_examples=150)
@given(capacity=st.integers(1, 12), seed=st.integers(0, 2**32), data=st.data())
def test_it_is_that_of_the_naive_way(capacity, seed, data):
    """Through additions of any size, draws, and updates that come late."""
    replay, naive, rng = PrioritisedReplay(capacity, ALPHA), Naive(capacity), np.random.default_rng(seed)
    outstanding = []
    for _ in range(data.draw(st.integers(1, 6))):
        new = np.array(data.draw(st.lists(POSITIVE, min_size=1, max_size=20)))
        replay.add(batch(replay.added, len(new)), new)
        naive.add(new)
        drawn, rows_B, weights_B = replay.sample(rng, 5, BETA)
        np.testing.assert_array_equal(drawn["number"], rows_B)
        np.testing.assert_array_equal(drawn["codes"], np.stack([rows_B, -rows_B], 1))
        np.testing.assert_allclose(weights_B, naive.weights(rows_B), rtol=1e-5)
        outstanding.append(np.unique(rows_B))
        if data.draw(st.booleans()):
            late = outstanding.pop(data.draw(st.integers(0, len(outstanding) - 1)))
            new = np.array(data.draw(st.lists(POSITIVE, min_size=len(late), max_size=len(late))))
            replay.update(late, new)
            naive.update(late, new)
        assert replay.size == len(naive.priorities)
        for row, priority in naive.priorities.items():
            assert replay.tree.values[row % capacity] == pytest.approx(priority**ALPHA, rel=1e-12)


def test_draws_are_as_frequent_as_priorities_say():
    replay = filled(8, [1, 2, 3], [4, 5, 6, 7, 8, 9, 10])  # the first two fell out
    rng, n = np.random.default_rng(0), 200_000
    drawn, _, _ = replay.sample(rng, n, BETA)
    powers = np.arange(3, 11) ** ALPHA
    shares = np.bincount(drawn["number"], minlength=10)[2:] / n
    np.testing.assert_allclose(shares, powers / powers.sum(), atol=4 * np.sqrt(0.25 / n))


def test_weights_undo_the_priorities_when_beta_is_1():
    """Weighted by them, the mean over draws is that over all transitions, up to one factor."""
    replay = filled(6, [0.1, 1, 2, 3, 50, 7])
    drawn, _, weights_B = replay.sample(np.random.default_rng(0), 200_000, 1.0)
    shares = np.bincount(drawn["number"], weights_B)
    np.testing.assert_allclose(shares / shares.sum(), 1 / 6, rtol=0.03)
    assert weights_B.max() == 1.0
    assert weights_B.dtype == np.float32


def test_the_largest_weight_is_that_of_the_shard_not_of_the_batch():
    replay = filled(2, [1e-6, 1e6])
    drawn, _, weights_B = replay.sample(np.random.default_rng(0), 3, BETA)
    assert drawn["number"].tolist() == [1, 1, 1]
    np.testing.assert_allclose(weights_B, 1e-12 ** (ALPHA * BETA), rtol=1e-5)


def test_an_update_moves_the_draws():
    replay = filled(4, [1, 1, 1, 1])
    replay.update(np.array([0, 1, 3]), np.full(3, 1e-12))
    drawn, _, _ = replay.sample(np.random.default_rng(0), 1000, BETA)
    assert set(drawn["number"]) == {2}


def test_an_update_that_comes_late_does_not_touch_what_took_the_place():
    replay = filled(4, [1, 1, 1, 1])
    _, rows_B, _ = replay.sample(np.random.default_rng(0), 50, BETA)
    assert set(rows_B) == {0, 1, 2, 3}
    replay.add(batch(4, 3), np.ones(3))  # in the places of 0, 1 and 2
    replay.update(rows_B, np.full(50, 9.0))
    np.testing.assert_allclose(replay.tree.values, [1, 1, 1, 9**ALPHA])
    replay.add(batch(7, 9), np.ones(9))  # twice around
    replay.update(np.array([6, 7]), np.full(2, 9.0))
    np.testing.assert_allclose(replay.tree.values, [1, 1, 1, 1])


def test_alpha_0_draws_uniformly():
    replay = PrioritisedReplay(5, 0.0)
    replay.add(batch(0, 5), 10.0 ** np.arange(5))
    drawn, _, weights_B = replay.sample(np.random.default_rng(0), 10_000, BETA)
    assert np.bincount(drawn["number"]).min() > 1800
    assert (weights_B == 1).all()


def test_priorities_are_absolute_errors_and_never_0():
    assert priorities(np.array([-2.0, 0.0, 3.0], np.float32)).tolist() == [2 + 1e-6, 1e-6, 3 + 1e-6]


@pytest.mark.parametrize("bad", [[1.0, 0.0], [1.0, np.nan], [1.0]])
def test_what_cannot_be_added_changes_nothing(bad):
    replay = filled(4, [1, 2])
    with pytest.raises(ValueError, match="priorities"):
        replay.add(batch(2, 2), np.array(bad))
    assert (replay.size, replay.added, replay.tree.total) == (2, 2, 1 + 2**ALPHA)


def test_nothing_can_be_drawn_from_an_empty_shard():
    with pytest.raises(ValueError, match="nothing can be drawn"):
        PrioritisedReplay(4, ALPHA).sample(np.random.default_rng(0), 1, BETA)


def test_it_keeps_what_a_uniform_replay_keeps():
    replay, uniform = PrioritisedReplay(7, ALPHA), Replay(7)
    for first, n in ((0, 3), (3, 6), (9, 20), (29, 1)):
        replay.add(batch(first, n), np.ones(n))
        uniform.add(batch(first, n))
    for name, values in uniform.fields.items():
        np.testing.assert_array_equal(replay.ring.fields[name], values)


@pytest.mark.parametrize("added", [0, 3, 10, 14, 20, 37])
def test_state_goes_through_a_file_to_the_bit(tmp_path, added):
    """What is sampled, weighed, overwritten and found stale later is the same."""
    rng = np.random.default_rng(0)
    one, other = PrioritisedReplay(10, ALPHA), PrioritisedReplay(10, ALPHA)
    if added:
        one.add(batch(0, added), rng.exponential(size=added))
        one.update(np.arange(added), rng.exponential(size=added))
    other.add(batch(90, 15), np.ones(15))  # forgotten
    write_state(tmp_path / "state", one.state_dict())
    other.load_state_dict(read_state(tmp_path / "state"))
    for first in (100, 104, 109):
        results = []
        for replay in (one, other):
            rng = np.random.default_rng(first)
            replay.add(batch(first, 4), rng.exponential(size=4))
            drawn, rows_B, weights_B = replay.sample(rng, 30, BETA)
            replay.update(rows_B - 3, rng.exponential(size=30))
            results.append([*drawn.values(), rows_B, weights_B, replay.tree.values, [replay.tree.total]])
        for a, b in zip(*results, strict=True):
            np.testing.assert_array_equal(a, b)


def test_numbers_that_were_never_given_out_change_nothing():
    """As a learner may send that drew from a shard which was lost since."""
    replay = filled(4, [1.0, 2.0])
    before = replay.tree.values.copy()
    replay.update(np.array([2, 3, 900]), np.array([5.0, 6.0, 7.0]))
    np.testing.assert_array_equal(replay.tree.values, before)
