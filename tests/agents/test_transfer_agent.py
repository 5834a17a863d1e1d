"""The agent that learns over source tasks: the contracts, and that what it learned is of use."""

from dataclasses import replace

import numpy as np
import pytest

from archwalk.agents.base import Agent
from archwalk.agents.transfer import TransferSettings, TransferTrainer
from archwalk.agents.transfer import agent as agent_module
from archwalk.agents.transfer import search as search_module
from archwalk.agents.transfer.agent import TransferAgent
from archwalk.agents.transfer.baselines import BASELINES, search_with
from archwalk.agents.transfer.outlook import choose_first, to_targets
from archwalk.errors import UsageError
from archwalk.experiments.running import run_trials
from archwalk.learning.transfer_kernel import GrowingPosterior, TransferKernel
from archwalk.spaces.base import SearchSpace
from archwalk.strategies.base import Trials
from archwalk.testing.agents import TrainerConformance, WalkingAgentConformance
from building_cases import branches
from transfer_cases import SHORT_SETTINGS, task

SHORT = TransferSettings(**SHORT_SETTINGS)


def trained(sources, settings=SHORT) -> TransferAgent:
    trainer = TransferTrainer(sources[0], settings, 0, then=sources[1:])
    for _ in trainer.run():
        pass
    return trainer.agent()


class TestTransferTrainer(TrainerConformance):
    @pytest.fixture
    @classmethod
    def factory(cls, space4):
        return lambda benchmark, settings, seed: TransferTrainer(
            benchmark, settings, seed, then=[task(space4, 1), task(space4, 2)]
        )

    @pytest.fixture
    @classmethod
    def settings(cls):
        return replace(SHORT, members=2)

    @pytest.fixture
    @classmethod
    def benchmark(cls, space4):
        return task(space4, 0)


class TestTransferAgent(WalkingAgentConformance):
    rounds = 12

    @pytest.fixture(scope="class")
    @classmethod
    def space(cls, proteins) -> SearchSpace:
        return proteins

    @pytest.fixture(scope="class")
    @classmethod
    def other_space(cls, space5) -> SearchSpace:
        return space5

    @pytest.fixture(scope="class")
    @classmethod
    def agent(cls, proteins) -> Agent:
        return trained([task(proteins, number) for number in range(3)], replace(SHORT, optimism=2.0))


@pytest.fixture
def few_candidates(monkeypatch):
    monkeypatch.setattr(agent_module, "WHOLE", 10)
    for name, number in {"SAMPLED": 10, "MUTANTS": 10, "_FIRST_SAMPLES": 20, "REDRAWN_EVERY": 2}.items():
        monkeypatch.setattr(search_module, name, number)


@pytest.mark.usefixtures("few_candidates")
def test_goes_on_to_the_bit_where_candidates_are_drawn(space4):
    target, agent = task(space4, 3), trained([task(space4, 0)])
    whole = agent(Trials(space4, 2, np.random.default_rng(0)))
    run_trials(target.estimator, whole, 5)
    again = agent(Trials(space4, 2, np.random.default_rng(9)))
    again.load_state_dict(whole.state_dict())
    one, other = (run_trials(target.estimator, strategy, 6) for strategy in (whole, again))
    np.testing.assert_array_equal(one.codes_TQL, other.codes_TQL)
    assert one.unique_T().tolist() == [6, 6]


def test_searches_a_space_that_cannot_be_enumerated(monkeypatch):
    for name, number in {"SAMPLED": 10, "MUTANTS": 10, "_FIRST_SAMPLES": 20}.items():
        monkeypatch.setattr(search_module, name, number)
    source = branches()
    agent = trained([source])
    ledger = run_trials(source.estimator, agent(Trials(source.space, 1, np.random.default_rng(0))), 8)
    assert ledger.unique_T().tolist() == [8]
    sampled_N = source.estimator.evaluate(source.space.sample(np.random.default_rng(1), 30)).reward_B
    assert ledger.rewards_TQ.max() > np.median(sampled_N)


def test_finds_the_best_of_a_new_task_in_a_few_queries(proteins):
    sources = [task(proteins, number) for number in range(4)]
    target = task(proteins, 7)
    settings = replace(SHORT, samples=500, width=32, updates=300, batch=64, fitted=90, kernel_steps=10)
    agent = trained(sources, settings)
    found = {}
    factories = {name: search_with(name, agent) for name in BASELINES} | {"transfer": agent}
    for name, factory in factories.items():
        ledger = run_trials(target.estimator, factory(Trials(proteins, 2, np.random.default_rng(0))), 25)
        assert (ledger.unique_T() == 25).all()
        found[name] = ledger.rewards_TQ.max(axis=1).mean()
    ordered_N = np.sort(target.estimator.reward_N)
    assert found["transfer"] >= ordered_N[-5]
    assert found["transfer"] >= found["mean-rank"]
    assert found["rgpe"] >= ordered_N[-50]


def test_what_is_recommended_is_not_led_by_noise(proteins):
    """One outlier among many evaluations of a smooth task has the highest reward, and is not recommended."""
    agent = trained([task(proteins, number) for number in range(3)])
    noisy = (*agent.shape.logs[:-1], 3.0)  # it learned that rewards say little
    agent.shape = replace(agent.shape, logs=noisy)
    strategy = agent(Trials(proteins, 1, np.random.default_rng(0)))
    values_N = task(proteins, 5).estimator.reward_N
    searcher = strategy.searchers[0]
    known = np.argsort(-values_N, kind="stable")[::40]
    rewards_E = values_N[known]
    outlier = len(known) // 2
    rewards_E[outlier] = rewards_E.max() + 0.001
    searcher.learn(known[:, None].astype(np.int32), rewards_E)
    assert int(searcher.recommend()[0]) != known[outlier]
    codes_TQL = searcher.history.codes_EL[None]
    (finding,) = strategy.findings(codes_TQL, searcher.history.rewards_E[None])
    assert finding["recommended"] == searcher.recommend().tolist()


def test_sources_must_be_different_tasks_of_one_space(space4, space5):
    with pytest.raises(UsageError, match="named twice"):
        TransferTrainer(task(space4, 0), SHORT, 0, then=[task(space4, 0)])
    with pytest.raises(UsageError, match="share one space"):
        TransferTrainer(task(space4, 0), SHORT, 0, then=[task(space5, 1)])


@pytest.mark.parametrize("rewards", [np.full(8, 3.0), np.array([-np.inf] * 8)])
def test_learns_nothing_of_rewards_that_are_all_alike(space4, rewards):
    agent = trained([task(space4, 0), task(space4, 1)])
    strategy = agent(Trials(space4, 1, np.random.default_rng(0)))
    for reward in rewards:
        codes_TNL = strategy.ask(1)
        strategy.tell(codes_TNL, np.array([[reward]]))
    assert len(strategy.searchers[0].history) == 8


def test_targets_are_the_same_in_any_unit():
    rewards_E = np.array([3.0, 1.0, 4.0, 1.5, 9.0])
    np.testing.assert_allclose(to_targets(rewards_E, 0.2), to_targets(100 - 7 * (10 - rewards_E), 0.2))
    assert to_targets(np.ones(3), 0.2).tolist() == [0, 0, 0]


def test_begins_with_what_is_good_somewhere():
    profiles_NK = np.array([[2, 0], [0, 2], [1.5, 1], [0, 0]], np.float32)
    assert choose_first(profiles_NK, 1).tolist() == [2]
    assert choose_first(profiles_NK, 3).tolist() == [2, 1, 0]


def test_the_growing_posterior_is_that_of_the_whole_matrix():
    rng = np.random.default_rng(0)
    kernel = TransferKernel.before_any_task(2)
    profiles_NK = rng.normal(size=(12, 3)).astype(np.float32)
    squared_NN = np.square(profiles_NK[:, None] - profiles_NK).sum(axis=2)
    full_NN = kernel.cross(profiles_NK, profiles_NK, squared_NN).astype(np.float64)
    posterior = GrowingPosterior(kernel.own(profiles_NK), kernel.noise)
    known = [5, 2, 9, 11]
    for e, place in enumerate(known):
        posterior.add(full_NN[place].astype(np.float32), full_NN[place, known[:e]], full_NN[place, place])
    targets_E = np.array([1.0, -1.0, 0.5, -0.5])
    matrix_EE = full_NN[np.ix_(known, known)] + kernel.noise * np.eye(4)
    mean_N, deviation_N = posterior(targets_E)
    np.testing.assert_allclose(mean_N, full_NN[:, known] @ np.linalg.solve(matrix_EE, targets_E), atol=1e-4)
    explained_N = np.einsum("ne,en->n", full_NN[:, known], np.linalg.solve(matrix_EE, full_NN[known]))
    scale = (targets_E @ np.linalg.solve(matrix_EE, targets_E) + 2) / 6
    np.testing.assert_allclose(
        deviation_N**2, scale * (np.diagonal(full_NN) - explained_N), rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(posterior.smooth(targets_E), mean_N[known], atol=1e-4)
