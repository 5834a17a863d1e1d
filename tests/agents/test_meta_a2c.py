"""The actor-critic that learns to build while it searches."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from archwalk.agents.building.policies import Turn
from archwalk.agents.building.problem import Construction
from archwalk.agents.meta_rl.search import MetaA2C, MetaA2CSettings
from archwalk.estimators.ledger import QueryLedger, TrainingLedger
from archwalk.experiments.presets import load_preset
from archwalk.experiments.running import run_trials
from archwalk.experiments.settings import make_settings
from archwalk.spaces.base import SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.testing.strategies import StrategyConformance
from building_cases import branches, chains

SPACES = {"chain": chains().space, "nsc": branches().space}
SMALL = MetaA2CSettings(n_step=3, width=8)


class TestMetaA2C(StrategyConformance):
    rounds = 8

    @pytest.fixture(scope="class", params=list(SPACES))
    @classmethod
    def space(cls, request) -> SearchSpace:
        return SPACES[request.param]

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(MetaA2C, settings=SMALL)


def search(settings: MetaA2CSettings, trials: int, budget: int) -> tuple[MetaA2C, QueryLedger]:
    benchmark = chains()
    strategy = MetaA2C(Trials(benchmark.space, trials, np.random.default_rng(0)), settings)
    return strategy, run_trials(benchmark.estimator, strategy, budget)


def test_nothing_is_asked_twice():
    _, ledger = search(SMALL, trials=3, budget=60)
    assert (ledger.unique_T() == 60).all()


def test_it_learns_from_every_step_what_was_paid():
    """Segments go on where the last one ended, and hold the rewards that the ledger gave, known ones too."""
    benchmark = chains()
    strategy = MetaA2C(Trials(benchmark.space, 1, np.random.default_rng(0)), SMALL)
    [builder], learned = strategy.searchers, []
    builder.learner.learn = learned.append
    ledger = run_trials(benchmark.estimator, strategy, 40)
    assert len(learned) >= 13
    assert all(segment.reward_SB.shape == (3, 1) for segment in learned)
    drawn = np.concatenate([segment.drawn_SB[:, 0] for segment in learned])
    assert (~drawn).sum() == 1
    assert not drawn[0]
    rewards = np.concatenate([segment.reward_SB[:, 0] for segment in learned])
    paid = benchmark.estimator.evaluate(ledger.codes_TQL[0]).reward_B / 100
    _, first = np.unique(rewards, return_index=True)
    in_order = rewards[np.sort(first)]
    np.testing.assert_allclose(in_order[in_order > 0], paid[: (in_order > 0).sum()])
    for one, other in pairwise(learned):
        assert not np.array_equal(one.memory[0], other.memory[0])


def test_it_comes_to_build_better():
    """Its policy is paid more a step after the search than one that was not taught."""
    benchmark = chains()

    def paid(learning_rate):
        strategy, _ = search(MetaA2CSettings(width=16, learning_rate=learning_rate), trials=4, budget=60)
        rewards = []
        for builder in strategy.searchers:
            ledger, rng = TrainingLedger(benchmark.estimator), np.random.default_rng(0)
            construction = Construction(benchmark.space, ledger, 1, builder.settings.rules)
            memory = builder.policy.begin(1)
            for _ in range(200):
                move = builder.policy.act(
                    Turn(construction.look(), memory, False, construction.allowed()), rng
                )
                memory, step = move.memory, construction.step(move.action_B)
                construction.restart(step.done_B)
                rewards.append(step.reward_B[0])
        return np.mean(rewards)

    assert paid(1e-2) > paid(1e-12) + 0.03


def test_the_preset_is_for_it():
    preset = load_preset("archwalk-images-meta-a2c")
    assert preset.strategy == "meta-a2c"
    assert make_settings(MetaA2CSettings, preset).rules.action_limit == 4
