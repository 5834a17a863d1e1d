import numpy as np
import pytest

from archwalk.data.states import read_state, write_state
from archwalk.learning.replay import Replay


def batch(first, n):
    """Transitions numbered `first`, `first + 1`, ...; every field tells which one it is."""
    number = np.arange(first, first + n)
    return {"number": number, "codes": np.stack([number, -number], 1).astype(np.int32), "x": number / 2}


def contents(replay):
    return set(replay.fields["number"][: replay.size].tolist())


@pytest.mark.parametrize("sizes", [[1] * 23, [3] * 8, [4, 7, 2, 10], [10, 10], [25], [7, 25, 3]])
def test_ring_keeps_the_last(sizes):
    replay, total = Replay(10), 0
    for n in sizes:
        replay.add(batch(total, n))
        total += n
        assert replay.size == min(total, 10)
        assert contents(replay) == set(range(max(0, total - 10), total))


def test_fields_stay_together_and_keep_their_types():
    replay = Replay(10)
    for first in range(0, 30, 3):
        replay.add(batch(first, 3))
    drawn = replay.sample(np.random.default_rng(0), 200)
    assert {name: values.dtype for name, values in drawn.items()} == {
        "number": np.int64,
        "codes": np.int32,
        "x": np.float64,
    }
    np.testing.assert_array_equal(drawn["codes"], np.stack([drawn["number"], -drawn["number"]], 1))
    np.testing.assert_array_equal(drawn["x"], drawn["number"] / 2)
    assert set(drawn["number"]) == set(range(20, 30))


def test_only_what_was_added_is_sampled():
    replay = Replay(1000)
    replay.add(batch(5, 3))
    assert set(replay.sample(np.random.default_rng(0), 100)["number"]) == {5, 6, 7}


def test_sampling_is_uniform_and_follows_the_generator():
    replay = Replay(8)
    replay.add(batch(0, 11))
    draws = replay.sample(np.random.default_rng(0), 8_000)["number"]
    assert np.bincount(draws)[3:].min() > 850
    np.testing.assert_array_equal(replay.sample(np.random.default_rng(0), 8_000)["number"], draws)


def test_samples_are_copies():
    replay = Replay(4)
    replay.add(batch(0, 4))
    replay.sample(np.random.default_rng(0), 50)["number"][:] = -1
    assert contents(replay) == {0, 1, 2, 3}


def test_the_batch_may_be_changed_after_it_was_added():
    replay, one = Replay(4), batch(0, 4)
    replay.add(one)
    one["number"][:] = -1
    assert contents(replay) == {0, 1, 2, 3}


@pytest.mark.parametrize("added", [0, 3, 10, 14, 20])
def test_state_goes_through_a_file(tmp_path, added):
    """The same contents in the same places: what is sampled and overwritten later is the same."""
    one, other = Replay(10), Replay(10)
    if added:
        one.add(batch(0, added))
    write_state(tmp_path / "state", one.state_dict())
    if not added:
        other.add(batch(90, 5))  # forgotten
    other.load_state_dict(read_state(tmp_path / "state"))
    assert (other.size, other.next) == (one.size, one.next)
    for first in (100, 104, 109):
        for replay in (one, other):
            replay.add(batch(first, 4))
        a, b = (replay.sample(np.random.default_rng(first), 30) for replay in (one, other))
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])
            assert a[name].dtype == b[name].dtype
