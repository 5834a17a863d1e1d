# ruff: noqa: D102 (the names of the tests say what they test)
"""What every agent and every trainer must do. They are tested by inheriting these, with fixtures:

class TestMyAgent(AgentConformance):  # WalkingAgentConformance, if it can improve
    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return NASBench101(max_vertices=4)  # small: every test searches

    @pytest.fixture
    @classmethod
    def agent(cls, space: SearchSpace) -> Agent:
        return MyAgent.fresh(space, MyShape(8), seed=0)

    @pytest.fixture
    @classmethod
    def other_space(cls) -> SearchSpace:
        return NASBench101(max_vertices=5)  # one that the agent does not know

class TestMyTrainer(TrainerConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> TrainerFactory:
        return MyTrainer

    @pytest.fixture
    @classmethod
    def settings(cls) -> MySettings:
        return MySettings(steps=100)  # short: every test trains

    @pytest.fixture
    @classmethod
    def benchmark(cls) -> Benchmark:
        ...
"""

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archwalk.agents.base import Agent, Paid
from archwalk.agents.catalogue import AGENTS
from archwalk.agents.saving import load_agent, save_agent
from archwalk.agents.trainable import Trainer, TrainerFactory
from archwalk.data.states import read_state, write_state
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.testing.strategies import ImproverConformance, MadeUpEstimator, StrategyConformance, search


class AgentConformance(StrategyConformance):
    """Tests of the contract `Agent`, and of `Strategy` on the searches that the agent makes."""

    @pytest.fixture
    @classmethod
    def factory(cls, agent: Agent) -> StrategyFactory:
        """An agent is a factory of strategies."""
        return agent

    def test_its_class_is_registered_under_its_name(self, agent: Agent) -> None:
        assert AGENTS.load(agent.name) is type(agent)

    def test_a_search_says_what_training_has_cost(self, agent: Agent) -> None:
        before, agent.paid = agent.paid, Paid(7, 5, 2.5)
        strategy = agent(Trials(agent.space, 2, np.random.default_rng(0)))
        agent.paid = before
        found = (strategy.training_queries, strategy.training_unique, strategy.training_seconds)
        assert found == (7, 5, 2.5)

    def test_what_was_saved_searches_alike(
        self, agent: Agent, rewards: MadeUpEstimator, tmp_path: Path
    ) -> None:
        expected = self._search(agent, rewards)
        save_agent(tmp_path / "agent", agent)
        loaded = load_agent(tmp_path / "agent", agent.space)
        assert type(loaded) is type(agent)
        assert loaded.paid == agent.paid
        np.testing.assert_array_equal(self._search(loaded, rewards), expected)
        assert _alike(loaded, agent)

    def _search(self, agent: Agent, rewards: MadeUpEstimator) -> Codes:
        return search(agent(Trials(agent.space, 3, np.random.default_rng(0))), rewards, self.rounds)

    def test_another_space_is_refused(self, agent: Agent, other_space: SearchSpace, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="was trained on"):
            agent(Trials(other_space, 1, np.random.default_rng(0)))
        save_agent(tmp_path / "agent", agent)
        with pytest.raises(DataError, match="was trained on"):
            load_agent(tmp_path / "agent", other_space)

    def test_improves_or_says_that_it_does_not(self, agent: Agent) -> None:
        starts_BL = agent.space.sample(np.random.default_rng(5), 4)
        if hasattr(agent(Trials(agent.space, 1, np.random.default_rng(0))), "improve"):
            episodes = agent.improve(starts_BL, np.random.default_rng(0))
            assert episodes.finals_BL.shape == starts_BL.shape
        else:
            with pytest.raises(UsageError, match="improves no architecture"):
                agent.improve(starts_BL, np.random.default_rng(0))


class WalkingAgentConformance(AgentConformance, ImproverConformance):
    """The same of an agent that can improve."""


class TrainerConformance:
    """Tests of the contract `Trainer`."""

    def test_trains_to_the_end(self, factory: TrainerFactory, settings: Any, benchmark: Benchmark) -> None:
        trainer = factory(benchmark, settings, 0)
        assert trainer.done == 0
        reached = [trainer.done for _ in trainer.run()]
        assert reached == sorted(reached)
        assert trainer.done >= trainer.total > 0
        assert trainer.ledger.queries >= trainer.ledger.unique > 0

    def test_the_seed_determines_the_agent(
        self, factory: TrainerFactory, settings: Any, benchmark: Benchmark
    ) -> None:
        one, other, different = (_train(factory(benchmark, settings, seed)) for seed in (0, 0, 1))
        assert _alike(one, other)
        assert not _alike(one, different)

    def test_goes_on_from_its_state(
        self, factory: TrainerFactory, settings: Any, benchmark: Benchmark, tmp_path: Path
    ) -> None:
        """Through a file, from any yield to the same bits."""
        whole = factory(benchmark, settings, 0)
        rows = [*whole.run()]
        for done in {1, len(rows) // 2}:
            first, second = factory(benchmark, settings, 0), factory(benchmark, settings, 0)
            before = [*islice(first.run(), done)]
            write_state(tmp_path / "state", first.state_dict())
            second.load_state_dict(read_state(tmp_path / "state"))
            assert second.done == first.done
            np.testing.assert_equal([*before, *second.run()], rows)
            assert _alike(second.agent(), whole.agent())

    def test_an_agent_stays_as_it_is_while_training_goes_on(
        self, factory: TrainerFactory, settings: Any, benchmark: Benchmark
    ) -> None:
        trainer = factory(benchmark, settings, 0)
        rounds = trainer.run()
        next(rounds)
        agent, copy = trainer.agent(), trainer.agent()
        for _ in rounds:
            pass
        assert _alike(agent, copy)
        assert not _alike(agent, trainer.agent())


def _train(trainer: Trainer) -> Agent:
    for _ in trainer.run():
        pass
    return trainer.agent()


def _alike(one: Agent, other: Agent) -> bool:
    """Whether two agents would be saved alike."""
    try:
        np.testing.assert_equal(_plain(one.state()), _plain(other.state()))
    except AssertionError:
        return False
    return True


def _plain(value: Any) -> Any:
    """Tensors as arrays."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.cpu().numpy() if hasattr(value, "cpu") else value
