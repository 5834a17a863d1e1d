import numpy as np
import pytest

from archwalk.experiments import bootstrap
from archwalk.experiments.bootstrap import Bootstrap, bootstrap_counts, mean_interval
from archwalk.experiments.statistics import (
    crossing,
    moving_average,
    normal_interval,
    symmetric_intervals,
    weighted_quantile,
)


def covered(values_GTQ, truth=0.0):
    """Share of the Q data sets whose interval holds the truth."""
    _, low, high = mean_interval(values_GTQ, np.random.default_rng(1))
    assert (low <= high).all()
    return ((low <= truth) & (truth <= high)).mean()


def test_interval_of_trials_covers_the_mean():
    """Four hundred experiments of thirty trials each: nearly 95 % of the intervals hold the true mean."""
    values = np.random.default_rng(0).normal(size=(1, 30, 400))
    assert 0.90 < covered(values) < 0.97


def test_interval_of_agents_covers_the_mean_of_all_trainings():
    """Agents differ, their trials hardly: ten agents are ten values, however many trials each has."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(10, 1, 300)) + 0.01 * rng.normal(size=(10, 40, 300))
    assert 0.83 < covered(values) < 0.96
    pooled = values.reshape(1, 400, 300)
    assert covered(pooled) < 0.5, "trials taken for independent would promise too much"


def test_spread_within_agents_counts_too():
    """Agents alike, trials not: the interval is about that of all trials together."""
    values = np.random.default_rng(0).normal(size=(5, 40, 200))
    means = Bootstrap(values, np.random.default_rng(1)).means(values)
    spread = means.std(axis=0).mean()
    assert spread == pytest.approx(1 / np.sqrt(200), rel=0.45)
    assert spread > 1 / np.sqrt(200)


def test_mean_is_that_of_all_values():
    values = np.random.default_rng(0).normal(size=(3, 20, 4))
    mean, low, high = mean_interval(values, np.random.default_rng(0))
    np.testing.assert_allclose(mean, values.mean(axis=(0, 1)))
    assert ((low < mean) & (mean < high)).all()


@pytest.mark.parametrize("agents", [1, 4])
def test_draws_follow_the_generator(agents):
    values = np.random.default_rng(0).normal(size=(agents, 15, 3))
    one, again, other = (mean_interval(values, np.random.default_rng(seed)) for seed in (5, 5, 6))
    for a, b, c in list(zip(one, again, other, strict=True))[1:]:
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


def test_no_spread_no_width():
    for shape in ((1, 1, 2), (1, 9, 2), (3, 1, 2)):
        mean, low, high = mean_interval(np.full(shape, 7.5), np.random.default_rng(0))
        np.testing.assert_allclose([mean, low, high], 7.5)


def test_bootstrap_of_two_values_is_binomial():
    """Means of two draws out of 0 and 1 are 0, 0.5 and 1 with shares 1/4, 1/2 and 1/4."""
    values = np.array([[[0.0], [1.0]]])
    means = Bootstrap(values, np.random.default_rng(0), samples=20_000).means(values)
    values, counts = np.unique(means, return_counts=True)
    assert values.tolist() == [0, 0.5, 1]
    np.testing.assert_allclose(counts / 20_000, [0.25, 0.5, 0.25], atol=0.015)


def test_points_of_a_curve_are_resampled_together():
    """All points of one bootstrap sample come from the same trials."""
    values = np.random.default_rng(0).normal(size=(2, 12, 1))
    means = Bootstrap(values, np.random.default_rng(0)).means(np.concatenate([values, values + 3], axis=2))
    np.testing.assert_allclose(means[:, 1], means[:, 0] + 3)


@pytest.mark.parametrize(
    ("values", "weights", "q", "expected"),
    [
        ([3, 1, 2], [1, 1, 1], 0.5, 2),
        ([3, 1, 2], [1, 1, 1], 0.0, 1),
        ([3, 1, 2], [1, 1, 1], 1.0, 3),
        ([1, 2], [3, 1], 0.5, 1),
        ([1, 2], [1, 3], 0.5, 2),
        ([1, 2], [1, 1], 0.5, 1),
        ([5], [0.2], 0.3, 5),
        ([1, 2, 3], [1, 0, 1], 0.6, 3),
        ([4, 4, 9], [1, 1, 1], 0.5, 4),
    ],
)
def test_weighted_quantile_by_hand(values, weights, q, expected):
    assert weighted_quantile(np.array(values, float), np.array(weights, float), q) == expected


def test_symmetric_intervals_hold_their_share():
    values = np.arange(1001.0)
    assert symmetric_intervals(values) == {50: (250, 750), 90: (50, 950), 95: (25, 975)}


def test_normal_interval():
    assert normal_interval(10, 2) == pytest.approx((6.080072, 13.919928))
    low, high = normal_interval(0, 1, level=0.5)
    assert (low, high) == pytest.approx((-0.674490, 0.674490))


def test_moving_average_looks_back_and_leaves_gaps_out():
    values = np.array([1.0, 3.0, np.nan, 5.0, 7.0])
    np.testing.assert_allclose(moving_average(values, 2), [1, 2, 3, 5, 6])
    assert np.isnan(moving_average(np.array([np.nan, 1.0]), 1)[0])


@pytest.mark.parametrize(
    ("other", "at"),
    [([0, 1, 3, 4], 2), ([3, 1, 3, 4], 2), ([0, 0, 0, 0], None), ([3, 3, 3, 3], None), ([0, 3, 3, 1], None)],
)
def test_crossing_is_where_the_lead_is_taken_for_good(other, at):
    assert crossing(np.array([2.0, 2.0, 2.0, 2.0]), np.array(other, float)) == at


@pytest.mark.parametrize("agents", [1, 3])
def test_what_is_computed_in_parts_is_what_is_computed_at_once(agents, monkeypatch):
    """Samples in parts of two, and points of a curve in parts of three."""
    values = np.random.default_rng(0).normal(size=(agents, 20, 10))
    at_once = Bootstrap(values, np.random.default_rng(1), samples=50)
    monkeypatch.setattr(bootstrap, "_DRAWS_AT_ONCE", 40 * agents)
    monkeypatch.setattr(bootstrap, "_POINTS_AT_ONCE", 3)
    in_parts = Bootstrap(values, np.random.default_rng(1), samples=50)
    np.testing.assert_array_equal(in_parts.counts_SE, at_once.counts_SE)
    ends = np.quantile(at_once.counts_SE @ values.reshape(-1, 10) / (agents * 20), [0.025, 0.975], axis=0)
    np.testing.assert_allclose(in_parts.mean_interval(values)[1:], ends)


def test_every_trial_is_drawn_equally_often():
    counts = bootstrap_counts(1, 7, np.random.default_rng(0), 20_000)
    np.testing.assert_allclose(counts.mean(axis=(0, 1)), 1, atol=0.03)
    np.testing.assert_allclose(counts.var(axis=(0, 1)), 6 / 7, atol=0.04)
