import numpy as np
import pytest

from archwalk.data.states import read_state, write_state
from archwalk.learning.shard import ReplayShard


def shard(starts=0, seed=0):
    return ReplayShard(4, 0.6, starts, np.random.SeedSequence(seed))


def batch(*numbers):
    return {"number": np.array(numbers)}, np.ones(len(numbers))


@pytest.mark.parametrize("starts", [0, 1, 6])
def test_gives_nothing_before_enough_was_added(starts):
    """More than it can hold may be enough."""
    made = shard(starts)
    for added in range(8):
        assert (made.sample(3, 0.4) is not None) == (added >= max(1, starts))
        made.add(*batch(added))


def test_draws_follow_from_the_seed_and_go_on_from_a_state(tmp_path):
    one, other = shard(seed=1), shard(seed=2)
    one.add(*batch(1, 2, 3))
    write_state(tmp_path / "state", one.state_dict())
    other.load_state_dict(read_state(tmp_path / "state"))
    for _ in range(3):
        (drawn, rows_B, weights_B), (same, same_B, again_B) = (made.sample(5, 0.4) for made in (one, other))
        np.testing.assert_array_equal(drawn["number"], same["number"])
        np.testing.assert_array_equal(rows_B, same_B)
        np.testing.assert_array_equal(weights_B, again_B)
        for made in (one, other):
            made.update(rows_B, np.full(5, 2.0))
