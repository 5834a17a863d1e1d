"""Tests of differences against brute force, textbook examples and scipy where it is exact."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import rankdata, trim_mean, wilcoxon

from archwalk.experiments.bootstrap import Bootstrap, bootstrap_counts
from archwalk.experiments.differences import Friedman
from archwalk.experiments.significance import (
    compare_pairs,
    difference_intervals,
    friedman,
    holm,
    judge,
    mean_ranks,
    profiles,
    rank_curves,
    signed_rank,
    superiority,
    undivided,
)
from archwalk.experiments.statistics import interquartile_mean


def by_enumeration(differences):
    """The p value from all signs: zeros ranked, then left out."""
    ranks = rankdata(np.abs(differences))[differences != 0]
    positive = (differences > 0)[differences != 0]
    far = abs(ranks[positive].sum() - ranks.sum() / 2)
    sums = [np.array(signs) @ ranks for signs in product((0, 1), repeat=len(ranks))]
    return np.mean([abs(total - ranks.sum() / 2) >= far - 1e-12 for total in sums])


@pytest.mark.parametrize(
    "differences",
    [
        [1, 2, 3, 4, 5], [1, -2, 3, -4, 5, 6], [1, 1, 1, -1, 2, 2], [0, 0, 1, -1, 2, 3], [0, 0, 0, 2],
        [-1, -1, -1, -1, -1, -1, -1], [0.5, 0, -0.5, 0.5, 1.5, -2, 2, 2, 2, 3],
    ],
)  # fmt: skip
def test_signed_rank_is_that_of_all_signs(differences):
    differences = np.array(differences, float)
    assert signed_rank(differences) == pytest.approx(by_enumeration(differences), abs=1e-12)
    assert signed_rank(-differences) == pytest.approx(signed_rank(differences))


def test_signed_rank_of_random_differences_of_both_kinds():
    rng = np.random.default_rng(0)
    for n in (2, 7, 11):
        for values in (rng.normal(size=n), rng.integers(-3, 4, n).astype(float)):
            expected = by_enumeration(values) if values.any() else 1.0
            assert signed_rank(values) == pytest.approx(expected, abs=1e-12)


def test_signed_rank_without_ties_is_scipys_exact_one():
    differences = np.random.default_rng(1).normal(0.2, 1, 45)
    assert signed_rank(differences) == pytest.approx(wilcoxon(differences, method="exact").pvalue)


def test_exact_and_approximate_meet():
    rng = np.random.default_rng(2)
    few = rng.integers(-5, 6, 200).astype(float)
    approximate = wilcoxon(few, zero_method="pratt", correction=False, method="approx").pvalue
    assert signed_rank(few) == pytest.approx(approximate, rel=0.02)
    many = np.r_[few, few, few + 0.1]
    assert signed_rank(many) == wilcoxon(np.round(many, 9), zero_method="pratt", method="approx").pvalue


def test_rounding_is_no_difference():
    assert signed_rank(np.full(30, 1e-13)) == 1
    assert superiority(np.array([0.1 + 0.2, 1.0]), np.array([0.3, 0.0])) == 0.75


def test_holm_by_hand():
    """Four tests: 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1, of which the last may not be below the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


def test_friedman_by_hand():
    """Ranks 1, 2, 3 in every one of 4 trials: 12 / (4 x 3 x 4) (4^2 + 8^2 + 12^2) - 3 x 4 x 4 = 8."""
    values = np.array([[9.0] * 4, [8.0] * 4, [7.0] * 4])
    result = friedman(values)
    assert result.statistic == pytest.approx(8)
    assert result.p == pytest.approx(np.exp(-4))  # chi-squared with 2 degrees of freedom
    assert friedman(np.ones((3, 5))) == Friedman(statistic=0.0, p=1.0)
    assert friedman(values[:2]) is None
    assert friedman(values[:, :1]) is None


def test_ranks_by_hand():
    one, other, third = ([[3.0, 1.0], [2.0, 5.0]], [[1.0, 1.0], [2.0, 4.0]], [[2.0, 1.0], [1.0, 6.0]])
    ranks = mean_ranks([np.array(values) for values in (one, other, third)])
    np.testing.assert_allclose(ranks, [[1.25, 2.0], [2.25, 2.5], [2.5, 1.5]])


def test_ranks_of_many_are_those_that_scipy_gives():
    values_KTQ = np.random.default_rng(0).integers(0, 4, (5, 30, 3)) / 3
    expected = np.mean([rankdata(-values_KTQ[:, t], axis=0) for t in range(30)], axis=0)
    np.testing.assert_allclose(mean_ranks(list(values_KTQ)), expected)


@pytest.mark.parametrize(
    ("differing", "groups"),
    [
        (["ab", "ac", "ad", "bc", "bd", "cd"], []),
        ([], ["abcd"]),
        (["ac", "ad", "bd"], ["ab", "bc", "cd"]),
        (["ad"], ["abc", "bcd"]),
        (["ab", "ac", "ad"], ["bcd"]),
        (["bc"], ["ab", "cd"]),  # a and d do not differ, but b and c between them do
    ],
)
def test_groups_are_the_largest_undivided_runs(differing, groups):
    differ = {frozenset(pair): "".join(pair) in differing for pair in combinations("abcd", 2)}
    assert ["".join(group) for group in undivided("abcd", differ)] == groups


def reports(**shifts):
    rng = np.random.default_rng(0)
    common = rng.normal(90, 2, (1, 40, 1))
    return {
        name: common + shift + 0.1 * rng.normal(size=(agents, 40, 3))
        for name, (shift, agents) in shifts.items()
    }


def test_pairs_see_through_what_trials_have_in_common():
    """Trials spread by 2, strategies differ by 0.2: unpaired that is nothing."""
    made = reports(a=(0, 1), b=(0.2, 1), c=(0.2, 1))
    (ab, ac, bc), *_ = compare_pairs(made, np.random.default_rng(0))
    assert ab.p_holm < 1e-6 > ac.p_holm
    assert bc.p_holm > 0.05
    assert ab.difference == pytest.approx(-0.2, abs=0.06)
    assert ab.ci95[0] < ab.difference < ab.ci95[1] < 0
    assert ab.superiority < 0.3


def test_intervals_of_differences_cover_the_spread_of_agents():
    rng = np.random.default_rng(0)
    agents = rng.normal(0, 1, (8, 1, 1)) + 0.01 * rng.normal(size=(8, 50, 1))
    one = {"a": agents, "b": np.zeros((1, 50, 1))}
    low, high = difference_intervals(one, np.random.default_rng(1))["a", "b"]
    assert high[0] - low[0] == pytest.approx(2 * 1.96 * agents.mean(axis=1).std() / np.sqrt(8), rel=0.15)
    pooled = {"a": agents.mean(axis=0, keepdims=True), "b": one["b"]}
    low, high = difference_intervals(pooled, np.random.default_rng(1))["a", "b"]
    assert high[0] - low[0] < 0.01


def test_a_pair_is_compared_over_the_trials_that_both_have():
    made = reports(a=(0, 1), b=(0.2, 1), c=(0, 1))
    made["c"] = made["c"][:, :7]
    rows = compare_pairs(made, np.random.default_rng(0))[0]
    assert [row.trials for row in rows] == [40, 7, 7]
    assert rows[1].difference == pytest.approx((made["a"][0, :7, 0] - made["c"][0, :, 0]).mean())
    assert judge(made, [1, 3], np.random.default_rng(0)).trials == 7


def test_judgement_follows_the_generator_and_needs_two():
    made = reports(a=(0, 1), b=(0.2, 3))
    one, again, other = (judge(made, [1, 3], np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert one == again != other
    assert list(one.after) == [1, 3]
    assert one.after[3].ranks["b"] < one.after[3].ranks["a"]
    assert one.after[3].friedman is None
    assert judge({"a": made["a"]}, [1], np.random.default_rng(0)) is None
    assert judge({name: r[:, :1] for name, r in made.items()}, [1], np.random.default_rng(0)) is None


def test_rank_curves_are_of_all_strategies():
    curves = rank_curves(reports(a=(0, 1), b=(0.2, 1), c=(5, 2)), [1, 3])
    np.testing.assert_allclose(np.sum(list(curves.mean.values()), axis=0), 6)
    assert curves.mean["c"] == [1, 1]


def test_profiles_are_shares_of_runs():
    made = {"a": np.array([[[1.0], [2.0], [3.0], [4.0]]]), "b": np.full((2, 4, 1), 4.0)}
    found = profiles(made, 1, np.random.default_rng(0))
    tau, share = np.array(found.tau), np.array(found.strategies["a"].share)
    np.testing.assert_allclose(share, [(made["a"] >= t - 1e-9).mean() for t in tau])
    assert share[-1] == 0.25
    assert set(found.strategies["b"].share) == {1.0}
    assert profiles({"b": made["b"], "c": made["b"]}, 1, np.random.default_rng(0)) is None, "all alike"
    assert profiles({"a": made["a"]}, 1, np.random.default_rng(0)) is None


def test_interquartile_mean_is_a_trimmed_mean():
    assert interquartile_mean(np.array([[0.0, 1, 2, 3, 4, 5, 6, 100]])) == 3.5
    values = np.random.default_rng(0).normal(size=(3, 17))
    assert interquartile_mean(values) == pytest.approx(trim_mean(values.ravel(), 0.25))


@pytest.mark.parametrize("shape", [(1, 13), (1, 16), (3, 9)])
def test_interquartile_interval_is_that_of_the_samples(shape):
    values = np.random.default_rng(0).normal(size=shape)
    low, high = Bootstrap(values, np.random.default_rng(3), samples=500).interquartile_interval(values)
    counts = bootstrap_counts(*shape, np.random.default_rng(3), 500)
    drawn = [trim_mean(np.repeat(values.ravel(), count.ravel()), 0.25) for count in counts]
    assert (low, high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]))


def test_bootstrap_counts_draw_agents_and_then_their_trials():
    counts = bootstrap_counts(4, 6, np.random.default_rng(0), 300)
    assert counts.shape == (300, 4, 6)
    assert (counts.sum(axis=(1, 2)) == 24).all()
    assert (counts.sum(axis=2) % 6 == 0).all()
