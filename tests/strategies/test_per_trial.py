from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from archwalk.errors import UsageError
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.running import run_in_processes, run_trials
from archwalk.spaces.base import SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.strategies.per_trial import PerTrial, Searcher, finite_rewards
from archwalk.testing.strategies import StrategyConformance


@dataclass(frozen=True)
class Settings:
    batch: int = 3


class NearTheBest(Searcher):
    """Batches that grow by one, from the neighbours of the best so far."""

    def __init__(self, trial: Trials, settings: Settings) -> None:
        super().__init__(trial, settings)
        self.batch = settings.batch
        self.best_L, self.reward = trial.next_starts(1)[0, 0], -np.inf

    def propose(self):
        pool_NL = np.concatenate([self.best_L[None], self.space.neighbours(self.best_L[None]).codes_EL])
        return pool_NL[self.rng.integers(0, len(pool_NL), self.batch)]

    def learn(self, codes_KL, rewards_K):
        self.batch += 1
        if rewards_K.max() > self.reward:
            self.reward = float(rewards_K.max())
            self.best_L = codes_KL[rewards_K.argmax()]

    def state_dict(self):
        own = {"batch": self.batch, "best": self.best_L, "reward": self.reward}
        return super().state_dict() | own

    def load_state_dict(self, state):
        super().load_state_dict(state)
        self.batch, self.best_L, self.reward = state["batch"], np.array(state["best"]), state["reward"]


class Strategy(PerTrial):
    settings_class: ClassVar[type[Settings]] = Settings
    searcher_class = NearTheBest


class TestPerTrial(StrategyConformance):
    @pytest.fixture
    @classmethod
    def space(cls, space4) -> SearchSpace:
        return space4

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return Strategy


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("trials", [2, 9])
def test_processes_find_what_one_process_finds(space4, trials, listed):
    reward_N = np.random.default_rng(0).uniform(50, 95, space4.size)
    estimator = TableEstimator(accuracies(), reward_N, -reward_N)
    starts_TQL = np.arange(trials, dtype=np.int32).reshape(-1, 1, 1) if listed else None

    def make() -> Trials:
        return Trials(space4, trials, np.random.default_rng(5), starts_TQL)

    alone, told = run_trials(estimator, Strategy(make()), 20), list[float]()
    spread, found = run_in_processes(estimator, Strategy, make(), 20, 2, told.append)
    assert found == [], "this strategy finds nothing beside its best"
    np.testing.assert_array_equal(spread.codes_TQL, alone.codes_TQL)
    np.testing.assert_array_equal(spread.curves().report_TQ, alone.curves().report_TQ)
    np.testing.assert_array_equal(spread.curves().reward_TQ, alone.curves().reward_TQ)
    assert spread.query == alone.query
    assert told == sorted(told)
    assert told[-1] == 20
    np.testing.assert_array_equal(spread.unique_T(), alone.unique_T())


def test_a_ledger_takes_all_of_its_trials_or_none(space4):
    estimator = TableEstimator(accuracies(), *2 * [np.random.default_rng(0).uniform(50, 95, space4.size)])
    ledger, part = (
        run_trials(estimator, Strategy(Trials(space4, t, np.random.default_rng(0))), 5) for t in (3, 2)
    )
    with pytest.raises(UsageError, match="all of its trials"):
        ledger.join([part])


def test_rewards_that_are_not_finite_become_the_nearest_that_are():
    np.testing.assert_array_equal(finite_rewards(np.array([1.0, -np.inf, 3, np.inf])), [1, 1, 3, 3])
    np.testing.assert_array_equal(finite_rewards(np.array([-np.inf, np.inf])), [0, 0])
