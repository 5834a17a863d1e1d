"""A strategy with a model recommends by it, and never by reports."""

import numpy as np
import pytest

from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.protocol import Method, run_search, spawn, summarise_search
from archwalk.strategies.base import Trials
from archwalk.strategies.graph_gp import GraphGP
from archwalk.strategies.random_search import RandomSearch


def noisy(space, seed=0):
    """A smooth report, and a reward with as much noise again."""
    rng = np.random.default_rng(seed)
    raw_N = space.feature_table @ rng.normal(size=space.feature_count)
    report_N = np.interp(raw_N, (raw_N.min(), raw_N.max()), (10, 95))
    reward_N = report_N + rng.normal(0, report_N.std(), len(report_N))
    return Benchmark("noisy", space, TableEstimator(accuracies(), reward_N, report_N), {})


def summarised(benchmark, factory, budget):
    method = Method("it", (factory,))
    search = run_search(benchmark, method, budget=budget, trials=4, seed=0)
    return summarise_search(search, method, budget, 0), search


def test_a_lucky_reward_is_not_recommended_where_rewards_are_noisy(proteins):
    strategy = GraphGP(Trials(proteins, 1, np.random.default_rng(0)))
    (searcher,) = strategy.searchers
    values_N = noisy(proteins).estimator.report_N
    known = np.argsort(-values_N, kind="stable")[::40]
    rewards_E = values_N[known]
    lucky = len(known) // 2
    rewards_E[lucky] = rewards_E.max() + 0.001
    searcher.learn(known[:, None].astype(np.int32), rewards_E)
    searcher.logs[-1] = 1.0
    assert int(searcher.recommend()[0]) != known[lucky]


def test_reports_change_no_recommendation(proteins):
    benchmark = noisy(proteins)
    other = TableEstimator(accuracies(), benchmark.estimator.reward_N, spawn(0, 1).permutation(proteins.size))
    found = [
        summarised(one, GraphGP, 20)[1].findings
        for one in (benchmark, Benchmark("other", proteins, other, {}))
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("budget", [1, 3, 12])
def test_a_budget_that_ends_amid_a_batch(space4, budget):
    result, _ = summarised(noisy(space4), GraphGP, budget)
    assert result.recommended_mean is not None


def test_who_has_no_model_recommends_nothing(space4):
    assert summarised(noisy(space4), RandomSearch, 3)[0].recommended_mean is None
