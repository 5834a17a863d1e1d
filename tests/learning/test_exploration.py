import numpy as np
import pytest

from archwalk.learning.exploration import Linear, explore, per_worker_epsilon


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (Linear(1.0, 0.1, 0.5), [1, 0.55, 0.1, 0.1, 0.1]),
        (Linear(1.0, 0.1), [1, 0.775, 0.55, 0.28, 0.1]),
        (Linear(0.1, 0.5, 0.5), [0.1, 0.3, 0.5, 0.5, 0.5]),
        (Linear(1.0, 0.2, 0.0), [0.2] * 5),
    ],
)
def test_schedule_goes_and_stays(schedule, values):
    assert [schedule(p) for p in (0, 0.25, 0.5, 0.8, 1)] == pytest.approx(values)


def test_explore_keeps_the_greedy_action_with_the_rest_of_the_probability():
    rng = np.random.default_rng(0)
    n = 40_000
    chosen = explore(np.full(n, 2), np.full(n, 4, np.int32), 0.5, rng)
    share = np.bincount(chosen, minlength=5) / n
    np.testing.assert_allclose(share, [0.1, 0.1, 0.6, 0.1, 0.1], atol=0.01)


@pytest.mark.parametrize(("epsilon", "greedy"), [(0.0, True), (1.0, False)])
def test_explore_at_the_ends(epsilon, greedy):
    chosen = explore(np.full(500, 3), np.full(500, 9, np.int32), epsilon, np.random.default_rng(0))
    assert (chosen == 3).all() == greedy


def test_random_actions_are_among_those_that_there_are():
    count_B = np.repeat(np.arange(6, dtype=np.int32), 200)
    chosen = explore(np.zeros(1200, np.int64), count_B, 1.0, np.random.default_rng(0))
    assert chosen.dtype == np.int64
    assert (chosen >= 0).all()
    for count in range(6):
        assert set(chosen[count_B == count]) == set(range(count + 1))


def test_groups_explore_less_and_less():
    """Ape-X's figures for eight groups: 0.4, 0.16, ..., 0.4 ** 8."""
    assert [per_worker_epsilon(i, 8) for i in range(8)] == pytest.approx([0.4 ** (1 + i) for i in range(8)])
    assert per_worker_epsilon(2, 3, base=0.5, alpha=4) == pytest.approx(0.5**5)


def test_one_group_explores_with_the_base():
    assert per_worker_epsilon(0, 1) == 0.4


@pytest.mark.parametrize(("i", "k"), [(8, 8), (-1, 8), (0, 0)])
def test_a_group_that_there_is_not_is_refused(i, k):
    with pytest.raises(ValueError, match="no group"):
        per_worker_epsilon(i, k)
