"""Which way is better: a benchmark and its mirror image, lower is better, are searched alike and told as they are."""

import re
from dataclasses import replace

import numpy as np
import pytest

from archwalk.data.decoding import encode_json
from archwalk.errors import UsageError
from archwalk.estimators.base import Scores, worst_reward
from archwalk.estimators.evaluator import Evaluator
from archwalk.estimators.ledger import QueryLedger, TrainingLedger, paid
from archwalk.estimators.metrics import Metric, Objective, accuracies, single
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.comparison import compare
from archwalk.experiments.protocol import Method, histogram_edges
from archwalk.report.page import render_page
from archwalk.strategies.catalogue import STRATEGIES

SCORE = Objective("scores", Metric("score"), Metric("held-out score"))
COST = Objective("costs", Metric("cost", "", False), Metric("held-out cost", "", False))
NAMES = ("local-search", "random-walk", "random-search", "regularized-evolution", "tpe")


def table(benchmark, objective, sign=1.0, change=None):
    """The benchmark with its scores times `sign`, under another objective; `change` may alter both columns."""
    reward_N, report_N = (
        sign * column for column in (benchmark.estimator.reward_N, benchmark.estimator.report_N)
    )
    if change:
        change(reward_N, report_N)
    return replace(benchmark, estimator=TableEstimator(objective, reward_N, report_N))


def run(benchmark, **settings):
    methods = [Method(name, (STRATEGIES.load(name),)) for name in NAMES]
    return compare(
        benchmark, methods, **{"budget": 30, "trials": 8, "seed": 0, "episode_starts": 40} | settings
    )


@pytest.fixture(scope="module")
def both(tiny):
    return run(table(tiny, SCORE)), run(table(tiny, COST, -1.0))


def test_the_same_is_found_and_told_as_it_is(both):
    score, cost = both
    assert (cost.reward, cost.report) == (COST.reward, COST.report)
    for name in NAMES:
        one, other = score.strategies[name], cost.strategies[name]
        assert one.found.description == other.found.description
        assert (one.found.reward, one.found.report) == (-other.found.reward, -other.found.report)
        assert one.curve.mean == [-value for value in other.curve.mean]
        assert np.diff(other.curve.mean)[:5].min() < 0, "costs fall"
        best, mirrored = one.best_after[30], other.best_after[30]
        assert (best.mean, best.reward_mean, best.iqm) == pytest.approx(
            (-mirrored.mean, -mirrored.reward_mean, -mirrored.iqm)
        )
        assert best.ci95 == pytest.approx((-mirrored.ci95[1], -mirrored.ci95[0]))


def test_what_is_gained_is_above_zero_both_ways(both):
    score, cost = both
    for name in ("local-search", "random-walk", "random-search"):
        one, other = score.strategies[name].episodes, cost.strategies[name].episodes
        assert one.mean_final == -other.mean_final
        names = (
            "mean_improvement",
            "median_improvement",
            "mean_improvement_reward",
            "share_of_optimum",
            "improved",
        )
        for field in (*names, "histogram", "intervals", "skew"):
            assert getattr(one, field) == getattr(other, field), field
    assert cost.strategies["local-search"].episodes.mean_improvement_reward > 0


def test_the_optimum_is_the_lowest(tiny, both):
    score, cost = (comparison.optimum for comparison in both)
    assert cost.best_reward == (-tiny.estimator.reward_N).min() == -score.best_reward
    assert cost.mean_final == -score.mean_final
    assert cost.mean_final_report == -score.mean_final_report
    assert cost.mean_improvement == score.mean_improvement > 0
    assert cost.alpha is None, "the shaping of percentages is for percentages"


def test_ranks_tests_and_profiles_are_the_same(both):
    score, cost = both
    assert score.ranks == cost.ranks
    one, other = score.significance.after[30], cost.significance.after[30]
    assert (one.friedman, one.ranks, one.groups) == (other.friedman, other.ranks, other.groups)
    for pair, mirrored in zip(one.pairs, other.pairs, strict=True):
        assert (pair.p, pair.p_holm, pair.superiority) == (mirrored.p, mirrored.p_holm, mirrored.superiority)
        assert pair.difference == -mirrored.difference
    assert score.profile.tau == pytest.approx([-tau for tau in reversed(cost.profile.tau)])
    for name in NAMES:
        assert score.profile.strategies[name].share == list(reversed(cost.profile.strategies[name].share))


def test_whoever_searches_is_told_that_higher_is_better(tiny):
    mirror = table(tiny, COST, -1.0).estimator
    codes_BL = tiny.space.sample(np.random.default_rng(0), 6)
    told_B = tiny.estimator.evaluate(codes_BL).reward_B
    ledger = QueryLedger(mirror, 3, 2)
    np.testing.assert_array_equal(ledger.evaluate(codes_BL.reshape(2, 3, 1)).ravel(), told_B)
    np.testing.assert_array_equal(ledger.rewards_TQ.ravel(), told_B)
    np.testing.assert_array_equal(ledger.curves().reward_TQ[:, 0], -told_B.reshape(2, 3)[:, 0])
    np.testing.assert_array_equal(Evaluator.seeded(mirror).rewards(codes_BL), told_B)
    np.testing.assert_array_equal(TrainingLedger(mirror).rewards(codes_BL), told_B)
    np.testing.assert_array_equal(mirror.evaluate(codes_BL).reward_B, -told_B)


def test_a_gap_counts_as_the_worst_in_its_direction(tiny):
    def gap(reward_N, report_N):
        reward_N[3] = np.nan

    costs = table(tiny, COST, -1.0, gap).estimator
    assert costs.worst_reward == 0, "of costs below zero"
    latency = TableEstimator(COST, np.array([3.0, np.nan, 8.0]), np.zeros(3))
    assert latency.worst_reward == 8
    assert paid(TrainingLedger(latency), np.array([[0], [1], [2]])).tolist() == [-3, -8, -8]


class Silent:
    """Has no score for anything."""

    def __init__(self, metric):
        self.objective = single("silent", metric)

    def evaluate(self, codes_BL):
        return Scores(*np.full((3, len(codes_BL)), np.nan))


@pytest.mark.parametrize(
    ("metric", "worst"),
    [(Metric("accuracy", "%"), 0), (Metric("score"), 0), (Metric("error", "%", False), 100)],
)
def test_an_estimator_that_does_not_say_has_a_worst_reward(metric, worst):
    assert worst_reward(Silent(metric)) == worst


def test_a_cost_without_a_worst_one_is_refused_in_one_line():
    ledger = TrainingLedger(Silent(Metric("latency", "ms", False)))
    with pytest.raises(
        UsageError, match="no latency: the benchmark must say what counts then, in `worst_reward`"
    ):
        paid(ledger, np.zeros((2, 1), np.int32))


@pytest.mark.parametrize("worth", [np.nan, np.inf])
def test_what_is_no_number_never_wins_and_ends_nothing(tiny, worth):
    """Forty of 91 rewards, and as many reports of others."""
    rng = np.random.default_rng(0)

    def gaps(reward_N, report_N):
        reward_N[rng.permutation(91)[:40]] = worth
        report_N[rng.permutation(91)[:40]] = worth

    benchmark = table(tiny, accuracies(), change=gaps)
    reward_N, report_N = benchmark.estimator.reward_N, benchmark.estimator.report_N
    found = run(benchmark)
    best = reward_N[np.isfinite(reward_N)].max()
    assert found.optimum.best_reward == best
    assert best - 1 < found.optimum.mean_final <= best
    for one in found.strategies.values():
        assert one.found.reward in reward_N
        assert np.isfinite(one.found.reward)
        assert one.best_after[30].reward_mean <= best
        known = report_N[np.isfinite(report_N)]
        assert one.best_after[30].mean is None or known.min() <= one.best_after[30].mean <= known.max()
    assert any(one.best_after[10].unknown for one in found.strategies.values())
    assert all(one.episodes.unknown for one in found.strategies.values() if one.episodes)
    text = encode_json(found)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert not re.search(r"\bnan\b", render_page(found).lower())


def test_no_report_at_all_is_a_result_of_dashes(tiny):
    def none(reward_N, report_N):
        report_N[:] = np.nan

    found = run(table(tiny, accuracies(), change=none))
    assert all(one.best_after[30].mean is None for one in found.strategies.values())
    assert all(one.best_after[30].unknown == 8 for one in found.strategies.values())
    assert found.profile is None
    assert "No best-so-far result is on record." in render_page(found)


def test_histograms_reach_as_far_as_the_starts_lie_apart():
    seconds, percent = Metric("training", "s", False), Metric("accuracy", "%")
    edges = histogram_edges(seconds, np.array([100.0, 1_300.0, np.nan]))
    assert (edges[0], edges[-1], len(edges)) == (-2_000, 2_000, 51)
    assert histogram_edges(percent, np.array([1.0, 99.0]))[-1] == 12.5
    assert histogram_edges(seconds, np.array([0.01, 0.012]))[-1] == pytest.approx(0.002)
