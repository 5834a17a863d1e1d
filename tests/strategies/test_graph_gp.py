"""The searcher by a Gaussian process on graph features: the contract, and its rules one by one."""

from functools import partial

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.experiments.presets import default_preset
from archwalk.experiments.running import run_trials
from archwalk.experiments.settings import make_settings
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.darts import DARTS
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201 import NASBench201
from archwalk.spaces.nasbench_graph import NASBenchGraph
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import STRATEGIES, StrategyFactory
from archwalk.strategies.graph_gp import (
    BLOCKS,
    DEVIATIONS,
    GraphGP,
    GraphGPSettings,
    choose_batch,
    choose_told,
    log_distance,
)
from archwalk.testing.strategies import MadeUpEstimator, StrategyConformance

SMALL = GraphGPSettings(initial=4, batch=3, steps=3, most=12, early=10, refit=2, rescan=2, scan=40, keep=15)


class TestOnSmallCells(StrategyConformance):
    rounds = 8

    @pytest.fixture
    @classmethod
    def space(cls, space4) -> SearchSpace:
        return space4

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(GraphGP, settings=SMALL)


class TestOnDARTS(TestOnSmallCells):
    """Too large to enumerate: mutants and samples."""

    rounds = 5

    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return DARTS()


@pytest.mark.parametrize(
    "space", [NASBench101(), NASBench201(), NASBenchGraph(), DARTS()], ids=lambda space: space.name
)
def test_every_space_is_searched(space):
    strategy = GraphGP(Trials(space, 2, np.random.default_rng(0)), GraphGPSettings(scan=2000, keep=200))
    ledger = run_trials(MadeUpEstimator(space), strategy, 30)
    assert ledger.codes_TQL.shape[:2] == (2, 30)
    assert (ledger.unique_T() >= 29).all()  # starts are sampled


@pytest.mark.parametrize("vertices", [2, 3])
def test_a_space_that_was_searched_through_goes_on(vertices):
    """Of 1 and of 7 cells."""
    space = NASBench101(max_vertices=vertices)
    ledger = run_trials(
        MadeUpEstimator(space), GraphGP(Trials(space, 2, np.random.default_rng(0)), SMALL), 25
    )
    assert ledger.queries == 25
    assert (ledger.unique_T() == space.size).all()


def test_the_state_is_everything_that_the_next_batch_depends_on(space5):
    """Also in the middle of a batch, in another process as it were."""
    estimator = MadeUpEstimator(space5)
    settings = GraphGPSettings(initial=6, scan=300, keep=50, early=10)
    one = GraphGP(Trials(space5, 2, np.random.default_rng(0)), settings)
    run_trials(estimator, one, 33)
    other = GraphGP(Trials(space5, 2, np.random.default_rng(9)), settings)
    other.load_state_dict(one.state_dict())
    for _ in range(8):
        codes_TNL = one.ask(4)
        np.testing.assert_array_equal(other.ask(4), codes_TNL)
        rewards_TN = estimator.evaluate(codes_TNL.reshape(-1, 1)).reward_B.reshape(codes_TNL.shape[:2])
        for strategy in (one, other):
            strategy.tell(codes_TNL, rewards_TN)
    for a, b in zip(one.searchers, other.searchers, strict=True):
        np.testing.assert_array_equal(a.logs, b.logs)
        np.testing.assert_array_equal(a.pool_NL, b.pool_NL)


def test_it_finds_what_random_search_does_not(space5):
    """On accuracies that follow from the features, after few evaluations of many."""
    estimator = MadeUpEstimator(space5)
    everything_B = estimator.evaluate(np.arange(space5.size, dtype=np.int32)[:, None]).reward_B
    strategy = GraphGP(Trials(space5, 2, np.random.default_rng(0)))
    best_T = run_trials(estimator, strategy, 60).curves().reward_TQ[:, -1]
    assert (everything_B[:, None] > best_T).mean() < 0.002


def test_a_batch_adds_deviations_in_turn():
    mean_N, deviation_N = np.array([3.0, 2.9, 2.0, 0.0]), np.array([0.0, 0.0, 1.2, 1.9])
    assert choose_batch(mean_N, deviation_N, 1) == [0]
    bounds_KN = mean_N + np.array(DEVIATIONS)[:, None] * deviation_N
    expected = []
    for bound_N in bounds_KN[:3]:
        expected.append(next(n for n in np.argsort(-bound_N) if n not in expected))
    assert choose_batch(mean_N, deviation_N, len(expected)) == expected
    assert sorted(choose_batch(mean_N, deviation_N, 9)) == [0, 1, 2, 3]


def test_a_batch_is_the_one_that_all_deviations_would_give(space5):
    """Those that are not computed could not have won."""
    estimator = MadeUpEstimator(space5)
    strategy = GraphGP(Trials(space5, 1, np.random.default_rng(3)), GraphGPSettings(initial=20))
    run_trials(estimator, strategy, 40)
    outlook = strategy.searchers[0]._condition()
    codes_NL = np.arange(space5.size, dtype=np.int32)[:, None]
    mean_N, highest_N = outlook._bounds(codes_NL)
    deviation_N = outlook._deviation(codes_NL)
    assert (highest_N >= deviation_N - 1e-5).all()
    np.testing.assert_array_equal(outlook.choose_batch(codes_NL, 6), choose_batch(mean_N, deviation_N, 6))
    best = np.sort(np.argsort(-(mean_N + deviation_N), kind="stable")[:50])
    assert (
        len(np.setdiff1d(outlook.highest(codes_NL, deviations=1, wanted=50), best)) <= 1
    )  # but for rounding


def test_of_many_evaluations_the_best_are_told_and_some_of_the_rest():
    rewards_E = np.random.default_rng(0).permutation(100).astype(float)
    np.testing.assert_array_equal(choose_told(rewards_E, 100), np.arange(100))
    told_K = choose_told(rewards_E, 31)
    assert len(set(told_K)) == 31
    assert (np.diff(told_K) > 0).all()
    assert set(range(84, 100)) <= set(rewards_E[told_K])
    rest_K = told_K[rewards_E[told_K] < 84]
    assert len(rest_K) == 15
    assert np.diff(rest_K).max() < 15  # all along the search


def test_the_bound_follows_from_the_rewards():
    rewards_E = np.array([90.0, 91, 92, 93, 94, 94])
    bound = 94 + 0.2 * (94 - 91)
    np.testing.assert_allclose(log_distance(rewards_E, 3, 0.2), -np.log(bound - rewards_E))
    assert np.isfinite(log_distance(np.full(4, 50.0), 3, 0.2)).all()
    assert np.isfinite(log_distance(np.zeros(1), 3, 0.2)).all()
    low = log_distance(np.array([90.0, 10, 90]), 3, 0.2)  # the best is the usual: differences still count
    assert low[1] < low[0]


def test_rewards_in_other_units_are_learned_alike():
    """Shares instead of percent, and losses: the bound is in units of what was seen."""
    rewards_E = np.random.default_rng(0).uniform(80, 95, 30)
    percent_E, other_E = log_distance(rewards_E, 10, 0.2), log_distance(rewards_E / 100 - 1, 10, 0.2)
    np.testing.assert_allclose(percent_E - percent_E.mean(), other_E - other_E.mean(), atol=1e-9)


@pytest.mark.parametrize("without", BLOCKS)
def test_a_block_can_be_left_out(space4, without):
    strategy = GraphGP(
        Trials(space4, 1, np.random.default_rng(0)), GraphGPSettings(initial=5, without=without)
    )
    assert run_trials(MadeUpEstimator(space4), strategy, 20).queries == 20
    left_out = strategy.searchers[0].logs[BLOCKS.index(without)]
    assert left_out == 0  # nothing is learned of its scale


def test_the_default_preset():
    preset = default_preset("graph-gp", "nasbench101")
    factory = STRATEGIES.load("graph-gp")
    assert make_settings(factory.settings_class, preset) == factory.settings_class()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"most": 0}, "most must be at least 1"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"bound_share": 0.0}, "bound_share must be above 0"),
        ({"early": -1}, "early must be at least 0"),
        ({"transform": "log"}, "unknown transform 'log'"),
        ({"without": "path"}, "did you mean 'paths'"),
    ],
)
def test_misuse_is_said_in_one_line(settings, says):
    with pytest.raises(UsageError, match=says):
        GraphGPSettings(**settings)
