"""Policies of other libraries as agents."""

import numpy as np
import pytest

import archwalk
from archwalk.agents.base import Paid
from archwalk.agents.external import ExternalAgent
from archwalk.agents.saving import save_agent
from archwalk.environments.incremental import IncrementalVectorEnv
from archwalk.errors import UsageError
from archwalk.strategies.base import Trials


def first_neighbour(observation):
    """Moves to the first neighbour while there are more than three, and stops then."""
    return np.where(observation["mask"].sum(axis=1) > 4, 1, 0)


def test_it_sees_what_the_environment_shows(tiny):
    seen = []

    def look(observation):
        seen.append(observation)
        return np.zeros(len(observation["mask"]), np.int64)

    agent = ExternalAgent(tiny.space, look, neighbours=8)
    starts_BL = tiny.space.sample(np.random.default_rng(0), 5)
    agent.improve(starts_BL, np.random.default_rng(1))
    (observation,) = seen
    envs = IncrementalVectorEnv(tiny, 5, neighbours=8)
    assert observation in envs.observation_space
    np.testing.assert_array_equal(observation["features"][:, 0], tiny.space.features(starts_BL))


def test_it_searches_and_says_what_its_training_has_cost(tiny):
    agent = ExternalAgent(tiny.space, first_neighbour, paid=Paid(120, 40, 2.0))
    result = archwalk.compare([agent, "random-walk"], tiny, budget=6, trials=2, progress=False)
    ours = result.record.strategies["first_neighbour"]
    assert (ours.training_queries, ours.training_unique) == (120, 40)
    assert ours.query.startswith("an episode")


def test_an_action_that_there_is_not_ends_the_walk(tiny):
    starts_BL = tiny.space.sample(np.random.default_rng(0), 4)
    agent = ExternalAgent(tiny.space, lambda seen: np.full(len(seen["mask"]), 8), neighbours=8)
    counts_B = tiny.space.sample_neighbours(starts_BL, 8, np.zeros(4, np.uint64))[1]
    episodes = agent.improve(starts_BL, np.random.default_rng(0))
    np.testing.assert_array_equal((episodes.finals_BL == starts_BL).all(axis=1), counts_B < 8)


@pytest.mark.parametrize("answer", [np.zeros(3), np.zeros((2, 1), np.int64), 0])
def test_what_is_no_action_for_each_is_refused(tiny, answer):
    agent = ExternalAgent(tiny.space, lambda observation: answer)
    strategy = agent(Trials(tiny.space, 2, np.random.default_rng(0)))
    with pytest.raises(UsageError, match="an integer for each of 2 observations"):
        strategy.ask(1)


def test_it_is_saved_by_its_own_library(tiny, tmp_path):
    agent = ExternalAgent(tiny.space, first_neighbour)
    with pytest.raises(UsageError, match="saved by that library"):
        save_agent(tmp_path / "agent.safetensors", agent)
