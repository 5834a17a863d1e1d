"""Episodes that end where others of the search have ended before."""

import numpy as np
import pytest
import torch

from archwalk.agents.memory import is_listed, step_aside
from archwalk.agents.planner.agent import PlannerAgent, PlannerShape
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.strategies.base import Trials

SPACE = NASBench101(max_vertices=5)


@pytest.fixture
def worth_N():
    return np.random.default_rng(3).permutation(SPACE.size).astype(float)


def aside(worth_N, ends, known_TQ, steps=0, limit=32):
    known_TQL = np.array(known_TQ, np.int32)[:, :, None]
    ends_TL = np.array(ends, np.int32)[:, None]
    finals_TL, steps_T = step_aside(
        SPACE,
        lambda codes: worth_N[codes[:, 0]],
        ends_TL,
        known_TQL,
        np.full(len(ends), steps, np.int32),
        np.random.default_rng(0),
        neighbours=200,
        limit=limit,
    )
    return finals_TL[:, 0], steps_T


def test_new_endings_stay(worth_N):
    finals, steps = aside(worth_N, [3, 4], [[1, 2], [3, 1]], steps=5)
    np.testing.assert_array_equal(finals, [3, 4])
    np.testing.assert_array_equal(steps, 5)


def test_a_known_one_is_left_for_the_best_new_neighbour_and_what_is_better_from_there(worth_N):
    graph = SPACE.graph
    end = 100
    neighbours = graph.targets_E[graph.offsets[end] : graph.offsets[end + 1]]
    best = neighbours[worth_N[neighbours].argmax()]
    known, passed = {end, int(best)}, {end}
    here, worth = end, -np.inf
    while True:
        around = [
            n
            for n in graph.targets_E[graph.offsets[here] : graph.offsets[here + 1]]
            if n not in known | passed
        ]
        to = max(around, key=lambda n: worth_N[n])
        if worth_N[to] <= worth:
            break
        here, worth = int(to), worth_N[to]
        passed.add(here)
    finals, steps = aside(worth_N, [end], [[end, best]])
    assert finals[0] == here
    assert steps[0] == len(passed) - 1


def test_the_limit_holds(worth_N):
    finals, steps = aside(worth_N, [100], [[100]], steps=32)
    assert (finals[0], steps[0]) == (100, 32)


def test_where_all_neighbours_are_known_it_goes_on_through_the_best_of_them(worth_N):
    graph = SPACE.graph
    around = graph.targets_E[graph.offsets[100] : graph.offsets[101]]
    finals, steps = aside(worth_N, [100], [[100, *around]])
    assert finals[0] not in {100, *around}
    assert steps[0] >= 2
    through = around[worth_N[around].argmax()]
    one_step, _ = aside(worth_N, [100], [[100, *around]], limit=1)
    assert one_step[0] == through


def test_is_listed_compares_whole_codes():
    codes = np.array([[[1, 2], [2, 1], [3, 3]]], np.int32)
    listed = np.array([[[1, 2], [3, 1]]], np.int32)
    np.testing.assert_array_equal(is_listed(codes, listed), [[True, False, False]])
    assert not is_listed(codes, listed[:, :0]).any()


def test_an_agent_that_judges_does_not_end_twice_at_one_architecture():
    """Set down at one start again and again, by a network that would always stop there."""
    agent = PlannerAgent.fresh(SPACE, PlannerShape(50, 8, 2), seed=0)
    torch.nn.init.constant_(agent.network.move[-2].bias, -1e9)
    starts_TQL = np.full((3, 40, 1), 100, np.int32)
    search = agent(Trials(SPACE, 3, np.random.default_rng(0), starts_TQL))
    seen = []
    for _ in range(40):
        codes_TNL = search.ask(8)
        assert codes_TNL.shape == (3, 1, 1)
        search.tell(codes_TNL, np.zeros((3, 1)))
        seen.append(codes_TNL[:, 0, 0])
    for codes_Q in np.array(seen).T:
        assert codes_Q[0] == 100
        assert len(set(codes_Q)) == 40
