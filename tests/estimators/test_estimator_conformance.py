from collections.abc import Callable

import numpy as np
import pytest

from archwalk.estimators.base import Estimator
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.policies.estimator import PolicyEstimator
from archwalk.estimators.policies.games import find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.tables import HELD_OUT_RETURN, PolicyTable, PolicyTableEstimator
from archwalk.estimators.table import MultiFidelityTable, RandomRunEstimator, TableEstimator
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.policy_cnn.papers import minatar_1
from archwalk.testing.estimators import DeterministicEstimatorConformance, NoisyEstimatorConformance
from archwalk.testing.strategies import MadeUpEstimator


@pytest.fixture
def space(space4) -> SearchSpace:
    return space4


class TestTableEstimator(DeterministicEstimatorConformance):
    """With gaps: an architecture without a reward, one without seconds."""

    @pytest.fixture
    @classmethod
    def make_estimator(cls, tiny) -> Callable[[], Estimator]:
        reward_N, seconds_N = tiny.estimator.reward_N.copy(), np.arange(91.0)
        reward_N[::7] = seconds_N[::5] = np.nan
        return lambda: TableEstimator(accuracies(), reward_N, tiny.estimator.report_N, seconds_N)


class TestTableEstimatorOfFloat32Columns(DeterministicEstimatorConformance):
    """As a table maps them from disk: not to be written, 32 bits."""

    @pytest.fixture
    @classmethod
    def make_estimator(cls, tiny) -> Callable[[], Estimator]:
        columns = [tiny.estimator.reward_N.astype(np.float32), tiny.estimator.report_N.astype(np.float32)]
        for column in columns:
            column.flags.writeable = False
        return lambda: TableEstimator(accuracies("run0"), *columns)


class TestMultiFidelityTable(DeterministicEstimatorConformance):
    @pytest.fixture
    @classmethod
    def make_estimator(cls, tiny) -> Callable[[], Estimator]:
        reward_FN = np.stack([tiny.estimator.reward_N - 9, tiny.estimator.reward_N])
        return lambda: MultiFidelityTable(accuracies(), (4, 12), reward_FN, tiny.estimator.report_N)


class TestRandomRun(NoisyEstimatorConformance):
    @pytest.fixture
    @classmethod
    def make_estimator(cls) -> Callable[[], Estimator]:
        validation_NR, test_NR = np.random.default_rng(0).uniform(80, 95, (2, 91, 3)).astype(np.float32)
        return lambda: RandomRunEstimator(validation_NR, test_NR)


class TestNASBenchGraph(DeterministicEstimatorConformance):
    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return load_benchmark("nas-bench-graph:proteins").space

    @pytest.fixture
    @classmethod
    def make_estimator(cls) -> Callable[[], Estimator]:
        return lambda: load_benchmark("nas-bench-graph:proteins").estimator


class TestECNASRandomRun(NoisyEstimatorConformance):
    @pytest.fixture
    @classmethod
    def make_estimator(cls, ec_nas_4v) -> Callable[[], Estimator]:
        return lambda: load_benchmark("ec-nas-4v:random-run").estimator


class TestMadeUpEstimator(DeterministicEstimatorConformance):
    """The suite of strategies relies on it."""

    @pytest.fixture
    @classmethod
    def make_estimator(cls, space4) -> Callable[[], Estimator]:
        return lambda: MadeUpEstimator(space4)


def test_random_run_draws_each_run_alike_and_reward_apart_from_report():
    """Krishna et al. 2020, section 8: which run is the reward says nothing of which is the report."""
    validation_NR = np.array([[10, 20, 30]], np.float32)
    test_NR = np.array([[11, 21, 31]], np.float32)
    scores = RandomRunEstimator(validation_NR, test_NR).evaluate(np.zeros((9_000, 1), np.int32))
    pairs, counts = np.unique(np.stack([scores.reward_B, scores.report_B]), axis=1, return_counts=True)
    assert pairs.shape == (2, 9)
    np.testing.assert_allclose(counts, 1_000, atol=150)
    assert set(pairs[0]) == {10, 20, 30}
    assert set(pairs[1]) == {11, 21, 31}
    assert np.isnan(scores.seconds_B).all()


class TestPolicyTable(DeterministicEstimatorConformance):
    """Scores of agents by a table."""

    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return minatar_1()

    @pytest.fixture
    @classmethod
    def make_estimator(cls) -> Callable[[], Estimator]:
        score_NS = np.random.default_rng(0).uniform(0, 9, (25, 3))
        table = PolicyTable(PolicySettings(1_000), (0, 1, 2), score_NS, score_NS + 1, np.full((25, 3), 60.0))
        trained = PolicyEstimator(minatar_1(), find_game("MinAtar-Breakout"), table.settings)
        return lambda: PolicyTableEstimator(HELD_OUT_RETURN, table, trained)
